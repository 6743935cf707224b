/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate for 127.0.0.1, its own authority, with its key, both in one PEM file. */
#pragma once

void fake_cert_write(const char *path);
