// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/log.h"
#include "util/paths.h"

#define FILE_NAME "/etc/quern/quern.yaml"

static struct config *parse(const char *text)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct config *c = NULL;

	if (config_parse(FILE_NAME, text, strlen(text), &c, &diag))
		fail_msg("refused: %s", diag_text(&diag));
	assert_string_equal(diag_text(&diag), "");
	return c;
}

/* The messages, the file's name left out of each. */
static void refuse(const char *text, const char *messages)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(buf_donep) struct buf short_text = {};
	struct config *c = NULL;

	assert_int_equal(config_parse(FILE_NAME, text, strlen(text), &c, &diag), -EINVAL);
	assert_null(c);
	for (const char *line = diag_text(&diag); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_int_equal(strncmp(line, FILE_NAME ":", sizeof(FILE_NAME)), 0);
		buf_printf(&short_text, "%s%.*s", short_text.len ? "\n" : "",
		           (int)strcspn(line, "\n") - (int)sizeof(FILE_NAME),
		           line + sizeof(FILE_NAME));
	}
	assert_string_equal(buf_cstr(&short_text), messages);
}

static void assert_probes(const struct config *c, const char *const *names, size_t n)
{
	assert_int_equal(c->n_probes, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(c->probes[i].name, names[i]);
}

/* All but the number of sinks. */
static void assert_default_values(const struct config *c)
{
	static const char *const names[] = {"exec", "exit", "tcp_connect", "tcp_accept",
	                                    "file_open"};

	assert_probes(c, names, ARRAY_SIZE(names));
	assert_string_equal(c->sinks[0].sink->label, "console");
	assert_int_equal(c->sinks[0].sink->format, FORMAT_TEXT);
	assert_string_equal(c->state_dir, "/var/lib/quern");
	assert_string_equal(c->cache_dir, "/var/cache/quern");
	assert_string_equal(c->run_dir, "/run/quern");
	assert_string_equal(c->types, "auto");
	assert_false(c->types_any_version);
	assert_int_equal(c->transport, TRANSPORT_AUTO);
	assert_int_equal(c->buffer_bytes, 2 << 20);
	assert_int_equal(c->drain_ns, 10000000);
	assert_int_equal(c->compile_timeout_ns, 60000000000);
	assert_int_equal(c->compile_memory, 2ULL << 30);
	assert_int_equal(c->shutdown_ns, 5000000000);
	assert_int_equal(c->log, LOG_LEVEL_INFO);
	assert_int_equal(c->n_probe_path, 2);
	assert_string_equal(c->probe_path[1], path_probes());
}

static void assert_default(const struct config *c)
{
	assert_default_values(c);
	assert_int_equal(c->n_sinks, 1);
}

static void the_default(void **state)
{
	_cleanup_(config_freep) struct config *c = parse(config_default);

	assert_default(c);
}

static void an_empty_file_is_the_default(void **state)
{
	static const char *const texts[] = {"", "# nothing\n"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(config_freep) struct config *c = parse(texts[i]);

		assert_default(c);
		assert_null(c->probes[0].node);
		assert_null(c->sinks[0].node);
	}
}

static void empty_lists_are_empty(void **state)
{
	_cleanup_(config_freep) struct config *c = parse("probes: []\nsinks: []\n");

	assert_int_equal(c->n_probes, 0);
	assert_int_equal(c->n_sinks, 0);
}

static void probes_in_every_form(void **state)
{
	_cleanup_(config_freep) struct config *c =
		parse("probes:\n"
	              "  - exec\n"
	              "  - exit:\n"
	              "  - file_open: {options: {writes_only: true}, buffer: 16M}\n"
	              "  - path: ./my.c\n"
	              "    buffer: 1M\n"
	              "    options: {a: b}\n"
	              "  - path: /opt/x.c\n"
	              "  - sub/y.c\n"
	              "  - z.c\n");
	static const char *const names[] = {"exec",          "exit",
	                                    "file_open",     "/etc/quern/my.c",
	                                    "/opt/x.c",      "/etc/quern/sub/y.c",
	                                    "/etc/quern/z.c"};

	assert_probes(c, names, ARRAY_SIZE(names));
	assert_null(c->probes[0].options);
	assert_int_equal(c->probes[0].buffer_bytes, 0);
	assert_int_equal(c->probes[0].node->line, 2);
	assert_int_equal(c->probes[2].buffer_bytes, 16 << 20);
	assert_string_equal(yaml_get(c->probes[2].options, "writes_only")->text, "true");
	assert_int_equal(c->probes[3].buffer_bytes, 1 << 20);
	assert_string_equal(yaml_get(c->probes[3].options, "a")->text, "b");
}

static void wrong_probes_are_refused(void **state)
{
	refuse("probes: exec\n",
	       "1:9: \"probes\" takes a list such as [exec, tcp_connect], not \"exec\"");
	refuse("probes:\n",
	       "1:8: \"probes\" takes a list such as [exec, tcp_connect], not an empty value");
	refuse("probes:\n"
	       "  - exec\n"
	       "  - exec: {}\n"
	       "  - file_open:\n"
	       "    options: {writes_only: true}\n"
	       "  - exit: {bufer: 1M}\n"
	       "  - exit: lots\n"
	       "  - tcp_accept: {where: 'x', buffer: 1}\n"
	       "  - a: {options: [x]}\n"
	       "  - path: ./x.c\n"
	       "    option: {}\n"
	       "  - path: []\n"
	       "  - []\n"
	       "  - {}\n"
	       "  -\n"
	       "  - NULL:\n",
	       "3:5: probe \"exec\" is listed twice, first in line 2\n"
	       "5:5: \"options\" stands beside \"file_open\"; indent it further if it belongs to it, or "
	       "start it with \"- \"\n"
	       "6:12: unknown key \"bufer\"; did you mean \"buffer\"?\n"
	       "7:11: \"exit\" takes a mapping of \"key: value\", not \"lots\"\n"
	       "8:18: unknown key \"where\"; known here: buffer, options\n"
	       "8:38: \"buffer\" must be 64K to 1G, not \"1\"\n"
	       "9:18: \"options\" takes a mapping such as {NAME: VALUE}, not a list\n"
	       "11:5: unknown key \"option\"; did you mean \"options\"?\n"
	       "12:11: \"path\" takes a file such as ./probe.c, not a list\n"
	       "13:5: a probe's name goes here, not an empty value\n"
	       "14:5: a probe's name goes here, not an empty value\n"
	       "15:4: a probe's name goes here, not an empty value\n"
	       "16:5: a probe's name goes here, not an empty value");
}

static void sinks_have_options_and_labels(void **state)
{
	_cleanup_(config_freep) struct config *c = parse(
		"sinks:\n  - console\n  - console: {format: json, queue_bytes: 1M, color: never}\n");

	assert_int_equal(c->n_sinks, 2);
	assert_string_equal(c->sinks[0].sink->label, "console");
	assert_int_equal(c->sinks[0].sink->format, FORMAT_TEXT);
	assert_string_equal(c->sinks[1].sink->label, "console-2");
	assert_int_equal(c->sinks[1].sink->format, FORMAT_JSON);
	assert_int_equal(c->sinks[1].sink->queue_bytes, 1 << 20);
	assert_int_equal(c->sinks[1].node->line, 3);
}

/* The value of a sink's own text or number. */
static void *sink_value(const struct sink *s, const char *key)
{
	const struct option *opt = s->ops->options;

	while (!streq(opt->key, key))
		opt++;
	return (char *)s + opt->offset;
}

static void paths_of_sinks_are_relative_to_the_file(void **state)
{
	_cleanup_(config_freep) struct config *c =
		parse("sinks:\n  - file: {path: out/events}\n  - file: {path: /var/log/events}\n");

	assert_string_equal(*(char **)sink_value(c->sinks[0].sink, "path"),
	                    "/etc/quern/out/events");
	assert_string_equal(*(char **)sink_value(c->sinks[1].sink, "path"), "/var/log/events");
}

static void wrong_sinks_are_refused(void **state)
{
	refuse("sinks: {console: {}}\n",
	       "1:8: \"sinks\" takes a list such as [console], not a mapping");
	refuse("sinks:\n"
	       "  - consol\n"
	       "  - kafka: {topic: x}\n"
	       "  - console: {format: jsn, colour: never, queue: 1M}\n"
	       "  - console: text\n"
	       "  - file\n"
	       "  - file: {compression: gzip}\n"
	       "  - file: {path: ''}\n",
	       "2:5: no sink is called \"consol\"; did you mean \"console\"?\n"
	       "3:5: no sink is called \"kafka\"; known: console, file, s3, statsd\n"
	       "4:23: \"format\" takes text or json, not \"jsn\"; did you mean \"json\"?\n"
	       "4:28: unknown key \"colour\"; did you mean \"color\"?\n"
	       "4:43: unknown key \"queue\"; known here: format, queue_bytes, on_full, color\n"
	       "5:14: \"console\" takes a mapping of \"key: value\", not \"text\"\n"
	       "6:5: file: \"path\" is missing: the file to append to\n"
	       "7:5: \"path\" is missing: the file to append to\n"
	       "8:18: \"path\" takes a path, not \"\"");
}

static void top_level_keys(void **state)
{
	_cleanup_(config_freep) struct config *c =
		parse("state_dir: state\ncache_dir: ./cache\nrun_dir: /r\ntypes: ./headers\n"
	              "types_any_version: yes\ntransport: perf\nbuffer: 1M\ndrain: 1ms\n"
	              "compile_timeout: 5m\ncompile_memory: 1G\nshutdown_timeout: 0\nlog: debug\n"
	              "probe_path: [probes, /opt/probes]\n");

	assert_string_equal(c->state_dir, "/etc/quern/state");
	assert_string_equal(c->cache_dir, "/etc/quern/cache");
	assert_string_equal(c->run_dir, "/r");
	assert_string_equal(c->types, "/etc/quern/headers");
	assert_true(c->types_any_version);
	assert_int_equal(c->transport, TRANSPORT_PERF);
	assert_int_equal(c->buffer_bytes, 1 << 20);
	assert_int_equal(c->drain_ns, 1000000);
	assert_int_equal(c->compile_timeout_ns, 300000000000);
	assert_int_equal(c->compile_memory, 1 << 30);
	assert_int_equal(c->shutdown_ns, 0);
	assert_int_equal(c->log, LOG_LEVEL_DEBUG);
	assert_int_equal(c->n_probe_path, 4);
	assert_string_equal(c->probe_path[0], "/etc/quern/probes");
	assert_string_equal(c->probe_path[1], "/opt/probes");
}

#define TOP_LEVEL                                                                                  \
	"state_dir, cache_dir, run_dir, types, types_any_version, transport, buffer, drain, "      \
	"compile_timeout, compile_memory, shutdown_timeout, log, probes, sinks, probe_path"

static void wrong_top_level_keys_are_refused(void **state)
{
	refuse("buffer: lots\nintervall: 3\ntypes: bft\ntransport: rings\n"
	       "drain: 1h\nlog: trace\nprobe_path: /opt\n",
	       "1:9: \"buffer\" takes a size such as 8M, not \"lots\"\n"
	       "2:1: unknown key \"intervall\"; known here: " TOP_LEVEL "\n"
	       "4:12: \"transport\" takes auto, ring or perf, not \"rings\"; did you mean \"ring\"?\n"
	       "5:8: \"drain\" must be 1ms to 10s, not \"1h\"\n"
	       "6:6: \"log\" takes error, warning, notice, info or debug, not \"trace\"\n"
	       "3:8: \"types\" takes auto, btf, headers or a directory (with a \"/\"), not \"bft\"; did "
	       "you mean \"btf\"?\n"
	       "7:13: \"probe_path\" takes a list of folders, not \"/opt\"");
	refuse("- exec\n", "1:1: a mapping of \"key: value\" goes here, not a list");
	refuse("listen: 1\nspool: 2\n", "1:1: unknown key \"listen\"; known here: " TOP_LEVEL "\n"
	                                "2:1: unknown key \"spool\"; known here: " TOP_LEVEL);
}

static void the_environment_turns_on_the_console(void **state)
{
	struct config *c;

	setenv("CONSOLE", "", 1);
	c = parse("sinks: []\n");
	assert_int_equal(c->n_sinks, 1);
	assert_null(c->sinks[0].node);
	config_free(c);
	c = parse("sinks: [console: {format: json}]\n");
	assert_int_equal(c->n_sinks, 1);
	assert_int_equal(c->sinks[0].sink->format, FORMAT_JSON);
	config_free(c);
	c = parse("");
	assert_default(c);
	config_free(c);
	unsetenv("CONSOLE");
}

static void the_environment_names_the_statsd_server(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct config *c;

	setenv("STATSD_PORT", "9125", 1);
	c = parse("");
	assert_default(c); /* a port alone is no server */
	config_free(c);
	setenv("STATSD_HOST", "stats", 1);
	c = parse("");
	assert_int_equal(c->n_sinks, 1);
	assert_string_equal(c->sinks[0].sink->label, "statsd");
	assert_string_equal(*(char **)sink_value(c->sinks[0].sink, "host"), "stats");
	assert_int_equal(*(uint64_t *)sink_value(c->sinks[0].sink, "port"), 9125);
	config_free(c);
	c = parse("sinks: [console, statsd: {host: other, prefix: x}]\n");
	assert_int_equal(c->n_sinks, 2);
	assert_string_equal(*(char **)sink_value(c->sinks[1].sink, "host"), "stats");
	assert_string_equal(*(char **)sink_value(c->sinks[1].sink, "prefix"), "x");
	config_free(c);
	setenv("STATSD_PORT", "many", 1);
	assert_int_equal(config_parse("t", "", 0, &c, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "STATSD_PORT: \"port\" takes a whole number, 0 or "
	                                      "more, not \"many\"");
	setenv("STATSD_HOST", "", 1);
	c = parse("");
	assert_default(c);
	config_free(c);
	unsetenv("STATSD_HOST");
	unsetenv("STATSD_PORT");
}

static void variables_override_the_s3_sink(void **state)
{
	static const struct {
		const char *name, *value;
	} variables[] = {{"AWS_BUCKET", "lake"},
	                 {"AWS_REGION", "eu-west-1"},
	                 {"AWS_INTERVAL", "45"}, /* seconds, as other agents have it */
	                 {"AWS_ENDPOINT_URL", "http://minio:9000"}};
	static const char *const keys[] = {"bucket", "region", "interval", "endpoint"};
	static const char *const files[] = {
		"sinks: []\n", "sinks: [s3]\n",
		"sinks: [s3: {bucket: sea, region: x, interval: 1s, endpoint: 'http://a'}]\n"};

	_cleanup_(diag_donep) struct diag diag = {};
	struct config *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		setenv(variables[i].name, variables[i].value, 1);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(config_freep) struct config *c = parse(files[i]);
		const struct sink *s = c->sinks[0].sink;

		assert_int_equal(c->n_sinks, 1);
		assert_string_equal(s->label, "s3");
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			const void *at = sink_value(s, keys[k]);

			if (streq(keys[k], "interval"))
				assert_int_equal(*(const uint64_t *)at, 45 * 1000000000ull);
			else
				assert_string_equal(*(char *const *)at, variables[k].value);
		}
	}
	setenv("AWS_INTERVAL", "soon", 1);
	assert_int_equal(config_parse(FILE_NAME, files[0], strlen(files[0]), &none, &diag),
	                 -EINVAL);
	assert_string_equal(
		diag_text(&diag),
		"AWS_INTERVAL: \"interval\" takes a duration such as 30s, not \"soon\"");
	unsetenv("AWS_BUCKET");
	unsetenv("AWS_INTERVAL");
	setenv("AWS_REGION", "eu-west-1", 1); /* alone, these are for others */
	{
		_cleanup_(config_freep) struct config *c = parse("sinks: []\n");

		assert_int_equal(c->n_sinks, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i].name);
}

