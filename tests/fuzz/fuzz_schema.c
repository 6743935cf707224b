/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted must be writable and come back equal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(schema_freep) struct schema *s = NULL, *again = NULL;
	_cleanup_(buf_donep) struct buf out = {};
	struct wire_reader r = wire_reader_init(data, size);

	if (schema_read(&r, &s, NULL) != 0)
		return 0;
	schema_write(s, &out);
	r = wire_reader_init(out.data, out.len);
	if (schema_read(&r, &again, NULL) != 0 || !schema_equal(s, again))
		abort();
	return 0;
}
