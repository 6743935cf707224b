// SPDX-License-Identifier: Apache-2.0
#include "aws/keys.h"

#include <stdbool.h>
#include <string.h>

#include "util/alloc.h"

#define ID_MAX     128
#define SECRET_MAX 1024
#define TOKEN_MAX  16384 /* AWS names no limit; some 4 KB were seen */

char *secret_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
	return NULL;
}

void secret_buf_done(struct buf *b)
{
	if (b->cap)
		explicit_bzero(b->data, b->cap);
	buf_done(b);
}

void aws_keys_done(struct aws_keys *k)
{
	secret_free(k->access_key_id);
	secret_free(k->secret_access_key);
	secret_free(k->session_token);
	*k = (struct aws_keys){};
}

struct aws_keys aws_keys_copy(const struct aws_keys *k)
{
	return (struct aws_keys){
		.access_key_id = xstrdup(k->access_key_id),
		.secret_access_key = xstrdup(k->secret_access_key),
		.session_token = k->session_token ? xstrdup(k->session_token) : NULL,
		.expires = k->expires,
	};
}

/* Visible ASCII only, so that no value can end a header line. */
static bool is_plain(const char *s, size_t max)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (n >= max || s[n] <= ' ' || s[n] > '~')
			return false;
	return n > 0;
}

const char *aws_keys_check(const struct aws_keys *k)
{
	if (!k->access_key_id || !k->access_key_id[0])
		return "the access key id is missing";
	if (!is_plain(k->access_key_id, ID_MAX) || strpbrk(k->access_key_id, "/,"))
		return "the access key id has characters that none can have, or is too long";
	if (!k->secret_access_key || !k->secret_access_key[0])
		return "the secret access key is missing";
	if (!is_plain(k->secret_access_key, SECRET_MAX))
		return "the secret access key has characters that none can have, or is too long";
	if (k->session_token && !is_plain(k->session_token, TOKEN_MAX))
		return "the session token has characters that none can have, or is too long";
	return NULL;
}
