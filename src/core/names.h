/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's numbers by name. Static strings; NULL for a number that has none. Flags are tables of
 * values and names, wide values first, ended by a NULL name.
 */
#pragma once

#include <stdint.h>

struct flag_name {
	uint32_t value; /* all of its bits must be set */
	const char *name;
};

const char *name_errno(uint64_t v); /* positive; those that never leave the kernel included */
const char *name_signal(uint64_t v);
const char *name_family(uint64_t v);
const char *name_socket_type(uint64_t v);
const char *name_protocol(uint64_t v);
const char *name_tcp_state(uint64_t v);
const char *name_capability(uint64_t v);

extern const struct flag_name open_flag_names[];
extern const struct flag_name socket_flag_names[];
