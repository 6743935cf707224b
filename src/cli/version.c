// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "probe/toolchain.h"
#include "util/cleanup.h"
#include "util/paths.h"

static const struct cli_arg args[] = {{}};

static const struct cli_spec spec = {
	.command = "version",
	.synopsis = "",
	.about = "Print the versions of Quern, of libbpf, and of the compiler with its libbcc.\n",
	.args = args,
};

int cmd_version(int argc, char **argv)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(freep) char *toolchain = NULL;
	const char *value, *start;
	int id = cli_next(&spec, argc, argv, &value);

	if (id != CLI_DONE)
		return id == CLI_HELP ? 0 : EXIT_USAGE;
	printf("quern %s\nlibbpf %s\n", QUERN_VERSION, libbpf_version_string() + 1);
	if (toolchain_identify(path_compiler(), NULL, &toolchain, &diag)) {
		printf("compiler: none (%s)\n", diag_text(&diag));
		return EXIT_SUCCESS;
	}
	start = strstr(toolchain, "toolchain ");
	if (start)
		printf("compiler: %.*s\n", (int)strcspn(start + 10, "\n"), start + 10);
	return EXIT_SUCCESS;
}
