/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a text that is no YAML, in words that say what to change. For yaml.c only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

struct yaml_place {
	unsigned int line, column; /* both from 0 */
	char *sentence;            /* heap string */
};

/* False, with the first byte that YAML does not allow: no UTF-8, NUL, a control character. */
bool yaml_syntax_check_bytes(const char *text, size_t size, struct yaml_place *ret);

/* The parser's error, at the place that the user has to look at. */
struct yaml_place yaml_syntax_explain(const yaml_parser_t *parser, const char *text, size_t size);
