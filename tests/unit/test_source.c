// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/source.h"
#include "util/alloc.h"
#include "util/file.h"

static struct probe_source *parse(const char *text)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct probe_source *s = NULL;

	if (probe_source_parse("dir/file_open.c", text, strlen(text), &s, &diag))
		fail_msg("refused: %s", diag_text(&diag));
	return s;
}

static void refuse(const char *text, const char *messages)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct probe_source *s = NULL;

	assert_int_equal(probe_source_parse("x.c", text, strlen(text), &s, &diag), -EINVAL);
	assert_null(s);
	assert_string_equal(diag_text(&diag), messages);
}

/* A front matter of those lines; the first one is line 3 of the file. */
#define FRONT(lines) "/* SPDX\n * ---\n" lines " * ---\n */\n#include <quern.h>\n"

static void an_empty_front_matter_is_one(void **state)
{
	_cleanup_(probe_source_freep) struct probe_source *s = parse(FRONT(""));

	assert_false(s->stock);
	assert_string_equal(s->name, "file_open");
}

static void a_whole_front_matter(void **state)
{
	_cleanup_(probe_source_freep) struct probe_source *s = parse(FRONT(
		" * name: opens\n"
		" * summary: Files opened, by path\n"
		" * buffer: 4M\n"
		" * options:\n"
		" *   writes_only: {type: bool, default: yes, help: only opens that can write}\n"
		" *   dirs: {type: list, default: [/etc, /usr]}\n"
		" *   slow: {type: duration}\n"
		" * attach:\n"
		" *   - {uprobe: \"/bin/bash:readline\", function: on_readline, pid: 42}\n"
		" *\n"
		" * fields:\n"
		" *   path: the path as the process gave it\n"
		" *   flags: {help: how it was opened, decode: open_flags}\n"
		" * metrics:\n"
		" *   - {name: file.open, kind: counter, value: 1, tags: {process: comm}}\n"
		" *   - {name: file.time, kind: timer, value: latency, unit: ns, event: e}\n"));

	assert_false(s->stock);
	assert_string_equal(s->name, "opens");
	assert_string_equal(s->summary, "Files opened, by path");
	assert_int_equal(s->buffer_bytes, 4 << 20);
	assert_int_equal(s->n_options, 3);
	assert_string_equal(s->options[0].name, "writes_only");
	assert_int_equal(s->options[0].type, PROBE_BOOL);
	assert_string_equal(s->options[0].value, "true");
	assert_string_equal(s->options[0].help, "only opens that can write");
	assert_int_equal(s->options[1].n_list, 2);
	assert_string_equal(s->options[1].list[1], "/usr");
	assert_string_equal(s->options[2].value, "0");
	assert_int_equal(s->n_attach, 1);
	assert_string_equal(s->attach[0].function, "on_readline");
	assert_int_equal(s->attach[0].spec.kind, ATTACH_UPROBE);
	assert_string_equal(s->attach[0].spec.binary, "/bin/bash");
	assert_string_equal(s->attach[0].spec.target, "readline");
	assert_int_equal(s->attach[0].spec.pid, 42);
	assert_int_equal(s->n_fields, 2);
	assert_string_equal(s->fields[0].help, "the path as the process gave it");
	assert_string_equal(s->fields[1].decode, "open_flags");
	assert_int_equal(s->n_metrics, 2);
	assert_null(s->metrics[0].value);
	assert_null(s->metrics[0].event);
	assert_string_equal(s->metrics[0].tags[0].tag, "process");
	assert_string_equal(s->metrics[0].tags[0].field, "comm");
	assert_int_equal(s->metrics[1].kind, METRIC_TIMER);
	assert_string_equal(s->metrics[1].value, "latency");
	assert_string_equal(s->metrics[1].unit, "ns");
}

static void a_stock_program_needs_nothing(void **state)
{
	static const char text[] = "// SPDX\n/* opensnoop\n ---- a rule, no fence\n */\n"
				   "#include <linux/fs.h>\nint kprobe__vfs_open(void *ctx);\n"
				   "/*\n * ---\n * name: too late\n * ---\n */\n";
	_cleanup_(probe_source_freep) struct probe_source *s = parse(text), *odd = NULL;

	assert_true(s->stock);
	assert_string_equal(s->name, "file_open");
	assert_string_equal(s->summary, "");
	assert_string_equal(s->text, text);
	assert_int_equal(s->size, strlen(text));
	assert_int_equal(s->n_options, 0);
	assert_int_equal(probe_source_parse("/x/9-My.Probe.c", "", 0, &odd, NULL), 0);
	assert_string_equal(odd->name, "probe_9_my_probe");
}

