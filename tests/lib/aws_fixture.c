// SPDX-License-Identifier: Apache-2.0
#include "aws_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/file.h"

extern char **environ;

static void clear_environment(void)
{
	for (size_t i = 0; environ[i];) {
		_cleanup_(freep) char *name = xstrndup(environ[i], strcspn(environ[i], "="));

		if (!strncmp(name, "AWS_", 4) || !strcmp(name, "http_proxy"))
			unsetenv(name);
		else
			i++;
	}
}

int aws_fixture_start(void **state)
{
	struct aws_fixture *f = xcalloc(1, sizeof(*f));

	clear_environment();
	f->home = mkdtemp(xstrdup("/tmp/quern-test-XXXXXX"));
	f->server = fake_http_start(NULL, NULL);
	f->credentials = credentials_new();
	setenv("HOME", f->home, 1);
	setenv("AWS_CONFIG_FILE", "~/config", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "~/credentials", 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	aws_fixture_url(f, "AWS_ENDPOINT_URL_STS", "");
	*state = f;
	return 0;
}

int aws_fixture_stop(void **state)
{
	struct aws_fixture *f = *state;
	DIR *d = opendir(f->home);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(f->home);
	credentials_free(f->credentials);
	fake_http_stop(f->server);
	diag_done(&f->diag);
	free(f->home);
	free(f);
	return 0;
}

const char *aws_fixture_file(struct aws_fixture *f, const char *name, const char *text)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", f->home, name);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
	return path;
}

void aws_fixture_url(struct aws_fixture *f, const char *variable, const char *path)
{
	_cleanup_(freep) char *url = xasprintf("%s%s", fake_http_url(f->server), path);

	setenv(variable, url, 1);
}

void aws_fixture_answer(struct aws_fixture *f, const char *body)
{
	const struct fake_answer answer = {.body = body};

	fake_http_script(f->server, &answer, 1);
}

const struct aws_keys *aws_fixture_get(struct aws_fixture *f, uint64_t now)
{
	const struct aws_keys *keys = NULL;

	diag_done(&f->diag);
	if (credentials_get(f->credentials, now, &keys, &f->diag))
		fail_msg("%s", diag_text(&f->diag));
	assert_non_null(keys);
	assert_string_equal(keys->secret_access_key, SECRET);
	assert_null(strstr(diag_text(&f->diag), SECRET));
	return keys;
}

void aws_fixture_expect(struct aws_fixture *f, const char *id, const char *token,
                        const char *provider)
{
	const struct aws_keys *keys = aws_fixture_get(f, NOW);

	assert_string_equal(keys->access_key_id, id);
	assert_string_equal(keys->session_token ? keys->session_token : "(none)",
	                    token ? token : "(none)");
	assert_string_equal(credentials_provider(f->credentials), provider);
	assert_string_equal(diag_text(&f->diag), "");
}

void aws_fixture_fails(struct aws_fixture *f, int r, const char *words)
{
	const struct aws_keys *keys = NULL;
	int got;

	diag_done(&f->diag);
	got = credentials_get(f->credentials, NOW, &keys, &f->diag);
	if (got != r || !strstr(diag_text(&f->diag), words))
		fail_msg("%s: %s", strerror(-got), diag_text(&f->diag));
	assert_null(keys);
	assert_null(strstr(diag_text(&f->diag), SECRET));
}

void aws_fixture_header(struct aws_fixture *f, size_t request, const char *name, const char *want)
{
	_cleanup_(freep) char *got = fake_http_header(fake_http_request(f->server, request), name);

	assert_string_equal(got ? got : "(none)", want ? want : "(none)");
}
