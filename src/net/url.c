// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/units.h"

void url_done(struct url *u)
{
	free(u->host);
	free(u->path);
	free(u->query);
	*u = (struct url){};
}

static int bad_url(struct diag *diag, const char *text, const char *why)
{
	_cleanup_(freep) char *quoted = diag_quote(text);

	return diag_error(diag, -EINVAL, "%s is not a URL: %s", quoted, why);
}

/* A host name as DNS knows it, or an IPv4 address; underscores occur in container networks. */
static bool is_host_name(const char *host)
{
	size_t len = strlen(host);

	if (!len || len > 253 || host[0] == '.' || host[0] == '-')
		return false;
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return false;
	return true;
}

/* Split "host", "host:port" or "[v6]:port" of `len` bytes. */
static const char *parse_authority(const char *text, size_t len, struct url *u)
{
	_cleanup_(freep) char *copy = xstrndup(text, len);
	char *host = copy, *rest;
	struct in6_addr address;
	uint64_t port;

	if (strchr(copy, '@'))
		return "it names a user, and secrets have no place in a URL";
	if (*host == '[') {
		rest = strchr(++host, ']');
		if (!rest)
			return "the bracket of its IPv6 address is never closed";
		*rest++ = '\0';
		if (inet_pton(AF_INET6, host, &address) != 1)
			return "what stands in brackets is no IPv6 address";
	} else {
		rest = host + strcspn(host, ":");
	}
	if (*rest == ':') {
		*rest++ = '\0';
		if (rest[strspn(rest, "0123456789")] || parse_u64(rest, &port) || !port ||
		    port > UINT16_MAX)
			return "a port is a number from 1 to 65535";
		u->port = (uint16_t)port;
	} else if (*rest) {
		return "only a port may follow its IPv6 address";
	}
	if (host == copy && !is_host_name(host))
		return *host ? "its host name has characters that none can have"
		             : "it names no host";
	u->host = xstrdup(host);
	for (char *p = u->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return NULL;
}

int url_parse(const char *text, struct url *ret, struct diag *diag)
{
	_cleanup_(url_donep) struct url u = {};
	const char *p, *why;
	size_t n;

	if (strlen(text) > URL_BYTES_MAX)
		return bad_url(diag, text, "it is too long");
	for (p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return bad_url(diag, text, "it has blanks or control characters in it");
	u.tls = !strncasecmp(text, "https://", 8);
	if (!u.tls && strncasecmp(text, "http://", 7))
		return bad_url(diag, text, "it starts with neither http:// nor https://");
	u.port = u.tls ? 443 : 80;
	p = text + (u.tls ? 8 : 7);
	n = strcspn(p, "/?#");
	why = parse_authority(p, n, &u);
	if (why)
		return bad_url(diag, text, why);
	p += n;
	if (strchr(p, '#'))
		return bad_url(diag, text, "servers never see what follows a '#'");
	n = strcspn(p, "?");
	u.path = *p == '/' ? xstrndup(p, n) : xstrdup("/");
	if (p[n])
		u.query = xstrdup(p + n + 1);
	*ret = u;
	u = (struct url){};
	return 0;
}

char *url_authority(const struct url *u)
{
	bool v6 = strchr(u->host, ':');
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";

	if (u->port == (u->tls ? 443 : 80))
		return xasprintf("%s%s%s", open, u->host, close);
	return xasprintf("%s%s%s:%u", open, u->host, close, u->port);
}

bool url_host_is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return !strcasecmp(host, "localhost");
}

bool url_host_is_link_local(const char *host)
{
	static const uint8_t ec2[] = {0xfd, 0x00, 0x0e, 0xc2}; /* EC2's own services over IPv6 */
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 16 == 0xa9fe;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LINKLOCAL(&v6) || !memcmp(&v6, ec2, sizeof(ec2));
	return false;
}

void url_encode(struct buf *out, const char *text, size_t len, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (letter || (c >= '0' && c <= '9') || (c && strchr("-._~", c)) ||
		    (c && strchr(keep, c))) {
			buf_putc(out, (char)c);
		} else {
			buf_putc(out, '%');
			buf_putc(out, hex[c >> 4]);
			buf_putc(out, hex[c & 15]);
		}
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void url_decode(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (text[i] == '%' && len - i > 2) {
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			buf_putc(out, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_putc(out, text[i]);
		}
	}
}
