/* SPDX-License-Identifier: Apache-2.0 */
/* The socket's place in the file system, for the server and the client; private to this folder. */
#pragma once

#include <sys/un.h>

#include "util/diag.h"

/* RUN_DIR/quern.sock. -ENAMETOOLONG with a message when it does not fit into an address. */
int socket_address(const char *run_dir, struct sockaddr_un *ret, struct diag *diag);

/* Make the folder, replace a dead agent's socket, listen. The descriptor does not block. */
int socket_listen(const char *run_dir, const struct sockaddr_un *address, int *ret_fd,
                  struct diag *diag);