static void the_front_matter_may_stand_behind_other_comments(void **state)
{
	static const char *const texts[] = {
		"// SPDX\n\n/*\n * ---\n * name: it\n * ---\n */\n",
		"\xef\xbb\xbf/* one *//**/ // two\n/*\n---\nname: it\n---*/\n",
		"/*\r\n * ---\r\n * name: it\r\n * ---\r\n */\r\n",
		"/* ---\n\t* name: it\n\t* --- */",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(probe_source_freep) struct probe_source *s = parse(texts[i]);

		assert_false(s->stock);
		assert_string_equal(s->name, "it");
	}
}

static void positions_are_those_of_the_c_file(void **state)
{
	refuse(FRONT(" * name: Open\n * sumary: x\n"),
	       "x.c:4:4: unknown key \"sumary\"; did you mean \"summary\"?\n"
	       "x.c:3:10: \"name\" takes lower-case letters, digits and \"_\", a letter first, 64 at "
	       "most; not \"Open\"");
	refuse("// a\n/*\n---\nname: [a\n---\n*/\n",
	       "x.c:4:7: the list that opens here needs \",\" between its entries and \"]\" at its end");
	refuse("/*\n * ---\n * name: x\n */\n", "x.c:2:1: the front matter that starts here has no "
	                                        "closing line of ---");
	refuse(FRONT(" * - a\n"), "x.c:3:4: a mapping of \"key: value\" goes here, not a list");
}

static void options_are_typed(void **state)
{
	refuse(FRONT(" * options:\n"
	             " *   a: {type: boolean}\n"
	             " *   b: {default: 1}\n"
	             " *   c: {type: int, default: many}\n"
	             " *   D: {type: int}\n"
	             " *   e: {type: list, default: x}\n"
	             " *   f: 3\n"
	             " *   g: {type: list}\n"
	             " *   g_count: {type: int}\n"
	             " *   h: {type: bytes, defualt: 1}\n"),
	       "x.c:4:16: \"type\" takes bool, int, string, duration, bytes or list, not \"boolean\"; "
	       "did you mean \"bool\"?\n"
	       "x.c:5:6: \"type\" is missing: bool, int, string, duration, bytes or list\n"
	       "x.c:6:30: \"c\" takes a whole number, not \"many\"\n"
	       "x.c:7:6: an option's name takes lower-case letters, digits and \"_\", a letter first, "
	       "32 at most; not \"D\"\n"
	       "x.c:8:31: \"default\" takes a list such as [a, b], not \"x\"\n"
	       "x.c:9:9: \"f\" takes a mapping such as {type: bool, default: false}, not \"3\"\n"
	       "x.c:12:23: unknown key \"defualt\"; did you mean \"default\"?\n"
	       "x.c:11:6: \"g_count\" is what the length of a list is called; choose another name");
}

