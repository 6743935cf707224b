/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers behind the facts: versions, lists of CPUs, the kernel's symbols and BTF. */
#include "kernel/kernel.h"

#include <errno.h>
#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/cpus.h"
#include "kernel/functions.h"
#include "kernel/symbols.h"
#include "kernel/version.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

static void versions_come_from_where_they_are_true(void **state)
{
	assert_int_equal(
		version_from_names("6.1.0-9-amd64", "#1 SMP Debian 6.1.27-1 (2023-05-08)", NULL),
		KERNEL_CODE(6, 1, 27));
	assert_int_equal(version_from_names("5.4.0-150-generic", "#167-Ubuntu SMP",
	                                    "Ubuntu 5.4.0-150.167-generic 5.4.233"),
	                 KERNEL_CODE(5, 4, 233));
	assert_int_equal(version_from_names("6.18.44-x", "#1 SMP", NULL), KERNEL_CODE(6, 18, 44));
	assert_int_equal(version_from_names("4.9.300", "#1 SMP", NULL), KERNEL_CODE(4, 9, 255));
	assert_int_equal(version_from_names("7.0", "#1", "Ubuntu"), KERNEL_CODE(7, 0, 0));
	assert_int_equal(version_from_names("nonsense", "", ""), 0);
}

static void cpu_lists_are_read(void **state)
{
	static const char *const bad[] = {"",    "a",  "1-",    "3-1",           "1,", "1,1",
	                                  "2,1", "-1", "99999", "0-99999999999", "0 "};
	_cleanup_(freep) uint32_t *ids = NULL;
	size_t n = 0;

	assert_int_equal(cpus_parse("0-1,4,6-7", &ids, &n), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(ids, ((uint32_t[]){0, 1, 4, 6, 7}), 5 * sizeof(*ids));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint32_t *none;

		assert_int_equal(cpus_parse(bad[i], &none, &n), -EINVAL);
	}
	free(steal(&ids));
	assert_true(cpus_list(CPUS_ONLINE, &ids) >= 1);
}

static struct symbols_match search(const char *name)
{
	static const char kallsyms[] = "ffffffff81000000 T _stext\n"
				       "ffffffff81000010 t tcp_v4_connect.isra.0\n"
				       "ffffffff81000020 t tcp_v4_connect.cold\n"
				       "ffffffff81000030 t tcp_v4_connect.part.0\n"
				       "ffffffff81000040 T tcp_v6_connect\n"
				       "ffffffff81000050 t ip_rcv.constprop.0\n"
				       "ffffffff81000060 t ip_rcv.constprop.1\n"
				       "ffffffff81000070 D tcp_data\n"
				       "garbage\n\n"
				       "ffffffffc0000000 t nf_hook\t[nf_tables]\n";
	char path[] = "/tmp/quern-kallsyms-XXXXXX";
	_cleanup_(closep) int fd = mkstemp(path);
	struct symbols_match m;

	assert_int_equal(write(fd, kallsyms, sizeof(kallsyms) - 1), sizeof(kallsyms) - 1);
	assert_int_equal(symbols_kallsyms(path, name, &m), 0);
	unlink(path);
	return m;
}

static void kernel_functions_are_found(void **state)
{
	struct symbols_match m = search("tcp_v6_connect");

	assert_true(m.exact);
	symbols_match_done(&m);

	m = search("nf_hook");
	assert_true(m.exact);
	symbols_match_done(&m);

	m = search("tcp_v4_connect");
	assert_false(m.exact);
	assert_int_equal(m.n_variants, 1);
	assert_string_equal(m.variants[0], "tcp_v4_connect.isra.0");
	symbols_match_done(&m);

	m = search("ip_rcv");
	assert_int_equal(m.n_variants, 2);
	symbols_match_done(&m);

	m = search("tcp_v6_conect");
	assert_false(m.exact);
	assert_string_equal(m.nearest, "tcp_v6_connect");
	symbols_match_done(&m);

	m = search("tcp_data");
	assert_false(m.exact);
	symbols_match_done(&m);
	assert_int_equal(symbols_kallsyms("/nowhere", "x", &m), -ENOENT);
}

/* int; struct with one member; the functions "first" and "second". */
static const struct {
	struct btf_header header;
	struct btf_type integer;
	uint32_t integer_bits;
	struct btf_type record;
	struct btf_member member;
	struct btf_type proto, first, second;
	char strings[16];
} btf = {
	.header = {.magic = BTF_MAGIC,
                   .version = 1,
                   .hdr_len = sizeof(struct btf_header),
                   .type_len = 5 * sizeof(struct btf_type) + 4 + sizeof(struct btf_member),
                   .str_off = 5 * sizeof(struct btf_type) + 4 + sizeof(struct btf_member),
                   .str_len = 14},
	.integer = {.info = BTF_KIND_INT << 24, .size = 4},
	.integer_bits = 32,
	.record = {.name_off = 1, .info = BTF_KIND_STRUCT << 24 | 1, .size = 4},
	.proto = {.info = BTF_KIND_FUNC_PROTO << 24},
	.first = {.name_off = 1, .info = BTF_KIND_FUNC << 24, .type = 3},
	.second = {.name_off = 7, .info = BTF_KIND_FUNC << 24, .type = 3},
	.strings = "\0first\0second",
};

