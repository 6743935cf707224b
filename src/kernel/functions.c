// SPDX-License-Identifier: Apache-2.0
/*
 * Every HAVE_KPROBE() of every probe asks, at every start, so the answer must not cost a walk of its
 * own. The names are read once, from BTF where there is one (4 ms; kallsyms takes 50), and kept as
 * 64-bit hashes in an open table: 16 bytes a function or less, and one wrong answer in 10^14.
 */
#include "kernel/functions.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/symbols.h"
#include "util/alloc.h"

#define FIRST_SLOTS (1u << 16)

struct functions {
	pthread_mutex_t lock;
	char *btf, *kallsyms;
	bool filled;
	uint64_t *slots; /* 0: free */
	size_t n, n_slots;
};

/* FNV-1a */
static uint64_t hash(const char *name, size_t length)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3ull;
	return h ? h : 1;
}

static uint64_t *find_slot(uint64_t *slots, size_t n_slots, uint64_t h)
{
	size_t i = h & (n_slots - 1);

	while (slots[i] && slots[i] != h)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static void grow(struct functions *f)
{
	size_t n_slots = f->n_slots ? f->n_slots * 2 : FIRST_SLOTS;
	uint64_t *slots = xcalloc(n_slots, sizeof(*slots));

	for (size_t i = 0; i < f->n_slots; i++)
		if (f->slots[i])
			*find_slot(slots, n_slots, f->slots[i]) = f->slots[i];
	free(f->slots);
	f->slots = slots;
	f->n_slots = n_slots;
}

/* What the compiler made of a function ("name.isra.0") is probed in its place, so it counts. */
static size_t plain_length(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || strstr(dot, ".cold") || strstr(dot, ".part."))
		return strlen(name);
	return (size_t)(dot - name);
}

static bool add(void *ctx, const char *name, uint32_t id)
{
	struct functions *f = ctx;
	uint64_t h = hash(name, plain_length(name)), *slot;

	if (f->n >= f->n_slots / 4 * 3)
		grow(f);
	slot = find_slot(f->slots, f->n_slots, h);
	f->n += !*slot;
	*slot = h;
	return true;
}

struct functions *functions_new(const char *btf, const char *kallsyms)
{
	struct functions *f = xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	f->btf = btf ? xstrdup(btf) : NULL;
	f->kallsyms = xstrdup(kallsyms);
	grow(f);
	return f;
}

struct functions *functions_free(struct functions *f)
{
	if (!f)
		return NULL;
	pthread_mutex_destroy(&f->lock);
	free(f->btf);
	free(f->kallsyms);
	free(f->slots);
	free(f);
	return NULL;
}

bool functions_has(struct functions *f, const char *name)
{
	uint64_t h = hash(name, strlen(name));
	bool found;

	pthread_mutex_lock(&f->lock);
	if (!f->filled && (!f->btf || symbols_btf_all(f->btf, add, f)))
		symbols_kallsyms_each(f->kallsyms, add, f);
	f->filled = true;
	found = *find_slot(f->slots, f->n_slots, h);
	pthread_mutex_unlock(&f->lock);
	return found;
}
