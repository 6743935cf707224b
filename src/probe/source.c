// SPDX-License-Identifier: Apache-2.0
#include "probe/source.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/option.h"
#include "probe/front.h"
#include "probe/text.h"
#include "util/alloc.h"
#include "util/file.h"

#define NAME_MAX_BYTES 64
#define BUFFER_MIN     (64 << 10)
#define BUFFER_MAX     (1 << 30)

static const struct option front_options[] = {
	{"name", OPTION_STRING, offsetof(struct probe_source, name), .help = "the probe's name"},
	{"summary", OPTION_STRING, offsetof(struct probe_source, summary),
         .help = "what it shows, in one line"},
	{"buffer", OPTION_BYTES, offsetof(struct probe_source, buffer_bytes), .min = BUFFER_MIN,
         .max = BUFFER_MAX, .help = "size of the buffer of each event"},
	OPTION_END,
};

static const char *const front_sections[] = {"options", "attach", "fields", "metrics", NULL};

bool front_is_name(const char *text, size_t max)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return islower((unsigned char)text[0]) && !text[n] && n <= max;
}

/* The file's name without its folder and ending, with what cannot stand in a name replaced. */
static char *name_from_path(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	bool needs_letter = !isalpha((unsigned char)base[0]);
	char *name = xasprintf("%s%.*s", needs_letter ? "probe_" : "", (int)len, base);

	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)tolower(*p) : '_';
	if (strlen(name) > NAME_MAX_BYTES)
		name[NAME_MAX_BYTES] = '\0';
	return name;
}

static int check_name(const struct probe_source *s, struct diag *diag)
{
	const struct yaml_node *node = yaml_get(s->front, "name");
	_cleanup_(freep) char *shown = NULL;

	if (!s->name || front_is_name(s->name, NAME_MAX_BYTES))
		return 0;
	shown = diag_quote(s->name);
	return yaml_error(diag, node,
	                  "\"name\" takes lower-case letters, digits and \"_\", a letter first, %u "
	                  "at most; not %s",
	                  NAME_MAX_BYTES, shown);
}

static int check_summary(const struct probe_source *s, struct diag *diag)
{
	if (!s->summary || !strchr(s->summary, '\n'))
		return 0;
	return yaml_error(diag, yaml_get(s->front, "summary"), "\"summary\" takes one line");
}

/* Sections go on after an error in another one, so that one run shows every problem. */
static int parse_front(struct probe_source *s, struct diag *diag)
{
	static int (*const steps[])(struct probe_source *, struct diag *) = {
		front_parse_options,
		front_parse_attach, /* after the options: it refers to them */
		front_parse_fields,
		front_parse_metrics,
	};
	int r = options_parse(front_options, s->front, front_sections, s, diag);

	if (s->front->kind != YAML_MAPPING)
		return r;
	r = check_name(s, diag) ?: r;
	r = check_summary(s, diag) ?: r;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		r = steps[i](s, diag) ?: r;
	return r;
}

int probe_source_parse(const char *path, const char *text, size_t size, struct probe_source **ret,
                       struct diag *diag)
{
	_cleanup_(probe_source_freep) struct probe_source *s = NULL;
	_cleanup_(buf_donep) struct buf front = {};
	unsigned int line;
	int found, r;

	if (size > PROBE_SOURCE_BYTES_MAX)
		return diag_error(diag, -EFBIG, "%s: larger than %u bytes: this is no probe", path,
		                  PROBE_SOURCE_BYTES_MAX);
	if (memchr(text, '\0', size))
		return diag_error(diag, -EINVAL, "%s: holds NUL bytes: this is no C source", path);
	found = probe_text_front(path, text, size, &front, &line, diag);
	if (found < 0)
		return found;
	s = xcalloc(1, sizeof(*s));
	s->path = xstrdup(path);
	s->text = xstrndup(text, size);
	s->size = size;
	s->stock = !found;
	s->types_only = probe_text_needs_types_only(s->text);
	if (found) {
		r = yaml_parse(path, front.data, front.len, line, &s->front, diag);
		if (!r)
			r = parse_front(s, diag);
		if (r)
			return r;
	}
	if (!s->name)
		s->name = name_from_path(path);
	if (!s->summary)
		s->summary = xstrdup("");
	*ret = steal(&s);
	return 0;
}

int probe_source_load(const char *path, bool untrusted_ok, struct probe_source **ret,
                      struct diag *diag)
{
	_cleanup_(buf_donep) struct buf text = {};
	int r = untrusted_ok ? 0 : file_check_trusted(path, diag);

	if (r)
		return r;
	r = file_read(path, PROBE_SOURCE_BYTES_MAX, &text);
	if (r == -EFBIG)
		return diag_error(diag, r, "%s: larger than %u bytes: this is no probe", path,
		                  PROBE_SOURCE_BYTES_MAX);
	if (r)
		return diag_error(diag, r, "%s: %s", path, strerror(-r));
	return probe_source_parse(path, text.data, text.len, ret, diag);
}

static void free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

struct probe_source *probe_source_free(struct probe_source *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_options; i++) {
		free(s->options[i].name);
		free(s->options[i].help);
		free(s->options[i].value);
		free_strings(s->options[i].list, s->options[i].n_list);
	}
	for (size_t i = 0; i < s->n_fields; i++) {
		free(s->fields[i].name);
		free(s->fields[i].help);
		free(s->fields[i].decode);
	}
	for (size_t i = 0; i < s->n_metrics; i++)
		metric_done(&s->metrics[i]);
	front_free_attach(s);
	free(s->options);
	free(s->fields);
	free(s->metrics);
	yaml_tree_free(s->front);
	free(s->name);
	free(s->path);
	free(s->summary);
	free(s->text);
	free(s);
	return NULL;
}

int probe_source_set_options(struct probe_source *s, const struct yaml_node *options,
                             struct diag *diag)
{
	int r = 0;

	if (options->kind != YAML_MAPPING)
		return front_refuse(options, "a mapping such as {NAME: VALUE}", diag);
	yaml_for_each (node, options) {
		struct probe_option *o = front_find_option(s, node->key, node, diag);

		r = (o ? front_set_option(o, node, diag) : -EINVAL) ?: r;
	}
	if (r || !s->front)
		return r;
	front_free_attach(s);
	return front_parse_attach(s, diag);
}

size_t probe_source_functions(const struct probe_source *s, char ***ret)
{
	return probe_text_functions(s->text, ret);
}
