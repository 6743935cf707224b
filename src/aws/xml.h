/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much XML as AWS answers in: elements and their text. Made for hostile input: one pass, bounded
 * depth, no document types and so no entities but the five that XML has by itself. Attributes and
 * namespaces are skipped. One owner, one thread.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"

#define XML_DEPTH_MAX 32

enum xml_token {
	XML_OPEN,  /* an element begins; `path` ends with its name */
	XML_TEXT,  /* all text up to the next tag, decoded, in `text`; never empty */
	XML_CLOSE, /* an element ends; `path` still has it */
	XML_DONE,  /* the document ended as it should */
	XML_BAD,   /* it is not XML that we take */
};

struct xml {
	struct buf path; /* names from the root: "Error/Code", NUL-terminated */
	struct buf text; /* NUL-terminated */
	/* Of the parser. */
	const char *p, *end;
	unsigned int depth;
	int pending; /* what to do first: a name to drop from the path, an element that closes */
};

/* `data` must outlive the parser. */
void xml_init(struct xml *x, const char *data, size_t size);
void xml_done(struct xml *x); /* wipes what it held */
static inline void xml_donep(struct xml *x)
{
	xml_done(x);
}

/* After XML_DONE and XML_BAD, the same again. */
enum xml_token xml_next(struct xml *x);

/*
 * The text of the first element at `path` ("ErrorResponse/Error/Code"), without blanks at its ends.
 * Heap string; NULL when there is none, or when the document is bad before it.
 */
char *xml_get(const char *data, size_t size, const char *path);
