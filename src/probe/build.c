// SPDX-License-Identifier: Apache-2.0
#include "probe/build.h"

#include <errno.h>
#include <string.h>

#include "core/object.h"
#include "probe/cache.h"
#include "probe/toolchain.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/time.h"

#define CACHE_BYTES_MAX (256ull << 20)
#define CACHE_AGE_MAX   (90ull * 24 * 3600 * NSEC_PER_SEC)

/* One probe on its way to an object. */
struct attempt {
	const struct build_env *env;
	struct probe *probe;
	struct recipe recipe;
	const struct types_rung **rungs; /* to try, best first */
	size_t n_rungs, at;
	struct compile_job job;
	struct buf said; /* why it does not compile */
};

static void attempt_done(struct attempt *a)
{
	recipe_done(&a->recipe);
	free(a->rungs);
	buf_done(&a->said);
	buf_done(&a->job.object);
	buf_done(&a->job.diagnostics);
}

static void warn(struct probe *p, const char *text)
{
	char *old = p->warnings;

	if (!*text)
		return;
	p->warnings = old ? xasprintf("%s\n%s", old, text) : xstrdup(text);
	free(old);
}

/* The object is there: from now on the probe is built. */
static void accept(struct probe *p, struct object *o, bool cached)
{
	p->object = o;
	p->cached = cached;
	p->state = PROBE_BUILT;
	warn(p, o->diagnostics);
}

/* Under any of its rungs, the best first: an object that a lower rung gave stays good. */
static bool take_from_cache(struct attempt *a)
{
	for (size_t i = 0; a->env->cache_dir && i < a->n_rungs; i++) {
		_cleanup_(diag_donep) struct diag why = {};
		char key[RECIPE_KEY_SIZE];
		struct object *o;

		recipe_key(&a->recipe, a->rungs[i], key);
		if (!cache_get(a->env->cache_dir, a->probe->name, key, &o, &why)) {
			accept(a->probe, o, true);
			return true;
		}
		warn(a->probe, diag_text(&why));
	}
	return false;
}

/* The reasons of every rung, so that a user without types sees what to mend. */
static void no_types(struct attempt *a, struct diag *diag)
{
	const struct types *t = a->env->types;

	diag_error(diag, -ENOENT,
	           "%s: no source of the kernel's types is usable:", a->probe->source->path);
	for (size_t i = 0; i < t->n_rungs; i++)
		diag_error(diag, -ENOENT, "  %s: %s", t->rungs[i].name,
		           t->rungs[i].reason ? t->rungs[i].reason : "not usable");
}

/* Prepare one probe; true when it has to be compiled. */
static bool attempt_start(struct attempt *a, const struct build_env *env, struct probe *p,
                          const char *toolchain)
{
	_cleanup_(diag_donep) struct diag diag = {};
	uint64_t buffer = p->source->buffer_bytes ? p->source->buffer_bytes : env->buffer_bytes;
	int r;

	*a = (struct attempt){.env = env, .probe = p};
	r = recipe_init(&a->recipe, env->kernel, p->source, toolchain, env->include_dir, env->ring,
	                buffer, &diag);
	if (!r) {
		a->n_rungs = types_order(env->types, p->source->types_only, &a->rungs);
		if (take_from_cache(a))
			return false;
		if (a->n_rungs)
			return true;
		no_types(a, &diag);
	}
	probe_fail(p, &diag);
	return false;
}

static void attempt_aim(struct attempt *a)
{
	a->job.recipe = &a->recipe;
	a->job.rung = a->rungs[a->at];
	recipe_key(&a->recipe, a->job.rung, a->job.key);
	if (a->env->compiling)
		a->env->compiling(a->env->ctx, a->probe, a->job.rung);
}

static void compiled(struct attempt *a)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct probe *p = a->probe;
	struct object *o;

	p->compile_ns = a->job.elapsed_ns;
	if (object_read(a->job.object.data, a->job.object.len, &o, &diag)) {
		probe_fail(p, &diag);
		return;
	}
	accept(p, o, false);
	if (!a->env->cache_dir)
		return;
	cache_put(a->env->cache_dir, p->name, a->job.key, a->job.object.data, a->job.object.len,
	          &diag);
	warn(p, diag_text(&diag));
}

/* A compile ended. True: run it again, with the next source of types. */
static bool attempt_end(void *ctx, struct compile_job *job)
{
	struct attempt *a = (struct attempt *)((char *)job - offsetof(struct attempt, job));
	_cleanup_(diag_donep) struct diag diag = {};

	(void)ctx;
	if (job->result == COMPILE_DONE) {
		compiled(a);
		return false;
	}
	/* The best types' words are the ones to read; the others' failure is only mentioned. */
	if (a->at == 0)
		buf_append(&a->said, job->diagnostics.data, job->diagnostics.len);
	else
		buf_printf(&a->said, "(it does not compile with the types of %s either)\n",
		           a->job.rung->name);
	if (job->result == COMPILE_OTHER_TYPES && a->at + 1 < a->n_rungs) {
		a->at++;
		attempt_aim(a);
		return true;
	}
	diag_error(&diag, -EINVAL, "%s", buf_cstr(&a->said));
	probe_fail(a->probe, &diag);
	return false;
}

void probe_build_all(const struct build_env *env, struct probe **probes, size_t n)
{
	struct attempt *attempts = xcalloc(n, sizeof(*attempts));
	struct compile_job **jobs = xcalloc(n, sizeof(struct compile_job *));
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(freep) char *toolchain = NULL;
	size_t n_attempts = 0, n_jobs = 0;
	int r = toolchain_identify(env->compiler, env->cache_dir, &toolchain, &diag);

	for (size_t i = 0; i < n; i++) {
		struct attempt *a = &attempts[n_attempts];

		if (probes[i]->state != PROBE_NEW)
			continue;
		if (r) {
			probe_fail(probes[i], &diag);
			continue;
		}
		n_attempts++;
		if (!attempt_start(a, env, probes[i], toolchain))
			continue;
		attempt_aim(a);
		jobs[n_jobs++] = &a->job;
	}
	compiler_run(env->compiler, &env->limits, jobs, n_jobs, attempt_end, NULL);
	if (n_jobs && env->cache_dir)
		cache_trim(env->cache_dir, CACHE_BYTES_MAX, CACHE_AGE_MAX);
	for (size_t i = 0; i < n_attempts; i++)
		attempt_done(&attempts[i]);
	free(attempts);
	free(jobs);
}
