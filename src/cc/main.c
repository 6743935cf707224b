// SPDX-License-Identifier: Apache-2.0
/*
 * quern-cc: one probe's source and a kernel's types in, an object and diagnostics out.
 *
 *   request      the command line
 *   shim         the include tree that makes this libbcc fit that kernel
 *   bcc          the compile itself, with the kernel's side recorded by fakekernel
 *   assemble     maps, programs, BTF and the events' schemas into an object
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cc/assemble.h"
#include "cc/capture.h"
#include "cc/diagnostics.h"
#include "cc/dump.h"
#include "cc/fakekernel.h"
#include "cc/request.h"
#include "cc/scan.h"
#include "cc/shim.h"
#include "cc/stock.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SOURCE_BYTES_MAX (1u << 20)
#define INCLUDES_MAX     32

enum { EXIT_SOURCE = 1, EXIT_USAGE = 2, EXIT_TYPES = 3 };

/* One compile on its way. */
struct work {
	const struct request *request;
	struct buf source;   /* the file */
	struct buf expanded; /* with what it includes of ours, for scanning */
	struct buf text;     /* what Clang gets */
	char *seen[INCLUDES_MAX];
	size_t n_seen;
	struct shim shim;
	struct map_numbers numbers;
	struct bcc *bcc;
};

static void work_done(struct work *w)
{
	bcc_free(w->bcc);
	shim_done(&w->shim);
	for (size_t i = 0; i < w->n_seen; i++)
		free(w->seen[i]);
	for (size_t i = 0; i < w->numbers.n; i++)
		free(w->numbers.names[i]);
	free(w->numbers.names);
	buf_done(&w->source);
	buf_done(&w->expanded);
	buf_done(&w->text);
}

static void expand_include(void *ctx, const char *name);

static bool expand_from(struct work *w, const char *folder, const char *name)
{
	_cleanup_(freep) char *path = path_join(folder, name);
	_cleanup_(buf_donep) struct buf b = {};

	for (size_t i = 0; i < w->n_seen; i++)
		if (streq(w->seen[i], path))
			return true;
	if (w->n_seen == INCLUDES_MAX || file_read(path, SOURCE_BYTES_MAX, &b))
		return false;
	w->seen[w->n_seen++] = xstrdup(path);
	buf_append(&w->expanded, b.data, b.len);
	buf_putc(&w->expanded, '\n');
	scan_includes(b.data, b.len, expand_include, w);
	return true;
}

/* A file of ours that is included; the kernel's are not found here. */
static void expand_include(void *ctx, const char *name)
{
	struct work *w = ctx;

	for (size_t i = 0; i < w->request->n_folders; i++)
		if (expand_from(w, w->request->folders[i], name))
			return;
}

static void number_map(struct map_numbers *numbers, char *name)
{
	*array_push(&numbers->names, &numbers->n, &numbers->cap) = name;
}

/* quern.h names an event's two maps by numbers, which become macros here and maps in assemble(). */
static void number_event(void *ctx, const char *name)
{
	struct map_numbers *numbers = ctx;

	number_map(numbers, xstrdup(name));
	number_map(numbers, xasprintf("%s__slot", name));
}

static int read_source(struct work *w)
{
	const char *file = w->request->file;
	int r = file_read(file, SOURCE_BYTES_MAX, &w->source);

	if (r) {
		fprintf(stderr, "%s: %s\n", w->request->name,
		        r == -EFBIG ? "larger than 1 MiB" : strerror(-r));
		return r;
	}
	if (memchr(w->source.data, '\0', w->source.len)) {
		fprintf(stderr, "%s: not a C source: it holds a NUL byte\n", w->request->name);
		return -EINVAL;
	}
	buf_append(&w->expanded, w->source.data, w->source.len);
	buf_putc(&w->expanded, '\n');
	scan_includes(w->source.data, w->source.len, expand_include, w);
	scan_blank_comments(w->expanded.data, w->expanded.len);
	scan_events(w->source.data, w->source.len, number_event, &w->numbers);
	return 0;
}

