/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the first request needs it. With its thirty libraries it costs 6 MB of memory
 * and as many milliseconds at start, which an agent that writes to its console has no use for. For
 * src/net/ only. The types and options are those of <curl/curl.h>.
 */
#pragma once

/* Its checks of option types are macros around the functions' names, which are members here. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "util/diag.h"

#define CURL_FUNCTIONS(X)                                                                          \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_strerror)                                                                      \
	X(curl_global_init)                                                                        \
	X(curl_multi_add_handle)                                                                   \
	X(curl_multi_cleanup)                                                                      \
	X(curl_multi_info_read)                                                                    \
	X(curl_multi_init)                                                                         \
	X(curl_multi_perform)                                                                      \
	X(curl_multi_poll)                                                                         \
	X(curl_multi_remove_handle)                                                                \
	X(curl_multi_setopt)                                                                       \
	X(curl_multi_strerror)                                                                     \
	X(curl_multi_wakeup)                                                                       \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)

struct curl {
#define X(function) __typeof__(function) *function;
	CURL_FUNCTIONS(X)
#undef X
};

/*
 * Load and initialise it, once in the life of the program; later calls return the same. Thread-safe.
 * -ENOENT, with what to install in `diag`.
 */
int curl_load(const struct curl **ret, struct diag *diag);
