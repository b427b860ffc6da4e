// A drive with a volatile write cache: one file in a FUSE mount, of which losetup makes a block device.
//
//   powerdisk IMAGE SOCKET MOUNTPOINT    serves MOUNTPOINT/disk, which begins as IMAGE. IMAGE is never written.
//
// Every write stays in the volatile cache, in order, until an fsync (the kernel's FLUSH) has ended. Only then is it durable. The socket
// takes one command per connection:
//
//   stats                     writes, flushes, cached writes, whether the power is off
//   arm WRITES FLUSHES AFTER  the power is cut at that write or flush from now on (0: never); AFTER = 1: the flush is done, and its caller gets no answer
//   freeze                    the power is cut now: nothing is done and nothing is answered any more
//   die                       all requests, those that hang included, end with EIO, so that the kernel releases the device
//   compose MODE P SEED FILE  writes to FILE what the drive has after the cut: all that is durable and, of the cache,
//                             none | all | prefix (some writes, the next one torn) | sector (each 512 bytes with probability P) | block (4 KiB) | write (whole writes)
#define FUSE_USE_VERSION 35
#define _GNU_SOURCE
#include <fuse3/fuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 65536, SECTOR = 512, BLOCK = 4096 };
typedef struct { off_t at; size_t length; char *bytes; } Write;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t size;
static char *durable, *current;   // both are private, copy-on-write views of the image
static unsigned char *used;       // chunks that may hold something else than zeros
static Write *cache;
static size_t cached, room;
static unsigned long writes, flushes, arm_writes, arm_flushes;
static int frozen, dead, arm_after;

static uint64_t state;
static uint64_t draw(void)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}
static int chance(double p) { return (draw() >> 11) * (1.0 / 9007199254740992.0) < p; }

static void mark(off_t at, size_t n)
{
    for (size_t c = at / CHUNK; c <= (at + n - 1) / CHUNK; c++)
        used[c] = 1;
}
static void store(const Write *w, size_t from, size_t n)
{
    memcpy(durable + w->at + from, w->bytes + from, n);
    mark(w->at, w->length);
}
static void cut(void) { frozen = 1; pthread_cond_broadcast(&changed); }

// With the gate held: waits while the power is off; -1 when the drive is dead.
static int powered(void)
{
    while (frozen && !dead)
        pthread_cond_wait(&changed, &gate);
    return dead ? -1 : 0;
}

static int pd_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    memset(st, 0, sizeof *st);
    if (!strcmp(path, "/")) { st->st_mode = S_IFDIR | 0755; st->st_nlink = 2; return 0; }
    if (strcmp(path, "/disk")) return -ENOENT;
    st->st_mode = S_IFREG | 0600; st->st_nlink = 1; st->st_size = size; st->st_blocks = size / 512;
    return 0;
}
static int pd_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
    fill(buffer, "disk", NULL, 0, 0);
    return 0;
}
static int pd_open(const char *path, struct fuse_file_info *fi) { return strcmp(path, "/disk") ? -ENOENT : 0; }

static int pd_read(const char *path, char *to, size_t n, off_t at, struct fuse_file_info *fi)
{
    if ((size_t)at >= size) return 0;
    if (n > size - at) n = size - at;
    pthread_mutex_lock(&gate);
    int off = powered();
    if (!off) memcpy(to, current + at, n);
    pthread_mutex_unlock(&gate);
    return off ? -EIO : (int)n;
}

static int pd_write(const char *path, const char *from, size_t n, off_t at, struct fuse_file_info *fi)
{
    if ((size_t)at >= size || n > size - at) return -ENOSPC;
    pthread_mutex_lock(&gate);
    int off = powered();
    if (!off)
    {
        if (cached == room) cache = realloc(cache, (room = room ? room * 2 : 1024) * sizeof *cache);
        cache[cached] = (Write){ at, n, malloc(n) };
        memcpy(cache[cached++].bytes, from, n);
        memcpy(current + at, from, n);
        writes++;
        if (arm_writes && --arm_writes == 0) { cut(); off = powered(); }
    }
    pthread_mutex_unlock(&gate);
    return off ? -EIO : (int)n;
}

static int pd_fsync(const char *path, int data, struct fuse_file_info *fi)
{
    pthread_mutex_lock(&gate);
    int off = powered();
    if (!off && arm_flushes == 1 && !arm_after) { arm_flushes = 0; cut(); off = powered(); }
    if (!off)
    {
        for (size_t i = 0; i < cached; i++) { store(&cache[i], 0, cache[i].length); free(cache[i].bytes); }
        cached = 0;
        flushes++;
        if (arm_flushes && --arm_flushes == 0) { cut(); off = powered(); }
    }
    pthread_mutex_unlock(&gate);
    return off ? -EIO : 0;
}