static void btf_functions_have_ids(void **state)
{
	uint32_t id = 0;

	assert_int_equal(symbols_btf_search(&btf, sizeof(btf), "first", &id), 0);
	assert_int_equal(id, 4); /* not the struct of the same name */
	assert_int_equal(symbols_btf_search(&btf, sizeof(btf), "second", &id), 0);
	assert_int_equal(id, 5);
	assert_int_equal(symbols_btf_search(&btf, sizeof(btf), "secon", &id), -ENOENT);
	assert_int_equal(symbols_btf_search(&btf, sizeof(btf), "third", &id), -ENOENT);
}

static char *put_file(const char *dir, const char *name, const void *data, size_t size)
{
	char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(file_write_atomic(path, data, size, 0644), 0);
	return path;
}

/* A module's BTF: a function of the kernel's string "first", and one of its own, "third". */
static const struct {
	struct btf_header header;
	struct btf_type first, third;
	char strings[8];
} module = {
	.header = {.magic = BTF_MAGIC,
                   .version = 1,
                   .hdr_len = sizeof(struct btf_header),
                   .type_len = 2 * sizeof(struct btf_type),
                   .str_off = 2 * sizeof(struct btf_type),
                   .str_len = 7},
	.first = {.name_off = 1, .info = BTF_KIND_FUNC << 24},
	.third = {.name_off = 14 + 1, .info = BTF_KIND_FUNC << 24},
	.strings = "\0third",
};

static void all_functions_are_known_after_one_walk(void **state)
{
	char dir[] = "/tmp/quern-functions-XXXXXX";
	_cleanup_(freep) char *kernel = NULL, *other = NULL, *damaged = NULL, *kallsyms = NULL;
	static const char symbols[] = "0 T from_kallsyms\n0 t variant.isra.0\n0 t piece.cold\n";
	struct functions *f;

	assert_non_null(mkdtemp(dir));
	kernel = put_file(dir, "vmlinux", &btf, sizeof(btf));
	other = put_file(dir, "module", &module, sizeof(module));
	damaged = put_file(dir, "damaged", &module, sizeof(module) - 12);
	kallsyms = put_file(dir, ".kallsyms", symbols, sizeof(symbols) - 1);

	f = functions_new(kernel, kallsyms);
	assert_true(functions_has(f, "first"));
	assert_true(functions_has(f, "second"));
	assert_true(functions_has(f, "third"));
	assert_false(functions_has(f, "from_kallsyms"));
	assert_false(functions_has(f, ""));
	functions_free(f);

	f = functions_new(NULL, kallsyms);
	assert_true(functions_has(f, "from_kallsyms"));
	assert_true(functions_has(f, "variant"));
	assert_false(functions_has(f, "piece"));
	assert_false(functions_has(f, "first"));
	functions_free(f);

	f = functions_new(NULL, "/nowhere");
	assert_false(functions_has(f, "first"));
	functions_free(f);
	unlink(kernel);
	unlink(other);
	unlink(damaged);
	unlink(kallsyms);
	rmdir(dir);
}

/* Each byte changed, and each length cut: the answer may be wrong, but nothing is read outside. */
static void damaged_btf_does_no_harm(void **state)
{
	uint32_t id;

	for (size_t i = 0; i < sizeof(btf); i++) {
		_cleanup_(freep) uint8_t *copy = xmemdup(&btf, sizeof(btf));
		_cleanup_(freep) uint8_t *cut = i ? xmemdup(&btf, i) : NULL;

		copy[i] ^= 0xff;
		symbols_btf_search(copy, sizeof(btf), "second", &id);
		if (cut && i < sizeof(btf) - 2)
			assert_int_equal(symbols_btf_search(cut, i, "second", &id), -EBADMSG);
	}
}

static void absence_can_be_feigned(void **state)
{
	struct kernel *k;

	setenv("QUERN_WITHOUT", "btf,kprobe,tracefs,ringbuf,raw_tracepoint,fentry,lsm", 1);
	k = kernel_probe(false);
	assert_null(k->btf);
	assert_null(k->tracefs);
	assert_false(k->has_kprobe || k->has_ringbuf || k->has_raw_tracepoint || k->has_fentry ||
	             k->has_lsm);
	assert_false(kernel_has_tracepoint(k, "sched", "sched_switch"));
	assert_false(kernel_has_function(k, "schedule"));
	assert_true(k->possible_cpus >= k->online_cpus && k->online_cpus);
	assert_true(k->code >= KERNEL_CODE(4, 0, 0));
	assert_true(k->has_bpf == !k->bpf_denied);
	kernel_free(k);
	unsetenv("QUERN_WITHOUT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_come_from_where_they_are_true),
		cmocka_unit_test(cpu_lists_are_read),
		cmocka_unit_test(kernel_functions_are_found),
		cmocka_unit_test(btf_functions_have_ids),
		cmocka_unit_test(all_functions_are_known_after_one_walk),
		cmocka_unit_test(damaged_btf_does_no_harm),
		cmocka_unit_test(absence_can_be_feigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
