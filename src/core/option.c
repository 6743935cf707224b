// SPDX-License-Identifier: Apache-2.0
#include "core/option.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "util/alloc.h"
#include "util/units.h"

/* A value that was read, before it goes into the owner's struct. */
union value {
	bool flag;
	int64_t i64;
	uint64_t u64;
	int choice;
};

const char *option_type_expected(enum option_type type)
{
	switch (type) {
	case OPTION_BOOL:
		return "true or false";
	case OPTION_INT:
		return "a whole number";
	case OPTION_UINT:
		return "a whole number, 0 or more";
	case OPTION_DURATION:
		return "a duration such as 30s";
	case OPTION_BYTES:
		return "a size such as 8M";
	case OPTION_STRING:
		return "a text";
	case OPTION_PATH:
		return "a path";
	case OPTION_CHOICE:
		return "one of a few words";
	}
	assert(!"an option's type");
}

/* Kept as it was written, on the heap. */
static bool is_text(const struct option *opt)
{
	return opt->type == OPTION_STRING || opt->type == OPTION_PATH;
}

static size_t count_choices(const struct option *opt)
{
	size_t n = 0;

	while (opt->choices[n])
		n++;
	return n;
}

/* "text, json or ingrain" */
static void put_choices(struct buf *out, const struct option *opt)
{
	size_t n = count_choices(opt);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", !i ? "" : i + 1 < n ? ", " : " or ", opt->choices[i]);
}

/* A quantity in the largest unit that shows it as a whole number. */
static void put_quantity(struct buf *out, enum option_type type, int64_t v)
{
	static const struct {
		enum option_type type;
		int64_t factor;
		const char *suffix;
	} units[] = {
		{OPTION_DURATION, 86400000000000, "d"},
		{OPTION_DURATION, 3600000000000, "h"},
		{OPTION_DURATION, 60000000000, "m"},
		{OPTION_DURATION, 1000000000, "s"},
		{OPTION_DURATION, 1000000, "ms"},
		{OPTION_DURATION, 1000, "us"},
		{OPTION_DURATION, 1, "ns"},
		{OPTION_BYTES, 1 << 30, "G"},
		{OPTION_BYTES, 1 << 20, "M"},
		{OPTION_BYTES, 1 << 10, "K"},
	};

	for (size_t i = 0; v && i < ARRAY_SIZE(units); i++) {
		if (units[i].type != type || v % units[i].factor)
			continue;
		buf_printf(out, "%" PRId64 "%s", v / units[i].factor, units[i].suffix);
		return;
	}
	buf_printf(out, "%" PRId64, v);
}

static void put_expected(struct buf *out, const struct option *opt)
{
	if (opt->type == OPTION_CHOICE) {
		put_choices(out, opt);
		return;
	}
	buf_puts(out, option_type_expected(opt->type));
}

