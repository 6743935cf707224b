/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = xstrndup((const char *)data, size);
	uint64_t u = 1, n = 1;
	int64_t i = 1;

	if (parse_duration(text, &n) == 0)
		assert(n <= INT64_MAX);
	parse_bytes(text, &n);
	/* What both take, both read alike. */
	if (parse_u64(text, &u) == 0 && parse_i64(text, &i) == 0)
		assert((uint64_t)i == u);
	return 0;
}
