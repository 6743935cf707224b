/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel versions as numbers. Pure functions but version_running(). */
#pragma once

#include <stdint.h>
#include <sys/utsname.h>

#define KERNEL_CODE(a, b, c)                                                                       \
	(((uint32_t)(a) << 16) + ((uint32_t)(b) << 8) + ((c) > 255 ? 255u : (uint32_t)(c)))

/*
 * LINUX_VERSION_CODE of the running kernel. `uname -r` alone will not do: Debian and Ubuntu freeze it
 * at the first release of a series ("6.1.0-9-amd64" is 6.1.27), and kernels before 5.0 compare the
 * number that a kprobe program gives with their own.
 */
uint32_t version_running(const struct utsname *u);

/* From what the kernel says of itself: `signature` is Ubuntu's /proc/version_signature, or NULL. */
uint32_t version_from_names(const char *release, const char *version, const char *signature);
