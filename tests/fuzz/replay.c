/* replay.c: runs a fuzz target over every file of a directory, as an ordinary test.
 * usage: fuzz-NAME DIR. Fails if the directory is empty: a corpus that went missing is no success.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX 4000000

static int replay(const char *dir, const char *name)
{
    char path[1000];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        (void)fprintf(stderr, "%s/%s: the path is too long\n", dir, name);
        return 1;
    }
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(SEED_MAX);
    if (f == NULL || data == NULL) {
        perror(path);
        free(data);
        if (f != NULL) {
            (void)fclose(f);
        }
        return 1;
    }
    size_t n = fread(data, 1, SEED_MAX, f);
    int bad = ferror(f);
    (void)fclose(f);
    /* A block of exactly this size, so that a sanitizer sees reads behind it. */
    uint8_t *exact = realloc(data, n > 0 ? n : 1);
    if (exact == NULL) {
        free(data);
        return 1;
    }
    if (bad == 0) {
        (void)LLVMFuzzerTestOneInput(exact, n);
    }
    free(exact);
    return bad;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    size_t files = 0;
    int bad = 0;

    if (dir == NULL) {
        (void)fprintf(stderr, "usage: %s DIRECTORY-WITH-SEEDS\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            bad |= replay(argv[1], entry->d_name);
            files++;
        }
    }
    (void)closedir(dir);
    (void)printf("%zu files\n", files);
    return bad != 0 || files == 0;
}
