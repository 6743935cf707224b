// SPDX-License-Identifier: Apache-2.0
#include "kernel/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/units.h"

#define STAPSDT_TYPE    3
#define SUGGESTIONS_MAX 65536

static void elf_endp(Elf **e)
{
	if (*e)
		elf_end(*e);
}

struct elf_file {
	const char *path;
	int fd;
	Elf *elf;
};

static void elf_file_done(struct elf_file *f)
{
	elf_endp(&f->elf);
	closep(&f->fd);
}

static int elf_file_open(struct elf_file *f, const char *path, struct diag *diag)
{
	f->path = path;
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return diag_error(diag, -errno, "%s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	f->elf = elf_begin(f->fd, ELF_C_READ, NULL);
	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF)
		return diag_error(diag, -EBADMSG, "%s: is no ELF executable or library", path);
	return 0;
}

/* The loader maps segments, so they are what turns an address into an offset in the file. */
static int file_offset(const struct elf_file *f, uint64_t address, uint64_t *ret)
{
	size_t n = 0;

	if (elf_getphdrnum(f->elf, &n))
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(f->elf, (int)i, &p))
			return -EBADMSG;
		if (p.p_type != PT_LOAD || address < p.p_vaddr || address - p.p_vaddr >= p.p_memsz)
			continue;
		*ret = address - p.p_vaddr + p.p_offset;
		return 0;
	}
	return -ENOENT;
}

static bool is_function(const GElf_Sym *s)
{
	unsigned char type = GELF_ST_TYPE(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF &&
	       s->st_value;
}

struct symbol_search {
	const char *name;
	bool found, global;
	uint64_t address;
	const char **names; /* of all functions, for a suggestion; the strings are in the file */
	size_t n_names, names_cap;
};

/* A global symbol wins over a local one of the same name. */
static void search_table(const struct elf_file *f, Elf_Scn *section, const GElf_Shdr *h,
                         struct symbol_search *s)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = data && h->sh_entsize ? data->d_size / h->sh_entsize : 0;

	for (size_t i = 0; i < n && i <= INT32_MAX; i++) {
		GElf_Sym symbol;
		const char *name;
		bool global;

		if (!gelf_getsym(data, (int)i, &symbol) || !is_function(&symbol))
			continue;
		name = elf_strptr(f->elf, h->sh_link, symbol.st_name);
		if (!name)
			continue;
		if (s->n_names < SUGGESTIONS_MAX)
			*array_push(&s->names, &s->n_names, &s->names_cap) = name;
		if (!streq(name, s->name))
			continue;
		global = GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
		if (s->found && (s->global || !global))
			continue;
		s->found = true;
		s->global = global;
		s->address = symbol.st_value;
	}
}

static int search_symbol(const struct elf_file *f, const char *name, uint64_t *ret_address,
                         struct diag *diag)
{
	struct symbol_search s = {.name = name};
	const char *near = NULL;
	int r = 0;

	for (Elf_Scn *section = NULL; (section = elf_nextscn(f->elf, section));) {
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) &&
		    (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM))
			search_table(f, section, &h, &s);
	}
	if (s.found)
		*ret_address = s.address;
	else if (!s.n_names)
		r = diag_error(diag, -ENOENT,
		               "%s: has no symbols (stripped): give the offset in the file, "
		               "\"+0xOFFSET\", instead of %s",
		               f->path, name);
	else if ((near = nearest_word(name, s.names, s.n_names)))
		r = diag_error(diag, -ENOENT, "%s: no function %s; did you mean %s?", f->path, name,
		               near);
	else
		r = diag_error(diag, -ENOENT,
		               "%s: no function %s (the symbols are those of nm and nm -D)",
		               f->path, name);
	free(s.names);
	return r;
}

int elf_find_symbol(const char *path, const char *symbol, struct elf_location *ret,
                    struct diag *diag)
{
	_cleanup_(elf_file_done) struct elf_file f = {.fd = -1};
	_cleanup_(freep) char *name = NULL;
	const char *plus = strchr(symbol, '+');
	uint64_t add = 0, address = 0, offset;
	int r = elf_file_open(&f, path, diag);

	if (r)
		return r;
	if (plus && parse_u64(plus + 1, &add))
		return diag_error(diag, -EINVAL, "%s: %s: expected a number behind +", path,
		                  symbol);
	if (plus == symbol) {
		*ret = (struct elf_location){.offset = add};
		return 0;
	}
	name = plus ? xstrndup(symbol, (size_t)(plus - symbol)) : xstrdup(symbol);
	r = search_symbol(&f, name, &address, diag);
	if (r)
		return r;
	r = file_offset(&f, address + add, &offset);
	if (r)
		return diag_error(diag, r, "%s: %s is in no segment of the file", path, symbol);
	*ret = (struct elf_location){.offset = offset};
	return 0;
}

struct usdt_search {
	const char *provider, *name;
	uint64_t base; /* address of .stapsdt.base, 0: none */
	struct elf_location *found;
	size_t n_found, found_cap;
	char **known; /* "provider:name" of all probes, for a suggestion */
	size_t n_known, known_cap;
};

static void usdt_search_done(struct usdt_search *s)
{
	free(s->found);
	for (size_t i = 0; i < s->n_known; i++)
		free(s->known[i]);
	free(s->known);
}

