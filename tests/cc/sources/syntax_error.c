#include <quern.h>

int kprobe__nothing(void *ctx)
{
	int x = 1
	return x;
}
