// SPDX-License-Identifier: Apache-2.0
#include "kernel/version.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "util/cleanup.h"
#include "util/file.h"

#define NOTE_ALIGN(n) (((n) + 3) & ~(size_t)3)

/* Every vDSO carries a note "Linux" of type 0 that holds the version code it was built with. */
static uint32_t code_in_notes(const char *p, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name, desc;
		uint32_t code;

		memcpy(&note, p, sizeof(note));
		p += sizeof(note);
		size -= sizeof(note);
		name = NOTE_ALIGN(note.n_namesz);
		desc = NOTE_ALIGN(note.n_descsz);
		if (name + desc > size)
			return 0;
		if (note.n_type == 0 && note.n_namesz == sizeof("Linux") &&
		    note.n_descsz == sizeof(code) && !memcmp(p, "Linux", sizeof("Linux"))) {
			memcpy(&code, p + name, sizeof(code));
			return code;
		}
		p += name + desc;
		size -= name + desc;
	}
	return 0;
}

static uint32_t code_from_vdso(void)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *elf = (const ElfW(Ehdr) *)base;
	uint32_t code = 0;

	if (!base)
		return 0;
	for (unsigned int i = 0; i < elf->e_phnum && !code; i++) {
		const ElfW(Phdr) *segment =
			(const ElfW(Phdr) *)(base + elf->e_phoff + i * elf->e_phentsize);

		if (segment->p_type == PT_NOTE)
			code = code_in_notes(base + segment->p_offset, segment->p_filesz);
	}
	return code;
}

static uint32_t parse(const char *text)
{
	unsigned int a, b, c = 0;

	return text && sscanf(text, "%u.%u.%u", &a, &b, &c) >= 2 ? KERNEL_CODE(a, b, c) : 0;
}

uint32_t version_from_names(const char *release, const char *version, const char *signature)
{
	const char *debian = strstr(version, "Debian ");
	const char *last = signature ? strrchr(signature, ' ') : NULL;
	uint32_t code = 0;

	/* "Ubuntu 5.4.0-150.167-generic 5.4.233" */
	if (last && !strncmp(signature, "Ubuntu ", 7))
		code = parse(last + 1);
	/* "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)" */
	if (!code && debian)
		code = parse(debian + strlen("Debian "));
	return code ? code : parse(release);
}

uint32_t version_running(const struct utsname *u)
{
	_cleanup_(freep) char *signature = NULL;
	uint32_t code = code_from_vdso();

	if (code)
		return code;
	if (file_read_line("/proc/version_signature", &signature))
		signature = NULL;
	return version_from_names(u->release, u->version, signature);
}
