/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the service, told to its manager as sd_notify(3) does. Thread-safe. */
#pragma once

/*
 * Send `state` ("READY=1", "STATUS=…", "STOPPING=1", several lines if need be) to the socket that
 * $NOTIFY_SOCKET names, a path or, after @, an abstract name. Nothing is sent, and 0 returned, when
 * it is not set. Never blocks. Negative errno when nobody listens there.
 */
int notify_systemd(const char *state);