static void attach_entries(void **state)
{
	_cleanup_(probe_source_freep) struct probe_source *s = parse(
		FRONT(" * options:\n"
	              " *   interface: {type: string, default: eth0}\n"
	              " *   hz: {type: int, default: 99}\n"
	              " * attach:\n"
	              " *   - {uretprobe: '/opt/a:b/lib.so:+0x1f0', function: f}\n"
	              " *   - {usdt: '/usr/bin/python3:python:function__entry', function: f}\n"
	              " *   - {perf_event: cpu-clock, sample_freq: '${hz}', function: f}\n"
	              " *   - {xdp: '${interface}', function: f}\n"
	              " *   - {socket_filter: any, function: f}\n"
	              " *   - {kretprobe: do_exit, function: f}\n"
	              " *   - {tracepoint: 'sched:sched_switch', function: f}\n"
	              " *   - {raw_tracepoint: sys_enter, function: f}\n"));
	const struct probe_attach *a = s->attach;

	assert_int_equal(s->n_attach, 8);
	assert_string_equal(a[0].spec.binary, "/opt/a:b/lib.so");
	assert_string_equal(a[0].spec.target, "+0x1f0");
	assert_int_equal(a[0].spec.pid, -1);
	assert_int_equal(a[1].spec.kind, ATTACH_USDT);
	assert_string_equal(a[1].spec.binary, "/usr/bin/python3");
	assert_string_equal(a[1].spec.provider, "python");
	assert_string_equal(a[1].spec.target, "function__entry");
	assert_int_equal(a[2].spec.kind, ATTACH_PERF_EVENT);
	assert_int_equal(a[2].spec.sample_freq, 99);
	assert_int_equal(a[2].spec.sample_period, 0);
	assert_int_equal(a[3].spec.kind, ATTACH_XDP);
	assert_string_equal(a[3].spec.target, "eth0");
	assert_string_equal(a[4].spec.target, "any");
	assert_int_equal(a[5].spec.kind, ATTACH_KRETPROBE);
	assert_string_equal(a[6].spec.category, "sched");
	assert_string_equal(a[6].spec.target, "sched_switch");
	assert_int_equal(a[7].spec.kind, ATTACH_RAW_TRACEPOINT);
}

static void wrong_attach_entries_are_refused(void **state)
{
	refuse(FRONT(" * options: {l: {type: list}}\n"
	             " * attach:\n"
	             " *   - {uprobe: readline, function: f}\n"
	             " *   - {uprob: '/a:b', function: f}\n"
	             " *   - {xdp: eth0, kprobe: x, function: f}\n"
	             " *   - {kprobe: x, function: f, pid: 3, sample_freq: 9}\n"
	             " *   - {perf_event: cpu-clock, function: f}\n"
	             " *   - {kprobe: x}\n"
	             " *   - {kprobe: x, function: 9f}\n"
	             " *   - {xdp: '${interfac}', function: f}\n"
	             " *   - {xdp: '${l}', function: f}\n"
	             " *   - {xdp: '${l', function: f}\n"
	             " *   - {uprobe: '/a:+12', function: f}\n"
	             " *   - {usdt: '/a:b', function: f}\n"
	             " *   - {tracepoint: sched_switch, function: f}\n"
	             " *   - kprobe\n"),
	       "x.c:5:17: \"uprobe\" takes BINARY:SYMBOL or BINARY:+0xOFFSET, not \"readline\"\n"
	       "x.c:6:9: unknown key \"uprob\"; did you mean \"uprobe\"?\n"
	       "x.c:6:8: the entry has no attach point, one of: uprobe, uretprobe, usdt, perf_event, "
	       "xdp, socket_filter, kprobe, kretprobe, tracepoint, raw_tracepoint\n"
	       "x.c:7:20: an entry has one attach point: \"xdp\" or \"kprobe\"\n"
	       "x.c:8:33: \"kprobe\" takes no \"pid\"\n"
	       "x.c:8:41: \"kprobe\" takes no \"sample_freq\"\n"
	       "x.c:9:8: \"perf_event\" needs either \"sample_freq\" or \"sample_period\"\n"
	       "x.c:10:8: \"function\" is missing: the C function to attach\n"
	       "x.c:11:30: \"function\" takes the name of a C function, not \"9f\"\n"
	       "x.c:12:9: the probe has no option \"interfac\"; known: l\n"
	       "x.c:13:14: \"l\" is a list and cannot stand in a text\n"
	       "x.c:14:14: \"${\" has no closing \"}\"\n"
	       "x.c:15:17: \"uprobe\" takes BINARY:SYMBOL or BINARY:+0xOFFSET, not \"/a:+12\"\n"
	       "x.c:16:15: \"usdt\" takes BINARY:PROVIDER:NAME, not \"/a:b\"\n"
	       "x.c:17:21: \"tracepoint\" takes CATEGORY:NAME, not \"sched_switch\"\n"
	       "x.c:18:8: an entry takes a mapping such as {uprobe: …, function: …}, not \"kprobe\"");
}

