/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which compiler this is, for the cache key, without running it: asking `quern-cc --version` maps
 * all of LLVM, which costs more than a whole warm start. So the answer is kept in the cache folder
 * with the size and time of every file it came from (the program, libbcc, LLVM, Clang), and holds as
 * long as none of these has changed.
 */
#pragma once

#include "util/diag.h"

/*
 * The compiler's identity as one string. `cache_dir` NULL: ask every time. When there is no compiler
 * on this host but the cache folder knows one, that answer is taken (a cache that was filled
 * elsewhere). Heap string; -ENOENT when there is neither.
 */
int toolchain_identify(const char *compiler, const char *cache_dir, char **ret, struct diag *diag);
