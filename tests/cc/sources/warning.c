int kprobe__nothing(void *ctx)
{
	int *p = 5;

	return p != 0;
}
