#if __has_include(<linux/no_such_header.h>)
#include <linux/no_such_header.h>
#endif
#include <linux/sched.h>
#include <quern.h>

#if !HAVE_FIELD(task_struct, tgid)
#error "a field that is there is not seen"
#endif
#if !HAVE_FIELD(task_struct, in_execve)
#error "a bit-field is not seen"
#endif
#if !HAVE_FIELD(task_struct, comm) || !HAVE_FIELD(task_struct, se)
#error "an array or a struct is not seen"
#endif
#if HAVE_FIELD(task_struct, no_such_field) || HAVE_FIELD(no_such_struct, tgid)
#error "a field that is not there is seen"
#endif

int kprobe__nothing(void *ctx)
{
	return 0;
}
