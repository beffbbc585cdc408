/* search.c: looks for byte strings in files and in the memory of a process.
 *
 * usage: search NEEDLES FILE... [pid:PID]
 *   NEEDLES has lines "LABEL HEX". Each needle that is found anywhere is told once a place, as
 *   "PLACE LABEL". Exit code 0: looked everywhere; 3: the memory may not be read; 1: anything else.
 *   The number of bytes looked through is told on standard error.
 * It may not decide what a hit means. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEEDLE_MAX  160u
#define NEEDLES_MAX 16384u
#define WINDOW      (1u << 20)
#define PAGE        4096u
#define SHADOW      (UINT64_C(4) << 30) /* a sanitizer's; no allocation is as large */

static struct needle {
    char label[64];
    uint8_t at[NEEDLE_MAX];
    size_t len;
    uint32_t next; /* with the same first bytes; 0: none */
    bool told;
} needle[NEEDLES_MAX];
static uint32_t n_needles = 1; /* 0 is nobody */
static uint32_t first[1u << 16];
static uint64_t looked;
static const uint8_t zero[PAGE];
static uint8_t window[NEEDLE_MAX + WINDOW];

static uint32_t slot(const uint8_t *p)
{
    uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return v * UINT32_C(2654435761) >> 16;
}

static bool read_needles(const char *path)
{
    char hex[2 * NEEDLE_MAX + 1];
    FILE *f = fopen(path, "r");

    while (f != NULL && n_needles < NEEDLES_MAX) {
        struct needle *d = &needle[n_needles];
        if (fscanf(f, "%63s %320s", d->label, hex) != 2) {
            break;
        }
        for (size_t i = 0; hex[2 * i] != '\0' && hex[2 * i + 1] != '\0'; i++) {
            char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
            d->at[d->len++] = (uint8_t)strtoul(byte, NULL, 16);
        }
        if (d->len < 6) {
            (void)fprintf(stderr, "search: %s is too short to mean anything\n", d->label);
            (void)fclose(f);
            return false;
        }
        d->next = first[slot(d->at)];
        first[slot(d->at)] = n_needles++;
    }
    bool ok = f != NULL && feof(f) && n_needles > 1;
    if (f != NULL) {
        (void)fclose(f);
    }
    return ok;
}

/* A needle may begin anywhere in the first `starts` bytes. */
static void look(const char *place, const uint8_t *p, size_t n, size_t starts)
{
    for (size_t i = 0; i < starts && i + 4 <= n; i++) {
        if (i % PAGE == 0 && n - i >= PAGE && memcmp(p + i, zero, PAGE) == 0) {
            i += PAGE - 4; /* no needle begins with four zero bytes */
            continue;
        }
        for (uint32_t d = first[slot(p + i)]; d != 0; d = needle[d].next) {
            if (needle[d].len <= n - i && !needle[d].told &&
                memcmp(p + i, needle[d].at, needle[d].len) == 0) {
                needle[d].told = true;
                (void)printf("%s %s\n", place, needle[d].label);
            }
        }
    }
    looked += starts;
}

static void forget(void)
{
    for (uint32_t d = 1; d < n_needles; d++) {
        needle[d].told = false;
    }
}

/* What lies between `from` and `to` of the file; what cannot be read there is passed over. */
static void look_in(const char *place, int fd, uint64_t from, uint64_t to)
{
    for (uint64_t at = from; at < to; at += WINDOW) {
        uint64_t left = to - at;
        ssize_t n =
            pread(fd, window, left < sizeof window ? (size_t)left : sizeof window, (off_t)at);
        if (n <= 0) {
            continue;
        }
        look(place, window, (size_t)n, (size_t)n < WINDOW ? (size_t)n : WINDOW);
    }
}

static int search_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        (void)fprintf(stderr, "search: %s: %s\n", path, strerror(errno));
        return 1;
    }
    look_in(path, fd, 0, (uint64_t)lseek(fd, 0, SEEK_END));
    (void)close(fd);
    forget();
    return 0;
}

static int search_memory(const char *pid)
{
    char path[64], line[512], rights[8];
    unsigned long from, to;

    (void)snprintf(path, sizeof path, "/proc/%s/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    if (fd < 0 || maps == NULL) {
        (void)fprintf(stderr, "search: the memory of %s may not be read: %s\n", pid,
                      strerror(errno));
        return 3;
    }
    uint64_t before = looked;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && rights[0] == 'r' &&
            to - from < SHADOW && strstr(line, "[vvar") == NULL) {
            look_in("memory", fd, from, to);
        }
    }
    (void)fclose(maps);
    (void)close(fd);
    forget();
    return looked - before > WINDOW ? 0 : 1;
}

int main(int argc, char **argv)
{
    int code = argc > 2 && read_needles(argv[1]) ? 0 : 1;

    for (int i = 2; i < argc && code == 0; i++) {
        code = strncmp(argv[i], "pid:", 4) == 0 ? search_memory(argv[i] + 4) : search_file(argv[i]);
    }
    (void)fprintf(stderr, "%u needles, %llu KiB\n", (unsigned)(n_needles - 1),
                  (unsigned long long)(looked >> 10));
    return code;
}
