// SPDX-License-Identifier: Apache-2.0
#include "probe/recipe.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define INCLUDES_MAX 32 /* files of ours that one probe may pull in */
#define PAGE_BYTES   4096u

/* The source and every file of ours that it includes, in the order of first mention. */
struct expansion {
	struct buf text;
	char *seen[INCLUDES_MAX];
	size_t n_seen;
};

static void expansion_done(struct expansion *x)
{
	buf_done(&x->text);
	for (size_t i = 0; i < x->n_seen; i++)
		free(x->seen[i]);
}

/* `#include "name"` or `<name>` at the start of a line: copies the name, or returns false. */
static bool include_name(const char *line, size_t len, char *name, size_t size)
{
	const char *p = line, *end = line + len;
	size_t n = 0;
	char close;

	while (p < end && isblank((unsigned char)*p))
		p++;
	if (p == end || *p++ != '#')
		return false;
	while (p < end && isblank((unsigned char)*p))
		p++;
	if (end - p < 7 || strncmp(p, "include", 7))
		return false;
	for (p += 7; p < end && isblank((unsigned char)*p);)
		p++;
	if (p == end || (*p != '"' && *p != '<'))
		return false;
	for (close = *p++ == '"' ? '"' : '>'; p < end && *p != close && n < size - 1; p++)
		name[n++] = *p;
	name[n] = '\0';
	return n && p < end && *p == close;
}

static int expand(struct expansion *x, const char *text, size_t size, const char *const dirs[2],
                  struct diag *diag);

/* Files that are not found here belong to the kernel: the source of types answers for them. */
static int expand_include(struct expansion *x, const char *name, const char *const dirs[2],
                          struct diag *diag)
{
	for (size_t i = 0; i < 2; i++) {
		_cleanup_(freep) char *path = path_join(dirs[i], name);
		_cleanup_(buf_donep) struct buf b = {};
		int r;

		if (!file_exists(path))
			continue;
		for (size_t j = 0; j < x->n_seen; j++)
			if (streq(x->seen[j], path))
				return 0;
		if (x->n_seen == INCLUDES_MAX)
			return diag_error(diag, -E2BIG, "%s: more than %d included files", path,
			                  INCLUDES_MAX);
		r = file_check_trusted(path, diag);
		if (r)
			return r;
		r = file_read(path, PROBE_SOURCE_BYTES_MAX, &b);
		if (r)
			return diag_error(diag, r, "%s: %s", path, strerror(-r));
		x->seen[x->n_seen++] = xstrdup(path);
		return expand(x, b.data, b.len, dirs, diag);
	}
	return 0;
}

static int expand(struct expansion *x, const char *text, size_t size, const char *const dirs[2],
                  struct diag *diag)
{
	const char *end = text + size;

	buf_append(&x->text, text, size);
	for (const char *line = text; line < end;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((eol ? eol : end) - line);
		char name[256];
		int r;

		if (include_name(line, len, name, sizeof(name))) {
			r = expand_include(x, name, dirs, diag);
			if (r)
				return r;
		}
		line += len + 1;
	}
	return 0;
}

static void add_macro(struct recipe *recipe, size_t *cap, char *macro)
{
	for (size_t i = 0; i < recipe->n_macros; i++) {
		if (streq(recipe->macros[i], macro)) {
			free(macro);
			return;
		}
	}
	*array_push(&recipe->macros, &recipe->n_macros, cap) = macro;
}

/* One identifier and what follows it up to `stop`; returns the position behind, or NULL. */
static const char *take_word(const char *p, char stop, char *word, size_t size)
{
	size_t n = 0;

	while (isblank((unsigned char)*p))
		p++;
	while ((isalnum((unsigned char)*p) || *p == '_' || *p == '.') && n < size - 1)
		word[n++] = *p++;
	word[n] = '\0';
	while (isblank((unsigned char)*p))
		p++;
	return n && *p == stop ? p + 1 : NULL;
}

/*
 * Answer the HAVE_…() questions in the text by defining the macro that a positive answer pastes
 * to. A question in a comment is answered too, which does no harm.
 */
static void answer_questions(struct recipe *recipe, const char *text, size_t *cap)
{
	char a[128], b[128];

	for (const char *p = text; (p = strstr(p, "HAVE_")); p++) {
		const char *q;

		if (!strncmp(p, "HAVE_TRACEPOINT(", 16)) {
			q = take_word(p + 16, ',', a, sizeof(a));
			if (q && take_word(q, ')', b, sizeof(b)) &&
			    kernel_has_tracepoint(recipe->kernel, a, b))
				add_macro(recipe, cap,
				          xasprintf("QUERN_HAVE_TRACEPOINT_%s__%s=1", a, b));
		} else if (!strncmp(p, "HAVE_KPROBE(", 12)) {
			if (take_word(p + 12, ')', a, sizeof(a)) && recipe->kernel->has_kprobe &&
			    kernel_has_function(recipe->kernel, a))
				add_macro(recipe, cap, xasprintf("QUERN_HAVE_KPROBE_%s=1", a));
		}
	}
}

