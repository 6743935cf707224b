/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: maps as they were asked for, maps kept over a reload, and what the verifier refuses. */
#include "kernel/load.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "programs.h"
#include "util/cleanup.h"

static struct kernel *k;
static const struct attach_spec raw = {
	.kind = ATTACH_RAW_TRACEPOINT, .target = (char *)"sys_enter", .pid = -1};

static int load(const struct bpf_insn *insns, uint32_t n, const struct object_reloc *reloc,
                struct loaded **ret, struct buf *log, struct diag *diag)
{
	static struct object_map map;
	static struct object_program program;
	static struct object object;

	map = counter_map();
	program = (struct object_program){.name = (char *)"refused",
	                                  .insns = (struct bpf_insn *)insns,
	                                  .n_insns = n,
	                                  .relocs = (struct object_reloc *)reloc,
	                                  .n_relocs = reloc ? 1 : 0};
	object = object_of(&map, 1, &program);
	return load_object(k, &object, &raw, NULL, ret, log, diag);
}

static void assert_refused(const struct bpf_insn *insns, uint32_t n,
                           const struct object_reloc *reloc, const char *words)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(buf_donep) struct buf log = {};
	struct loaded *l;

	if (!load(insns, n, reloc, &l, &log, &diag))
		fail_msg("loaded, instead of: %s", words);
	if (!strstr(diag_text(&diag), words))
		print_error("\"%s\" lacks \"%s\"\n", diag_text(&diag), words);
	assert_non_null(strstr(diag_text(&diag), words));
	assert_memory_equal(diag_text(&diag), "hand.c: refused: ", strlen("hand.c: refused: "));
	assert_true(log.len > 0);
}

static void the_verifiers_words_come_back(void **state)
{
	const struct object_reloc at = COUNT_RELOC(0);
	/* out of range: newer kernels know that a constant index in range is always found */
	const struct bpf_insn no_null_check[] = {STORE32(10, -4, 9),
	                                         MOV_REG(2, 10),
	                                         ADD_IMM(2, -4),
	                                         LOAD_MAP(1),
	                                         CALL(BPF_FUNC_map_lookup_elem),
	                                         LOAD64(0, 0, 0),
	                                         EXIT()};
	const struct bpf_insn forever[] = {MOV_IMM(0, 0), JUMP_EQ(0, 0, -1), EXIT()};
	const struct bpf_insn stack[] = {STORE64(10, -520, 0), MOV_IMM(0, 0), EXIT()};
	const struct bpf_insn no_value[] = {EXIT()};
	const struct bpf_insn scalar[] = {MOV_IMM(1, 5), LOAD64(0, 1, 0), EXIT()};
	const struct bpf_insn context[] = {LOAD64(0, 1, 8000), EXIT()};
	const struct bpf_insn dead[] = {MOV_IMM(0, 0), EXIT(), MOV_IMM(0, 1), EXIT()};
	const struct bpf_insn helper[] = {CALL(BPF_FUNC_xdp_adjust_head), EXIT()};

	assert_refused(no_null_check, ARRAY_SIZE(no_null_check), &at, "against NULL");
	assert_refused(forever, ARRAY_SIZE(forever), NULL, "bound that the verifier can see");
	assert_refused(stack, ARRAY_SIZE(stack), NULL, "512 bytes");
	assert_refused(no_value, ARRAY_SIZE(no_value), NULL, "must return a value");
	assert_refused(scalar, ARRAY_SIZE(scalar), NULL, "bpf_probe_read_kernel()");
	assert_refused(context, ARRAY_SIZE(context), NULL, "context type");
	assert_refused(dead, ARRAY_SIZE(dead), NULL, "never run");
	assert_refused(helper, ARRAY_SIZE(helper), NULL, "attach in another way");
}

/* A log of megabytes: a walk through a million instructions. */
static void long_logs_are_bounded(void **state)
{
	struct bpf_insn insns[64];
	size_t n = 0;

	insns[n++] = MOV_IMM(6, 0);
	for (int i = 0; i < 40; i++) {
		insns[n++] = CALL(BPF_FUNC_get_prandom_u32);
		insns[n++] = JUMP_EQ(0, 0, 0);
		if (n > 58)
			break;
	}
	insns[n++] = ADD_IMM(6, 1);
	insns[n] = INSN(BPF_JMP | BPF_JLT | BPF_K, 6, 0, (int16_t)(-(int)n), 1000000);
	n++;
	insns[n++] = EXIT();
	assert_refused(insns, (uint32_t)n, NULL, "");
}

