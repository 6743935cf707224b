#include <linux/sched.h>
#include <quern.h>

#if !HAVE_FIELD(task_struct, tgid)
#error "a field that is there is not seen"
#endif
#if HAVE_FIELD(task_struct, no_such_field) || HAVE_FIELD(no_such_struct, tgid)
#error "a field that is not there is seen"
#endif

int kprobe__nothing(void *ctx)
{
	return 0;
}
