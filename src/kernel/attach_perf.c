// SPDX-License-Identifier: Apache-2.0
/*
 * Attach points that are perf events: the program rides on a descriptor of perf_event_open(2) and
 * goes with it. One event on one CPU is enough for a kprobe, uprobe or tracepoint of all processes:
 * the program hangs on the probe itself and runs wherever that fires. Only sampling is counted on
 * each CPU apart.
 */
#include "kernel/attachment.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "kernel/perf_event.h"
#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/units.h"

#define CONFIG_RETPROBE 1ull /* both sources' format/retprobe: "config:0" */

int attach_event(struct perf_event_attr *attr, int pid, int cpu, int prog_fd, struct attachment *a)
{
	_cleanup_(closep) int fd = -1;

	if (a->look_only)
		return 0;
	attr->size = sizeof(*attr);
	fd = perf_event_open(attr, pid, cpu);
	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	attachment_add(a, steal_fd(&fd));
	return 0;
}

int attach_probe_event(struct perf_event_attr *attr, int pid, int prog_fd, struct attachment *a)
{
	return attach_event(attr, pid >= 0 ? pid : -1, pid >= 0 ? -1 : 0, prog_fd, a);
}

int attach_read_number(const char *path, uint64_t *ret)
{
	_cleanup_(freep) char *line = NULL;
	int r = file_read_line(path, &line);

	return r ? r : parse_u64(line, ret);
}

int attach_source_event(const char *source, struct perf_event_attr *attr, bool on_return, int pid,
                        int prog_fd, struct attachment *a)
{
	_cleanup_(freep) char *path = xasprintf("/sys/bus/event_source/devices/%s/type", source);
	uint64_t type;
	int r = attach_read_number(path, &type);

	if (r)
		return r;
	attr->type = (uint32_t)type;
	attr->config |= on_return ? CONFIG_RETPROBE : 0;
	return attach_probe_event(attr, pid, prog_fd, a);
}
