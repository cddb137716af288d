/* Makes one write of the program under test really short, as a disk does that is nearly full: half of the bytes are
 * written and counted. Loaded by LD_PRELOAD (tests/crash/matrix.py); strace can only pretend it.
 *
 * SUNAP_SHORT  the call and its number among the main thread's calls of that kind: "pwrite64:133"; with "+full" behind
 *              it the next write to the same file fails with ENOSPC, which is what a full disk does.
 * SUNAP_SHORT_LOG  a file that gets a line when it was done. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *wanted;
static long at, writes, pwrites;
static int full, full_fd = -1;

__attribute__((constructor)) static void read_wish(void) {
    static char copy[64];
    const char *wish = getenv("SUNAP_SHORT");
    if (!wish) return;
    snprintf(copy, sizeof copy, "%s", wish);
    full = strstr(copy, "+full") != NULL;
    char *colon = strchr(copy, ':');
    if (!colon) return;
    *colon = 0;
    at = atol(colon + 1);
    wanted = copy;
}

static void told(int fd) {
    int log = syscall(SYS_openat, AT_FDCWD, getenv("SUNAP_SHORT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlink, link, path, sizeof path - 1);
    if (length < 0) length = 0;
    path[length++] = '\n';
    syscall(SYS_write, log, path, length);
    syscall(SYS_close, log);
}

/* How much of a write is done; 0: it fails. */
static size_t share(const char *call, long *count, int fd, size_t size) {
    if (!wanted || syscall(SYS_gettid) != getpid()) return size;
    if (fd == full_fd) {
        full_fd = -1;
        return 0;
    }
    if (++*count != at || strcmp(call, wanted) || size < 2) return size;
    told(fd);
    if (full) full_fd = fd;
    return size / 2;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    size_t now = share("write", &writes, fd, size);
    if (size && !now) { errno = ENOSPC; return -1; }
    return syscall(SYS_write, fd, bytes, now);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t where) {
    size_t now = share("pwrite64", &pwrites, fd, size);
    if (size && !now) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwrite64, fd, bytes, now, where);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t where) { return pwrite64(fd, bytes, size, where); }
