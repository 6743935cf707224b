// SPDX-License-Identifier: Apache-2.0
#include "agent/setup.h"

#include <errno.h>
#include <string.h>

#include "probe/build.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/paths.h"

/* One entry of the configuration: from its name to a source with its options set. */
static struct probe *open_probe(const struct config *c, const struct config_probe *entry)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(freep) char *path = NULL;
	struct probe_source *source = NULL;
	int r;

	r = probe_find(entry->name, (const char *const *)c->probe_path, c->n_probe_path, &path,
	               &diag);
	if (!r)
		r = probe_source_load(path, false, &source, &diag);
	if (!r && entry->options)
		r = probe_source_set_options(source, entry->options, &diag);
	if (r) {
		probe_source_free(source);
		return probe_new_failed(entry->name, diag_text(&diag));
	}
	if (entry->buffer_bytes)
		source->buffer_bytes = entry->buffer_bytes;
	return probe_new(source);
}

/* A name and a path may lead to the same probe; its events would be counted as one. */
static void refuse_twin(const struct setup *s, struct probe *probe)
{
	for (size_t i = 0; i < s->n_probes; i++) {
		_cleanup_(diag_donep) struct diag diag = {};
		const struct probe *other = s->probes[i];

		if (probe->state == PROBE_FAILED || !streq(other->name, probe->name))
			continue;
		diag_error(&diag, -EEXIST, "%s: there is a probe of the name %s already%s%s",
		           probe->source->path, probe->name, other->source ? ", from " : "",
		           other->source ? other->source->path : "");
		probe_fail(probe, &diag);
	}
}

struct setup *setup_new(struct config *config)
{
	struct setup *p = xcalloc(1, sizeof(*p));

	p->config = config;
	p->kernel = kernel_probe(true);
	p->types = types_find(p->kernel, config->types, config->types_any_version);
	p->probes = xcalloc(config->n_probes, sizeof(struct probe *));
	for (size_t i = 0; i < config->n_probes; i++) {
		struct probe *probe = open_probe(config, &config->probes[i]);

		refuse_twin(p, probe);
		p->probes[p->n_probes++] = probe;
	}
	return p;
}

struct setup *setup_free(struct setup *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_probes; i++)
		probe_free(p->probes[i]);
	free(p->probes);
	types_free(p->types);
	kernel_free(p->kernel);
	config_free(p->config);
	free(p);
	return NULL;
}

bool setup_uses_ring(const struct setup *p)
{
	return p->kernel->has_ringbuf && p->config->transport != TRANSPORT_PERF;
}

static void log_compiling(void *ctx, const struct probe *probe, const struct types_rung *rung)
{
	(void)ctx;
	log_info("compiling %s (%s, types: %s)", probe->name, probe->source->path, rung->name);
}

void setup_build(struct setup *p, const char *cache_dir, bool progress)
{
	const struct build_env env = {
		.kernel = p->kernel,
		.types = p->types,
		.compiler = path_compiler(),
		.include_dir = path_probes(),
		.cache_dir = cache_dir ? cache_dir : p->config->cache_dir,
		.ring = setup_uses_ring(p),
		.buffer_bytes = p->config->buffer_bytes,
		.limits = {.timeout_ns = p->config->compile_timeout_ns,
	                   .memory = p->config->compile_memory,
	                   .parallel = p->kernel->online_cpus},
		.compiling = progress ? log_compiling : NULL,
	};

	probe_build_all(&env, p->probes, p->n_probes);
}

size_t setup_count(const struct setup *p, enum probe_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_probes; i++)
		n += p->probes[i]->state == state;
	return n;
}
