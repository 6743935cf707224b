// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "net/url.h"
#include "util/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken apart can be put together, and means the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = xstrndup((const char *)data, size);
	_cleanup_(buf_donep) struct buf encoded = {}, decoded = {};
	_cleanup_(url_donep) struct url u = {}, again = {};

	url_encode(&encoded, (const char *)data, size, "");
	url_decode(&decoded, encoded.data, encoded.len);
	assert(decoded.len == size && (!size || !memcmp(decoded.data, data, size)));

	if (!url_parse(text, &u, NULL)) {
		_cleanup_(freep) char *authority = url_authority(&u);
		_cleanup_(freep) char *whole =
			xasprintf("%s://%s%s", u.tls ? "https" : "http", authority, u.path);

		if (strlen(whole) <= URL_BYTES_MAX) {
			assert(!url_parse(whole, &again, NULL));
			assert(streq(u.host, again.host) && streq(u.path, again.path));
			assert(u.port == again.port && u.tls == again.tls);
		}
	}
	return 0;
}
