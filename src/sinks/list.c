// SPDX-License-Identifier: Apache-2.0
/* Every kind of sink: one file each, and one line in both places here. */
#include "sinks/sink.h"

#include <string.h>

#include "util/alloc.h"

extern const struct sink_ops console_ops;
extern const struct sink_ops file_ops;
extern const struct sink_ops s3_ops;
extern const struct sink_ops statsd_ops;

const struct sink_ops *const sink_list[] = {
	&console_ops, &file_ops, &s3_ops, &statsd_ops, NULL,
};

const struct sink_ops *sink_ops_find(const char *name)
{
	for (const struct sink_ops *const *ops = sink_list; *ops; ops++)
		if (streq((*ops)->name, name))
			return *ops;
	return NULL;
}