static void fields_and_metrics_are_checked(void **state)
{
	refuse(FRONT(" * fields:\n"
	             " *   path:\n"
	             " *   a-b: x\n"
	             " *   flags: {decode: open_flag}\n"
	             " * metrics:\n"
	             " *   - {name: 9x, kind: meter}\n"
	             " *   - {kind: counter, value: 2, tags: {a: b c, d: e}}\n"
	             " *   - {name: a, kind: set, tags: [x]}\n"
	             " *   - {name: a, kind: set, tag: {}}\n"),
	       "x.c:4:11: \"path\" takes a line of help, or {help: …, decode: …}, not an empty value\n"
	       "x.c:5:6: \"a-b\" is no field's name\n"
	       "x.c:6:22: no decoder is called \"open_flag\"; did you mean \"open_flags_t\"?\n"
	       "x.c:8:25: \"kind\" takes counter, gauge, timer, histogram or set, not \"meter\"\n"
	       "x.c:8:15: \"name\" takes letters, digits and . _ -, a letter first, not \"9x\"\n"
	       "x.c:9:8: \"name\" is missing: what it is called, such as file.open\n"
	       "x.c:9:31: \"value\" takes 1 or a field's name, not \"2\"\n"
	       "x.c:9:44: \"a\" takes a field's name, not \"b c\"\n"
	       "x.c:10:35: \"tags\" takes a mapping of TAG: FIELD, not a list\n"
	       "x.c:11:29: unknown key \"tag\"; did you mean \"tags\"?");
}

static struct yaml_node *yaml(const char *text)
{
	struct yaml_node *tree = NULL;

	assert_int_equal(yaml_parse("q.yaml", text, strlen(text), 1, &tree, NULL), 0);
	return tree;
}

static const char optioned[] = FRONT(" * options:\n"
                                     " *   on: {type: bool}\n"
                                     " *   n: {type: int, default: -5}\n"
                                     " *   text: {type: string, default: plain}\n"
                                     " *   age: {type: duration, default: 2s}\n"
                                     " *   size: {type: bytes, default: 4K}\n"
                                     " *   dirs: {type: list, default: [/etc]}\n"
                                     " *   none: {type: list}\n"
                                     " *   interface: {type: string, default: eth0}\n"
                                     " * attach:\n"
                                     " *   - {xdp: '${interface}', function: f}\n");

static void assert_macros(const struct probe_source *s, const char *const *expected, size_t n)
{
	char **macros;

	assert_int_equal(probe_source_macros(s, &macros), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(macros[i], expected[i]);
		free(macros[i]);
	}
	free(macros);
}

static void options_become_macros(void **state)
{
	static const char *const expected[] = {
		"OPT_ON=0",
		"OPT_N=(-5)",
		"OPT_TEXT=\"plain\"",
		"OPT_AGE=2000000000ULL",
		"OPT_SIZE=4096ULL",
		"OPT_DIRS_COUNT=1",
		"OPT_DIRS(F)=F(\"/etc\")",
		"OPT_NONE_COUNT=0",
		"OPT_NONE(F)=",
		"OPT_INTERFACE=\"eth0\"",
	};
	_cleanup_(probe_source_freep) struct probe_source *s = parse(optioned);

	assert_macros(s, expected, ARRAY_SIZE(expected));
}

static void no_value_breaks_out_of_its_literal(void **state)
{
	static const char *const expected[] = {
		"OPT_ON=1",
		"OPT_N=(-9223372036854775807LL - 1)",
		"OPT_TEXT=\"a\\042;\\134\\012\\011\\0771\\077\\077/ \\303\\2441 %s\"",
		"OPT_AGE=0ULL",
		"OPT_SIZE=1073741824ULL",
		"OPT_DIRS_COUNT=2",
		"OPT_DIRS(F)=F(\"\\042)\") F(\"b\")",
		"OPT_NONE_COUNT=0",
		"OPT_NONE(F)=",
		"OPT_INTERFACE=\"lo\"",
	};
	_cleanup_(probe_source_freep) struct probe_source *s = parse(optioned);
	_cleanup_(yaml_tree_freep) struct yaml_node *options =
		yaml("on: true\nn: -9223372036854775808\ntext: \"a\\\";\\\\\\n\\t?1?\?/ ä1 %s\"\n"
	             "age: 0\nsize: 1G\ndirs: ['\")', b]\ninterface: lo\n");

	assert_int_equal(probe_source_set_options(s, options, NULL), 0);
	assert_macros(s, expected, ARRAY_SIZE(expected));
	assert_int_equal(s->n_attach, 1);
	assert_string_equal(s->attach[0].spec.target, "lo");
}

