// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/notify.h"
#include "util/time.h"

#define IDLE_FACTOR  5 /* with nothing to read, drains slow down to this many intervals */
#define SETTLE_NS    (2 * NSEC_PER_MSEC)
#define HOUSEKEEPING NSEC_PER_SEC

static atomic_bool stop_requested;

/* A failed probe's reason may be a compiler's whole output: its first line is the headline. */
static void log_failed(const struct probe *p)
{
	log_error("probe %s cannot run: %s", p->name, p->reason);
}

static void fail_probe(struct probe *p, struct diag *diag)
{
	probe_fail(p, diag);
	log_failed(p);
}

static void load_probes(struct agent *a)
{
	struct setup *setup = a->setup;
	uint32_t next_id = 0;
	size_t n_events = 0;

	for (size_t i = 0; i < setup->n_probes; i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct probe *p = setup->probes[i];

		if (p->warnings)
			log_warning("probe %s: %s", p->name, p->warnings);
		if (p->state == PROBE_FAILED)
			log_failed(p);
		else if (probe_load(p, setup->kernel, &next_id, &diag))
			fail_probe(p, &diag);
		n_events += p->n_events;
	}
	pump_reserve(&a->pump, n_events);
}

static void attach_probes(struct agent *a)
{
	struct setup *setup = a->setup;

	for (size_t i = 0; i < setup->n_probes; i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		struct probe *p = setup->probes[i];

		if (p->state != PROBE_LOADED)
			continue;
		if (!pump_add_probe(&a->pump, p, setup->kernel, setup->config->buffer_bytes,
		                    &diag) &&
		    !probe_attach(p, setup->kernel, &diag)) {
			if (diag.warnings)
				log_warning("probe %s: %s", p->name, diag_text(&diag));
			continue;
		}
		pump_remove_probe(&a->pump, p);
		fail_probe(p, &diag);
	}
}

static json_t *on_status(void *ctx)
{
	return agent_status(ctx);
}

static void on_add_sink(void *ctx, struct sink *sink)
{
	struct agent *a = ctx;

	fanout_add(&a->fanout, sink);
}

static void on_remove_sink(void *ctx, struct sink *sink)
{
	struct agent *a = ctx;

	fanout_remove(&a->fanout, sink);
}

/* An agent without its socket works; it only cannot be asked. */
static void open_control(struct agent *a)
{
	static const struct control_ops ops = {
		.status = on_status,
		.add_sink = on_add_sink,
		.remove_sink = on_remove_sink,
	};
	_cleanup_(diag_donep) struct diag diag = {};

	if (control_open(a->setup->config->run_dir, a->setup->kernel->host, &ops, a, &a->control,
	                 &diag))
		log_warning("status and tap are not available: %s", diag_text(&diag));
}

/* Everything but attaching. */
static int prepare(struct agent *a)
{
	struct setup *setup = a->setup;
	_cleanup_(diag_donep) struct diag diag = {};

	if (!setup->kernel->has_bpf) {
		log_error("%s", setup->kernel->bpf_denied);
		return -EPERM;
	}
	if (!setup->kernel->tracefs)
		log_warning(
			"no tracefs, and it cannot be mounted: probes cannot use tracepoints or the kernel's "
			"functions; run: mount -t tracefs tracefs /sys/kernel/tracing");
	setup_build(setup, NULL, true);
	load_probes(a);
	if (a->options.strict && setup_count(setup, PROBE_FAILED)) {
		log_error("not started: --strict, and not every probe can run");
		return -EINVAL;
	}
	if (!setup_count(setup, PROBE_LOADED)) {
		log_error("not started: no probe can run");
		return -EINVAL;
	}
	if (a->options.record && recorder_open(a->options.record, &a->pump.recorder, &diag)) {
		log_error("%s", diag_text(&diag));
		return -EIO;
	}
	if (fanout_start(&a->fanout, setup->config, setup->kernel->host, &diag)) {
		log_error("%s", diag_text(&diag));
		return -EIO;
	}
	return 0;
}

static void release(struct agent *a)
{
	for (size_t i = 0; i < a->setup->n_probes; i++)
		pump_remove_probe(&a->pump, a->setup->probes[i]);
	if (a->pump.recorder && recorder_close(steal(&a->pump.recorder)))
		log_error("%s: the recording is incomplete", a->options.record);
	pump_done(&a->pump);
	fanout_done(&a->fanout);
}

static size_t count_cached(const struct setup *setup)
{
	size_t n = 0;

	for (size_t i = 0; i < setup->n_probes; i++)
		n += setup->probes[i]->state == PROBE_LIVE && setup->probes[i]->cached;
	return n;
}

