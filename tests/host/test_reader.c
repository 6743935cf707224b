/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records through both kinds of buffer, to the last one. The producer is a uprobe on a function of
 * this program, so that exactly as many are sent as it is called; what a full buffer refuses is
 * counted by the program (ring) or by the kernel (perf).
 */
#include "kernel/reader.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "programs.h"
#include "util/cleanup.h"
#include "util/time.h"

#define MAGIC           0x5155
#define RB_NO_WAKEUP    1
#define RB_FORCE_WAKEUP 2

static struct kernel *k;
static char exe[4096];

int reader_target(int n);

__attribute__((noipa, visibility("default"))) int reader_target(int n)
{
	__asm__ volatile("" ::: "memory");
	return n + 1;
}

struct counted {
	uint64_t records, lost, bad;
	uint16_t cpu;
};

static void on_record(void *ctx, uint16_t cpu, const void *data, uint32_t size)
{
	struct counted *c = ctx;
	uint64_t value = 0;

	memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
	c->bad += size < sizeof(value) || value != MAGIC;
	c->cpu = cpu;
	c->records++;
}

static void on_lost(void *ctx, uint64_t lost)
{
	((struct counted *)ctx)->lost += lost;
}

/* A producer: sends one record of 8 bytes for each call of reader_target(), counts what is refused. */
struct producer {
	struct object_map maps[2];
	struct bpf_insn insns[32];
	struct object_reloc relocs[2];
	struct object_program program;
	struct object object;
	struct loaded *loaded;
	struct attachment *attachment;
};

static void produce(struct producer *p, const struct bpf_insn *send, size_t n, uint32_t map_insn,
                    struct object_map buffer)
{
	const struct bpf_insn count[] = {JUMP_EQ(0, 0, 10), COUNT(), MOV_IMM(0, 0), EXIT()};
	struct attach_spec spec = {.kind = ATTACH_UPROBE,
	                           .binary = exe,
	                           .target = (char *)"reader_target",
	                           .pid = getpid()};
	_cleanup_(diag_donep) struct diag diag = {};
	int r;

	memset(p, 0, sizeof(*p));
	memcpy(p->insns, send, n * sizeof(*send));
	memcpy(p->insns + n, count, sizeof(count));
	p->maps[MAP_COUNTER] = counter_map();
	p->maps[MAP_BUFFER] = buffer;
	p->relocs[0] = (struct object_reloc){.insn = map_insn, .map = MAP_BUFFER};
	p->relocs[1] = (struct object_reloc)COUNT_RELOC((uint32_t)n + 1);
	p->program = (struct object_program){.name = (char *)"produce",
	                                     .insns = p->insns,
	                                     .n_insns = (uint32_t)(n + ARRAY_SIZE(count)),
	                                     .relocs = p->relocs,
	                                     .n_relocs = 2};
	p->object = object_of(p->maps, 2, &p->program);
	r = load_object(k, &p->object, &spec, NULL, &p->loaded, NULL, &diag);
	if (!r)
		r = attach_program(k, &spec, p->loaded->programs[0].fd, &p->attachment, &diag);
	if (r)
		print_error("%s\n", diag_text(&diag));
	assert_int_equal(r, 0);
}

static void produce_ring(struct producer *p, uint32_t bytes, int32_t flags)
{
	const struct bpf_insn send[] = {STORE64(10, -8, MAGIC),
	                                MOV_REG(2, 10),
	                                ADD_IMM(2, -8),
	                                LOAD_MAP(1),
	                                MOV_IMM(3, 8),
	                                MOV_IMM(4, flags),
	                                CALL(BPF_FUNC_ringbuf_output)};

	produce(p, send, ARRAY_SIZE(send), 3,
	        (struct object_map){.name = (char *)"ring",
	                            .type = BPF_MAP_TYPE_RINGBUF,
	                            .max_entries = bytes});
}