/* The readers of USDT arguments, in front of the source. */
static int add_usdt(struct work *w)
{
	for (size_t i = 0; i < w->request->n_usdt; i++) {
		_cleanup_(freep) char *spec = xstrdup(w->request->usdt[i]);
		_cleanup_(freep) char *text = NULL;
		char *binary = strchr(spec, '='), *name = strrchr(spec, ':'), *provider;

		if (!binary || !name)
			return -EINVAL;
		*binary++ = *name++ = '\0';
		provider = strrchr(binary, ':');
		if (!provider)
			return -EINVAL;
		*provider++ = '\0';
		text = bcc_usdt_text(spec, binary, provider, name);
		if (!text) {
			fprintf(stderr, "%s: error: %s has no USDT probe %s:%s\n", w->request->name,
			        binary, provider, name);
			return -ENOENT;
		}
		buf_puts(&w->text, text);
	}
	return 0;
}

/* Does this line open a body: `{`, `int f(void) {`? */
static bool opens_body(const char *line, size_t len)
{
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	return len && line[len - 1] == '{' && !strchr("# \t/*", line[0]);
}

/*
 * The source, with its line numbers set anew in every body: libbcc puts structs of several lines in
 * front of functions, and the verifier's lines would be off by these.
 */
static void put_source(struct work *w)
{
	const char *end = w->source.data + w->source.len, *eol;
	unsigned int number = 1;

	buf_printf(&w->text, "#line 1 \"%s\"\n", w->request->name);
	for (const char *line = w->source.data; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		buf_append(&w->text, line, (size_t)(eol - line));
		buf_putc(&w->text, '\n');
		number++;
		if (opens_body(line, (size_t)(eol - line)))
			buf_printf(&w->text, "#line %u \"%s\"\n", number, w->request->name);
	}
}

static int make_text(struct work *w, bool carriers)
{
	int r;

	buf_clear(&w->text);
	buf_puts(&w->text, "#include <linux/types.h>\n");
	r = add_usdt(w);
	if (r)
		return r;
	put_source(w);
	if (carriers)
		stock_append_carriers(w->source.data, w->source.len, &w->text);
	return 0;
}

static void push_flag(const char ***flags, size_t *n, size_t *cap, const char *flag)
{
	*array_push(flags, n, cap) = flag;
}

/* Compile w->text; what was said is appended to `said`. */
static bool compile(struct work *w, struct buf *said)
{
	struct capture capture;
	const char **flags = NULL;
	char **owned = NULL;
	size_t n = 0, cap = 0, n_owned = 0, cap_owned = 0;

	for (size_t i = 0; i < w->request->n_folders; i++)
		*array_push(&owned, &n_owned, &cap_owned) =
			xasprintf("-I%s", w->request->folders[i]);
	for (size_t i = 0; i < w->numbers.n; i++) {
		const char *name = w->numbers.names[i];

		*array_push(&owned, &n_owned, &cap_owned) =
			xasprintf("-DQUERN_MAP_%s=0x%zx", name, MAP_NUMBER_FIRST + i);
		/* an event may have the name of a C function that Clang knows: exit */
		*array_push(&owned, &n_owned, &cap_owned) = xasprintf("-fno-builtin-%s", name);
	}
	for (size_t i = 0; i < w->request->n_defines; i++)
		push_flag(&flags, &n, &cap, w->request->defines[i]);
	for (size_t i = 0; i < w->shim.n_flags; i++)
		push_flag(&flags, &n, &cap, w->shim.flags[i]);
	for (size_t i = 0; i < n_owned; i++)
		push_flag(&flags, &n, &cap, owned[i]);

	fakekernel_forget();
	w->bcc = bcc_free(w->bcc);
	capture = capture_begin();
	w->bcc = bcc_compile(buf_cstr(&w->text), w->shim.tree->path, flags, (int)n);
	capture_end(&capture, said);

	for (size_t i = 0; i < n_owned; i++)
		free(owned[i]);
	free(owned);
	free(flags);
	return w->bcc != NULL;
}

