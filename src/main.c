// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

int main(void)
{
	printf("quern %s\n", QUERN_VERSION);
	return 0;
}