static int parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasecmp(text, words[i])) {
			*ret = i % 2;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_choice(const struct option *opt, const char *text, int *ret)
{
	for (int i = 0; opt->choices[i]; i++) {
		if (streq(text, opt->choices[i])) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* -EINVAL: not of the type's form; -ERANGE: out of bounds. */
static int parse_value(const struct option *opt, const char *text, union value *ret)
{
	bool bounded = opt->max > opt->min;
	int r;

	switch (opt->type) {
	case OPTION_BOOL:
		return parse_bool(text, &ret->flag);
	case OPTION_CHOICE:
		return parse_choice(opt, text, &ret->choice);
	case OPTION_STRING:
		return 0;
	case OPTION_PATH:
		return *text ? 0 : -EINVAL;
	case OPTION_INT:
		r = parse_i64(text, &ret->i64);
		if (!r && bounded && (ret->i64 < opt->min || ret->i64 > opt->max))
			r = -ERANGE;
		return r;
	case OPTION_UINT:
		r = parse_u64(text, &ret->u64);
		break;
	case OPTION_DURATION:
		r = parse_duration(text, &ret->u64);
		break;
	case OPTION_BYTES:
		r = parse_bytes(text, &ret->u64);
		break;
	default:
		assert(!"an option's type");
	}
	if (!r && bounded &&
	    ((int64_t)ret->u64 < opt->min || ret->u64 > (uint64_t)opt->max || ret->u64 > INT64_MAX))
		r = -ERANGE;
	return r;
}

static void store(const struct option *opt, const union value *v, const char *text, void *owner)
{
	void *p = (char *)owner + opt->offset;

	switch (opt->type) {
	case OPTION_BOOL:
		*(bool *)p = v->flag;
		return;
	case OPTION_INT:
		*(int64_t *)p = v->i64;
		return;
	case OPTION_UINT:
	case OPTION_DURATION:
	case OPTION_BYTES:
		*(uint64_t *)p = v->u64;
		return;
	case OPTION_CHOICE:
		*(int *)p = v->choice;
		return;
	case OPTION_STRING:
	case OPTION_PATH:
		free(*(char **)p);
		*(char **)p = xstrdup(text);
		return;
	}
}

/* "key" takes …, not …: the one message about a value. */
static int refuse(const struct option *opt, const char *where, const char *got, struct diag *diag)
{
	_cleanup_(buf_donep) struct buf expected = {};

	put_expected(&expected, opt);
	return diag_error(diag, -EINVAL, "%s: \"%s\" takes %s, not %s", where, opt->key,
	                  buf_cstr(&expected), got);
}

static int refuse_range(const struct option *opt, const char *where, const char *got,
                        struct diag *diag)
{
	_cleanup_(buf_donep) struct buf bounds = {};

	if (opt->max <= opt->min)
		return diag_error(diag, -EINVAL, "%s: \"%s\" is too large: %s", where, opt->key,
		                  got);
	put_quantity(&bounds, opt->type, opt->min);
	buf_puts(&bounds, " to ");
	put_quantity(&bounds, opt->type, opt->max);
	return diag_error(diag, -EINVAL, "%s: \"%s\" must be %s, not %s", where, opt->key,
	                  buf_cstr(&bounds), got);
}

int option_set(const struct option *opt, const char *text, const char *where, void *owner,
               struct diag *diag)
{
	_cleanup_(freep) char *shown = NULL;
	const char *near = NULL;
	union value v = {};
	int r = parse_value(opt, text, &v);

	if (!r) {
		store(opt, &v, text, owner);
		return 0;
	}
	shown = diag_quote(text);
	if (r == -ERANGE)
		return refuse_range(opt, where, shown, diag);
	if (opt->type == OPTION_CHOICE)
		near = nearest_word(text, opt->choices, count_choices(opt));
	if (near) {
		_cleanup_(freep) char *hint = xasprintf("%s; did you mean \"%s\"?", shown, near);

		return refuse(opt, where, hint, diag);
	}
	return refuse(opt, where, shown, diag);
}

int option_set_node(const struct option *opt, const struct yaml_node *node, void *owner,
                    struct diag *diag)
{
	_cleanup_(freep) char *where = xasprintf("%s:%u:%u", node->file, node->line, node->column);
	_cleanup_(freep) char *got = NULL;

	if (node->kind == YAML_SCALAR && !yaml_is_empty(node) &&
	    (!node->quoted || is_text(opt) || opt->type == OPTION_CHOICE))
		return option_set(opt, node->text, where, owner, diag);
	if (node->kind == YAML_SCALAR && node->quoted) {
		_cleanup_(freep) char *shown = diag_quote(node->text);

		got = xasprintf("the string %s; leave out the quotes", shown);
	} else {
		got = yaml_describe(node);
	}
	return refuse(opt, where, got, diag);
}

void options_init(const struct option *table, void *owner)
{
	for (const struct option *opt = table; opt->key; opt++) {
		int r = opt->fallback ? option_set(opt, opt->fallback, opt->key, owner, NULL) : 0;

		assert(!r);
	}
}

void options_done(const struct option *table, void *owner)
{
	for (const struct option *opt = table; opt->key; opt++) {
		char **p = (char **)((char *)owner + opt->offset);

		if (is_text(opt))
			free(steal(p));
	}
}

static const struct option *find_option(const struct option *table, const char *key)
{
	for (const struct option *opt = table; opt->key; opt++)
		if (streq(opt->key, key))
			return opt;
	return NULL;
}

static bool is_skipped(const char *const *skip, const char *key)
{
	for (; skip && *skip; skip++)
		if (streq(*skip, key))
			return true;
	return false;
}

static int refuse_unknown(const struct option *table, const char *const *skip,
                          const struct yaml_node *entry, struct diag *diag)
{
	_cleanup_(freep) const char **known = NULL;
	_cleanup_(buf_donep) struct buf list = {};
	_cleanup_(freep) char *shown = diag_quote(entry->key);
	size_t n = 0, cap = 0;
	const char *near;

	for (const struct option *opt = table; opt->key; opt++)
		*array_push(&known, &n, &cap) = opt->key;
	for (; skip && *skip; skip++)
		*array_push(&known, &n, &cap) = *skip;
	near = nearest_word(entry->key, known, n);
	if (near)
		return yaml_error_key(diag, entry, "unknown key %s; did you mean \"%s\"?", shown,
		                      near);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
	return yaml_error_key(diag, entry, "unknown key %s; known here: %s", shown,
	                      n ? buf_cstr(&list) : "none");
}

int options_parse(const struct option *table, const struct yaml_node *mapping,
                  const char *const *skip, void *owner, struct diag *diag)
{
	int r = 0;

	if (mapping->kind != YAML_MAPPING) {
		_cleanup_(freep) char *got = yaml_describe(mapping);

		return yaml_error(diag, mapping, "a mapping of \"key: value\" goes here, not %s",
		                  got);
	}
	yaml_for_each (entry, mapping) {
		const struct option *opt = find_option(table, entry->key);

		if (opt)
			r = option_set_node(opt, entry, owner, diag) ?: r;
		else if (!is_skipped(skip, entry->key))
			r = refuse_unknown(table, skip, entry, diag);
	}
	for (const struct option *opt = table; opt->key; opt++)
		if (opt->required && !yaml_get(mapping, opt->key))
			r = yaml_error_key(diag, mapping, "\"%s\" is missing: %s", opt->key,
			                   opt->help);
	return r;
}
