// SPDX-License-Identifier: Apache-2.0
#include "cc/stock.h"

#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "cc/assemble.h"
#include "cc/scan.h"
#include "cc/schema_btf.h"
#include "util/alloc.h"

/* "name#type": is the member of this name? */
static bool field_is(const char *description, const char *name)
{
	size_t n = strcspn(description, "#");

	return strlen(name) == n && !strncmp(description, name, n);
}

static bool fits(const struct bcc *bcc, const char *table, const struct btf *btf,
                 const struct btf_type *t)
{
	size_t n = bcc_n_event_fields(bcc, table);

	if (!btf_is_struct(t) || btf_vlen(t) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!field_is(bcc_event_field(bcc, table, i),
		              btf__name_by_offset(btf, btf_members(t)[i].name_off)))
			return false;
	return true;
}

struct schema *stock_schema(const struct bcc *bcc, const char *table, const struct btf *btf)
{
	struct schema *schema;

	if (!btf || !bcc_n_event_fields(bcc, table))
		return NULL;
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++)
		if (fits(bcc, table, btf, btf__type_by_id(btf, id)) &&
		    !schema_from_btf(btf, id, &schema, NULL))
			return schema;
	return NULL;
}

struct carriers {
	struct buf *out;
	unsigned int n;
};

static void append_carrier(void *ctx, const char *name, bool is_typedef)
{
	struct carriers *c = ctx;

	buf_printf(c->out, "BPF_ARRAY(" CARRIER_PREFIX "%u, %s%s, 1);\n", c->n++,
	           is_typedef ? "" : "struct ", name);
}

void stock_append_carriers(const char *text, size_t size, struct buf *out)
{
	struct carriers c = {.out = out};

	buf_puts(out, "\n#line 1 \"carriers\"\n");
	scan_structs(text, size, append_carrier, &c);
}
