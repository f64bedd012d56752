/* Preloaded into an operator under test: while the file named by MEEDA_TEST_FAULTS exists, one in four writes and fsyncs of files below
   MEEDA_TEST_FOLDER fails, a write as on a full or dying disk, an fsync as after a write-back error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int strikes(int fd) {
    const char *file = getenv("MEEDA_TEST_FAULTS"), *folder = getenv("MEEDA_TEST_FOLDER");
    char link[64], path[4096];
    if (!file || !folder || access(file, F_OK) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0 && rand() % 4 == 0;
}

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL_IF_STRUCK(fd, code) if (strikes(fd)) { errno = code; return -1; }

int fsync(int fd) { NEXT(fsync); FAIL_IF_STRUCK(fd, EIO); return next(fd); }
int syncfs(int fd) { NEXT(syncfs); FAIL_IF_STRUCK(fd, EIO); return next(fd); }
int fdatasync(int fd) { NEXT(fdatasync); FAIL_IF_STRUCK(fd, EIO); return next(fd); }
ssize_t write(int fd, const void *data, size_t count) { NEXT(write); FAIL_IF_STRUCK(fd, EIO); return next(fd, data, count); }
ssize_t pwrite(int fd, const void *data, size_t count, off_t at) { NEXT(pwrite); FAIL_IF_STRUCK(fd, ENOSPC); return next(fd, data, count, at); }
ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) { NEXT(pwrite64); FAIL_IF_STRUCK(fd, ENOSPC); return next(fd, data, count, at); }
