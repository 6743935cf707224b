/* SPDX-License-Identifier: Apache-2.0 */
/* The logs are real ones, of Linux 6.18 where not said otherwise, with the middle of long ones cut. */
#include "kernel/verifier.h"

#include <errno.h>
#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/cleanup.h"

#define CAPABLE (1ull << 21) /* CAP_SYS_ADMIN */

static const struct kernel capable = {.capabilities = CAPABLE, .code = 0x60100};

/* BTF with nothing but strings: the file at 1, a second file at 8, a line of source at 18. */
static const struct {
	struct btf_header header;
	char strings[40];
} btf = {
	.header = {.magic = BTF_MAGIC,
                   .version = 1,
                   .hdr_len = sizeof(struct btf_header),
                   .str_len = 40},
	.strings = "\0name.c\0virtual.h\0\treturn v->count;",
};
enum { NAME_C = 1, QUERN_H = 8, TEXT = 18 };

#define LINE(n) ((n) << 10)
static const struct bpf_line_info lines[] = {
	{.insn_off = 0, .file_name_off = NAME_C, .line_col = LINE(8)},
	{.insn_off = 3, .file_name_off = NAME_C, .line_col = LINE(0)},
	{.insn_off = 7, .file_name_off = NAME_C, .line_off = TEXT, .line_col = LINE(10)},
	{.insn_off = 9, .file_name_off = QUERN_H, .line_col = LINE(77)},
	{.insn_off = 11, .file_name_off = 4000, .line_off = 4000, .line_col = LINE(12)},
};

static char *explain_as(const struct kernel *k, const char *log, int r)
{
	struct object_program program = {
		.name = (char *)"on_open",
		.n_insns = 5000,
		.line_info = {(void *)lines, sizeof(lines[0]), ARRAY_SIZE(lines)},
	};
	struct object object = {
		.source_name = (char *)"probe.c",
		.btf = (void *)&btf,
		.btf_size = sizeof(btf),
		.programs = &program,
		.n_programs = 1,
	};
	_cleanup_(diag_donep) struct diag diag = {};

	assert_int_equal(verifier_explain(k, &object, &program, log, r, &diag), r);
	assert_int_equal(diag.errors, 1);
	return xstrdup(diag_text(&diag));
}

static char *explain(const char *log)
{
	return explain_as(&capable, log, -EACCES);
}

static void assert_says(const char *log, const char *first_line, const char *cure)
{
	_cleanup_(freep) char *text = explain(log);

	if (strncmp(text, first_line, strlen(first_line)) || !strstr(text, cure))
		print_error("got \"%s\"\nexpected \"%s\" and \"%s\"\n", text, first_line, cure);
	assert_memory_equal(text, first_line, strlen(first_line));
	assert_non_null(strstr(text, cure));
}

static void the_line_and_its_text_are_named(void **state)
{
	_cleanup_(freep) char *text =
		explain("0: R1=ctx() R10=fp0\n"
	                "; __u32 key = 1; @ bad.c:8\n"
	                "1: (63) *(u32 *)(r10 -4) = r1         ; R1=1 R10=fp0 fp-8=mmmm????\n"
	                "6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=m)\n"
	                "; return v->count; @ bad.c:10\n"
	                "7: (79) r0 = *(u64 *)(r0 +0)\n"
	                "R0 invalid mem access 'map_value_or_null'\n"
	                "processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0\n");

	assert_string_equal(text, "name.c:10: on_open: the verifier refuses the program: "
	                          "R0 invalid mem access 'map_value_or_null'\n"
	                          "    return v->count;\n"
	                          "  a look-up in a map may find nothing: test its result "
	                          "against NULL before it is used");
}

