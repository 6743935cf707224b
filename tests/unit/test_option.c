// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/option.h"
#include "util/alloc.h"

struct owner {
	bool color;
	int64_t shift;
	uint64_t port, interval, buffer, age;
	char *bucket, *region;
	int format;
};

static const char *const formats[] = {"text", "json", "ingrain", NULL};

#define AT(member) offsetof(struct owner, member)
static const struct option table[] = {
	{"color", OPTION_BOOL, AT(color), "true", .help = "colour"},
	{"shift", OPTION_INT, AT(shift), "-3", .min = -10, .max = 10, .help = "a shift"},
	{"port", OPTION_UINT, AT(port), "8125", .min = 1, .max = 65535, .help = "a port"},
	{"interval", OPTION_DURATION, AT(interval), "30s", .min = 1000000, .max = 3600000000000},
	{"age", OPTION_DURATION, AT(age)},
	{"buffer", OPTION_BYTES, AT(buffer), "8M", .min = 4096, .max = 1 << 30},
	{"bucket", OPTION_STRING, AT(bucket), .required = true, .help = "where objects go"},
	{"region", OPTION_STRING, AT(region), "eu-west-1"},
	{"format", OPTION_CHOICE, AT(format), "json", .choices = formats},
	OPTION_END,
};

static int parse(struct owner *o, const char *text, const char *const *skip, struct diag *diag)
{
	_cleanup_(yaml_tree_freep) struct yaml_node *tree = NULL;

	assert_int_equal(yaml_parse("f", text, strlen(text), 1, &tree, diag), 0);
	options_init(table, o);
	return options_parse(table, tree, skip, o, diag);
}

static void take(struct owner *o, const char *text)
{
	_cleanup_(diag_donep) struct diag diag = {};

	if (parse(o, text, NULL, &diag))
		fail_msg("refused: %s", diag_text(&diag));
}

static void refuse(const char *text, const char *messages)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct owner o = {};

	assert_int_equal(parse(&o, text, NULL, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), messages);
	options_done(table, &o);
}

static void defaults(void **state)
{
	struct owner o = {};

	options_init(table, &o);
	assert_true(o.color);
	assert_int_equal(o.shift, -3);
	assert_int_equal(o.port, 8125);
	assert_int_equal(o.interval, 30000000000);
	assert_int_equal(o.age, 0);
	assert_int_equal(o.buffer, 8 << 20);
	assert_null(o.bucket);
	assert_string_equal(o.region, "eu-west-1");
	assert_int_equal(o.format, 1);
	options_done(table, &o);
	assert_null(o.region);
}

static void values_of_every_type(void **state)
{
	struct owner o = {};

	take(&o, "color: off\nshift: 0x0a\nport: 65535\ninterval: 1h\nage: 0\nbuffer: 4KiB\n"
	         "bucket: 123\nregion: no\nformat: 'ingrain'\n");
	assert_false(o.color);
	assert_int_equal(o.shift, 10);
	assert_int_equal(o.port, 65535);
	assert_int_equal(o.interval, 3600000000000);
	assert_int_equal(o.age, 0);
	assert_int_equal(o.buffer, 4096);
	assert_string_equal(o.bucket, "123");
	assert_string_equal(o.region, "no"); /* a text is a text, whatever it looks like */
	assert_int_equal(o.format, 2);
	options_done(table, &o);
}

static void wrong_types_are_refused(void **state)
{
	refuse("bucket: b\nbuffer: lots\n",
	       "f:2:9: \"buffer\" takes a size such as 8M, not \"lots\"");
	refuse("bucket: b\ninterval: 30\n",
	       "f:2:11: \"interval\" takes a duration such as 30s, not \"30\"");
	refuse("bucket: b\ncolor: 1\n", "f:2:8: \"color\" takes true or false, not \"1\"");
	refuse("bucket: b\ncolor: 'true'\n",
	       "f:2:8: \"color\" takes true or false, not the string \"true\"; leave out the quotes");
	refuse("bucket: b\nport: '80'\n",
	       "f:2:7: \"port\" takes a whole number, 0 or more, not the "
	       "string \"80\"; leave out the quotes");
	refuse("bucket: b\nport: -1\n",
	       "f:2:7: \"port\" takes a whole number, 0 or more, not \"-1\"");
	refuse("bucket: b\nshift: 1.5\n", "f:2:8: \"shift\" takes a whole number, not \"1.5\"");
	refuse("bucket: [b]\n", "f:1:9: \"bucket\" takes a text, not a list");
	refuse("bucket:\n", "f:1:8: \"bucket\" takes a text, not an empty value");
	refuse("bucket: {a: b}\n", "f:1:9: \"bucket\" takes a text, not a mapping");
	refuse("bucket: b\nformat: jsn\n",
	       "f:2:9: \"format\" takes text, json or ingrain, not \"jsn\"; did you mean \"json\"?");
	refuse("bucket: b\nformat: protobuf\n",
	       "f:2:9: \"format\" takes text, json or ingrain, not \"protobuf\"");
}

