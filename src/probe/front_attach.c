// SPDX-License-Identifier: Apache-2.0
/*
 * `attach:` of the front matter. Its texts may name options, so an entry is not read as it stands but
 * as a copy in which ${option} has been replaced; that is done again whenever options are set.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/option.h"
#include "probe/front.h"
#include "util/alloc.h"

#define PID_MAX         4194304
#define SAMPLE_FREQ_MAX 100000

/* What an entry says besides its attach point. */
struct entry {
	char *function;
	int64_t pid;
	uint64_t sample_freq, sample_period;
};

static const struct option entry_options[] = {
	{"function", OPTION_STRING, offsetof(struct entry, function), .required = true,
         .help = "the C function to attach"},
	{"pid", OPTION_INT, offsetof(struct entry, pid), "-1", .min = -1, .max = PID_MAX},
	{"sample_freq", OPTION_UINT, offsetof(struct entry, sample_freq), .min = 1,
         .max = SAMPLE_FREQ_MAX},
	{"sample_period", OPTION_UINT, offsetof(struct entry, sample_period), .min = 1,
         .max = INT64_MAX},
	OPTION_END,
};

/* Fill `spec` from the text behind the point's key; false when it has not the form of `takes`. */
typedef bool (*point_fn)(const char *text, struct attach_spec *spec);

/* "BEFORE:AFTER", split at the last colon. Both heap strings. */
static bool split(const char *text, char **ret_before, char **ret_after)
{
	const char *colon = strrchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return false;
	*ret_before = xstrndup(text, (size_t)(colon - text));
	*ret_after = xstrdup(colon + 1);
	return true;
}

static bool is_symbol(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (isspace((unsigned char)*text) || !isprint((unsigned char)*text))
			return false;
	return true;
}

static bool is_offset(const char *text)
{
	size_t n = strlen(text);

	return n > 3 && n <= 19 && !strncmp(text, "+0x", 3) &&
	       strspn(text + 3, "0123456789abcdefABCDEF") == n - 3;
}

static bool parse_uprobe(const char *text, struct attach_spec *spec)
{
	if (!split(text, &spec->binary, &spec->target))
		return false;
	return spec->target[0] == '+' ? is_offset(spec->target) : is_symbol(spec->target);
}

static bool parse_usdt(const char *text, struct attach_spec *spec)
{
	_cleanup_(freep) char *front = NULL;

	return split(text, &front, &spec->target) && split(front, &spec->binary, &spec->provider) &&
	       is_symbol(spec->target) && is_symbol(spec->provider);
}

static bool parse_tracepoint(const char *text, struct attach_spec *spec)
{
	return split(text, &spec->category, &spec->target) && is_symbol(text) &&
	       !strchr(spec->category, ':');
}

static bool parse_symbol(const char *text, struct attach_spec *spec)
{
	spec->target = xstrdup(text);
	return is_symbol(text);
}

/* An empty name is let through: an option that is still to be set may stand for it. */
static bool parse_interface(const char *text, struct attach_spec *spec)
{
	spec->target = xstrdup(text);
	return strlen(text) < 16 && !strchr(text, '/') && (!*text || is_symbol(text));
}

static const struct point {
	const char *key;
	enum attach_kind kind;
	point_fn parse;
	const char *takes;
	bool has_pid;
} points[] = {
	{"uprobe", ATTACH_UPROBE, parse_uprobe, "BINARY:SYMBOL or BINARY:+0xOFFSET", true},
	{"uretprobe", ATTACH_URETPROBE, parse_uprobe, "BINARY:SYMBOL or BINARY:+0xOFFSET", true},
	{"usdt", ATTACH_USDT, parse_usdt, "BINARY:PROVIDER:NAME", true},
	{"perf_event", ATTACH_PERF_EVENT, parse_symbol, "an event such as cpu-clock", true},
	{"xdp", ATTACH_XDP, parse_interface, "a network interface"},
	{"socket_filter", ATTACH_SOCKET_FILTER, parse_interface, "a network interface, or any"},
	{"kprobe", ATTACH_KPROBE, parse_symbol, "a kernel function"},
	{"kretprobe", ATTACH_KRETPROBE, parse_symbol, "a kernel function"},
	{"tracepoint", ATTACH_TRACEPOINT, parse_tracepoint, "CATEGORY:NAME"},
	{"raw_tracepoint", ATTACH_RAW_TRACEPOINT, parse_symbol, "a tracepoint's name"},
};

