/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running quern-cc: one child process a probe, several at once, each bounded in time, memory and
 * output. A child that crashes, hangs or floods its stderr is that probe's failure and nobody
 * else's; children die with the agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/types.h"
#include "probe/recipe.h"
#include "util/buf.h"

enum compile_result {
	COMPILE_DONE,
	COMPILE_FAILED,      /* the source is at fault, or the compiler broke */
	COMPILE_OTHER_TYPES, /* another source of types might cure it */
};

struct compile_job {
	const struct recipe *recipe;
	const struct types_rung *rung;
	char key[RECIPE_KEY_SIZE];
	/* Out: */
	enum compile_result result;
	struct buf object;      /* the bytes, when COMPILE_DONE */
	struct buf diagnostics; /* what the compiler said; or how it broke */
	uint64_t elapsed_ns;
};

struct compiler_limits {
	uint64_t timeout_ns;   /* wall-clock time of one child */
	uint64_t memory;       /* address space of one child, bytes */
	unsigned int parallel; /* children at once */
};

/*
 * Run the jobs. `done` is called as each one ends, in the order of their ending; when it returns
 * true the job is run again (it has put another rung and key into it). After COMPILE_FAILED the
 * answer does not matter when the job could not even be started.
 */
void compiler_run(const char *compiler, const struct compiler_limits *limits,
                  struct compile_job **jobs, size_t n_jobs,
                  bool (*done)(void *ctx, struct compile_job *job), void *ctx);