static void produce_perf(struct producer *p)
{
	const struct bpf_insn send[] = {STORE64(10, -8, MAGIC), MOV_REG(4, 10),
	                                ADD_IMM(4, -8),         LOAD_MAP(2),
	                                MOV32_IMM(3, -1), /* BPF_F_CURRENT_CPU */
	                                MOV_IMM(5, 8),          CALL(BPF_FUNC_perf_event_output)};

	produce(p, send, ARRAY_SIZE(send), 3,
	        (struct object_map){.name = (char *)"perf",
	                            .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	                            .key_size = 4,
	                            .value_size = 4,
	                            .max_entries = 0});
}

static uint64_t producer_done(struct producer *p)
{
	uint64_t refused = counting_value(p->loaded);

	attachment_free(p->attachment);
	loaded_free(p->loaded);
	return refused;
}

static void call(int n)
{
	for (int i = 0; i < n; i++)
		reader_target(i);
}

static void a_ring_delivers_every_record(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer p;

	skip_without(k->has_ringbuf, "ring buffers");
	produce_ring(&p, 65536, RB_NO_WAKEUP);
	assert_int_equal(
		reader_add_ring(r, p.loaded->maps[MAP_BUFFER], on_record, &c, &source, NULL), 0);
	assert_int_equal(reader_drain(r), 0);
	/* many times round the buffer */
	for (int i = 0; i < 20; i++) {
		call(1000);
		assert_int_equal(reader_drain(r), 1000);
	}
	assert_int_equal(c.records, 20000);
	assert_int_equal(c.bad, 0);
	assert_int_equal(c.cpu, UINT16_MAX);
	assert_int_equal(producer_done(&p), 0);
	reader_free(r);
}

static void a_full_ring_refuses_and_recovers(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer p;

	skip_without(k->has_ringbuf, "ring buffers");
	produce_ring(&p, 4096, RB_NO_WAKEUP);
	assert_int_equal(
		reader_add_ring(r, p.loaded->maps[MAP_BUFFER], on_record, &c, &source, NULL), 0);
	call(1000);
	reader_drain(r);
	assert_in_range(c.records, 200, 256);
	assert_int_equal(c.records + counting_value(p.loaded), 1000);
	call(100);
	assert_int_equal(reader_drain(r), 100);
	assert_int_equal(c.records + producer_done(&p), 1100);
	reader_free(r);
}

static void perf_buffers_deliver_every_record(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer p;

	produce_perf(&p);
	assert_int_equal(reader_add_perf(r, p.loaded->maps[MAP_BUFFER], 16, on_record, on_lost, &c,
	                                 &source, NULL),
	                 0);
	/* records of 24 bytes do not divide the buffer: some wrap */
	for (int i = 0; i < 20; i++) {
		call(1000);
		assert_int_equal(reader_drain_source(r, source), 1000);
	}
	assert_int_equal(c.records, 20000);
	assert_int_equal(c.bad + c.lost, 0);
	assert_true(c.cpu < k->possible_cpus);
	assert_int_equal(producer_done(&p), 0);
	reader_free(r);
}

static void full_perf_buffers_say_what_is_lost(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer p;
	cpu_set_t one, all;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	produce_perf(&p);
	assert_int_equal(reader_add_perf(r, p.loaded->maps[MAP_BUFFER], 1, on_record, on_lost, &c,
	                                 &source, NULL),
	                 0);
	call(1000);
	reader_drain(r);
	assert_in_range(c.records, 100, 200);
	call(1); /* what was lost is said as soon as there is room */
	reader_drain(r);
	assert_int_equal(c.records + c.lost, 1001);
	assert_int_equal(c.lost, producer_done(&p));
	sched_setaffinity(0, sizeof(all), &all);
	reader_free(r);
}

static uint64_t wait_ms(struct reader *r, uint64_t timeout_ms)
{
	uint64_t start = time_monotonic();

	assert_int_equal(reader_wait(r, timeout_ms * NSEC_PER_MSEC), 0);
	return (time_monotonic() - start) / NSEC_PER_MSEC;
}