static void what_a_sink_finds_wrong_is_refused(void **state)
{
	refuse("sinks: [s3]\n", "1:9: s3: \"bucket\" is missing, and AWS_BUCKET is not set");
	refuse("sinks:\n  - s3: {bucket: lake, key: \"{day}\"}\n",
	       "2:5: s3: key: objects would replace each other; add {id}, or {host}, {time} and "
	       "{sequence}");
}

static void the_command_line_selects_probes(void **state)
{
	static const char *const names[] = {"./x.c", "file_open", "exec", "./x.c"};
	_cleanup_(config_freep) struct config *c =
		parse("probes: [exit, file_open: {buffer: 1M, options: {a: b}}]\n");

	config_set_probes(c, names, ARRAY_SIZE(names));
	assert_probes(c, names, 3);
	assert_int_equal(c->probes[1].buffer_bytes, 1 << 20);
	assert_non_null(c->probes[1].options);
	assert_null(c->probes[2].options);
	assert_null(c->probes[2].node);
}

static void the_command_line_sets_the_consoles_format(void **state)
{
	_cleanup_(config_freep) struct config *c = parse("sinks: []\n");

	config_set_console(c, FORMAT_JSON);
	config_set_console(c, FORMAT_JSON);
	assert_int_equal(c->n_sinks, 1);
	assert_int_equal(c->sinks[0].sink->format, FORMAT_JSON);
}

