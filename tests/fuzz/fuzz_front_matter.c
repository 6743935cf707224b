// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "probe/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A literal must end where it ends: no bare quote, backslash pair, newline or wide byte inside. */
static void check_macro(const char *macro)
{
	assert(!strncmp(macro, "OPT_", 4) && strchr(macro, '='));
	for (; *macro; macro++)
		assert(*macro >= 0x20 && *macro < 0x7f && *macro != '?');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(probe_source_freep) struct probe_source *s = NULL;
	int r = probe_source_parse("x.c", (const char *)data, size, &s, &diag);
	char **strings;
	size_t n;

	assert(!r == !!s && !r == !diag.errors);
	if (!s)
		return 0;
	assert(s->name[0] && s->summary);
	n = probe_source_macros(s, &strings);
	for (size_t i = 0; i < n; i++) {
		check_macro(strings[i]);
		free(strings[i]);
	}
	free(strings);
	n = probe_source_functions(s, &strings);
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
	return 0;
}
