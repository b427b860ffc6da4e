/* For LD_PRELOAD: a process that uses it sees the clocks of a machine that was suspended. CLOCK_MONOTONIC, its raw and its coarse variant lag by the
   nanoseconds that stand as a 64-bit integer in the file $SUSPENDED_NANOSECONDS; CLOCK_BOOTTIME and the wall clock count the suspension. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *suspended;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("SUSPENDED_NANOSECONDS");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED)
        suspended = page;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || suspended == NULL || (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_RAW && clock != CLOCK_MONOTONIC_COARSE))
        return result;
    int64_t now = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec - *suspended;
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}
