/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and their text forms. All times are nanoseconds. Thread-safe. */
#pragma once

#include <stdint.h>

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

uint64_t time_realtime(void);  /* since 1970, CLOCK_REALTIME */
uint64_t time_monotonic(void); /* CLOCK_MONOTONIC: what bpf_ktime_get_ns() counts */

/* What to add to a monotonic time to get the wall-clock time, at this moment. */
int64_t time_wall_offset(void);

/* "2026-01-02T03:04:05.678901234Z" (RFC 3339, UTC) into out. */
#define TIME_RFC3339_SIZE 31
void time_format_rfc3339(uint64_t realtime, char out[TIME_RFC3339_SIZE]);