static void refuse_options(const char *text, const char *messages)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(probe_source_freep) struct probe_source *s = parse(optioned);
	_cleanup_(yaml_tree_freep) struct yaml_node *options = yaml(text);

	assert_int_equal(probe_source_set_options(s, options, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), messages);
}

static void the_configuration_sets_what_the_probe_has(void **state)
{
	refuse_options(
		"interfac: lo\nxyzzy: 1\nage: soon\ndirs: [[a]]\nnone: /etc\n",
		"q.yaml:1:1: the probe has no option \"interfac\"; did you mean "
		"\"interface\"?\n"
		"q.yaml:2:1: the probe has no option \"xyzzy\"; known: on, n, text, age, size, "
		"dirs, none, interface\n"
		"q.yaml:3:6: \"age\" takes a duration such as 30s, not \"soon\"\n"
		"q.yaml:4:8: an entry takes a text, not a list\n"
		"q.yaml:5:7: \"none\" takes a list such as [a, b], not \"/etc\"");
	refuse_options("[on]",
	               "q.yaml:1:1: an entry takes a mapping such as {NAME: VALUE}, not a list");
	/* What an option does to an attach point is told too. */
	refuse_options("interface: a/b\n",
	               "dir/file_open.c:13:14: \"xdp\" takes a network interface, "
	               "not \"a/b\"");
}

