// SPDX-License-Identifier: Apache-2.0
#include "cc/shim.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cc/bcc.h"
#include "cc/btf_headers.h"
#include "cc/capture.h"
#include "cc/scan.h"
#include "cc/words.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define HEADER_BYTES_MAX (4u << 20)
#define STUBS_MAX        256
#define QUESTIONS_MAX    128

#if defined(__x86_64__)
#define ARCH "x86"
#elif defined(__aarch64__)
#define ARCH "arm64"
#else
#error "which folder of the kernel's arch/ is this machine's?"
#endif

static const char macros[] =
#include "macros.inc"
	;

/* Headers that libbcc's own text includes; with BTF their contents are in kconfig.h. */
static const char *const bcc_includes[] = {
	"uapi/linux/bpf.h",      "uapi/linux/if_packet.h",
	"uapi/linux/if_ether.h", "uapi/linux/ptrace.h",
	"linux/log2.h",          "linux/types.h",
	"linux/bpf_common.h",    "linux/bpf.h",
	"linux/if_packet.h",     "uapi/linux/in.h",
	"uapi/linux/ip.h",       "asm/page.h",
};

int shim_types_parse(const char *text, struct shim_types *ret)
{
	const char *value = strchr(text, ':'), *colon;

	*ret = (struct shim_types){};
	if (!value || !*++value)
		return -EINVAL;
	if (!strncmp(text, "btf:", 4)) {
		ret->btf = xstrdup(value);
		return 0;
	}
	if (strncmp(text, "headers:", 8))
		return -EINVAL;
	colon = strchr(value, ':');
	ret->build = colon ? xstrndup(value, (size_t)(colon - value)) : xstrdup(value);
	ret->source = colon && colon[1] ? xstrdup(colon + 1) : NULL;
	return 0;
}

void shim_types_done(struct shim_types *t)
{
	free(t->btf);
	free(t->build);
	free(t->source);
	*t = (struct shim_types){};
}

void shim_done(struct shim *s)
{
	for (size_t i = 0; i < s->n_flags; i++)
		free(s->flags[i]);
	free(s->flags);
	tree_free(s->tree);
	*s = (struct shim){};
}

static void add_flag(struct shim *s, char *flag)
{
	*array_push(&s->flags, &s->n_flags, &s->cap_flags) = flag;
}

static void add_flags(struct shim *s, const char *const *flags)
{
	for (; *flags; flags++)
		add_flag(s, xstrdup(*flags));
}

static int write_text(struct tree *t, const char *name, const char *text, struct diag *diag)
{
	return tree_write(t, name, text, strlen(text), diag);
}

static int write_version(struct tree *t, uint32_t code, struct diag *diag)
{
	_cleanup_(freep) char *text =
		xasprintf("#define LINUX_VERSION_CODE %u\n"
	                  "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + "
	                  "((c) > 255 ? 255 : (c)))\n",
	                  code);

	return write_text(t, "include/linux/version.h", text, diag);
}

static void mark_defined(void *ctx, const char *name, bool is_typedef)
{
	words_add(ctx, name, strlen(name), WORD_DEFINED);
}

static void collect_words(struct words *words, const char *text, size_t size)
{
	const char *helpers;
	size_t helpers_size;

	scan_words(text, size, words);
	scan_structs(text, size, mark_defined, words);
	helpers = bcc_helpers_text(&helpers_size);
	scan_words(helpers, helpers_size, words);
	scan_words(macros, sizeof(macros) - 1, words);
	scan_tracepoint_formats(text, size, words);
}

/*
 * A probe may call its struct what the kernel calls one of its own (uprobe, tracepoint): while the
 * kernel's types are read, the names that both define mean something else. Members of such a name
 * are renamed with them, so no other name is touched (struct data, and skb->data).
 */
