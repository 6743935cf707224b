/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of the running kernel, by name. Two sources, and their costs decide which one is
 * asked: the kernel's BTF is one file that is walked once in a few milliseconds; kallsyms is printed
 * line by line by the kernel, which takes 50 ms, so it is read only where BTF has no answer.
 * Nothing is kept in memory. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Called with each function; false ends the walk. `name` is valid during the call; `id` is 0 in
 * kallsyms and in modules.
 */
typedef bool (*symbols_fn)(void *ctx, const char *name, uint32_t id);

/* -EBADMSG: damaged BTF, from here on. */
int symbols_btf_each(const void *btf, size_t size, symbols_fn fn, void *ctx);
/* The kernel's own BTF and that of every module beside it. */
int symbols_btf_all(const char *btf_path, symbols_fn fn, void *ctx);
int symbols_kallsyms_each(const char *path, symbols_fn fn, void *ctx);

/* The BTF id of a function. -ENOENT: BTF has no such function; other errors: no BTF, or damaged. */
int symbols_btf_function(const char *btf_path, const char *name, uint32_t *ret_id);
/* The same in BTF that is in memory: the parser by itself, for hostile input. */
int symbols_btf_search(const void *btf, size_t size, const char *name, uint32_t *ret_id);

/* What kallsyms knows about a function's name. */
struct symbols_match {
	bool exact;      /* there is a function of this name */
	char **variants; /* what the compiler made of it: "name.isra.0", "name.constprop.0" */
	size_t n_variants;
	char *nearest; /* neither: the name nearest in spelling; may be NULL */
};

int symbols_kallsyms(const char *path, const char *name, struct symbols_match *ret);
void symbols_match_done(struct symbols_match *m);