static void bounds_are_kept(void **state)
{
	refuse("bucket: b\nport: 0\n", "f:2:7: \"port\" must be 1 to 65535, not \"0\"");
	refuse("bucket: b\nport: 18446744073709551615\n",
	       "f:2:7: \"port\" must be 1 to 65535, not \"18446744073709551615\"");
	refuse("bucket: b\nport: 99999999999999999999\n",
	       "f:2:7: \"port\" must be 1 to 65535, not \"99999999999999999999\"");
	refuse("bucket: b\nshift: -11\n", "f:2:8: \"shift\" must be -10 to 10, not \"-11\"");
	refuse("bucket: b\ninterval: 2h\n", "f:2:11: \"interval\" must be 1ms to 1h, not \"2h\"");
	refuse("bucket: b\nbuffer: 4095\n", "f:2:9: \"buffer\" must be 4K to 1G, not \"4095\"");
	refuse("bucket: b\nage: 99999999999d\n", "f:2:6: \"age\" is too large: \"99999999999d\"");
}

static void keys_are_known_or_suggested(void **state)
{
	refuse("bucket: b\n  \nintervall: 3s\nFormat: json\nx\\n: 1\n",
	       "f:3:1: unknown key \"intervall\"; did you mean \"interval\"?\n"
	       "f:4:1: unknown key \"Format\"; did you mean \"format\"?\n"
	       "f:5:1: unknown key \"x\\n\"; known here: color, shift, port, interval, age, buffer, "
	       "bucket, region, format");
}

static void all_problems_are_told_at_once(void **state)
{
	refuse("port: many\nbufer: 8M\n",
	       "f:1:7: \"port\" takes a whole number, 0 or more, not \"many\"\n"
	       "f:2:1: unknown key \"bufer\"; did you mean \"buffer\"?\n"
	       "f:1:1: \"bucket\" is missing: where objects go");
}

static void skipped_keys_belong_to_somebody_else(void **state)
{
	static const char *const skip[] = {"steps", NULL};
	_cleanup_(diag_donep) struct diag diag = {};
	struct owner o = {};

	assert_int_equal(parse(&o, "bucket: b\nsteps: [1]\n", skip, &diag), 0);
	options_done(table, &o);
	assert_int_equal(parse(&o, "bucket: b\nstep: 1\n", skip, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag),
	                    "f:2:1: unknown key \"step\"; did you mean \"steps\"?");
	options_done(table, &o);
}

static void a_list_is_no_mapping(void **state)
{
	refuse("[a]\n", "f:1:1: a mapping of \"key: value\" goes here, not a list");
}

static void text_from_elsewhere_names_its_source(void **state)
{
	_cleanup_(diag_donep) struct diag diag = {};
	struct owner o = {};

	assert_int_equal(option_set(&table[2], "53", "PORT", &o, &diag), 0);
	assert_int_equal(o.port, 53);
	assert_int_equal(option_set(&table[2], "5\n3", "PORT", &o, &diag), -EINVAL);
	assert_int_equal(o.port, 53);
	assert_string_equal(diag_text(&diag),
	                    "PORT: \"port\" takes a whole number, 0 or more, not \"5\\n3\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values_of_every_type),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(keys_are_known_or_suggested),
		cmocka_unit_test(all_problems_are_told_at_once),
		cmocka_unit_test(skipped_keys_belong_to_somebody_else),
		cmocka_unit_test(a_list_is_no_mapping),
		cmocka_unit_test(text_from_elsewhere_names_its_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