int agent_start(struct agent *a, struct setup *setup, const struct agent_options *options)
{
	size_t live, failed, cached;
	int r;

	*a = (struct agent){.setup = setup, .options = *options};
	fanout_init(&a->fanout);
	pump_init(&a->pump, &a->fanout);
	r = prepare(a);
	if (!r)
		attach_probes(a);
	live = setup_count(setup, PROBE_LIVE);
	failed = setup_count(setup, PROBE_FAILED);
	if (!r && (!live || (options->strict && failed))) {
		log_error("not started: %s",
		          live ? "--strict, and not every probe can run" : "no probe can run");
		for (size_t i = 0; i < setup->n_probes; i++)
			probe_detach(setup->probes[i]);
		fanout_stop(&a->fanout, setup->config, 0);
		r = -EINVAL;
	}
	if (r) {
		release(a);
		return r;
	}
	open_control(a);
	cached = count_cached(setup);
	log_info("ready probes=%zu compiled=%zu cached=%zu failed=%zu elapsed_ms=%llu", live,
	         live - cached, cached, failed,
	         (unsigned long long)((time_monotonic() - options->started) / NSEC_PER_MSEC));
	notify_systemd("READY=1");
	return 0;
}

void agent_stop(struct agent *a)
{
	atomic_store(&stop_requested, true);
	if (a->pump.reader)
		reader_wake(a->pump.reader);
}

void agent_run(struct agent *a)
{
	uint64_t interval = a->setup->config->drain_ns, timeout = interval, next_check = 0;
	uint64_t end =
		a->options.duration_ns ? time_monotonic() + a->options.duration_ns : UINT64_MAX;

	while (!atomic_load(&stop_requested)) {
		uint64_t now = time_monotonic();

		if (now >= end)
			break;
		if (now >= next_check) {
			next_check = now + HOUSEKEEPING;
			fanout_log_complaints(a->setup->config);
			if (fanout_all_broken(&a->fanout))
				break;
			if (a->pump.record_error) {
				log_error_errno(a->pump.record_error, "%s: recording stopped",
				                a->options.record);
				a->pump.record_error = 0;
			}
			notify_systemd("WATCHDOG=1");
		}
		reader_wait(a->pump.reader, timeout < end - now ? timeout : end - now);
		if (pump_drain(&a->pump))
			timeout = interval;
		else if (timeout < interval * IDLE_FACTOR)
			timeout += interval;
	}
}

/* Totals over all probes and sinks, for the last line of the log. */
static void log_summary(struct agent *a)
{
	const struct setup *setup = a->setup;
	uint64_t emitted = 0, lost = 0, malformed = 0, delivered = 0, dropped = 0;

	for (size_t i = 0; i < setup->n_probes; i++) {
		for (size_t j = 0; j < setup->probes[i]->n_events; j++) {
			const struct probe_event *e = &setup->probes[i]->events[j];
			uint64_t e_emitted, e_lost;

			probe_event_counts(e, setup->kernel->possible_cpus, &e_emitted, &e_lost);
			emitted += e_emitted;
			lost += e_lost;
			malformed += atomic_load(&e->malformed);
		}
	}
	for (size_t i = 0; i < setup->config->n_sinks; i++) {
		const struct tally *t = setup->config->sinks[i].sink->tallies;

		for (size_t id = 0; id < EVENTS_MAX; id++) {
			struct tally_view v;

			tally_read(&t[id], &v);
			delivered += v.delivered;
			for (size_t why = 0; why < DROP_REASONS; why++)
				dropped += v.dropped[why];
		}
	}
	log_info("stopped emitted=%llu lost=%llu malformed=%llu delivered=%llu dropped=%llu",
	         (unsigned long long)emitted, (unsigned long long)lost,
	         (unsigned long long)malformed, (unsigned long long)delivered,
	         (unsigned long long)dropped);
}

void agent_finish(struct agent *a)
{
	const struct timespec settle = {.tv_nsec = SETTLE_NS};

	notify_systemd("STOPPING=1");
	for (size_t i = 0; i < a->setup->n_probes; i++)
		probe_detach(a->setup->probes[i]);
	/* A program that had begun when its event was detached still ends, and may emit. */
	nanosleep(&settle, NULL);
	while (pump_drain(&a->pump))
		;
	fanout_stop(&a->fanout, a->setup->config, a->setup->config->shutdown_ns);
	a->control = control_close(a->control);
	log_summary(a);
	release(a);
}
