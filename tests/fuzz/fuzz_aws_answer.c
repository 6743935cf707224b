// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "aws/answer.h"
#include "util/alloc.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys that fit a header, or a reason on one line; never both and never neither. */
static void check(int r, struct aws_keys *keys, struct diag *diag)
{
	assert(!r == !diag->errors);
	assert(!r == !!keys->access_key_id);
	if (!r)
		assert(!aws_keys_check(keys));
	else
		assert(!strpbrk(diag_text(diag), "\r\n\x1b"));
	aws_keys_done(keys);
	diag_done(diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *time = xstrndup((const char *)data, size < 64 ? size : 64);
	const char *text = (const char *)data;
	_cleanup_(freep) char *words = answer_describe_error(500, text, size);
	struct aws_keys keys = {};
	struct diag diag = {};
	uint64_t ns;

	check(answer_parse_json("x", text, size, &keys, &diag), &keys, &diag);
	check(answer_parse_sts("x", "AssumeRole", text, size, &keys, &diag), &keys, &diag);
	answer_parse_time(time, &ns);
	assert(strlen(words) < 1000 && !strpbrk(words, "\r\n\x1b"));
	return 0;
}