static void maps_have_the_sizes_that_the_kernel_wants(void **state)
{
	struct object_map maps[] = {
		counter_map(),
		{.name = (char *)"ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 5000},
		{.name = (char *)"perf",
	         .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	         .key_size = 4,
	         .value_size = 4,
	         .max_entries = 0},
	};
	uint32_t n_maps = k->has_ringbuf ? ARRAY_SIZE(maps) : 1;
	const struct bpf_insn insns[] = {MOV_IMM(0, 0), EXIT()};
	struct object_program p = {.name = (char *)"empty",
	                           .insns = (struct bpf_insn *)insns,
	                           .n_insns = ARRAY_SIZE(insns)};
	struct object o = object_of(maps, n_maps, &p);
	_cleanup_(diag_donep) struct diag diag = {};
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	struct loaded *l;

	assert_int_equal(load_object(k, &o, &raw, NULL, &l, NULL, &diag), 0);
	if (n_maps == ARRAY_SIZE(maps)) {
		assert_int_equal(bpf_obj_get_info_by_fd(l->maps[1], &info, &size), 0);
		assert_int_equal(info.max_entries, 8192);
		assert_int_equal(bpf_obj_get_info_by_fd(l->maps[2], &info, &size), 0);
		assert_int_equal(info.max_entries, k->possible_cpus);
	}
	loaded_free(l);
}

static void maps_are_kept_over_a_reload(void **state)
{
	struct counting first, second;
	struct object_map other = counter_map();
	_cleanup_(diag_donep) struct diag diag = {};
	int keep[1];
	struct loaded *l;

	counting_load(&first, k, &raw, 0);
	assert_int_equal(bpf_map_update_elem(first.loaded->maps[0], &(uint32_t){0}, &(uint64_t){42},
	                                     BPF_ANY),
	                 0);
	keep[0] = first.loaded->maps[0];
	second = first;
	second.object.maps = &second.map;
	assert_int_equal(load_object(k, &second.object, &raw, keep, &l, NULL, &diag), 0);

	other.value_size = 16;
	second.object.maps = &other;
	second.loaded = NULL;
	assert_int_equal(load_object(k, &second.object, &raw, keep, &second.loaded, NULL, &diag),
	                 -EEXIST);
	assert_non_null(strstr(diag_text(&diag), "another map"));

	loaded_free(first.loaded);
	assert_int_equal(counting_value(l), 42);
	second.object.maps = &second.map;
	loaded_free(l);
}

static void damaged_references_are_refused(void **state)
{
	const struct bpf_insn insns[] = {COUNT(), MOV_IMM(0, 0), EXIT()};
	const struct object_reloc bad[] = {{.insn = 3, .map = 7}, {.insn = 99}, {.insn = 0}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct loaded *l;

		assert_int_equal(load(insns, ARRAY_SIZE(insns), &bad[i], &l, NULL, &diag),
		                 -EBADMSG);
	}
}

static void what_the_kernel_lacks_is_said(void **state)
{
	const struct bpf_insn insns[] = {MOV_IMM(0, 0), EXIT()};
	struct object_program p = {.name = (char *)"on_open",
	                           .insns = (struct bpf_insn *)insns,
	                           .n_insns = ARRAY_SIZE(insns)};
	struct object_map map = counter_map();
	struct object o = object_of(&map, 1, &p);
	struct attach_spec kfunc = {.kind = ATTACH_KFUNC, .target = (char *)"vfs_open"};
	struct attach_spec lsm = {.kind = ATTACH_LSM, .target = (char *)"file_open"};
	_cleanup_(diag_donep) struct diag diag = {};
	struct kernel without = *k;
	struct loaded *l;

	without.has_fentry = without.has_lsm = false;
	assert_int_equal(load_object(&without, &o, &kfunc, NULL, &l, NULL, &diag), -EOPNOTSUPP);
	assert_non_null(strstr(diag_text(&diag), "kfunc vfs_open: this kernel takes no"));
	assert_int_equal(load_object(&without, &o, &lsm, NULL, &l, NULL, &diag), -EOPNOTSUPP);
	without.has_bpf = false;
	without.bpf_denied = (char *)"because";
	assert_int_equal(load_object(&without, &o, &raw, NULL, &l, NULL, &diag), -EPERM);
	assert_non_null(strstr(diag_text(&diag), "hand.c: because"));
}

static void functions_that_nothing_attaches_are_loaded(void **state)
{
	const struct attach_spec none = {.kind = ATTACH_NONE, .pid = -1};
	struct counting c;
	struct loaded_stats stats = {.runs = 1};

	counting_load(&c, k, &none, 0);
	assert_true(c.loaded->programs[0].fd >= 0);
	assert_int_equal(loaded_program_stats(c.loaded->programs[0].fd, &stats), 0);
	assert_int_equal(stats.runs, 0);
	loaded_free(c.loaded);
}

static int setup(void **state)
{
	k = kernel_probe(false);
	if (!k->has_bpf) {
		print_message("skipped: %s\n", k->bpf_denied);
		exit(77);
	}
	return 0;
}

static int teardown(void **state)
{
	k = kernel_free(k);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verifiers_words_come_back),
		cmocka_unit_test(long_logs_are_bounded),
		cmocka_unit_test(maps_have_the_sizes_that_the_kernel_wants),
		cmocka_unit_test(maps_are_kept_over_a_reload),
		cmocka_unit_test(damaged_references_are_refused),
		cmocka_unit_test(what_the_kernel_lacks_is_said),
		cmocka_unit_test(functions_that_nothing_attaches_are_loaded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
