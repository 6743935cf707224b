/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/diag.h"

static void messages_are_lines(void **state)
{
	_cleanup_(diag_donep) struct diag d = {};

	assert_string_equal(diag_text(&d), "");
	assert_int_equal(diag_error(&d, -EINVAL, "a.yaml:%d:%d: unknown key", 3, 7), -EINVAL);
	diag_warning(&d, "and its newline is not doubled\n");
	diag_warning(&d, "last");
	assert_int_equal(d.errors, 1);
	assert_int_equal(d.warnings, 2);
	assert_string_equal(diag_text(&d), "a.yaml:3:7: unknown key\n"
	                                   "and its newline is not doubled\n"
	                                   "last");
}

static void nobody_need_listen(void **state)
{
	assert_int_equal(diag_error(NULL, -EPERM, "%s", "dropped"), -EPERM);
	diag_warning(NULL, "dropped");
}

static void the_nearest_word_is_near(void **state)
{
	static const char *const words[] = {"tcp_connect", "tcp_accept", "exec", "exit",
	                                    "file_open"};
	static const struct {
		const char *typed, *meant;
	} tries[] = {
		{"tcp_conect", "tcp_connect"},
		{"tcp-accept", "tcp_accept"},
		{"EXIT", "exit"},
		{"exce", "exec"},
		{"fileopen", "file_open"},
		{"zzzz", NULL},
		{"", NULL},
		{"memory", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		const char *found = nearest_word(tries[i].typed, words, ARRAY_SIZE(words));

		if (!found != !tries[i].meant || (found && strcmp(found, tries[i].meant)))
			fail_msg("%s: %s", tries[i].typed, found ? found : "nothing");
	}
	assert_null(nearest_word("exec", words, 0));
}

static void long_words_have_no_neighbours(void **state)
{
	char word[200];
	const char *const words[] = {"exec", word};

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(nearest_word(word, words, 2));
	assert_string_equal(nearest_word("exe", words, 2), "exec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_lines),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(the_nearest_word_is_near),
		cmocka_unit_test(long_words_have_no_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
