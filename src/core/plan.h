/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How to print the records of one event, worked out once. A line is a row of pieces, each a literal
 * text and a value behind it; names, braces, colours and constant values all end up in the literals,
 * so what is left to do for a record is to copy them and to call one routine a value. Both formats
 * are plans; they differ in the literals and in which pieces there are.
 *
 * A plan is immutable and belongs to its formatter; it holds a reference to its event.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/print.h"
#include "core/semantic.h"

/* A longer line than this is nothing for anybody: such an event is shown as bytes. */
#define PLAN_ROOM_MAX (16u << 20)

struct piece {
	char *literal; /* PUT_SLACK readable bytes behind it */
	uint32_t literal_len;
	uint32_t offset, size;     /* of the value (one element) within the enclosing element */
	const struct field *field; /* NULL for values that are no field of their own */
	semantic_print_fn print;   /* NULL: elements are structs, printed by `inner` */
	struct line *inner;        /* arrays of structs */
	bool is_array;
};

struct line {
	struct piece *pieces;
	uint32_t n_pieces, cap;
	char *tail; /* literal behind the last value */
	uint32_t tail_len;
	uint64_t room; /* the longest form of all of it, up to somewhere above PLAN_ROOM_MAX */
};

struct plan {
	struct event *event;
	uint32_t min_size; /* of records */
	uint32_t
		text_start; /* the field of the tail rule and its full size, which is not in `room`: */
	uint32_t text_size; /* it takes PUT_TEXT_MAX() of what a record has of it */
	struct line line;
};

struct plan *plan_new(struct event *event, bool json, bool color, const char *host);
struct plan *plan_free(struct plan *p); /* takes NULL, returns NULL */

/*
 * The routine that prints one element of a field of the event, and the longest that it prints; NULL,
 * and *ret_room left alone, when its elements are structs. `top`: it is in no struct of its own.
 */
semantic_print_fn plan_choose_print(const struct event *e, const struct field *f, bool top,
                                    uint64_t *ret_room);

/* What a line may take at most for a record of `size` bytes, which is at least min_size. */
static inline size_t plan_room(const struct plan *p, uint32_t size)
{
	uint32_t text = size > p->text_start ? size - p->text_start : 0;

	return p->line.room + PUT_TEXT_MAX(text < p->text_size ? text : p->text_size) + PUT_SLACK;
}
