// SPDX-License-Identifier: Apache-2.0
/*
 * A verifier's log is a trace of instructions, register states and source lines, with the complaint
 * behind the last instruction it looked at:
 *
 *   ; return v->count;                          (newer kernels: "… @ file.c:12")
 *   4: (79) r0 = *(u64 *)(r0 +0)
 *   R0 invalid mem access 'map_value_or_null'
 *   processed 5 insns (limit 1000000) …
 *
 * So: find the last instruction, then the first line behind it that is neither state nor statistics.
 * Checks that run before the trace (jumps, loops) complain without one and name the instruction
 * themselves. The program's own line table turns an instruction into file and line on any kernel.
 */
#include "kernel/verifier.h"

#include <ctype.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/refusal.h"
#include "util/alloc.h"
#include "util/cleanup.h"

#define COMPLAINT_LINES 2 /* what is wrong, and the detail that may follow */

struct verdict {
	char *complaint; /* NULL: the log holds none */
	bool insn_known;
	uint32_t insn; /* where it stopped */
};

static void verdict_done(struct verdict *v)
{
	free(v->complaint);
}

/* "12: (85) call bpf_…": an instruction of the trace. Newer logs may put a state first. */
static bool parse_insn(const char *line, uint32_t *ret)
{
	char *end;
	unsigned long n = strtoul(line, &end, 10);

	if (end == line || strncmp(end, ": (", 3) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* "R1=ctx(…)", " R0_w=inv1 R10=fp0", "7: R0=1", "R1 type=…" is a complaint, not a state. */
static bool is_register_state(const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	if (isdigit((unsigned char)*line)) {
		line += strspn(line, "0123456789");
		if (strncmp(line, ": R", 3))
			return false;
		line += 2;
	}
	if (*line != 'R')
		return false;
	line += 1 + strspn(line + 1, "0123456789");
	if (*line == '_')
		line += 1 + strspn(line + 1, "abcdefghijklmnopqrstuvwxyz");
	return *line == '=';
}

static bool is_noise(const char *line)
{
	static const char *const starts[] = {
		"processed ",     "verification time", "stack depth", "from ",       "; ",
		"cur state:",     "old state:",        "last_idx",    "regs=",       "func#",
		"parent ",        "mark_precise",      "caller:",     "callee:",     "frame",
		"returning from", "Live regs",         "safe",        "propagating", "to caller",
		"arg#",           "Validating",        "Func#",       "max_states",
	};

	if (!line[strspn(line, " \t")] || is_register_state(line))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* "unreachable insn 7", "back-edge from insn 5 to 3", "infinite loop detected at insn 2". */
static void insn_in_complaint(struct verdict *v)
{
	const char *p = strstr(v->complaint, "insn ");
	char *end;
	unsigned long n;

	if (!p)
		return;
	n = strtoul(p + strlen("insn "), &end, 10);
	if (end == p + strlen("insn ") || n > UINT32_MAX)
		return;
	v->insn = (uint32_t)n;
	v->insn_known = true;
}

/* One line of the log; `lines` counts those of the complaint. */
static void read_line(struct verdict *v, const char *line, size_t *lines)
{
	char *joined;

	if (parse_insn(line, &v->insn)) {
		v->insn_known = true;
		free(steal(&v->complaint));
		*lines = 0;
	} else if (!is_noise(line) && *lines < COMPLAINT_LINES) {
		joined = v->complaint ? xasprintf("%s; %s", v->complaint, line) : xstrdup(line);
		free(v->complaint);
		v->complaint = joined;
		(*lines)++;
	}
}

static void read_log(const char *log, struct verdict *v)
{
	size_t lines = 0;

	for (const char *end; *log; log = *end ? end + 1 : end) {
		_cleanup_(freep) char *line = NULL;

		end = log + strcspn(log, "\n");
		line = xstrndup(log, (size_t)(end - log));
		read_line(v, line, &lines);
	}
	if (v->complaint)
		insn_in_complaint(v);
}

/* The first match counts, so the narrower texts come first. */
static const struct {
	const char *text, *cure;
} cures[] = {
	{"map_value_or_null",
         "a look-up in a map may find nothing: test its result against NULL before it is used"},
	{"mem_or_null", "a reserve may fail: test its result against NULL before it is used"},
	{"_or_null", "this pointer may be NULL: test it before it is used"},
	{"Unreleased reference",
         "what was reserved or acquired must be submitted or released on every way out"},
	{"invalid mem access 'inv'",
         "the verifier knows this as a number and not as a pointer that it may follow: read "
         "memory of the kernel with bpf_probe_read_kernel(), of a process with "
         "bpf_probe_read_user()"},
	{"invalid mem access 'scalar'",
         "the verifier knows this as a number and not as a pointer that it may follow: read "
         "memory of the kernel with bpf_probe_read_kernel(), of a process with "
         "bpf_probe_read_user()"},
	{"back-edge",
         "this kernel takes no loops: unroll it (#pragma unroll) over a constant count"},
	{"infinite loop", "a loop must end by a bound that the verifier can see: count up to a "
                          "constant"},
	{"loop is not bounded",
         "a loop must end by a bound that the verifier can see: count up to a constant"},
	{"too large", "more than the verifier can walk through: fewer rounds in loops, fewer "
                      "branches, or a part moved into a tail call"},
	{"too complex", "more than the verifier can walk through: fewer rounds in loops, fewer "
                        "branches, or a part moved into a tail call"},
	{"combined stack size",
         "the stack holds 512 bytes: keep large structs in a per-CPU array instead"},
	{"invalid write to stack",
         "the stack holds 512 bytes: keep large structs in a per-CPU array instead, and check "
         "indexes against their bound"},
	{"invalid stack", "the stack holds 512 bytes: keep large structs in a per-CPU array "
                          "instead, and check indexes against their bound"},
	{"read from stack", "bytes of this were never written, and padding counts too: clear it "
                            "first, with = {} or __builtin_memset()"},
	{"access to stack", "bytes of this were never written, and padding counts too: clear it "
                            "first, with = {} or __builtin_memset()"},
	{"R0 !read_ok", "the function must return a value on every way out"},
	{"!read_ok", "a variable is used before it was set: give it a value on every way here"},
	{"invalid bpf_context access",
         "the context of this kind of program has no such field, or not of this size: use the "
         "context type that belongs to the attach point"},
	{"dereference of modified ctx",
         "the context can only be read at constant offsets: take its field directly"},
	{"GPL", "the helper is for GPL programs: put #define BPF_LICENSE GPL (or Dual BSD/GPL) "
                "into the source"},
	{"unknown func", "this kernel, or this kind of program, does not have the helper: guard it "
                         "with LINUX_VERSION_CODE, or attach in another way"},
	{"cannot use helper",
         "this kind of program may not call the helper: attach in another way"},
	{"not supported for program type",
         "this kind of program may not call it: attach in another way"},
	{"unreachable insn", "code that can never run: remove what stands behind a return or in a "
                             "branch that is never taken"},
	{"invalid access to map value",
         "the index or length is not proven to be in range: compare it with the bound just "
         "before the access, or mask it (i &= SIZE - 1)"},
	{"allowed memory range",
         "the index or length is not proven to be in range: compare it with the bound just "
         "before the access, or mask it (i &= SIZE - 1)"},
	{"unbounded", "the index or length is not proven to be in range: compare it with the bound "
                      "just before the access, or mask it (i &= SIZE - 1)"},
	{"min value is negative",
         "the length may be negative: make it unsigned, or compare it with 0 first"},
	{"misaligned",
         "the access is not aligned: use __builtin_memcpy() or bpf_probe_read_kernel()"},
	{"At program exit", "the kernel limits what this kind of program may return"},
	{" expected=", "the helper takes another kind of argument there: see bpf-helpers(7)"},
};

static const char *find_cure(const char *complaint)
{
	for (size_t i = 0; i < ARRAY_SIZE(cures); i++)
		if (strstr(complaint, cures[i].text))
			return cures[i].cure;
	return NULL;
}

/* A string in the object's BTF, NULL when there is none at this offset. */
static const char *btf_string(const struct object *o, uint32_t offset)
{
	const struct btf_header *h = o->btf;
	const char *strings;

	if (!h || o->btf_size < sizeof(*h) || h->hdr_len > o->btf_size ||
	    h->str_off > o->btf_size - h->hdr_len ||
	    h->str_len > o->btf_size - h->hdr_len - h->str_off || offset >= h->str_len)
		return NULL;
	strings = (const char *)o->btf + h->hdr_len + h->str_off;
	return memchr(strings + offset, '\0', h->str_len - offset) ? strings + offset : NULL;
}

/*
 * The line that an instruction belongs to: the last entry at or before it, but for those of line 0,
 * which the compiler gives to what it made up.
 */
static bool find_line(const struct object_program *p, uint32_t insn, struct bpf_line_info *ret)
{
	const struct object_info *info = &p->line_info;
	bool found = false;

	if (info->record_size < sizeof(*ret))
		return false;
	for (uint32_t i = 0; i < info->count; i++) {
		struct bpf_line_info line;

		memcpy(&line, (const char *)info->data + (size_t)i * info->record_size,
		       sizeof(line));
		if (line.insn_off > insn)
			break;
		if (!BPF_LINE_INFO_LINE_NUM(line.line_col))
			continue;
		*ret = line;
		found = true;
	}
	return found;
}

/* "file.c:12" as far as it is known, and the text of that line. Heap strings. */
static void locate(const struct object *o, const struct object_program *p, const struct verdict *v,
                   char **ret_place, char **ret_text)
{
	struct bpf_line_info line;
	const char *file, *text;

	if (!v->insn_known || !find_line(p, v->insn, &line)) {
		*ret_place = xstrdup(o->source_name);
		*ret_text = xstrdup("");
		return;
	}
	file = btf_string(o, line.file_name_off);
	text = btf_string(o, line.line_off);
	/* bcc compiles a file that exists in memory only */
	if (!file || !*file || !strncmp(file, "/virtual/", strlen("/virtual/")))
		file = o->source_name;
	*ret_place = xasprintf("%s:%u", file, BPF_LINE_INFO_LINE_NUM(line.line_col));
	*ret_text = xstrdup(text ? text + strspn(text, " \t") : "");
}

/* Refused before, or without, a look at the code. */
static int explain_silence(const struct kernel *k, const struct object *o,
                           const struct object_program *p, int r, struct diag *diag)
{
	_cleanup_(freep) char *why = NULL;

	if (r == -E2BIG)
		why = xasprintf("%u instructions are more than this kernel takes in one program: "
		                "split it, or move a part into a tail call",
		                p->n_insns);
	else if (r == -EINVAL)
		why = xstrdup("the kernel does not know this kind of program "
		              "(too old, or built without it): attach in another way");
	else
		why = refusal_reason(k, r);
	return diag_error(diag, r, "%s: %s: the kernel refuses the program: %s", o->source_name,
	                  p->name, why);
}

int verifier_explain(const struct kernel *k, const struct object *object,
                     const struct object_program *program, const char *log, int r,
                     struct diag *diag)
{
	_cleanup_(verdict_done) struct verdict v = {};
	_cleanup_(freep) char *place = NULL, *text = NULL;
	const char *cure;

	read_log(log, &v);
	if (!v.complaint)
		return explain_silence(k, object, program, r, diag);
	locate(object, program, &v, &place, &text);
	cure = find_cure(v.complaint);
	if (strstr(v.complaint, "bpf_probe_read") && refusal_is_lockdown(k))
		cure = REFUSAL_LOCKDOWN;
	return diag_error(diag, r, "%s: %s: the verifier refuses the program: %s%s%s%s%s", place,
	                  program->name, v.complaint, *text ? "\n    " : "", text,
	                  cure ? "\n  " : "", cure ? cure : "");
}
