// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "aws/profile.h"
#include "util/alloc.h"
#include "util/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned int is_config = 0; is_config < 2; is_config++) {
		_cleanup_(profiles_freep) struct profiles *p = profiles_new();
		_cleanup_(diag_donep) struct diag diag = {};
		int r = profiles_parse(p, "f", (const char *)data, size, is_config, &diag);
		const char *value = profiles_get(p, "default", "region");

		assert(!r == !diag.errors);
		assert(!value || (value[0] && !strchr(value, '\n')));
		assert(!value || profiles_has(p, "default"));
	}
	return 0;
}
