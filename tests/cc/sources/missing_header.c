#include "no/such/header.h"

int kprobe__nothing(void *ctx)
{
	return 0;
}
