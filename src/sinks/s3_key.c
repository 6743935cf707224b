// SPDX-License-Identifier: Apache-2.0
#include "sinks/s3_key.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "util/alloc.h"
#include "util/time.h"

#define HOST_MAX 64 /* HOST_NAME_MAX of Linux */
#define PARTS                                                                                      \
	"{host} {year} {month} {day} {hour} {minute} {time} {sequence} {id} and {ext} (ndjson.gz)"

/* Those that a name's uniqueness rests on come first. */
enum part { ID, HOST, TIME, SEQUENCE, YEAR, MONTH, DAY, HOUR, MINUTE, EXT, N_PARTS };

static const char *const names[N_PARTS] = {
	[ID] = "id",         [HOST] = "host",   [TIME] = "time", [SEQUENCE] = "sequence",
	[YEAR] = "year",     [MONTH] = "month", [DAY] = "day",   [HOUR] = "hour",
	[MINUTE] = "minute", [EXT] = "ext",
};

/* N_PARTS: none. */
static enum part find_part(const char *name, size_t len)
{
	enum part p = 0;

	while (p < N_PARTS && (strlen(names[p]) != len || memcmp(names[p], name, len)))
		p++;
	return p;
}

static void put_part(enum part part, const struct s3_key_values *v, struct buf *out)
{
	time_t seconds = (time_t)(v->time / NSEC_PER_SEC);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	switch (part) {
	case ID:
		buf_printf(out, "%016" PRIx64, v->id);
		break;
	case HOST:
		buf_puts(out, v->host);
		break;
	case TIME:
		buf_printf(out, "%04d%02d%02dT%02d%02d%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		           tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		           (int)(v->time % NSEC_PER_SEC / NSEC_PER_MSEC));
		break;
	case SEQUENCE:
		buf_printf(out, "%08" PRIu64, v->sequence);
		break;
	case YEAR:
		buf_printf(out, "%04d", tm.tm_year + 1900);
		break;
	case MONTH:
		buf_printf(out, "%02d", tm.tm_mon + 1);
		break;
	case DAY:
		buf_printf(out, "%02d", tm.tm_mday);
		break;
	case HOUR:
		buf_printf(out, "%02d", tm.tm_hour);
		break;
	case MINUTE:
		buf_printf(out, "%02d", tm.tm_min);
		break;
	case EXT:
		buf_puts(out, v->ext);
		break;
	case N_PARTS:
		break;
	}
}

/* -EINVAL: a brace without its other, or a name that is none, at *ret_at. */
static int check_braces(const char *template, bool seen[N_PARTS], const char **ret_at)
{
	for (const char *p = template; *p; p++) {
		size_t len = strcspn(p + 1, "{}");
		enum part part;

		*ret_at = p;
		if (*p == '}')
			return -EINVAL;
		if (*p != '{')
			continue;
		part = p[1 + len] == '}' ? find_part(p + 1, len) : N_PARTS;
		if (part == N_PARTS)
			return -EINVAL;
		seen[part] = true;
		p += len + 1;
	}
	return 0;
}

/* What servers, and the programs that read buckets, take for something else. */
static const char *find_fault(const char *template)
{
	for (const char *p = template; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return "has a control character in it";
	if (template[0] == '/' || strstr(template, "//"))
		return "has an empty folder name in it: it begins with '/' or has \"//\"";
	for (const char *p = template; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t len = strcspn(p, "/");

		if ((len == 1 && *p == '.') || (len == 2 && !memcmp(p, "..", 2)))
			return "has \".\" or \"..\" as a folder name";
	}
	return NULL;
}

int s3_key_check(const char *template, struct diag *diag)
{
	static const char longest[HOST_MAX + 1] = {[0 ... HOST_MAX - 1] = 'h'};
	const struct s3_key_values values = {
		.host = longest, .time = 1, .sequence = UINT64_MAX, .ext = "ndjson.zst"};
	_cleanup_(buf_donep) struct buf key = {};
	bool seen[N_PARTS] = {};
	const char *fault, *at;

	if (check_braces(template, seen, &at)) {
		_cleanup_(freep) char *shown = diag_quote(at);

		return diag_error(diag, -EINVAL,
		                  "key: no placeholder begins at %s; there are " PARTS, shown);
	}
	fault = find_fault(template);
	if (fault)
		return diag_error(diag, -EINVAL, "key: it %s", fault);
	if (!seen[ID] && !(seen[HOST] && seen[TIME] && seen[SEQUENCE]))
		return diag_error(diag, -EINVAL,
		                  "key: objects would replace each other; add {id}, or {host}, "
		                  "{time} and {sequence}");
	s3_key_expand(template, &values, &key);
	if (key.len > S3_KEY_MAX)
		return diag_error(diag, -EINVAL, "key: it may get longer than S3's %d bytes",
		                  S3_KEY_MAX);
	return 0;
}

void s3_key_expand(const char *template, const struct s3_key_values *values, struct buf *out)
{
	for (const char *p = template; *p; p++) {
		size_t len;

		if (*p != '{') {
			buf_putc(out, *p);
			continue;
		}
		len = strcspn(p + 1, "}");
		put_part(find_part(p + 1, len), values, out);
		p += len + 1;
	}
}

char *s3_key_host(const char *host)
{
	char *name = xstrndup(host[0] ? host : "unknown", HOST_MAX);

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_", *p) && (*p != '.' || p == name))
			*p = '-';
	return name;
}
