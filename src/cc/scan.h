/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at C text without understanding it: words, #include lines, and the few of our own macros
 * that need an answer before the compiler runs. Pure functions; `text` need not be terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cc/words.h"

/* Make blanks of all comments, in place; lines stay lines. The scans below expect that. */
void scan_blank_comments(char *text, size_t size);

/*
 * All identifiers as WORD_USED, those that stand behind a `.` or `->` as WORD_MEMBER too, and the names
 * that a typedef of the text defines as WORD_DEFINED.
 */
void scan_words(const char *text, size_t size, struct words *words);

/*
 * The identifiers in the format files of the tracepoints that the text mentions: libbcc makes
 * structs of their fields' types.
 */
void scan_tracepoint_formats(const char *text, size_t size, struct words *words);

/* The name in each #include line. */
void scan_includes(const char *text, size_t size, void (*found)(void *ctx, const char *name),
                   void *ctx);

/* The arguments of each HAVE_FIELD(tag, field). */
void scan_have_fields(const char *text, size_t size,
                      void (*found)(void *ctx, const char *tag, const char *field), void *ctx);

/* The name in each EVENT(name) at the start of a line. */
void scan_events(const char *text, size_t size, void (*found)(void *ctx, const char *name),
                 void *ctx);

/* The names of structs and of struct typedefs that the text defines. */
void scan_structs(const char *text, size_t size,
                  void (*found)(void *ctx, const char *name, bool is_typedef), void *ctx);
