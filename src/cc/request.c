// SPDX-License-Identifier: Apache-2.0
#include "cc/request.h"

#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/units.h"

enum { TYPES = 256, VERSION_CODE, NAME, KEY, USDT, DUMP, VERSION };

static const struct option options[] = {
	{"types", required_argument, NULL, TYPES},
	{"version-code", required_argument, NULL, VERSION_CODE},
	{"name", required_argument, NULL, NAME},
	{"key", required_argument, NULL, KEY},
	{"usdt", required_argument, NULL, USDT},
	{"dump", required_argument, NULL, DUMP},
	{"version", no_argument, NULL, VERSION},
	{"help", no_argument, NULL, 'h'},
	{},
};

static const char help[] =
	"usage: quern-cc [OPTION…] -o OBJECT SOURCE\n"
	"       quern-cc --dump OBJECT\n"
	"       quern-cc --version\n"
	"\n"
	"Compile one probe into an object that quern loads. Nothing is created in the kernel and no\n"
	"privileges are needed; what is wrong with the source is said on stderr.\n"
	"\n"
	"  -o OBJECT              where to write (- is stdout)\n"
	"  --types btf:FILE       the kernel's types; default btf:/sys/kernel/btf/vmlinux\n"
	"  --types headers:BUILD[:SOURCE]\n"
	"                         the same from configured kernel headers\n"
	"  --version-code N       LINUX_VERSION_CODE of that kernel; default: the running one's\n"
	"  -D NAME[=VALUE]        define a macro\n"
	"  -I DIR                 look for included files there\n"
	"  --name NAME            what diagnostics call the source; default: SOURCE\n"
	"  --usdt FUNCTION=BINARY:PROVIDER:NAME\n"
	"                         make bpf_usdt_readarg() work in FUNCTION\n"
	"  --key KEY              written into the object, for a cache\n"
	"  --dump OBJECT          print what an object holds\n"
	"  --version              print the versions and files of the compiler's libraries\n"
	"\n"
	"Exit codes: 0 done, 1 the source is at fault, 2 wrong usage, 3 failed in a way that another\n"
	"source of types might cure.\n";

static uint32_t running_version_code(void)
{
	unsigned int major = 0, minor = 0, patch = 0;
	struct utsname u;

	if (uname(&u) == 0)
		sscanf(u.release, "%u.%u.%u", &major, &minor, &patch);
	return (major << 16) + (minor << 8) + (patch > 255 ? 255 : patch);
}

static int bad(const char *what, const char *value)
{
	fprintf(stderr, "quern-cc: %s '%s'; see quern-cc --help\n", what, value);
	return 2;
}

static int set_types(struct request *r, const char *text)
{
	shim_types_done(&r->types);
	if (shim_types_parse(text, &r->types))
		return bad("--types takes btf:FILE or headers:BUILD[:SOURCE], not", text);
	free(r->types_text);
	r->types_text = xstrdup(text);
	return -1;
}

static int set_version_code(struct request *r, const char *text)
{
	uint64_t code;

	if (parse_u64(text, &code) || code > UINT32_MAX)
		return bad("--version-code takes a number, not", text);
	r->version_code = (uint32_t)code;
	return -1;
}

/* Absolute, because libbcc compiles in a folder of its own. */
static void add_folder(struct request *r, const char *folder)
{
	char *real = realpath(folder, NULL);

	*array_push(&r->folders, &r->n_folders, &r->cap_folders) = real ? real : xstrdup(folder);
}

static int set(struct request *r, int id, char **argv)
{
	switch (id) {
	case 'o':
		r->output = optarg;
		return -1;
	case 'D':
		*array_push(&r->defines, &r->n_defines, &r->cap_defines) =
			xasprintf("-D%s", optarg);
		return -1;
	case 'I':
		add_folder(r, optarg);
		return -1;
	case TYPES:
		return set_types(r, optarg);
	case VERSION_CODE:
		return set_version_code(r, optarg);
		return -1;
	case NAME:
		r->name = optarg;
		return -1;
	case KEY:
		r->key = optarg;
		return -1;
	case USDT:
		*array_push(&r->usdt, &r->n_usdt, &r->cap_usdt) = optarg;
		return -1;
	case DUMP:
		r->dump = optarg;
		return -1;
	case VERSION:
		r->version = true;
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	default:
		return bad("cannot take", argv[optind - 1]);
	}
}

/* What stands beside the source can be included, too. */
static void set_source(struct request *r, const char *file)
{
	_cleanup_(freep) char *copy = xstrdup(file);

	r->file = file;
	add_folder(r, dirname(copy));
}

int request_parse(int argc, char **argv, struct request *ret)
{
	struct request r = {.key = "", .output = NULL};
	int id, code = set_types(&r, "btf:/sys/kernel/btf/vmlinux");

	opterr = 0;
	r.version_code = running_version_code();
	while (code < 0 && (id = getopt_long(argc, argv, "o:D:I:h", options, NULL)) != -1)
		code = set(&r, id, argv);
	if (code < 0 && !r.dump && !r.version) {
		if (optind + 1 != argc || !r.output)
			code = bad("one source and -o OBJECT are needed, not",
			           optind < argc ? argv[argc - 1] : "nothing");
		else
			set_source(&r, argv[optind]);
	}
	if (code >= 0) {
		request_done(&r);
		return code;
	}
	if (!r.name)
		r.name = r.file;
	*ret = r;
	return -1;
}

void request_done(struct request *r)
{
	for (size_t i = 0; i < r->n_defines; i++)
		free(r->defines[i]);
	free(r->defines);
	for (size_t i = 0; i < r->n_folders; i++)
		free(r->folders[i]);
	free(r->folders);
	free(r->usdt);
	free(r->types_text);
	shim_types_done(&r->types);
	*r = (struct request){};
}
