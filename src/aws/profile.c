// SPDX-License-Identifier: Apache-2.0
/*
 * The form: [section], then "key = value" lines. Comments are lines that start with '#' or ';', and
 * what follows one of them after a blank. A line that starts with a blank belongs to the key above (a
 * nested table, or a continued value); no key that we read has such, so it is skipped.
 */
#include "aws/profile.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>

#include "aws/keys.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define ENTRIES_MAX 10000

static const char blanks[] = " \t\r";

struct entry {
	char *profile, *key, *value; /* a section as such has neither key nor value */
	unsigned int rank; /* of those for the same key the highest counts, then the last */
};

enum { RANK_CONFIG_BARE, RANK_CONFIG, RANK_CREDENTIALS };

struct profiles {
	char *config_file, *credentials_file;
	struct entry *entries;
	size_t n, cap;
};

struct profiles *profiles_new(void)
{
	return xcalloc(1, sizeof(struct profiles));
}

struct profiles *profiles_free(struct profiles *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n; i++) {
		free(p->entries[i].profile);
		free(p->entries[i].key);
		secret_free(p->entries[i].value);
	}
	free(p->entries);
	free(p->config_file);
	free(p->credentials_file);
	free(p);
	return NULL;
}

const char *profiles_config_file(const struct profiles *p)
{
	return p->config_file;
}

const char *profiles_credentials_file(const struct profiles *p)
{
	return p->credentials_file;
}

/* `n` bytes without blanks at their ends. */
static char *trimmed(const char *s, size_t n)
{
	while (n && memchr(blanks, *s, sizeof(blanks) - 1)) {
		s++;
		n--;
	}
	while (n && memchr(blanks, s[n - 1], sizeof(blanks) - 1))
		n--;
	return xstrndup(s, n);
}

/* The length of a value without the comment behind it. */
static size_t without_comment(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if ((s[i] == '#' || s[i] == ';') && memchr(blanks, s[i - 1], sizeof(blanks) - 1))
			return i;
	return n;
}

/* A section's profile, or NULL for a section of another kind ("sso-session x", "services x"). */
static char *profile_of(const char *title, bool is_config, unsigned int *ret_rank)
{
	size_t n;

	*ret_rank = is_config ? RANK_CONFIG : RANK_CREDENTIALS;
	if (!is_config)
		return xstrdup(title);
	if (streq(title, "default")) {
		*ret_rank = RANK_CONFIG_BARE; /* [profile default] goes before it */
		return xstrdup(title);
	}
	if (strncmp(title, "profile", 7) || !strchr(" \t", title[7]) || !title[7])
		return NULL;
	title += 7 + strspn(title + 7, " \t");
	n = strlen(title);
	if (n >= 2 && (*title == '"' || *title == '\'') && title[n - 1] == *title)
		return xstrndup(title + 1, n - 2);
	return xstrdup(title);
}

static struct entry *add(struct profiles *p, const char *profile, unsigned int rank)
{
	struct entry *e = array_push(&p->entries, &p->n, &p->cap);

	e->profile = xstrdup(profile);
	e->rank = rank;
	return e;
}

struct section {
	char *profile; /* NULL: none yet, or one to skip */
	unsigned int rank;
	bool any;
};

static const char *parse_section(struct profiles *p, const char *line, size_t n, bool is_config,
                                 struct section *s)
{
	const char *end = memchr(line, ']', n);
	_cleanup_(freep) char *title = NULL;

	if (!end)
		return "a section's name has no ']' behind it";
	title = trimmed(line + 1, (size_t)(end - line - 1));
	free(s->profile);
	s->profile = profile_of(title, is_config, &s->rank);
	s->any = true;
	if (s->profile)
		add(p, s->profile, s->rank);
	return NULL;
}

static const char *parse_key(struct profiles *p, const char *line, size_t n,
                             const struct section *s)
{
	const char *equals = memchr(line, '=', n);
	struct entry *e;
	size_t left;

	if (!equals)
		return "neither a section nor \"key = value\"";
	if (!s->any)
		return "a key before the first section";
	if (!s->profile)
		return NULL;
	left = n - (size_t)(equals + 1 - line);
	e = add(p, s->profile, s->rank);
	e->key = trimmed(line, (size_t)(equals - line));
	e->value = trimmed(equals + 1, without_comment(equals + 1, left));
	return NULL;
}

int profiles_parse(struct profiles *p, const char *file, const char *text, size_t size,
                   bool is_config, struct diag *diag)
{
	struct section section = {};
	const char *why = NULL, *end = text + size;
	unsigned int line = 0;
	size_t n;

	for (const char *at = text; at < end && !why; at += n + 1) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		line++;
		n = (size_t)((newline ? newline : end) - at);
		if (memchr(at, '\0', n))
			why = "a NUL byte";
		else if (p->n >= ENTRIES_MAX)
			why = "too many entries";
		else if (!n || strchr("#; \t\r", *at))
			continue;
		else if (*at == '[')
			why = parse_section(p, at, n, is_config, &section);
		else
			why = parse_key(p, at, n, &section);
	}
	free(section.profile);
	if (why)
		return diag_error(diag, -EINVAL, "%s:%u: %s", file, line, why);
	return 0;
}

/* The home folder by the environment, else by the user database: services may have no HOME. */
static char *home(void)
{
	const char *env = getenv("HOME");
	struct passwd pw, *found;
	char buffer[4096];

	if (env && env[0])
		return xstrdup(env);
	if (!getpwuid_r(geteuid(), &pw, buffer, sizeof(buffer), &found) && found)
		return xstrdup(found->pw_dir);
	return xstrdup("/");
}

static char *file_name(const char *variable, const char *in_home)
{
	_cleanup_(freep) char *base = home();
	const char *env = getenv(variable);

	if (env && !strncmp(env, "~/", 2))
		return path_join(base, env + 2);
	if (env && env[0])
		return xstrdup(env);
	return path_join(base, in_home);
}

static int load(struct profiles *p, const char *file, bool is_config, struct diag *diag)
{
	_cleanup_(secret_buf_donep) struct buf text = {};
	int r;

	buf_grow(&text, 131072); /* enough for file_read() never to move it, but for a giant */
	r = file_read(file, PROFILE_FILE_MAX, &text);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return diag_error(diag, r, "%s: %s", file, strerror(-r));
	return profiles_parse(p, file, text.data, text.len, is_config, diag);
}

int profiles_load(struct profiles **ret, struct diag *diag)
{
	_cleanup_(profiles_freep) struct profiles *p = profiles_new();
	int r;

	p->config_file = file_name("AWS_CONFIG_FILE", ".aws/config");
	p->credentials_file = file_name("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	r = load(p, p->config_file, true, diag);
	if (!r)
		r = load(p, p->credentials_file, false, diag);
	if (!r)
		*ret = steal(&p);
	return r;
}

bool profiles_has(const struct profiles *p, const char *profile)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->entries[i].profile, profile))
			return true;
	return false;
}

const char *profiles_get(const struct profiles *p, const char *profile, const char *key)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct entry *e = &p->entries[i];

		if (e->key && streq(e->profile, profile) && !strcasecmp(e->key, key) &&
		    (!best || e->rank >= best->rank))
			best = e;
	}
	return best && best->value[0] ? best->value : NULL;
}
