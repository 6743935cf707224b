// SPDX-License-Identifier: Apache-2.0
#include "net/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#define LIBRARY "libcurl.so.4"

static struct curl curl;
static bool loaded;
static const char *problem; /* what is wrong when it is not loaded */

static void load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	bool complete = library;

	if (!library) {
		problem = "is not here (the package libcurl4 has it)";
		return;
	}
#define X(function)                                                                                \
	curl.function = (__typeof__(curl.function))dlsym(library, #function);                      \
	complete = complete && curl.function;
	CURL_FUNCTIONS(X)
#undef X
	if (!complete)
		problem = "is too old: 7.68 is the first that will do";
	else if (curl.curl_global_init(CURL_GLOBAL_DEFAULT))
		problem = "cannot be initialised";
	else
		loaded = true;
}

int curl_load(const struct curl **ret, struct diag *diag)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	if (!loaded)
		return diag_error(diag, -ENOENT, "HTTP needs " LIBRARY ", which %s", problem);
	*ret = &curl;
	return 0;
}