static void each_complaint_has_its_cure(void **state)
{
	/* 5.10 prints states behind the instruction and says inv */
	assert_says("7: (79) r1 = *(u64 *)(r1 +0)\n"
	            " R0_w=inv(id=0) R1_w=inv(id=0) R10=fp0\n"
	            "R1 invalid mem access 'inv'\n"
	            "processed 2 insns (limit 1000000)\n",
	            "name.c:10: on_open: the verifier refuses the program: "
	            "R1 invalid mem access 'inv'\n",
	            "bpf_probe_read_kernel()");
	assert_says("0: R1=ctx() R10=fp0\n1: (79) r0 = *(u64 *)(r1 +0)\n"
	            "R1 invalid mem access 'scalar'\nprocessed 2 insns\n",
	            "name.c:8: ", "bpf_probe_read_user()");
	assert_says("11: (c7) r1 s>>= 32\ninfinite loop detected at insn 8\n"
	            "cur state: R0=scalar() R1=scalar(smin=0xffffffff80000000) R6=10 R10=fp0\n"
	            "old state: R0=scalar() R1=scalar(smin=0xffffffff80000000) R6=10 R10=fp0\n",
	            "name.c:10: on_open: the verifier refuses the program: "
	            "infinite loop detected at insn 8\n",
	            "a bound that the verifier can see");
	/* before 5.3, and without any trace */
	assert_says("back-edge from insn 8 to 3\n", "name.c:10: ", "no loops");
	assert_says("unreachable insn 2\nprocessed 0 insns (limit 1000000)\n",
	            "name.c:8: ", "never run");
	assert_says("9: (95) exit\nUnreleased reference id=2 alloc_insn=4\n"
	            "BPF_EXIT instruction in main prog would lead to reference leak\n",
	            "virtual.h:77: on_open: the verifier refuses the program: Unreleased reference "
	            "id=2 alloc_insn=4; BPF_EXIT instruction in main prog",
	            "submitted or released");
	assert_says("10: (0f) r0 += r1\nmath between map_value pointer and register with unbounded "
	            "min value is not allowed\nprocessed 10 insns\n",
	            "virtual.h:77: ", "mask it");
	assert_says(
		"9: (73) *(u8 *)(r0 +24) = r1\ninvalid access to map value, value_size=24 "
		"off=24 size=1\nR0 min value is outside of the allowed memory range\n",
		"virtual.h:77: on_open: the verifier refuses the program: invalid access to map "
		"value, value_size=24 off=24 size=1; R0 min value is outside",
		"compare it with the bound");
	assert_says("9: (15) if r1 == 0x0 goto pc+1        ; R1=0x1cd279\n"
	            "BPF program is too large. Processed 1000001 insn\n"
	            "processed 1000001 insns (limit 1000000) max_states_per_insn 4\n",
	            "virtual.h:77: ", "fewer rounds");
	assert_says("8: (7b) *(u64 *)(r10 -520) = r1\ninvalid write to stack R10 off=-520 size=8\n",
	            "name.c:10: ", "512 bytes");
	assert_says("combined stack size of 2 calls is 720. Too large\n", "probe.c: ", "512 bytes");
	/* 6.1 */
	assert_says("7: (85) call bpf_ringbuf_output#130\n"
	            "invalid indirect read from stack R2 off -16+1 size 16\n",
	            "name.c:10: ", "padding counts too");
	assert_says("0: (79) r0 = *(u64 *)(r1 +200)\n"
	            "invalid bpf_context access off=200 size=8\n",
	            "name.c:8: ", "context type");
	assert_says("4: (85) call bpf_probe_read_kernel#113\n"
	            "cannot call GPL-restricted function from non-GPL compatible program\n",
	            "name.c:8: ", "BPF_LICENSE");
	assert_says("4: (85) call unknown#999\ninvalid func unknown#999\n",
	            "name.c:8: ", "invalid");
	assert_says("4: (85) call bpf_xdp_adjust_head#44\n"
	            "program of this type cannot use helper bpf_xdp_adjust_head#44\n",
	            "name.c:8: ", "may not call the helper");
	assert_says("7: (95) exit\nR0 !read_ok\n", "name.c:10: ", "must return a value");
}

static void the_compilers_own_lines_are_skipped(void **state)
{
	assert_says("3: (07) r2 += -4\nR2 !read_ok\n", "name.c:8: ", "before it was set");
}

static void damaged_tables_do_no_harm(void **state)
{
	assert_says("12: (95) exit\nR0 !read_ok\n", "probe.c:12: on_open: ", "must return");
}

static void silence_is_explained(void **state)
{
	_cleanup_(freep) char *kind = explain_as(&capable, "", -EINVAL);
	_cleanup_(freep) char *large = explain_as(&capable, "", -E2BIG);
	_cleanup_(freep) char *policy = explain_as(&capable, "", -EPERM);
	_cleanup_(freep) char *user = explain_as(&(struct kernel){.code = 0x60100}, "", -EPERM);
	_cleanup_(freep) char *noise =
		explain_as(&capable, "processed 0 insns (limit 1000000)\n", -ENOMEM);

	assert_non_null(strstr(kind, "does not know this kind of program"));
	assert_non_null(strstr(large, "5000 instructions"));
	assert_non_null(strstr(policy, "seccomp"));
	assert_non_null(strstr(user, "CAP_BPF and CAP_PERFMON are missing"));
	assert_non_null(strstr(noise, "Cannot allocate memory"));
}

static void lockdown_is_named(void **state)
{
	struct kernel k = capable;
	_cleanup_(freep) char *text = NULL;

	k.lockdown = (char *)"confidentiality";
	text = explain_as(&k,
	                  "4: (85) call bpf_probe_read_kernel#113\n"
	                  "program of this type cannot use helper bpf_probe_read_kernel#113\n",
	                  -EINVAL);
	assert_non_null(strstr(text, "lockdown=integrity"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_and_its_text_are_named),
		cmocka_unit_test(each_complaint_has_its_cure),
		cmocka_unit_test(the_compilers_own_lines_are_skipped),
		cmocka_unit_test(damaged_tables_do_no_harm),
		cmocka_unit_test(silence_is_explained),
		cmocka_unit_test(lockdown_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
