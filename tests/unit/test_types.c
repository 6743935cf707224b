/* SPDX-License-Identifier: Apache-2.0 */
/* Whole hosts in a folder: how their distribution lays headers out, and what can be wrong with it. */
#include "kernel/types.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"

#define R "6.1.0-9-amd64"

static char *root;
static const struct kernel k = {
	.release = (char *)R,
	.version = (char *)"#1 SMP Debian 6.1.27-1",
	.machine = (char *)"x86_64",
};

static void put(const char *path, const char *text)
{
	_cleanup_(freep) char *full = xasprintf("%s%s", root, path);
	_cleanup_(freep) char *dir = xstrdup(full);
	FILE *f;

	*strrchr(dir, '/') = '\0';
	assert_int_equal(dir_make(dir, 0755), 0);
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_link(const char *path, const char *target)
{
	_cleanup_(freep) char *full = xasprintf("%s%s", root, path);
	_cleanup_(freep) char *dir = xstrdup(full);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(dir_make(dir, 0755), 0);
	assert_int_equal(symlink(target, full), 0);
}

/* The configured half of a tree. */
static void put_build(const char *dir, const char *release)
{
	_cleanup_(freep) char *autoconf = xasprintf("%s/include/generated/autoconf.h", dir);
	_cleanup_(freep) char *version = xasprintf("%s/include/generated/utsrelease.h", dir);
	_cleanup_(freep) char *define = xasprintf("#define UTS_RELEASE \"%s\"\n", release);

	put(autoconf, "#define CONFIG_X 1\n");
	put(version, define);
}

static void put_source(const char *dir)
{
	_cleanup_(freep) char *kconfig = xasprintf("%s/include/linux/kconfig.h", dir);

	put(kconfig, "\n");
}

static const struct types_rung *rung(const struct types *t, const char *name)
{
	for (size_t i = 0; i < t->n_rungs; i++)
		if (streq(t->rungs[i].name, name))
			return &t->rungs[i];
	fail_msg("no rung %s", name);
	return NULL;
}

static void assert_path(const char *path, const char *expected)
{
	assert_non_null(path);
	assert_memory_equal(path, root, strlen(root));
	assert_string_equal(path + strlen(root), expected);
}

static void assert_refused(const struct types_rung *r, const char *why)
{
	assert_false(r->usable);
	assert_null(r->identity);
	assert_non_null(r->reason);
	if (!strstr(r->reason, why))
		print_error("\"%s\" lacks \"%s\"\n", r->reason, why);
	assert_non_null(strstr(r->reason, why));
}

static void a_whole_tree_is_taken(void **state)
{
	struct types *t;
	_cleanup_(freep) char *argument = NULL, *expected = NULL;
	const struct types_rung *r;

	put_build("/usr/src/kernels/" R, R);
	put_source("/usr/src/kernels/" R);
	put_link("/lib/modules/" R "/build", "/usr/src/kernels/" R);
	t = types_find_under(root, &k, "auto", false);
	r = rung(t, "/lib/modules");
	assert_true(r->usable);
	assert_path(r->build, "/usr/src/kernels/" R);
	assert_null(r->source);
	assert_null(r->reason);
	assert_true(rung(t, "/usr/src")->usable);
	argument = types_argument(r);
	expected = xasprintf("headers:%s/usr/src/kernels/" R, root);
	assert_string_equal(argument, expected);
	types_free(t);
}

static void debian_is_joined_by_its_makefile(void **state)
{
	struct types *t;
	const struct types_rung *r;
	_cleanup_(freep) char *argument = NULL;

	put_build("/usr/src/linux-headers-" R, R);
	put("/usr/src/linux-headers-" R "/Makefile",
	    "# made\ninclude /usr/src/linux-headers-6.1.0-9-common/Makefile\n");
	put_source("/usr/src/linux-headers-6.1.0-9-common");
	t = types_find_under(root, &k, "auto", false);
	assert_refused(rung(t, "/lib/modules"), "there is no ");
	r = rung(t, "/usr/src");
	assert_true(r->usable);
	assert_path(r->build, "/usr/src/linux-headers-" R);
	assert_path(r->source, "/usr/src/linux-headers-6.1.0-9-common");
	argument = types_argument(r);
	assert_non_null(strstr(argument, "-common"));
	types_free(t);
}

static void suse_is_joined_by_its_links(void **state)
{
	struct types *t;

	put_build("/usr/src/linux-obj/x86_64/default", R);
	put_source("/usr/src/linux-6.4");
	put_link("/lib/modules/" R "/build", "/usr/src/linux-obj/x86_64/default");
	put_link("/lib/modules/" R "/source", "/usr/src/linux-6.4");
	t = types_find_under(root, &k, "auto", false);
	assert_true(rung(t, "/lib/modules")->usable);
	assert_path(rung(t, "/lib/modules")->source, "/usr/src/linux-6.4");
	types_free(t);
}

static void a_source_link_inside_the_tree_will_do(void **state)
{
	struct types *t;

	put_build("/src/build", R);
	put_source("/src/linux");
	put_link("/src/build/source", "../linux");
	t = types_find_under(root, &k, "/src/build", false);
	assert_string_equal(t->rungs[0].name, "named directory");
	assert_true(t->rungs[0].usable);
	assert_non_null(strstr(t->rungs[0].source, "/src/build/../linux"));
	types_free(t);
}

static void the_host_is_looked_at_from_a_container(void **state)
{
	struct types *t;

	put_build("/host/usr/src/linux-headers-" R, R);
	put_source("/host/usr/src/linux-headers-" R);
	put_link("/host/lib/modules/" R "/build", "/usr/src/linux-headers-" R);
	t = types_find_under(root, &k, "auto", false);
	assert_false(rung(t, "/lib/modules")->usable);
	assert_true(rung(t, "/host/lib/modules")->usable);
	assert_path(rung(t, "/host/lib/modules")->build, "/host/usr/src/linux-headers-" R);
	assert_true(rung(t, "/host/usr/src")->usable);
	types_free(t);
}

static void another_version_is_refused(void **state)
{
	struct types *t;
	const struct types_rung *r;

	put("/etc/os-release", "NAME=\"Debian\"\nID=debian\n");
	put_build("/usr/src/linux-headers-6.1.0-8-amd64", "6.1.0-8-amd64");
	put_source("/usr/src/linux-headers-6.1.0-8-amd64");
	t = types_find_under(root, &k, "auto", false);
	assert_refused(rung(t, "/usr/src"), "is for 6.1.0-8-amd64, and " R " is running");
	assert_refused(rung(t, "/usr/src"), "apt install linux-headers-" R);
	types_free(t);

	t = types_find_under(root, &k, "auto", true);
	r = rung(t, "/usr/src");
	assert_true(r->usable);
	assert_non_null(strstr(r->reason, "any version was asked for"));
	types_free(t);
}

static void the_running_kernels_own_comes_first(void **state)
{
	struct types *t;

	put_build("/usr/src/linux-headers-5.10.0-1-amd64", "5.10.0-1-amd64");
	put_source("/usr/src/linux-headers-5.10.0-1-amd64");
	put_build("/usr/src/linux-headers-" R, R);
	put_source("/usr/src/linux-headers-" R);
	t = types_find_under(root, &k, "auto", true);
	assert_path(rung(t, "/usr/src")->build, "/usr/src/linux-headers-" R);
	types_free(t);
}

static void broken_trees_are_named(void **state)
{
	struct types *t;

	put_link("/lib/modules/" R "/build", "/usr/src/gone");
	put("/usr/src/linux-headers-" R "/include/generated/utsrelease.h",
	    "#define UTS_RELEASE \"" R "\"\n");
	t = types_find_under(root, &k, "auto", false);
	assert_refused(rung(t, "/lib/modules"), "/usr/src/gone, which is not there");
	assert_refused(rung(t, "/usr/src"), "half a tree");
	types_free(t);

	put("/usr/src/linux-headers-" R "/include/generated/autoconf.h", "");
	t = types_find_under(root, &k, "auto", false);
	assert_refused(rung(t, "/usr/src"), "half of a split tree");
	types_free(t);

	put("/usr/src/linux-headers-" R "/include/generated/utsrelease.h",
	    "#define UTS_RELEASE \"");
	t = types_find_under(root, &k, "auto", false);
	assert_refused(rung(t, "/usr/src"), "does not say its version");
	types_free(t);

	put_link("/loop", "loop");
	t = types_find_under(root, &k, "/loop", false);
	assert_false(t->rungs[0].usable);
	types_free(t);
}

static void the_choice_is_kept(void **state)
{
	struct kernel with_btf = k;
	const struct types_rung **order;
	struct types *t;

	put("/btf", "x");
	with_btf.btf = xasprintf("%s/btf", root);
	put_build("/usr/src/linux-headers-" R, R);
	put_source("/usr/src/linux-headers-" R);

	t = types_find_under(root, &with_btf, "btf", false);
	assert_int_equal(types_order(t, false, &order), 1);
	assert_string_equal(order[0]->name, "BTF");
	assert_refused(rung(t, "/usr/src"), "not asked for");
	free(order);
	types_free(t);

	t = types_find_under(root, &with_btf, "headers", false);
	assert_int_equal(types_order(t, true, &order), 1);
	assert_string_equal(order[0]->name, "/usr/src");
	free(order);
	types_free(t);

	t = types_find_under(root, &with_btf, "/usr/src/linux-headers-" R, false);
	assert_int_equal(types_order(t, true, &order), 3);
	assert_string_equal(order[0]->name, "named directory");
	assert_string_equal(order[1]->name, "BTF");
	assert_string_equal(order[2]->name, "/usr/src");
	free(order);
	assert_int_equal(types_order(t, false, &order), 3);
	assert_string_equal(order[1]->name, "/usr/src");
	assert_string_equal(order[2]->name, "BTF");
	free(order);
	types_free(t);
	free(with_btf.btf);
}

static void identity_follows_the_headers(void **state)
{
	_cleanup_(freep) char *before = NULL;
	struct types *t;

	put_build("/usr/src/linux-headers-" R, R);
	put_source("/usr/src/linux-headers-" R);
	t = types_find_under(root, &k, "auto", false);
	before = xstrdup(rung(t, "/usr/src")->identity);
	types_free(t);
	t = types_find_under(root, &k, "auto", false);
	assert_string_equal(before, rung(t, "/usr/src")->identity);
	types_free(t);
	put("/usr/src/linux-headers-" R "/include/generated/autoconf.h", "#define CONFIG_Y 1234\n");
	t = types_find_under(root, &k, "auto", false);
	assert_string_not_equal(before, rung(t, "/usr/src")->identity);
	types_free(t);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int make_root(void **state)
{
	root = xstrdup("/tmp/quern-types-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	int r = nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(steal(&root));
	return r;
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)
	const struct CMUnitTest tests[] = {
		test(a_whole_tree_is_taken),
		test(debian_is_joined_by_its_makefile),
		test(suse_is_joined_by_its_links),
		test(a_source_link_inside_the_tree_will_do),
		test(the_host_is_looked_at_from_a_container),
		test(another_version_is_refused),
		test(the_running_kernels_own_comes_first),
		test(broken_trees_are_named),
		test(the_choice_is_kept),
		test(identity_follows_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
