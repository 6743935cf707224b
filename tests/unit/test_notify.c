// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/notify.h"

/* A socket that listens at `name`, as the service manager's does. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	                 0);
	return fd;
}

static void assert_arrives(const char *name)
{
	char got[64] = "";
	int fd = listen_at(name);

	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_systemd("READY=1\nSTATUS=5 probes"), 0);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 23);
	assert_memory_equal(got, "READY=1\nSTATUS=5 probes", 23);
	close(fd);
	assert_int_equal(notify_systemd("STOPPING=1"), -ECONNREFUSED);
}

static void path(void **state)
{
	char folder[] = "/tmp/test_notify.XXXXXX", name[64];

	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/socket", folder);
	assert_arrives(name);
	unlink(name);
	assert_int_equal(notify_systemd("STOPPING=1"), -ENOENT);
	rmdir(folder);
}

static void abstract(void **state)
{
	char name[64];

	snprintf(name, sizeof(name), "@test_notify/%d", getpid());
	assert_arrives(name);
}

static void without_a_manager(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_systemd("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(notify_systemd("READY=1"), 0);
}

static void bad_names(void **state)
{
	char longest[200];

	setenv("NOTIFY_SOCKET", "relative/path", 1);
	assert_int_equal(notify_systemd("READY=1"), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	assert_int_equal(notify_systemd("READY=1"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path),
		cmocka_unit_test(abstract),
		cmocka_unit_test(without_a_manager),
		cmocka_unit_test(bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
