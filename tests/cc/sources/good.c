#include <quern.h>

struct good {
	EVENT_HEADER;
	ipv4_t address;
	enum { ONE = 1, TWO } kind;
	unsigned int low : 3, high : 5;
	struct {
		s16 a;
		union {
			u8 b;
			u32 c;
		};
	} inner;
	char words[4][16];
	u64 numbers[2][3];
	path_t path[256];
};
EVENT(good);

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
	struct good *e = EVENT_BEGIN(good, path);

	if (!e)
		return 0;
	e->kind = TWO;
	EVENT_EMIT(good, args, e, sizeof(*e));
	return 0;
}
