// SPDX-License-Identifier: Apache-2.0
#include "cc/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

#define SLOTS_MIN 1024

void words_done(struct words *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		free(w->slots[i].name);
	free(w->slots);
	*w = (struct words){};
}

/* FNV-1a */
static size_t hash(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (size_t)(h ^ (h >> 32));
}

/* The slot that holds the name, or the empty one where it belongs. */
static struct word *find(const struct words *w, const char *name, size_t len)
{
	size_t i = hash(name, len) & (w->n_slots - 1);

	for (;; i = (i + 1) & (w->n_slots - 1)) {
		struct word *slot = &w->slots[i];

		if (!slot->name || (!strncmp(slot->name, name, len) && !slot->name[len]))
			return slot;
	}
}

static void grow(struct words *w)
{
	struct words bigger = {.n_slots = w->n_slots ? w->n_slots * 2 : SLOTS_MIN, .n = w->n};

	bigger.slots = xcalloc(bigger.n_slots, sizeof(*bigger.slots));
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i].name)
			*find(&bigger, w->slots[i].name, strlen(w->slots[i].name)) = w->slots[i];
	free(w->slots);
	*w = bigger;
}

void words_add(struct words *w, const char *name, size_t len, unsigned int flags)
{
	struct word *slot;

	if (w->n * 2 >= w->n_slots)
		grow(w);
	slot = find(w, name, len);
	if (!slot->name) {
		slot->name = xstrndup(name, len);
		w->n++;
	}
	slot->flags |= flags;
}

unsigned int words_flags(const struct words *w, const char *name)
{
	return w->n ? find(w, name, strlen(name))->flags : 0;
}