static void rename_twins(const struct words *ours, const struct words *kernels, const char *line,
                         struct buf *out)
{
	for (size_t i = 0; i < ours->n_slots; i++) {
		const struct word *w = &ours->slots[i];

		if (w->name && (w->flags & WORD_DEFINED) &&
		    (words_flags(kernels, w->name) & WORD_DEFINED))
			buf_printf(out, line, w->name, w->name);
	}
}

/*
 * kconfig.h is what libbcc includes before all else. BTF has bpf.h's types, so libbcc's copy of that
 * header is switched off by its guard.
 */
static int write_btf_kconfig(struct shim *s, const char *types_text, const struct words *words,
                             struct diag *diag)
{
	_cleanup_(words_done) struct words kernels = {};
	_cleanup_(buf_donep) struct buf b = {};

	scan_words(types_text, strlen(types_text), &kernels);
	scan_structs(types_text, strlen(types_text), mark_defined, &kernels);
	buf_puts(&b, "#pragma once\n"
	             "#define CONFIG_BPF_SYSCALL 1\n"
	             "#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n"
	             "#define _UAPI__LINUX_BPF_H__\n"
	             "#define __LINUX_BPF_H__\n"
	             "#define BPF_NO_PRESERVE_ACCESS_INDEX\n"
	             "#include <linux/version.h>\n");
	rename_twins(words, &kernels, "#define %s kernel_%s\n", &b);
	buf_puts(&b, types_text);
	buf_putc(&b, '\n');
	rename_twins(words, &kernels, "#undef %s\n", &b);
	buf_puts(&b, macros);
	return tree_write(s->tree, "include/linux/kconfig.h", b.data, b.len, diag);
}

struct stubs {
	struct shim *shim;
	struct diag *diag;
	int n, r;
};

