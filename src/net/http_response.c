// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "net/http.h"
#include "util/alloc.h"

void http_response_done(struct http_response *r)
{
	if (r->secret && r->body.cap)
		explicit_bzero(r->body.data, r->body.cap);
	buf_done(&r->body);
	buf_done(&r->headers);
	free(r->message);
	*r = (struct http_response){};
}

/* Lines of the headers are kept one after the other, each with a NUL for its line end. */
const char *http_response_header(const struct http_response *r, const char *name)
{
	const char *p = r->headers.len ? r->headers.data : "", *end = p + r->headers.len;
	size_t n = strlen(name);

	for (; p < end; p += strlen(p) + 1)
		if (!strncasecmp(p, name, n) && p[n] == ':')
			return p + n + 1 + strspn(p + n + 1, " \t");
	return NULL;
}

int http_parse_date(const char *text, uint64_t *ret_seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {};
	char month[4], zone[4];
	const char *at;
	time_t t;

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]", &tm.tm_mday, month,
	           &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone) != 7)
		return -EINVAL;
	at = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!at || (at - months) % 3 || !streq(zone, "GMT") || tm.tm_year < 1970 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 ||
	    tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return -EINVAL;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	t = timegm(&tm);
	*ret_seconds = (uint64_t)t;
	return 0;
}