static void waiting_ends_early_only_when_asked_to(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer quiet, loud;

	skip_without(k->has_ringbuf, "ring buffers");
	produce_ring(&quiet, 65536, RB_NO_WAKEUP);
	assert_int_equal(
		reader_add_ring(r, quiet.loaded->maps[MAP_BUFFER], on_record, &c, &source, NULL),
		0);
	call(10);
	wait_ms(r, 20); /* a buffer that holds records when it is added may wake once */
	call(10);
	assert_true(wait_ms(r, 50) >= 49);
	attachment_free(steal(&quiet.attachment));

	produce_ring(&loud, 65536, RB_FORCE_WAKEUP);
	assert_int_equal(
		reader_add_ring(r, loud.loaded->maps[MAP_BUFFER], on_record, &c, &source, NULL), 0);
	call(1);
	assert_true(wait_ms(r, 2000) < 1000);
	reader_drain(r);
	assert_int_equal(c.records, 21);
	producer_done(&quiet);
	producer_done(&loud);
	reader_free(r);
}

static void perf_buffers_wake_at_their_mark(void **state)
{
	struct reader *r = reader_new();
	struct counted c = {};
	struct reader_source *source;
	struct producer p;

	produce_perf(&p);
	assert_int_equal(reader_add_perf(r, p.loaded->maps[MAP_BUFFER], 16, on_record, on_lost, &c,
	                                 &source, NULL),
	                 0);
	call(10);
	assert_true(wait_ms(r, 50) >= 49);
	call(2000); /* 64 kB a CPU, 24 bytes each: past a quarter on one of two CPUs at least */
	assert_true(wait_ms(r, 2000) < 1000);
	assert_int_equal(reader_drain(r), 2010);
	producer_done(&p);
	reader_free(r);
}

static void *wake(void *reader)
{
	usleep(20000);
	reader_wake(reader);
	return NULL;
}

static void anybody_may_wake_the_reader(void **state)
{
	struct reader *r = reader_new();
	pthread_t thread;

	pthread_create(&thread, NULL, wake, r);
	assert_true(wait_ms(r, 2000) < 1000);
	pthread_join(thread, NULL);
	assert_true(wait_ms(r, 30) >= 29);
	reader_wake(r); /* before the wait: not forgotten */
	assert_true(wait_ms(r, 2000) < 1000);
	reader_free(r);
}

static void sources_come_and_go(void **state)
{
	struct reader *r = reader_new();
	struct counted a = {}, b = {};
	struct reader_source *first, *second;
	_cleanup_(diag_donep) struct diag diag = {};
	struct producer p;

	produce_perf(&p);
	assert_int_equal(
		reader_add_ring(r, p.loaded->maps[MAP_BUFFER], on_record, &a, &first, &diag),
		-EINVAL);
	assert_non_null(strstr(diag_text(&diag), "no ring buffer"));
	assert_int_equal(reader_add_perf(r, p.loaded->maps[MAP_BUFFER], 16, on_record, on_lost, &a,
	                                 &first, NULL),
	                 0);
	call(5);
	assert_int_equal(reader_drain(r), 5);
	reader_remove(r, first);
	call(5); /* nobody listens: the program counts them */
	assert_int_equal(counting_value(p.loaded), 5);
	assert_int_equal(reader_add_perf(r, p.loaded->maps[MAP_BUFFER], 16, on_record, on_lost, &b,
	                                 &second, NULL),
	                 0);
	call(7);
	assert_int_equal(reader_drain(r), 7);
	assert_int_equal(a.records, 5);
	assert_int_equal(b.records, 7);
	producer_done(&p);
	reader_free(r);
}

static int setup(void **state)
{
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	k = kernel_probe(false);
	if (!k->has_bpf || !k->has_uprobe) {
		print_message("skipped: %s\n", k->has_bpf ? "no uprobes" : k->bpf_denied);
		exit(77);
	}
	return n > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	k = kernel_free(k);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_delivers_every_record),
		cmocka_unit_test(a_full_ring_refuses_and_recovers),
		cmocka_unit_test(perf_buffers_deliver_every_record),
		cmocka_unit_test(full_perf_buffers_say_what_is_lost),
		cmocka_unit_test(waiting_ends_early_only_when_asked_to),
		cmocka_unit_test(perf_buffers_wake_at_their_mark),
		cmocka_unit_test(anybody_may_wake_the_reader),
		cmocka_unit_test(sources_come_and_go),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
