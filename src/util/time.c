// SPDX-License-Identifier: Apache-2.0
#include "util/time.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t time_realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t time_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t time_wall_offset(void)
{
	/* Monotonic is read on both sides, so that a preemption in between halves its error. */
	uint64_t before = time_monotonic();
	uint64_t wall = time_realtime();
	uint64_t after = time_monotonic();

	return (int64_t)(wall - (before + (after - before) / 2));
}

void time_format_rfc3339(uint64_t realtime, char out[TIME_RFC3339_SIZE])
{
	time_t seconds = (time_t)(realtime / NSEC_PER_SEC);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, TIME_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TIME_RFC3339_SIZE - n, ".%09uZ", (unsigned int)(realtime % NSEC_PER_SEC));
}