static void files_that_cannot_be_read(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct config *c = NULL;

	assert_int_equal(config_load("/nonexistent.yaml", &c, &diag), -ENOENT);
	assert_int_equal(config_load("/", &c, &diag), -EISDIR);
	assert_int_equal(config_load("/dev/zero", &c, &diag), -EFBIG);
	assert_string_equal(diag_text(&diag),
	                    "/nonexistent.yaml: No such file or directory\n"
	                    "/: Is a directory\n"
	                    "/dev/zero: larger than 1048576 bytes: this is no configuration");
}

/*
 * The shipped file. A setting at its default is commented out without a blank behind the "#", so that
 * it can be told from prose: here they are all switched on.
 */
static char *shipped_file(bool with_defaults)
{
	_cleanup_(buf_donep) struct buf file = {};
	struct buf out = {};

	assert_int_equal(file_read(QUERN_SOURCE_ROOT "/config/quern.yaml", 1 << 20, &file), 0);
	for (const char *p = buf_cstr(&file); *p;) {
		size_t len = strcspn(p, "\n") + 1, blanks = strspn(p, " ");
		bool setting = p[blanks] == '#' && strchr(" #\n", p[blanks + 1]) == NULL;

		if (setting && with_defaults) {
			buf_append(&out, p, blanks);
			buf_append(&out, p + blanks + 1, len - blanks - 1);
		} else {
			buf_append(&out, p, len);
		}
		p += len;
	}
	return buf_take(&out);
}