static uint64_t read_word(const uint8_t *p, size_t word)
{
	uint64_t v = 0;

	memcpy(&v, p, word); /* little-endian, as is every machine we run on */
	return v;
}

/*
 * A note holds three addresses (instruction, .stapsdt.base, semaphore) and then provider, name and
 * arguments as strings. The base tells how far prelink moved the file since the note was written.
 */
static int search_note(const struct elf_file *f, struct usdt_search *s, const uint8_t *desc,
                       size_t size)
{
	size_t word = gelf_getclass(f->elf) == ELFCLASS32 ? 4 : 8;
	const char *provider, *name, *end = (const char *)desc + size;
	uint64_t pc, base, semaphore, moved;
	struct elf_location l = {};

	if (size < 3 * word)
		return -EBADMSG;
	provider = (const char *)desc + 3 * word;
	name = memchr(provider, '\0', (size_t)(end - provider));
	name = name ? name + 1 : end;
	if (!memchr(name, '\0', (size_t)(end - name)))
		return -EBADMSG;
	if (s->n_known < SUGGESTIONS_MAX)
		*array_push(&s->known, &s->n_known, &s->known_cap) =
			xasprintf("%s:%s", provider, name);
	if (!streq(provider, s->provider) || !streq(name, s->name) ||
	    s->n_found == ELF_LOCATIONS_MAX)
		return 0;
	pc = read_word(desc, word);
	base = read_word(desc + word, word);
	semaphore = read_word(desc + 2 * word, word);
	moved = s->base && base ? s->base - base : 0;
	if (file_offset(f, pc + moved, &l.offset) ||
	    (semaphore && file_offset(f, semaphore + moved, &l.semaphore)))
		return -EBADMSG;
	*array_push(&s->found, &s->n_found, &s->found_cap) = l;
	return 0;
}

static int search_notes(const struct elf_file *f, struct usdt_search *s, Elf_Scn *section)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, name_at, desc_at, next;
	GElf_Nhdr note;

	for (; data && (next = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0; at = next) {
		const uint8_t *bytes = data->d_buf;

		if (note.n_type != STAPSDT_TYPE || note.n_namesz != sizeof("stapsdt") ||
		    memcmp(bytes + name_at, "stapsdt", sizeof("stapsdt")))
			continue;
		if (search_note(f, s, bytes + desc_at, note.n_descsz))
			return -EBADMSG;
	}
	return 0;
}

/* Every section called `name`; NULL after the last. */
static Elf_Scn *next_section(const struct elf_file *f, Elf_Scn *after, const char *name,
                             GElf_Shdr *h)
{
	size_t strings;

	if (elf_getshdrstrndx(f->elf, &strings))
		return NULL;
	while ((after = elf_nextscn(f->elf, after))) {
		const char *n =
			gelf_getshdr(after, h) ? elf_strptr(f->elf, strings, h->sh_name) : NULL;

		if (n && streq(n, name))
			return after;
	}
	return NULL;
}

static int usdt_not_found(const struct elf_file *f, const struct usdt_search *s, struct diag *diag)
{
	_cleanup_(freep) char *wanted = xasprintf("%s:%s", s->provider, s->name);
	const char *near = nearest_word(wanted, (const char *const *)s->known, s->n_known);

	if (!s->n_known)
		return diag_error(diag, -ENOENT, "%s: was built without USDT probes", f->path);
	if (near)
		return diag_error(diag, -ENOENT, "%s: no USDT probe %s; did you mean %s?", f->path,
		                  wanted, near);
	return diag_error(diag, -ENOENT, "%s: no USDT probe %s (it has %zu, such as %s)", f->path,
	                  wanted, s->n_known, s->known[0]);
}

int elf_find_usdt(const char *path, const char *provider, const char *name,
                  struct elf_location **ret, size_t *ret_n, struct diag *diag)
{
	_cleanup_(elf_file_done) struct elf_file f = {.fd = -1};
	_cleanup_(usdt_search_done) struct usdt_search s = {.provider = provider, .name = name};
	int r = elf_file_open(&f, path, diag);
	GElf_Shdr h;

	if (r)
		return r;
	if (next_section(&f, NULL, ".stapsdt.base", &h))
		s.base = h.sh_addr;
	for (Elf_Scn *n = NULL; (n = next_section(&f, n, ".note.stapsdt", &h));) {
		r = search_notes(&f, &s, n);
		if (r)
			return diag_error(diag, r, "%s: its USDT notes are damaged", path);
	}
	if (!s.n_found)
		return usdt_not_found(&f, &s, diag);
	*ret = steal(&s.found);
	*ret_n = s.n_found;
	return 0;
}

/* The first of a colon-separated list of folders that has the file. */
static char *find_in(const char *folders, const char *name)
{
	_cleanup_(freep) char *list = xstrdup(folders);

	for (char *save = NULL, *dir = strtok_r(list, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		_cleanup_(freep) char *path = path_join(dir, name);

		if (file_exists(path))
			return steal(&path);
	}
	return NULL;
}

char *elf_find_file(const char *name)
{
	const char *path = getenv("PATH");
	char *found;

	if (strchr(name, '/'))
		return file_exists(name) ? xstrdup(name) : NULL;
	found = find_in(path ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", name);
	return found ? found
	             : find_in("/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
	                       "/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
	                       "/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib",
	                       name);
}
