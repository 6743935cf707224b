// SPDX-License-Identifier: Apache-2.0
#include "kernel/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

static int parse_number(const char **p, uint32_t *ret)
{
	char *end;
	unsigned long v;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	v = strtoul(*p, &end, 10);
	if (v >= CPUS_MAX)
		return -EINVAL;
	*p = end;
	*ret = (uint32_t)v;
	return 0;
}

int cpus_parse(const char *list, uint32_t **ret_ids, size_t *ret_n)
{
	_cleanup_(freep) uint32_t *ids = NULL;
	size_t n = 0, cap = 0;

	for (const char *p = list;; p++) {
		uint32_t first, last;

		if (parse_number(&p, &first))
			return -EINVAL;
		last = first;
		if (*p == '-' && (p++, parse_number(&p, &last)))
			return -EINVAL;
		if (last < first || (n && first <= ids[n - 1]))
			return -EINVAL;
		for (uint32_t id = first; id <= last; id++)
			*array_push(&ids, &n, &cap) = id;
		if (*p == '\0')
			break;
		if (*p != ',')
			return -EINVAL;
	}
	*ret_ids = steal(&ids);
	*ret_n = n;
	return 0;
}

size_t cpus_list(enum cpus_set set, uint32_t **ret_ids)
{
	_cleanup_(freep) char *line = NULL;
	uint32_t *ids;
	size_t n;
	long counted;

	if (!file_read_line(set == CPUS_POSSIBLE ? "/sys/devices/system/cpu/possible"
	                                         : "/sys/devices/system/cpu/online",
	                    &line) &&
	    !cpus_parse(line, ret_ids, &n))
		return n;

	counted = sysconf(set == CPUS_POSSIBLE ? _SC_NPROCESSORS_CONF : _SC_NPROCESSORS_ONLN);
	n = counted > 0 ? (size_t)counted : 1;
	ids = xcalloc(n, sizeof(*ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = (uint32_t)i;
	*ret_ids = ids;
	return n;
}