static void assert_documented(const struct option *table, const struct yaml_node *mapping)
{
	for (const struct option *opt = table; opt->key; opt++) {
		const struct yaml_node *node = yaml_get(mapping, opt->key);

		if (!node)
			fail_msg("config/quern.yaml does not have \"%s\"", opt->key);
		if (opt->fallback)
			assert_string_equal(node->text, opt->fallback);
	}
}

static void assert_sinks_documented(const struct yaml_node *sinks)
{
	for (const struct sink_ops *const *ops = sink_list; *ops; ops++) {
		const struct yaml_node *body = NULL;

		yaml_for_each (node, sinks) {
			body = yaml_get(node, (*ops)->name) ?: body;
		}
		if (!body)
			fail_msg("config/quern.yaml does not have the sink \"%s\"", (*ops)->name);
		if (*ops == sink_ops_find("console"))
			assert_documented(sink_options, body);
		assert_documented((*ops)->options, body);
	}
}

static void the_shipped_file_is_the_default(void **state)
{
	_cleanup_(freep) char *text = shipped_file(false);
	_cleanup_(config_freep) struct config *c = parse(text);

	assert_default(c);
}

static void the_shipped_file_has_every_key(void **state)
{
	_cleanup_(freep) char *text = shipped_file(true);
	_cleanup_(config_freep) struct config *c = parse(text);

	assert_default_values(c);
	assert_documented(config_options, c->tree);
	assert_non_null(yaml_get(c->tree, "probe_path"));
	assert_sinks_documented(yaml_get(c->tree, "sinks"));
	for (const struct option *opt = config_probe_options; opt->key; opt++)
		assert_non_null(strstr(text, opt->key));
}