static void long_values_are_refused(void **state)
{
	_cleanup_(probe_source_freep) struct probe_source *s = parse(optioned);
	_cleanup_(buf_donep) struct buf text = {};
	_cleanup_(yaml_tree_freep) struct yaml_node *options = NULL;
	_cleanup_(diag_donep) struct diag diag = {};

	buf_puts(&text, "text: ");
	for (int i = 0; i < 4097; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\ndirs: [");
	for (int i = 0; i < 257; i++)
		buf_puts(&text, "a,");
	buf_puts(&text, "]\n");
	options = yaml(buf_cstr(&text));
	assert_int_equal(probe_source_set_options(s, options, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag),
	                    "q.yaml:1:7: \"text\" takes 4096 bytes at most\n"
	                    "q.yaml:2:520: a list holds 256 texts, 16384 bytes in all");
}

static void includes_tell_what_is_needed(void **state)
{
	static const struct {
		const char *text;
		bool types_only;
	} cases[] = {
		{"int x;\n", true},
		{"#include <quern.h>\n", true},
		{"  #  include \"quern.h\"\n#define A 1\n", true},
		{"#include <quern.h>\n#include <linux/fs.h>\n", false},
		{"#include <uapi/linux/ptrace.h>", false},
		{"#include FILE\n", false},
		{"#include_next <quern.h>\n", true},
		{"// see #include <linux/fs.h>\n", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(probe_source_freep) struct probe_source *s = parse(cases[i].text);

		if (s->types_only != cases[i].types_only)
			fail_msg("wrong about: %s", cases[i].text);
	}
}

static void functions_attach_by_their_names(void **state)
{
	static const char text[] =
		"/* kprobe__in_comment( */ // kprobe__too(\n"
		"TRACEPOINT_PROBE(syscalls, sys_enter_openat) {}\n"
		"int kprobe__vfs_open(struct pt_regs *ctx) { puts(\"kprobe__text(\\\"\"); }\n"
		"KFUNC_PROBE(do_exit, long code)\n"
		"RAW_TRACEPOINT_PROBE( sched_switch )\n"
		"int kretprobe__vfs_open (void) { return kprobe__vfs_open(0); }\n"
		"TRACEPOINT_PROBE(one)\nLSM_PROBE(3+4)\nint kprobe__;\nint my_kprobe__x(void);\n"
		"TRACEPOINT_PROBE(";
	static const char *const expected[] = {
		"tracepoint__syscalls__sys_enter_openat", "kprobe__vfs_open", "kfunc__do_exit",
		"raw_tracepoint__sched_switch", "kretprobe__vfs_open"};
	_cleanup_(probe_source_freep) struct probe_source *s = parse(text);
	char **names;

	assert_int_equal(probe_source_functions(s, &names), ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(names[i], expected[i]);
		free(names[i]);
	}
	free(names);
}

static void what_is_no_c_is_refused(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(freep) char *large = xcalloc(1, PROBE_SOURCE_BYTES_MAX + 1);
	struct probe_source *s = NULL;

	assert_int_equal(probe_source_parse("x.c", "a\0b", 3, &s, &diag), -EINVAL);
	memset(large, ' ', PROBE_SOURCE_BYTES_MAX + 1);
	assert_int_equal(probe_source_parse("x.c", large, PROBE_SOURCE_BYTES_MAX + 1, &s, &diag),
	                 -EFBIG);
	assert_string_equal(diag_text(&diag), "x.c: holds NUL bytes: this is no C source\n"
	                                      "x.c: larger than 1048576 bytes: this is no probe");
}

static void put(const char *folder, const char *name, const char *text)
{
	_cleanup_(freep) char *path = path_join(folder, name);

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644), 0);
}

static void probes_are_found_in_order(void **state)
{
	char root[] = "/tmp/quern-test.XXXXXX";
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(freep) char *a = NULL, *b = NULL, *message = NULL;
	char *path = NULL, **paths;

	assert_non_null(mkdtemp(root));
	a = path_join(root, "a");
	b = path_join(root, "b");
	assert_int_equal(mkdir(a, 0755) | mkdir(b, 0755), 0);
	put(a, "exec.c", "");
	put(a, ".#exec.c", "");
	put(a, "quern.h", "");
	put(b, "exec.c", "");
	put(b, "aaa.c", "");
	const char *const folders[] = {a, "/nonexistent", b};

	assert_int_equal(probe_list(folders, 3, &paths), 2);
	assert_int_equal(strncmp(paths[0], b, strlen(b)), 0);
	assert_int_equal(strncmp(paths[1], a, strlen(a)), 0);
	free(paths[0]);
	free(paths[1]);
	free(paths);

	assert_int_equal(probe_find("exec", folders, 3, &path, &diag), 0);
	assert_int_equal(strncmp(path, a, strlen(a)), 0);
	free(path);
	assert_int_equal(probe_find("/nonexistent/x.c", folders, 3, &path, &diag), -ENOENT);
	assert_int_equal(probe_find("exce", folders, 3, &path, &diag), -ENOENT);
	assert_int_equal(probe_find("", folders, 3, &path, &diag), -ENOENT);
	message = xasprintf("/nonexistent/x.c: no such file\n"
	                    "no probe \"exce\" in %s, /nonexistent, %s; did you mean \"exec\"?\n"
	                    "no probe \"\" in %s, /nonexistent, %s; quern probes lists those there",
	                    a, b, a, b);
	assert_string_equal(diag_text(&diag), message);
	free(steal(&message));
	message = xasprintf("rm -r %s", root);
	assert_int_equal(system(message), 0);
}

static void what_others_can_write_is_refused(void **state)
{
	char path[] = "/tmp/quern-test.XXXXXX";
	_cleanup_(closep) int fd = mkstemp(path);
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(probe_source_freep) struct probe_source *s = NULL;

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	assert_int_equal(probe_source_load(path, false, &s, &diag), -EPERM);
	assert_non_null(strstr(diag_text(&diag), path));
	assert_int_equal(probe_source_load(path, true, &s, &diag), 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_front_matter_is_one),
		cmocka_unit_test(a_whole_front_matter),
		cmocka_unit_test(a_stock_program_needs_nothing),
		cmocka_unit_test(the_front_matter_may_stand_behind_other_comments),
		cmocka_unit_test(positions_are_those_of_the_c_file),
		cmocka_unit_test(options_are_typed),
		cmocka_unit_test(attach_entries),
		cmocka_unit_test(wrong_attach_entries_are_refused),
		cmocka_unit_test(fields_and_metrics_are_checked),
		cmocka_unit_test(options_become_macros),
		cmocka_unit_test(no_value_breaks_out_of_its_literal),
		cmocka_unit_test(the_configuration_sets_what_the_probe_has),
		cmocka_unit_test(long_values_are_refused),
		cmocka_unit_test(includes_tell_what_is_needed),
		cmocka_unit_test(functions_attach_by_their_names),
		cmocka_unit_test(what_is_no_c_is_refused),
		cmocka_unit_test(probes_are_found_in_order),
		cmocka_unit_test(what_others_can_write_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
