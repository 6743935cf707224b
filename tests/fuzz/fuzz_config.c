// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(config_freep) struct config *c = NULL;
	int r = config_parse("/f", (const char *)data, size, &c, &diag);

	assert(!r == !!c && !r == !diag.errors);
	if (!c)
		return 0;
	assert(c->n_probe_path >= 2 && c->types[0] && c->buffer_bytes && c->drain_ns);
	for (size_t i = 0; i < c->n_probes; i++)
		assert(c->probes[i].name[0]);
	for (size_t i = 0; i < c->n_sinks; i++)
		assert(c->sinks[i].sink->label);
	return 0;
}