static void options_have_help(void **state)
{
	const struct option *const tables[] = {config_options, config_probe_options, sink_options};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct option *opt = tables[i]; opt->key; opt++)
			assert_true(opt->help && opt->help[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default),
		cmocka_unit_test(an_empty_file_is_the_default),
		cmocka_unit_test(empty_lists_are_empty),
		cmocka_unit_test(probes_in_every_form),
		cmocka_unit_test(wrong_probes_are_refused),
		cmocka_unit_test(sinks_have_options_and_labels),
		cmocka_unit_test(paths_of_sinks_are_relative_to_the_file),
		cmocka_unit_test(wrong_sinks_are_refused),
		cmocka_unit_test(top_level_keys),
		cmocka_unit_test(wrong_top_level_keys_are_refused),
		cmocka_unit_test(the_environment_turns_on_the_console),
		cmocka_unit_test(the_environment_names_the_statsd_server),
		cmocka_unit_test(variables_override_the_s3_sink),
		cmocka_unit_test(what_a_sink_finds_wrong_is_refused),
		cmocka_unit_test(the_command_line_selects_probes),
		cmocka_unit_test(the_command_line_sets_the_consoles_format),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(the_shipped_file_is_the_default),
		cmocka_unit_test(the_shipped_file_has_every_key),
		cmocka_unit_test(options_have_help),
	};

	unsetenv("CONSOLE");
	unsetenv("AWS_BUCKET");
	unsetenv("STATSD_HOST");
	unsetenv("STATSD_PORT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
