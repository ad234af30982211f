// SPDX-License-Identifier: MIT
// Preloaded into sshd under valgrind: what its process before authentication does to lock itself in (sandbox-seccomp-
// filter.c) valgrind cannot do, or not survive. That process loads no module.
#define _GNU_SOURCE
#include <stdarg.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit* limit)
{
    return resource == RLIMIT_NOFILE ? 0 : (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

int prctl(int option, ...)
{
    unsigned long values[4];
    va_list arguments;
    va_start(arguments, option);
    for (int i = 0; i < 4; ++i)
        values[i] = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (option == PR_SET_SECCOMP)
        return 0;
    return (int)syscall(SYS_prctl, option, values[0], values[1], values[2], values[3]);
}
