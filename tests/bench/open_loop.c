/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The application under watch: opens and closes one file over and over on one core and prints what
 * an open (with its close) took, in nanoseconds.
 *
 *	open_loop [OPENS [FILE [CPU]]]
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long opens = argc > 1 ? strtoul(argv[1], NULL, 10) : 500000;
	const char *file = argc > 2 ? argv[2] : "/etc/hostname";
	int cpu = argc > 3 ? atoi(argv[3]) : 0;
	uint64_t start;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "cannot pin to CPU %d", cpu);
	start = now();
	for (unsigned long i = 0; i < opens; i++) {
		int fd = openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			err(1, "%s", file);
		close(fd);
	}
	printf("%.1f\n", (double)(now() - start) / opens);
	return 0;
}