static const struct fuse_operations operations = { .getattr = pd_getattr, .readdir = pd_readdir, .open = pd_open, .read = pd_read, .write = pd_write, .fsync = pd_fsync };

// The first block, with the superblock of ext4, is written whole or not at all: its checksum lies in another sector than what changes most.
static void compose(FILE *out, const char *mode, double p, uint64_t seed, const char *file)
{
    state = seed;
    size_t kept = 0, units = 0, from = cached;
    int prefix = !strcmp(mode, "prefix");
    if (prefix) { from = cached ? draw() % (cached + 1) : 0; p = 0.5; }
    size_t unit = !strcmp(mode, "block") ? BLOCK : !strcmp(mode, "write") ? 0 : SECTOR;
    for (size_t i = 0; i < cached; i++)
    {
        Write *w = &cache[i];
        for (size_t at = 0; at < w->length;)
        {
            size_t step = unit == 0 ? w->length : w->at + (off_t)at < BLOCK ? BLOCK - (w->at + at) % BLOCK : unit - (w->at + at) % unit;
            if (step > w->length - at) step = w->length - at;
            int keep = !strcmp(mode, "none") ? 0 : !strcmp(mode, "all") ? 1 : prefix ? i < from || (i == from && chance(p)) : chance(p);
            if (keep) { store(w, at, step); kept++; }
            units++;
            at += step;
        }
    }
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, size)) { fprintf(out, "error %s\n", strerror(errno)); return; }
    static const char zeros[CHUNK];
    for (size_t c = 0; c * CHUNK < size; c++)
    {
        size_t n = size - c * CHUNK < CHUNK ? size - c * CHUNK : CHUNK;
        if (used[c] && memcmp(durable + c * CHUNK, zeros, n) && pwrite(fd, durable + c * CHUNK, n, c * CHUNK) != (ssize_t)n)
        {
            fprintf(out, "error %s\n", strerror(errno));
            break;
        }
    }
    close(fd);
    fprintf(out, "cached %zu kept %zu of %zu\n", cached, kept, units);
}

static void answer(FILE *io, const char *line)
{
    char mode[32], file[4096];
    double p;
    unsigned long long seed;
    unsigned long a, b;
    int c;
    if (!strncmp(line, "stats", 5)) fprintf(io, "%lu %lu %zu %d\n", writes, flushes, cached, frozen);
    else if (!strncmp(line, "freeze", 6)) { cut(); fprintf(io, "%zu\n", cached); }
    else if (!strncmp(line, "die", 3)) { frozen = dead = 1; pthread_cond_broadcast(&changed); fprintf(io, "ok\n"); }
    else if (sscanf(line, "arm %lu %lu %d", &a, &b, &c) == 3) { arm_writes = a; arm_flushes = b; arm_after = c; fprintf(io, "ok\n"); }
    else if (sscanf(line, "compose %31s %lf %llu %4095s", mode, &p, &seed, file) == 4)
    {
        if (frozen) compose(io, mode, p, seed, file);
        else fprintf(io, "error the power is on\n");
    }
    else fprintf(io, "error unknown command\n");
}

static void *control(void *arg)
{
    int server = *(int *)arg, client;
    while ((client = accept(server, NULL, NULL)) >= 0)
    {
        FILE *io = fdopen(client, "r+");
        char line[8192];
        if (fgets(line, sizeof line, io))
        {
            fseek(io, 0, SEEK_CUR);
            pthread_mutex_lock(&gate);
            answer(io, line);
            pthread_mutex_unlock(&gate);
        }
        fclose(io);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4) { fprintf(stderr, "powerdisk IMAGE SOCKET MOUNTPOINT\n"); return 2; }
    int fd = open(argv[1], O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) { perror(argv[1]); return 1; }
    size = st.st_size;
    durable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    current = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (durable == MAP_FAILED || current == MAP_FAILED) { perror("mmap"); return 1; }
    used = calloc(size / CHUNK + 2, 1);
    for (off_t at = 0, hole; (at = lseek(fd, at, SEEK_DATA)) >= 0 && (hole = lseek(fd, at, SEEK_HOLE)) > at; at = hole)
        mark(at, hole - at);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
    unlink(argv[2]);
    if (bind(server, (struct sockaddr *)&address, sizeof address) || listen(server, 16)) { perror(argv[2]); return 1; }
    pthread_t thread;
    pthread_create(&thread, NULL, control, &server);
    char *fuse_argv[] = { argv[0], "-f", "-o", "fsname=powerdisk,max_idle_threads=4", argv[3] };
    return fuse_main(5, fuse_argv, &operations, NULL);
}
