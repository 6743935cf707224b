/* SPDX-License-Identifier: Apache-2.0 */
/* An object's maps become maps in the kernel: new ones, pinned ones, or those of an older version. */
#pragma once

#include "core/object.h"
#include "kernel/kernel.h"
#include "util/diag.h"

/*
 * Open all maps, in the object's order, into `ret_fds` (object->n_maps of them, set to -1 before).
 * `btf_fd`: of the object's BTF, -1: the kernel took none. `reuse` as in load_object(). On failure
 * those that were opened until then stay in ret_fds, for the caller to close.
 */
int maps_open(const struct kernel *k, const struct object *object, int btf_fd, const int *reuse,
              int *ret_fds, struct diag *diag);
