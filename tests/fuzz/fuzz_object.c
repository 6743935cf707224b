/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/sha.h>
#include <stdlib.h>

#include "core/object.h"

#define HEADER_BYTES (8 + 4 + SHA256_DIGEST_LENGTH)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is what stands behind the header, which is made to fit: a checksum stops no attacker. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(object_freep) struct object *o = NULL, *again = NULL;
	_cleanup_(buf_donep) struct buf file = {}, out = {};

	buf_append(&file, "QUERNOBJ\1\0\0\0", 12);
	SHA256(data, size, (unsigned char *)buf_reserve(&file, SHA256_DIGEST_LENGTH));
	file.len += SHA256_DIGEST_LENGTH;
	buf_append(&file, data, size);
	if (object_read(file.data, file.len, &o, NULL) != 0)
		return 0;
	object_write(o, &out);
	if (object_read(out.data, out.len, &again, NULL) != 0)
		abort();
	return 0;
}
