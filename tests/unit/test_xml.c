// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws/xml.h"
#include "util/alloc.h"
#include "util/cleanup.h"

/* All tokens as a text: "<path" opens, ">path" closes, "=text", "." done, "!" bad. */
static char *tokens(const char *document)
{
	_cleanup_(buf_donep) struct buf out = {};
	_cleanup_(xml_donep) struct xml x;
	enum xml_token t;

	xml_init(&x, document, strlen(document));
	do {
		t = xml_next(&x);
		if (t == XML_TEXT)
			buf_printf(&out, "=%s ", x.text.data);
		else if (t == XML_OPEN || t == XML_CLOSE)
			buf_printf(&out, "%c%s ", t == XML_OPEN ? '<' : '>', x.path.data);
		else
			buf_putc(&out, t == XML_DONE ? '.' : '!');
	} while (t != XML_DONE && t != XML_BAD);
	assert_int_equal(xml_next(&x), t);
	return buf_take(&out);
}

static void documents(void **state)
{
	static const struct {
		const char *document, *tokens;
	} cases[] = {
		{"<a/>", "<a >a ."},
		{"<a></a>", "<a >a ."},
		{" <?xml version=\"1.0\"?>\n<!-- c --><a>x</a>\n<!-- d -->\n", "<a =x >a ."},
		{"<a><b>1</b><b>2</b></a>", "<a <a/b =1 >a/b <a/b =2 >a/b >a ."},
		{"<n:a xmlns:n='u>' b=\"/\" ><c\n/>t</n:a >", "<a <a/c >a/c =t >a ."},
		{"<a>&lt;&amp;&quot;&apos;&gt;&#65;&#x42;&#x1234;&#x1f600;</a>",
	         "<a =<&\"'>AB\xe1\x88\xb4\xf0\x9f\x98\x80 >a ."},
		{"<a>1<![CDATA[<b>&]]>2<!-- - -->3</a>", "<a =1<b>&23 >a ."},
		{"<a><![CDATA[]]></a>", "<a >a ."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *got = tokens(cases[i].document);

		assert_string_equal(got, cases[i].tokens);
	}
}

static void refused(void **state)
{
	static const char *const documents[] = {
		"",
		"x",
		"<a",
		"<a>",
		"<>",
		"</a>",
		"<a></b>",
		"<a></a",
		"<a></a x>",
		"<a/><b/>",
		"<a/>x",
		"<a>&nbsp;</a>",
		"<a>&#0;</a>",
		"<a>&#xd800;</a>",
		"<a>&#x110000;</a>",
		"<a>&#;</a>",
		"<a>&#-1;</a>",
		"<a>&lt</a>",
		"<a b='></a>",
		"<a b=<c/>></a>",
		"<a><![CDATA[x</a>",
		"<!-- <a/>",
		"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
		"<a><!ENTITY b 'c'></a>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		_cleanup_(freep) char *got = tokens(documents[i]);

		if (got[strlen(got) - 1] != '!')
			fail_msg("%s: %s", documents[i], got);
	}
}

static void bounded(void **state)
{
	_cleanup_(buf_donep) struct buf deep = {}, wide = {};
	_cleanup_(freep) char *got = NULL, *name = NULL;

	for (unsigned int i = 0; i < XML_DEPTH_MAX; i++)
		buf_puts(&deep, "<a>");
	got = tokens(buf_cstr(&deep));
	assert_non_null(
		strstr(got, "<a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"));
	free(got);
	buf_puts(&deep, "<a>");
	got = tokens(buf_cstr(&deep));
	assert_null(
		strstr(got, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"));

	while (wide.len < 2000)
		buf_putc(&wide, 'n');
	name = xasprintf("<%s/>", buf_cstr(&wide));
	free(got);
	got = tokens(name);
	assert_string_equal(got, "!");
}

static void a_nul_is_no_text(void **state)
{
	static const char document[] = "<a>1\0002</a>";

	assert_null(xml_get(document, sizeof(document) - 1, "a"));
}

static void found_by_path(void **state)
{
	static const char document[] =
		"<E xmlns=\"http://s3\"><Code>\n Slow&#68;own </Code><x><Code>no</Code></x><Empty/>"
		"<Code>later</Code></E>";
	_cleanup_(freep) char *code = xml_get(document, sizeof(document) - 1, "E/Code");
	_cleanup_(freep) char *inner = xml_get(document, sizeof(document) - 1, "E/x/Code");

	assert_string_equal(code, "SlowDown");
	assert_string_equal(inner, "no");
	assert_null(xml_get(document, sizeof(document) - 1, "E/Empty"));
	assert_null(xml_get(document, sizeof(document) - 1, "Code"));
	assert_null(xml_get(document, 20, "E/Code"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),     cmocka_unit_test(refused),
		cmocka_unit_test(bounded),       cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(found_by_path),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
