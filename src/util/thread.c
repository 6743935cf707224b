// SPDX-License-Identifier: Apache-2.0
#include "util/thread.h"

#include <signal.h>
#include <stdio.h>

int thread_start(pthread_t *ret, const char *name, void *(*main)(void *), void *arg)
{
	char kept[16];
	sigset_t all, before;
	pthread_t thread;
	int r;

	/* A new thread inherits the mask, so there is no moment at which it could get a signal. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, NULL, main, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return -r;
	snprintf(kept, sizeof(kept), "%s", name);
	pthread_setname_np(thread, kept);
	*ret = thread;
	return 0;
}
