// SPDX-License-Identifier: Apache-2.0
/* The table that `quern status` prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/status.h"
#include "util/cleanup.h"

static const char sample[] =
	"{'version':'0.1.0','pid':812,'uptime_s':192.5,'host':'web1','kernel':'6.18.44',"
	"'rss_bytes':8808038,'probes':["
	" {'name':'exec','state':'live','attached':['tracepoint syscalls:sys_enter_execve','b','c'],"
	"  'events':[{'name':'exec','emitted':1234567,'lost':3,'read':1234560,'malformed':0,"
	"             'in_buffer':4}],"
	"  'programs':[{'name':'a','missed':2},{'name':'b','missed':5}]},"
	" {'name':'net','state':'live','attached':['kprobe:x'],"
	"  'events':[{'name':'open'},{'name':'close'}]},"
	" {'name':'bad','state':'failed','reason':'bad.c:3:1: error: no\\nmore','events':[]}],"
	"'sinks':[{'name':'s3-2','queue_bytes':1310720,'queue_limit':16777216,'bytes_sent':999,"
	"  'retries':17,'events':["
	"  {'probe':'exec','event':'exec','received':1234560,'delivered':1234000,'filtered':500,"
	"   'aggregated':0,'dropped':{'queue_full':40,'shutdown':1},'in_flight':19}]}],"
	"'balanced':%s}";

/* What is printed for a status written with ' for ". */
static char *print(const char *text, const char *balanced)
{
	_cleanup_(freep) char *quoted = NULL;
	char *out = NULL;
	size_t size;
	json_t *status;
	FILE *f;

	assert_true(asprintf(&quoted, text, balanced) > 0);
	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	status = json_loads(quoted, 0, NULL);
	assert_non_null(status);
	f = open_memstream(&out, &size);
	status_print(status, f);
	fclose(f);
	json_decref(status);
	return out;
}

static const char *after(const char *text, const char *what)
{
	const char *p = strstr(text, what);

	assert_non_null(p);
	return p + strlen(what);
}

static void everything_is_shown(void **state)
{
	_cleanup_(freep) char *out = print(sample, "true");
	const char *p = out;

	p = after(p, "quern 0.1.0 on web1, kernel 6.18.44: pid 812, up 3m 12s, memory 8.4M, "
	             "every event is accounted for\n\nPROBE");
	p = after(p, "\nexec ");
	p = after(p, " live ");
	p = after(p, " 1,234,567 ");
	p = after(p, " 3 ");
	p = after(p, " 4 ");
	p = after(p, " 7  tracepoint syscalls:sys_enter_execve +2\n");
	p = after(p, "net: open ");
	p = after(p, " kprobe:x\n");
	p = after(p, "net: close ");
	p = after(p, "\nbad ");
	p = after(p, " failed ");
	p = after(p, "\nFAILED  REASON\nbad     bad.c:3:1: error: no\n");
	p = after(p, "\ns3-2 ");
	p = after(p, " 1,234,000 ");
	p = after(p, " 500 ");
	p = after(p, " 41: 40 queue_full, 1 shutdown ");
	p = after(p, " 19 ");
	p = after(p, " 1.2M of 16M ");
	p = after(p, " 17\n");
	assert_string_equal(p, "");
}

static void lines_fit_the_screen(void **state)
{
	_cleanup_(freep) char *out = print(sample, "true");

	for (const char *p = out; *p; p += strcspn(p, "\n") + 1)
		assert_in_range(strcspn(p, "\n"), 0, 120);
}

static void an_imbalance_is_located(void **state)
{
	_cleanup_(freep) char *out = print(
		"{'probes':[{'name':'p','events':[{'name':'e','emitted':10,'lost':1,'read':8,"
		"'malformed':1,'in_buffer':0}]}],"
		"'sinks':[{'name':'console','events':[{'probe':'p','event':'e','received':6}]}],"
		"'balanced':%s}",
		"false");

	after(out, "NOT every event is accounted for\n");
	after(out, "  p: 10 of event e were emitted, but lost, read and in flight are 9\n");
	after(out, "  console: 7 of event e were read, but it received 6\n");
}

/* Another version's agent may leave out anything, or mean something else by it. */
static void what_is_missing_is_zero(void **state)
{
	static const char *const odd[] = {
		"{'balanced':%s}",
		"{'probes':7,'sinks':{},'uptime_s':-1,'rss_bytes':-5,'balanced':%s}",
		"{'probes':[1,[],{}],'sinks':[null,{'events':[3,{'dropped':[]}]}],'balanced':%s}",
		"{'uptime_s':1e300,'rss_bytes':9223372036854775807,'version':{},'balanced':%s}",
		"{'probes':[{'name':'\\u001b[2J','reason':'\\u001b]0;x'}],'balanced':%s}",
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		_cleanup_(freep) char *out = print(odd[i], "false");

		after(out, "SINK");
		assert_null(strchr(out, '\033'));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_shown),
		cmocka_unit_test(lines_fit_the_screen),
		cmocka_unit_test(an_imbalance_is_located),
		cmocka_unit_test(what_is_missing_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
