// SPDX-License-Identifier: Apache-2.0
/*
 * quern-cc: one probe's source and a kernel's types in, an object and diagnostics out.
 *
 *   request      the command line
 *   source       the text to compile, and what has to be known of it before
 *   shim         the include tree that makes this libbcc fit that kernel
 *   bcc          the compile itself, with the kernel's side recorded by fakekernel
 *   assemble     maps, programs, BTF and the events' schemas into an object
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
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
#include "cc/shim.h"
#include "cc/source.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { EXIT_SOURCE = 1, EXIT_USAGE = 2, EXIT_TYPES = 3 };

/* One compile on its way. */
struct work {
	const struct request *request;
	struct source source;
	struct shim shim;
	struct bcc *bcc;
};

static void work_done(struct work *w)
{
	bcc_free(w->bcc);
	shim_done(&w->shim);
	source_done(&w->source);
}

static void push_flag(const char ***flags, size_t *n, size_t *cap, const char *flag)
{
	*array_push(flags, n, cap) = flag;
}

/* Compile the text; what was said is appended to `said`. */
static bool compile(struct work *w, struct buf *said)
{
	struct capture capture;
	const char **flags = NULL;
	char **owned = NULL;
	size_t n = 0, cap = 0, n_owned = 0, cap_owned = 0;

	for (size_t i = 0; i < w->request->n_folders; i++)
		*array_push(&owned, &n_owned, &cap_owned) =
			xasprintf("-I%s", w->request->folders[i]);
	for (size_t i = 0; i < w->source.numbers.n; i++) {
		const char *name = w->source.numbers.names[i];

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
	w->bcc = bcc_compile(buf_cstr(&w->source.text), w->shim.tree->path, flags, (int)n);
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
	int r = assemble(w->bcc, &w->source.numbers, o, diag);

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

	if (source_make_text(&w->source, true) || !compile(w, &said))
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
	if (source_read(&w.source, request))
		return EXIT_SOURCE;
	if (shim_make(&request->types, w.source.expanded.data, w.source.expanded.len,
	              request->version_code, &w.shim, &diag)) {
		fprintf(stderr, "%s: error: %s\n", request->name, diag_text(&diag));
		return EXIT_TYPES;
	}
	if (source_make_text(&w.source, false))
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