/* The keys of all points, for options_parse(). */
static const char *const *point_keys(void)
{
	static const char *keys[ARRAY_SIZE(points) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		keys[i] = points[i].key;
	return keys;
}

/* Replace ${option} in a scalar. */
static int expand_text(const struct probe_source *s, struct yaml_node *node, struct diag *diag)
{
	_cleanup_(buf_donep) struct buf out = {};
	const char *p = node->text, *start;

	while ((start = strstr(p, "${"))) {
		const char *end = strchr(start, '}');
		_cleanup_(freep) char *name = NULL;
		const struct probe_option *o;

		if (!end)
			return yaml_error(diag, node, "\"${\" has no closing \"}\"");
		name = xstrndup(start + 2, (size_t)(end - start - 2));
		o = front_find_option(s, name, node, diag);
		if (!o)
			return -EINVAL;
		if (o->type == PROBE_LIST)
			return yaml_error(diag, node, "\"%s\" is a list and cannot stand in a text",
			                  name);
		buf_append(&out, p, (size_t)(start - p));
		buf_puts(&out, o->value ? o->value : "");
		p = end + 1;
	}
	if (p == node->text)
		return 0;
	buf_puts(&out, p);
	free(node->text);
	node->text = buf_take(&out);
	node->quoted = !node->text[0]; /* quotes were only there for the braces */
	return 0;
}

static int expand(const struct probe_source *s, struct yaml_node *node, struct diag *diag)
{
	int r = 0;

	for (size_t i = 0; i < node->n_children; i++)
		r = expand(s, node->children[i], diag) ?: r;
	return (node->kind == YAML_SCALAR ? expand_text(s, node, diag) : 0) ?: r;
}

static bool is_identifier(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	return !*text;
}

/* The one attach point of an entry. */
static const struct point *find_point(const struct yaml_node *node, struct diag *diag)
{
	const struct point *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		const struct yaml_node *value = yaml_get(node, points[i].key);

		if (!value)
			continue;
		if (found) {
			yaml_error_key(diag, value,
			               "an entry has one attach point: \"%s\" or \"%s\"",
			               found->key, points[i].key);
			return NULL;
		}
		found = &points[i];
	}
	if (!found) {
		_cleanup_(buf_donep) struct buf list = {};

		for (size_t i = 0; i < ARRAY_SIZE(points); i++)
			buf_printf(&list, "%s%s", i ? ", " : "", points[i].key);
		yaml_error(diag, node, "the entry has no attach point, one of: %s",
		           buf_cstr(&list));
	}
	return found;
}

/* Keys that only some attach points know. */
static int check_applies(const struct point *point, const struct yaml_node *node, struct diag *diag)
{
	static const char *const sample[] = {"sample_freq", "sample_period"};
	const struct yaml_node *pid = yaml_get(node, "pid");
	unsigned int samples = 0;
	int r = 0;

	if (pid && !point->has_pid)
		r = yaml_error_key(diag, pid, "\"%s\" takes no \"pid\"", point->key);
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++) {
		const struct yaml_node *value = yaml_get(node, sample[i]);

		samples += !!value;
		if (value && point->kind != ATTACH_PERF_EVENT)
			r = yaml_error_key(diag, value, "\"%s\" takes no \"%s\"", point->key,
			                   sample[i]);
	}
	if (point->kind == ATTACH_PERF_EVENT && samples != 1)
		r = yaml_error(diag, node,
		               "\"perf_event\" needs either \"sample_freq\" or \"sample_period\"");
	return r;
}

static int parse_point(const struct yaml_node *node, struct entry *entry, struct attach_spec *spec,
                       struct diag *diag)
{
	const struct point *point = find_point(node, diag);
	const struct yaml_node *value;
	int r = 0;

	if (!point)
		return -EINVAL;
	value = yaml_get(node, point->key);
	if (value->kind != YAML_SCALAR || yaml_is_empty(value) || !point->parse(value->text, spec))
		r = front_refuse(value, point->takes, diag);
	if (entry->function && !is_identifier(entry->function))
		r = front_refuse(yaml_get(node, "function"), "the name of a C function", diag);
	spec->kind = point->kind;
	spec->pid = (int32_t)entry->pid;
	spec->sample_freq = entry->sample_freq;
	spec->sample_period = entry->sample_period;
	return check_applies(point, node, diag) ?: r;
}

static int parse_entry(const struct yaml_node *node, struct probe_attach *attach, struct diag *diag)
{
	struct entry entry = {};
	int r;

	if (node->kind != YAML_MAPPING)
		return front_refuse(node, "a mapping such as {uprobe: …, function: …}", diag);
	options_init(entry_options, &entry);
	r = options_parse(entry_options, node, point_keys(), &entry, diag);
	r = parse_point(node, &entry, &attach->spec, diag) ?: r;
	attach->function = entry.function;
	return r;
}

int front_parse_attach(struct probe_source *s, struct diag *diag)
{
	const struct yaml_node *section = yaml_get(s->front, "attach");
	size_t cap = 0;
	int r = 0;

	if (!section)
		return 0;
	if (section->kind != YAML_SEQUENCE)
		return front_refuse(section, "a list of {uprobe: …, function: …}", diag);
	yaml_for_each (node, section) {
		_cleanup_(yaml_tree_freep) struct yaml_node *copy = yaml_copy(node);
		struct probe_attach *attach = array_push(&s->attach, &s->n_attach, &cap);

		r = (expand(s, copy, diag) ?: parse_entry(copy, attach, diag)) ?: r;
	}
	return r;
}

void front_free_attach(struct probe_source *s)
{
	for (size_t i = 0; i < s->n_attach; i++) {
		free(s->attach[i].function);
		attach_spec_done(&s->attach[i].spec);
	}
	free(steal(&s->attach));
	s->n_attach = 0;
}