static void add_features(struct recipe *recipe, bool ring, uint64_t buffer_bytes, size_t *cap)
{
	uint64_t pages = 1;

	while (pages * 2 * PAGE_BYTES <= buffer_bytes)
		pages *= 2;
	add_macro(recipe, cap, xasprintf("QUERN_RING=%d", ring));
	add_macro(recipe, cap, xasprintf("QUERN_BUFFER_PAGES=%llu", (unsigned long long)pages));
	if (recipe->kernel->has_raw_tracepoint)
		add_macro(recipe, cap, xstrdup("QUERN_HAVE_RAW_TRACEPOINT=1"));
	if (recipe->kernel->has_fentry)
		add_macro(recipe, cap, xstrdup("QUERN_HAVE_FENTRY=1"));
}

static void hash_str(EVP_MD_CTX *hash, const char *s)
{
	EVP_DigestUpdate(hash, s ? s : "", s ? strlen(s) + 1 : 1);
}

static EVP_MD_CTX *hash_new(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		abort(); /* no memory */
	return hash;
}

/* USDT arguments depend on the binary as much as on the source. */
static void add_usdt(struct recipe *recipe, EVP_MD_CTX *hash)
{
	size_t cap = 0;

	for (size_t i = 0; i < recipe->source->n_attach; i++) {
		const struct probe_attach *a = &recipe->source->attach[i];
		struct stat st = {};
		char *arg;

		if (a->spec.kind != ATTACH_USDT)
			continue;
		arg = xasprintf("%s=%s:%s:%s", a->function, a->spec.binary, a->spec.provider,
		                a->spec.target);
		*array_push(&recipe->usdt, &recipe->n_usdt, &cap) = arg;
		hash_str(hash, arg);
		if (stat(a->spec.binary, &st) == 0) {
			EVP_DigestUpdate(hash, &st.st_ino, sizeof(st.st_ino));
			EVP_DigestUpdate(hash, &st.st_size, sizeof(st.st_size));
			EVP_DigestUpdate(hash, &st.st_mtim, sizeof(st.st_mtim));
		}
	}
}

int recipe_init(struct recipe *recipe, const struct kernel *k, const struct probe_source *source,
                const char *toolchain, const char *include_dir, bool ring, uint64_t buffer_bytes,
                struct diag *diag)
{
	_cleanup_(expansion_done) struct expansion x = {};
	_cleanup_(freep) char *path = xstrdup(source->path);
	const char *dirs[2] = {dirname(path), include_dir};
	size_t cap;
	EVP_MD_CTX *hash;
	int r = expand(&x, source->text, source->size, dirs, diag);

	if (r)
		return r;
	*recipe =
		(struct recipe){.kernel = k, .source = source, .include_dir = xstrdup(include_dir)};
	recipe->n_macros = cap = probe_source_macros(source, &recipe->macros);
	add_features(recipe, ring, buffer_bytes, &cap);
	answer_questions(recipe, buf_cstr(&x.text), &cap);

	hash = hash_new();
	hash_str(hash, source->path);
	EVP_DigestUpdate(hash, x.text.data, x.text.len);
	for (size_t i = 0; i < recipe->n_macros; i++)
		hash_str(hash, recipe->macros[i]);
	add_usdt(recipe, hash);
	hash_str(hash, toolchain);
	hash_str(hash, k->release);
	hash_str(hash, k->version);
	hash_str(hash, k->machine);
	EVP_DigestUpdate(hash, &k->possible_cpus, sizeof(k->possible_cpus));
	EVP_DigestFinal_ex(hash, recipe->digest, NULL);
	EVP_MD_CTX_free(hash);
	return 0;
}

void recipe_done(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_macros; i++)
		free(recipe->macros[i]);
	for (size_t i = 0; i < recipe->n_usdt; i++)
		free(recipe->usdt[i]);
	free(recipe->macros);
	free(recipe->usdt);
	free(recipe->include_dir);
	*recipe = (struct recipe){};
}

void recipe_key(const struct recipe *recipe, const struct types_rung *rung,
                char ret[RECIPE_KEY_SIZE])
{
	EVP_MD_CTX *hash = hash_new();
	uint8_t digest[32];

	EVP_DigestUpdate(hash, recipe->digest, sizeof(recipe->digest));
	hash_str(hash, rung->identity);
	EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
