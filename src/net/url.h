/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs in parts, and percent-encoding. Only what the agent talks to: http and https, a host, and
 * neither user names nor fragments. Pure functions, thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"

#define URL_BYTES_MAX 8192

struct url {
	bool tls;      /* https */
	char *host;    /* in lower case; an IPv6 address without its brackets */
	uint16_t port; /* 80 or 443 when the URL names none */
	char *path;    /* as it was given; starts with '/' */
	char *query;   /* as it was given, without the '?'; NULL when there is none */
};

/* -EINVAL with the reason in `diag`. The caller ends with url_done(). */
int url_parse(const char *text, struct url *ret, struct diag *diag);

void url_done(struct url *u);
static inline void url_donep(struct url *u)
{
	url_done(u);
}

/* The value of the Host header: the port only when it is not the scheme's own. Heap string. */
char *url_authority(const struct url *u);

/* "localhost", 127.0.0.0/8, ::1: requests stay on this machine. */
bool url_host_is_loopback(const char *host);

/* 169.254.0.0/16, fe80::/10 and fd00:ec2::/32: requests stay on this link, and proxies are wrong. */
bool url_host_is_link_local(const char *host);

/* Append `text` percent-encoded: all but A-Z a-z 0-9 - . _ ~ and the characters in `keep`. */
void url_encode(struct buf *out, const char *text, size_t len, const char *keep);

/* Append `text` with its %XX replaced by bytes; a '%' without two hex digits stays as it is. */
void url_decode(struct buf *out, const char *text, size_t len);
