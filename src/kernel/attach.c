// SPDX-License-Identifier: Apache-2.0
#include "kernel/attach.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/attachment.h"
#include "kernel/refusal.h"
#include "util/alloc.h"
#include "util/cleanup.h"

void attachment_add(struct attachment *a, int fd)
{
	*array_push(&a->fds, &a->n_fds, &a->fds_cap) = fd;
}

struct attachment *attachment_free(struct attachment *a)
{
	if (!a)
		return NULL;
	while (a->n_fds)
		close(a->fds[--a->n_fds]);
	free(a->fds);
	free(a);
	return NULL;
}
DEFINE_CLEANUP(struct attachment *, attachment_free)

int attach_failed(const struct kernel *k, const struct attach_spec *spec, int r, struct diag *diag)
{
	_cleanup_(freep) char *what = attach_spec_describe(spec);
	_cleanup_(freep) char *why = refusal_reason(k, r);

	return diag_error(diag, r, "%s: cannot attach: %s", what, why);
}

static int attach(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                  struct attachment *a, struct diag *diag)
{
	static int (*const attachers[])(const struct kernel *, const struct attach_spec *, int,
	                                struct attachment *, struct diag *) = {
		[ATTACH_KPROBE] = attach_kernel_probe,
		[ATTACH_KRETPROBE] = attach_kernel_probe,
		[ATTACH_TRACEPOINT] = attach_tracepoint,
		[ATTACH_RAW_TRACEPOINT] = attach_raw_tracepoint,
		[ATTACH_KFUNC] = attach_btf_function,
		[ATTACH_KRETFUNC] = attach_btf_function,
		[ATTACH_KMOD_RET] = attach_btf_function,
		[ATTACH_LSM] = attach_btf_function,
		[ATTACH_UPROBE] = attach_user_probe,
		[ATTACH_URETPROBE] = attach_user_probe,
		[ATTACH_USDT] = attach_user_probe,
		[ATTACH_PERF_EVENT] = attach_sampling,
		[ATTACH_SOCKET_FILTER] = attach_socket_filter,
		[ATTACH_XDP] = attach_xdp,
	};

	assert((size_t)spec->kind < ARRAY_SIZE(attachers));
	return attachers[spec->kind] ? attachers[spec->kind](k, spec, prog_fd, a, diag) : 0;
}

int attach_program(const struct kernel *k, const struct attach_spec *spec, int prog_fd,
                   struct attachment **ret, struct diag *diag)
{
	_cleanup_(attachment_freep) struct attachment *a = xcalloc(1, sizeof(*a));
	int r = attach(k, spec, prog_fd, a, diag);

	if (r)
		return r;
	*ret = steal(&a);
	return 0;
}

int attach_check(const struct kernel *k, const struct attach_spec *spec, struct diag *diag)
{
	struct attachment a = {.look_only = true};

	return attach(k, spec, -1, &a, diag);
}
