// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cc/scan.h"
#include "util/alloc.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found becomes part of the text that Clang gets: a name is an identifier. */
static void check_name(void *ctx, const char *name)
{
	assert(*name && !(*name >= '0' && *name <= '9'));
	for (; *name; name++)
		assert(*name == '_' || (*name >= '0' && *name <= '9') ||
		       (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z'));
}

static void check_field(void *ctx, const char *tag, const char *field)
{
	check_name(ctx, tag);
	check_name(ctx, field);
}

static void check_struct(void *ctx, const char *name, bool is_typedef)
{
	check_name(ctx, name);
}

static void check_include(void *ctx, const char *name)
{
	assert(*name && !strchr(name, '\n'));
}

static size_t count(const char *text, size_t size, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == c;
	return n;
}

static void scan(const char *text, size_t size)
{
	_cleanup_(words_done) struct words words = {};

	scan_words(text, size, &words);
	for (size_t i = 0; i < words.n_slots; i++)
		if (words.slots[i].name)
			check_name(NULL, words.slots[i].name);
	scan_includes(text, size, check_include, NULL);
	scan_have_fields(text, size, check_field, NULL);
	scan_events(text, size, check_name, NULL);
	scan_structs(text, size, check_struct, NULL);
}

/* Once with comments, as the scans must survive it, and once as they are used. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = xmemdup(data, size);

	if (memchr(data, '\0', size))
		return 0; /* refused before */
	scan(text, size);
	scan_blank_comments(text, size);
	assert(count(text, size, '\n') == count((const char *)data, size, '\n'));
	scan(text, size);
	return 0;
}
