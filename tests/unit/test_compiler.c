/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of compilers that do not behave: shell scripts stand in for quern-cc. Each reads its
 * orders from the name of the "source", which is the last argument, as quern-cc's is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/compiler.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/time.h"

static const char script[] = "#!/bin/bash\n"
			     "while [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done\n"
			     "case $1 in\n"
			     "good) printf object >$out; echo 'p.c:1:2: warning: hm' >&2;;\n"
			     "bad) echo 'p.c:3:4: error: no' >&2; exit 1;;\n"
			     "types) echo 'p.c:1:10: fatal error: not found' >&2; exit 3;;\n"
			     "crash) kill -SEGV $$;;\n"
			     "hang) sleep 60 & wait;;\n"
			     "flood) yes error | head -c 10000000 >&2; exit 1;;\n"
			     "huge) head -c 100000000 /dev/zero >$out;;\n"
			     "odd) exit 77;;\n"
			     "esac\n";

static char compiler[64];

static int set_up(void **state)
{
	snprintf(compiler, sizeof(compiler), "/tmp/quern-fake-cc-%d", getpid());
	return file_write_atomic(compiler, script, sizeof(script) - 1, 0755);
}

static int tear_down(void **state)
{
	return unlink(compiler);
}

/* A job for the fake compiler, and what it needs to stand on. */
struct fake {
	struct kernel kernel;
	struct probe_source source;
	struct recipe recipe;
	struct types_rung rung;
	struct compile_job job;
};

static void fake_init(struct fake *f, const char *order)
{
	*f = (struct fake){
		.kernel = {.release = (char *)"6.0", .possible_cpus = 1},
		.source = {.path = (char *)order},
		.recipe = {.kernel = &f->kernel, .source = &f->source, .include_dir = (char *)"/"},
		.rung = {.name = "BTF", .kind = TYPES_BTF, .btf = (char *)"/nowhere"},
		.job = {.recipe = &f->recipe, .rung = &f->rung, .key = "k"},
	};
}

static void fake_done(struct fake *f)
{
	buf_done(&f->job.object);
	buf_done(&f->job.diagnostics);
}

static unsigned int ended;
static unsigned int again; /* how often to answer "run it again" */

static bool count_end(void *ctx, struct compile_job *job)
{
	ended++;
	if (!again)
		return false;
	again--;
	return true;
}

static void run(struct fake *fakes, size_t n, uint64_t timeout_ns)
{
	const struct compiler_limits limits = {
		.timeout_ns = timeout_ns, .memory = 1ull << 30, .parallel = 2};
	struct compile_job *jobs[16];

	for (size_t i = 0; i < n; i++)
		jobs[i] = &fakes[i].job;
	ended = 0;
	compiler_run(compiler, &limits, jobs, n, count_end, NULL);
}

static void expect(const char *order, enum compile_result result, const char *diagnostics)
{
	_cleanup_(fake_done) struct fake f;

	fake_init(&f, order);
	run(&f, 1, 10 * NSEC_PER_SEC);
	assert_int_equal(ended, 1);
	assert_int_equal(f.job.result, result);
	assert_non_null(strstr(buf_cstr(&f.job.diagnostics), diagnostics));
}

static void object_and_warnings(void **state)
{
	_cleanup_(fake_done) struct fake f;

	fake_init(&f, "good");
	run(&f, 1, 10 * NSEC_PER_SEC);
	assert_int_equal(f.job.result, COMPILE_DONE);
	assert_string_equal(buf_cstr(&f.job.object), "object");
	assert_string_equal(buf_cstr(&f.job.diagnostics), "p.c:1:2: warning: hm\n");
}

static void failures_have_their_words(void **state)
{
	expect("bad", COMPILE_FAILED, "p.c:3:4: error: no");
	expect("types", COMPILE_OTHER_TYPES, "not found");
	expect("crash", COMPILE_FAILED, "ended by signal 11");
	expect("odd", COMPILE_FAILED, "status 77");
	expect("huge", COMPILE_FAILED, "");
}

static void a_flood_is_cut(void **state)
{
	_cleanup_(fake_done) struct fake f;

	fake_init(&f, "flood");
	run(&f, 1, 10 * NSEC_PER_SEC);
	assert_int_equal(f.job.result, COMPILE_FAILED);
	assert_true(f.job.diagnostics.len < 70000);
	assert_non_null(strstr(buf_cstr(&f.job.diagnostics), "was cut"));
}

static void a_hang_is_stopped_and_others_go_on(void **state)
{
	struct fake fakes[4];
	uint64_t before = time_monotonic();

	fake_init(&fakes[0], "hang");
	fake_init(&fakes[1], "good");
	fake_init(&fakes[2], "good");
	fake_init(&fakes[3], "bad");
	run(fakes, 4, NSEC_PER_SEC);
	assert_int_equal(ended, 4);
	assert_true(time_monotonic() - before < 10 * NSEC_PER_SEC);
	assert_int_equal(fakes[0].job.result, COMPILE_FAILED);
	assert_non_null(strstr(buf_cstr(&fakes[0].job.diagnostics), "longer than 1 s"));
	assert_int_equal(fakes[1].job.result, COMPILE_DONE);
	assert_int_equal(fakes[2].job.result, COMPILE_DONE);
	assert_int_equal(fakes[3].job.result, COMPILE_FAILED);
	for (size_t i = 0; i < 4; i++)
		fake_done(&fakes[i]);
}

static void a_job_can_run_again(void **state)
{
	_cleanup_(fake_done) struct fake f;

	fake_init(&f, "good");
	again = 2;
	run(&f, 1, 10 * NSEC_PER_SEC);
	assert_int_equal(ended, 3);
	assert_string_equal(buf_cstr(&f.job.object), "object");
}

static void a_missing_compiler_is_named(void **state)
{
	_cleanup_(fake_done) struct fake f;

	fake_init(&f, "good");
	unlink(compiler);
	run(&f, 1, 10 * NSEC_PER_SEC);
	assert_int_equal(set_up(NULL), 0);
	assert_int_equal(f.job.result, COMPILE_FAILED);
	assert_non_null(strstr(buf_cstr(&f.job.diagnostics), compiler));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_and_warnings),
		cmocka_unit_test(failures_have_their_words),
		cmocka_unit_test(a_flood_is_cut),
		cmocka_unit_test(a_hang_is_stopped_and_others_go_on),
		cmocka_unit_test(a_job_can_run_again),
		cmocka_unit_test(a_missing_compiler_is_named),
	};

	return cmocka_run_group_tests_name("probe/compiler", tests, set_up, tear_down);
}