/* Where the kernel's own headers are; what stands elsewhere is somebody's and has to be there. */
static bool is_kernel_header(const char *name)
{
	static const char *const folders[] = {
		"linux/", "uapi/", "net/",  "asm/",   "asm-generic/", "trace/", "crypto/",
		"drm/",   "scsi/", "rdma/", "sound/", "target/",      "video/", "xen/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!strncmp(name, folders[i], strlen(folders[i])))
			return true;
	return streq(name, "vmlinux.h");
}

/* A kernel header that somebody includes: an empty file, for kconfig.h has it all. */
static void add_stub(void *ctx, const char *name)
{
	struct stubs *stubs = ctx;
	_cleanup_(freep) char *path = xasprintf("include/%s", name);

	if (stubs->r || streq(name, "linux/version.h"))
		return;
	if (!is_kernel_header(name) || strstr(name, "..") || ++stubs->n > STUBS_MAX)
		return; /* Clang will say that it is not found */
	stubs->r = tree_write(stubs->shim->tree, path, "", 0, stubs->diag);
}

struct fields {
	struct shim *shim;
	const struct btf_types *types;
};

static void define_field(struct shim *s, const char *tag, const char *field)
{
	add_flag(s, xasprintf("-DQUERN_HAVE_FIELD_%s__%s=1", tag, field));
}

static void answer_from_btf(void *ctx, const char *tag, const char *field)
{
	struct fields *f = ctx;

	if (btf_types_have_field(f->types, tag, field))
		define_field(f->shim, tag, field);
}

static int make_btf(struct shim *s, const char *btf, const char *text, size_t size,
                    struct stubs *stubs, struct diag *diag)
{
	static const char *const flags[] = {"-fms-extensions", "-Wno-microsoft-anon-tag",
	                                    "-Wno-missing-declarations", "-Wno-macro-redefined",
	                                    NULL};
	_cleanup_(btf_types_freep) struct btf_types *types = NULL;
	_cleanup_(words_done) struct words words = {};
	_cleanup_(buf_donep) struct buf out = {};
	struct fields fields = {.shim = s};
	int r;

	r = btf_types_open(btf, &types, diag);
	if (r)
		return r;
	collect_words(&words, text, size);
	r = btf_types_write(types, &words, &out, diag);
	if (!r)
		r = write_btf_kconfig(s, buf_cstr(&out), &words, diag);
	for (size_t i = 0; !r && i < ARRAY_SIZE(bcc_includes); i++)
		add_stub(stubs, bcc_includes[i]);
	scan_includes(text, size, add_stub, stubs);
	if (r || stubs->r)
		return r ? r : stubs->r;
	add_flags(s, flags);
	fields.types = types;
	scan_have_fields(text, size, answer_from_btf, &fields);
	return 0;
}

/*
 * Which bpf.h goes with libbcc's helpers? The kernel's own, if it knows every helper that they name;
 * otherwise libbcc's copy, which stays on as long as the guard is not taken. An older kernel lacks
 * helpers, a newer one has types (struct bpf_wq …) that libbcc's copy lacks.
 */
static bool kernel_knows_helpers(const char *bpf_h)
{
	_cleanup_(words_done) struct words known = {};
	_cleanup_(words_done) struct words named = {};
	_cleanup_(buf_donep) struct buf text = {};
	size_t helpers_size;
	const char *helpers = bcc_helpers_text(&helpers_size);

	if (file_read(bpf_h, HEADER_BYTES_MAX, &text))
		return false;
	scan_words(text.data, text.len, &known);
	scan_words(helpers, helpers_size, &named);
	for (size_t i = 0; i < named.n_slots; i++) {
		const char *name = named.slots[i].name;

		/* bpf.h spells them FN(name, …) or ___BPF_FUNC_… by macro */
		if (name && !strncmp(name, "BPF_FUNC_", 9) && !words_flags(&known, name + 9) &&
		    !words_flags(&known, name))
			return false;
	}
	return named.n > 0;
}

/* The folders of a kernel tree that its own build gives the compiler, in its order. */
static void add_kernel_folders(struct shim *s, const struct shim_types *types)
{
	const char *source = types->source ? types->source : types->build;
	static const struct {
		bool built;
		const char *folder;
	} folders[] = {
		{false, "arch/" ARCH "/include"},
		{true, "arch/" ARCH "/include/generated"},
		{false, "include"},
		{true, "include"},
		{false, "arch/" ARCH "/include/uapi"},
		{true, "arch/" ARCH "/include/generated/uapi"},
		{false, "include/uapi"},
		{true, "include/generated/uapi"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		add_flag(s, xasprintf("-I%s/%s", folders[i].built ? types->build : source,
		                      folders[i].folder));
}

static int write_headers_kconfig(struct shim *s, const char *source, struct diag *diag)
{
	_cleanup_(freep) char *kconfig = path_join(source, "include/linux/kconfig.h");
	_cleanup_(freep) char *bpf_h = path_join(source, "include/uapi/linux/bpf.h");
	_cleanup_(buf_donep) struct buf b = {};

	if (!file_exists(kconfig))
		return diag_error(diag, -ENOENT, "%s: not a kernel's source: there is no %s",
		                  source, kconfig);
	buf_printf(&b, "#include \"%s\"\n", kconfig);
	if (kernel_knows_helpers(bpf_h))
		buf_printf(&b, "#include \"%s\"\n", bpf_h);
	return tree_write(s->tree, "include/linux/kconfig.h", b.data, b.len, diag);
}

/*
 * The answers to HAVE_FIELD() with headers: a source that includes what the probe includes, as far as
 * it is there, and makes an error with a line number of its own for each field. A question that the
 * compiler did not get to gives none, so only a field that was heard to be there is.
 */
struct questions {
	struct buf text;
	char *tags[QUESTIONS_MAX], *fields[QUESTIONS_MAX];
	size_t n;
};

#define YES "this field is there"

static void include_it(void *ctx, const char *name)
{
	if (is_kernel_header(name))
		buf_printf(ctx, "#if __has_include(<%s>)\n#include <%s>\n#endif\n", name, name);
}

/* A comma's right side has a size even where the left one, a bit-field, has none. */
static void ask(void *ctx, const char *tag, const char *field)
{
	struct questions *q = ctx;

	if (q->n == QUESTIONS_MAX)
		return;
	q->tags[q->n] = xstrdup(tag);
	q->fields[q->n++] = xstrdup(field);
	buf_printf(&q->text,
	           "#line %zu \"question\"\n"
	           "_Static_assert(sizeof(((void)((struct %s *)0)->%s, 0)) == 0, \"" YES "\");\n",
	           q->n, tag, field);
}

/*
 * Was question `i` answered with yes: "question:3:1: error: … this field is there"? What is wrong with
 * the field comes before that, for Clang goes on as if it had a type.
 */
static bool heard_yes(const char *said, size_t i)
{
	_cleanup_(freep) char *at = xasprintf("\nquestion:%zu:", i + 1);
	const char *line = strncmp(said, at + 1, strlen(at + 1)) ? strstr(said, at) : said;
	const char *yes = line ? strstr(line, YES) : NULL;

	return yes && yes < line + 1 + strcspn(line + 1, "\n");
}

static void compile_questions(struct shim *s, struct questions *q, struct buf *said)
{
	size_t n_flags = s->n_flags;
	struct capture capture;

	/* All errors and no warnings: what is kept of the output is limited. */
	add_flag(s, xstrdup("-ferror-limit=0"));
	add_flag(s, xstrdup("-fno-caret-diagnostics"));
	add_flag(s, xstrdup("-w"));
	capture = capture_begin();
	bcc_free(bcc_compile(buf_cstr(&q->text), s->tree->path, (const char **)s->flags,
	                     (int)s->n_flags));
	capture_end(&capture, said);
	fakekernel_forget();
	while (s->n_flags > n_flags)
		free(s->flags[--s->n_flags]);
}

static void answer_from_headers(struct shim *s, const char *text, size_t size)
{
	_cleanup_(buf_donep) struct buf said = {};
	struct questions q = {};

	scan_includes(text, size, include_it, &q.text);
	scan_have_fields(text, size, ask, &q);
	if (q.n)
		compile_questions(s, &q, &said);
	for (size_t i = 0; i < q.n; i++) {
		if (heard_yes(buf_cstr(&said), i))
			define_field(s, q.tags[i], q.fields[i]);
		free(q.tags[i]);
		free(q.fields[i]);
	}
	buf_done(&q.text);
}

static int make_headers(struct shim *s, const struct shim_types *types, const char *text,
                        size_t size, struct diag *diag)
{
	/* Newer kernels are written for newer compilers; none of it concerns a probe. */
	static const char *const flags[] = {"-fms-extensions",           "-Wno-microsoft-anon-tag",
	                                    "-DCONFIG_CC_IS_CLANG",      "-Wno-unknown-attributes",
	                                    "-Wno-ignored-attributes",   "-Wno-attributes",
	                                    "-Wno-macro-redefined",      "-Wno-frame-address",
	                                    "-Wno-tautological-compare", NULL};
	int r = write_headers_kconfig(s, types->source ? types->source : types->build, diag);

	if (r)
		return r;
	add_kernel_folders(s, types);
	add_flags(s, flags);
	answer_from_headers(s, text, size);
	return 0;
}

int shim_make(const struct shim_types *types, const char *text, size_t size, uint32_t version_code,
              struct shim *ret, struct diag *diag)
{
	struct shim s = {};
	struct stubs stubs = {.shim = &s, .diag = diag};
	int r = tree_new(&s.tree, diag);

	if (!r && types->btf)
		r = write_version(s.tree, version_code, diag);
	if (!r)
		r = types->btf ? make_btf(&s, types->btf, text, size, &stubs, diag)
		               : make_headers(&s, types, text, size, diag);
	if (r) {
		shim_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}