static int write_object(const struct request *request, const struct object *o)
{
	_cleanup_(buf_donep) struct buf bytes = {};
	_cleanup_(closep) int fd = -1;
	int r;

	object_write(o, &bytes);
	fd = streq(request->output, "-")
	             ? dup(STDOUT_FILENO)
	             : open(request->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : file_write_fd(fd, bytes.data, bytes.len);
	if (r)
		fprintf(stderr, "quern-cc: %s: %s\n", request->output, strerror(-r));
	return r;
}

static void collect_file(void *ctx, const char *path)
{
	printf("file %s\n", path);
}

static int print_version(void)
{
	char text[128];

	bcc_describe(text, sizeof(text), collect_file, NULL);
	printf("toolchain %s\n", text);
	return 0;
}

static void ignore_file(void *ctx, const char *path)
{
}

static struct object *object_from(struct work *w, struct diag *diag)
{
	struct object *o = xcalloc(1, sizeof(*o));
	struct capture capture = capture_begin();
	struct buf said = {};
	char toolchain[128];
	int r = assemble(w->bcc, &w->numbers, o, diag);

	capture_end(&capture, &said);
	if (r && said.len)
		diag_error(diag, r, "%s", buf_cstr(&said));
	buf_done(&said);
	if (r)
		return object_free(o);
	bcc_describe(toolchain, sizeof(toolchain), ignore_file, NULL);
	o->key = xstrdup(w->request->key);
	o->source_name = xstrdup(w->request->name);
	o->toolchain = xstrdup(toolchain);
	o->types = xstrdup(w->request->types_text);
	o->kernel_version = w->request->version_code;
	return o;
}

/*
 * A stock program whose event has no known layout is compiled again with carriers. When that fails
 * (a struct in a branch that is not compiled), the first result stands.
 */
static struct object *with_carriers(struct work *w, struct object *first)
{
	_cleanup_(buf_donep) struct buf said = {};
	_cleanup_(diag_donep) struct diag diag = {};
	struct object *second;

	if (make_text(w, true) || !compile(w, &said))
		return first;
	second = object_from(w, &diag);
	if (!second)
		return first;
	object_free(first);
	return second;
}

static int fail(struct work *w, struct buf *said)
{
	_cleanup_(buf_donep) struct buf clean = {};

	diagnostics_clean(said, w->shim.tree->path, &clean);
	fputs(buf_cstr(&clean), stderr);
	if (!clean.len)
		fprintf(stderr, "%s: error: libbcc refused the program without a word\n",
		        w->request->name);
	return diagnostics_blame_types(&clean, w->request->name) ? EXIT_TYPES : EXIT_SOURCE;
}

/* The source is compiled: the rest of the way to the object file. */
static int finish(struct work *w, const struct buf *said)
{
	_cleanup_(buf_donep) struct buf clean = {};
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(object_freep) struct object *o = object_from(w, &diag);

	diagnostics_clean(said, w->shim.tree->path, &clean);
	if (!o) {
		fprintf(stderr, "%s%s: error: %s\n", buf_cstr(&clean), w->request->name,
		        diag_text(&diag));
		return EXIT_SOURCE;
	}
	if (assemble_wants_carriers(o))
		o = with_carriers(w, o);
	if (diag.warnings)
		buf_printf(&clean, "%s: warning: %s\n", w->request->name, diag_text(&diag));
	o->diagnostics = xstrdup(buf_cstr(&clean));
	fputs(o->diagnostics, stderr);
	if (object_check(o, &diag)) {
		fprintf(stderr, "%s: error: %s\n", w->request->name, diag_text(&diag));
		return EXIT_SOURCE;
	}
	return write_object(w->request, o) ? EXIT_SOURCE : EXIT_SUCCESS;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

static int run(const struct request *request)
{
	_cleanup_(work_done) struct work w = {.request = request};
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(buf_donep) struct buf said = {};

	libbpf_set_print(quiet);
	fakekernel_set_version(request->version_code);
	if (read_source(&w))
		return EXIT_SOURCE;
	if (shim_make(&request->types, w.expanded.data, w.expanded.len, request->version_code,
	              &w.shim, &diag)) {
		fprintf(stderr, "%s: error: %s\n", request->name, diag_text(&diag));
		return EXIT_TYPES;
	}
	if (make_text(&w, false))
		return EXIT_SOURCE;
	if (!compile(&w, &said))
		return fail(&w, &said);
	return finish(&w, &said);
}

int main(int argc, char **argv)
{
	struct request request;
	int r = request_parse(argc, argv, &request);

	if (r >= 0)
		return r;
	if (request.version)
		r = print_version();
	else if (request.dump)
		r = dump_object(request.dump);
	else
		r = run(&request);
	request_done(&request);
	return r;
}
