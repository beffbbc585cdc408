/* seeds.c: writes one file for each message type, smallest and largest form, into a directory.
 * usage: wire-seeds DIR */
#include "support.h"

#include <stdio.h>

static int write_seed(const char *dir, const char *name, const char *suffix, const struct out *o)
{
    char path[500];

    (void)snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        perror(path);
        return 1;
    }
    size_t written = fwrite(o->b, 1, o->n, f);
    return fclose(f) != 0 || written != o->n;
}

int main(int argc, char **argv)
{
    static struct out o;
    int bad = argc != 2;

    for (size_t i = 0; bad == 0 && i < mdl_msg_count(); i++) {
        uint8_t type = mdl_msg_type_at(i);
        bad = !put_message(&o, type, SIZE_MAX, SMALLEST, SMALLEST) ||
              write_seed(argv[1], mdl_msg_name(type), "", &o) != 0;
        /* The largest forms of bulk messages are all payload: no use as seeds. */
        if (bad == 0 && put_message(&o, type, SIZE_MAX, LARGEST, LARGEST) && o.n < 2000) {
            bad = write_seed(argv[1], mdl_msg_name(type), "-largest", &o);
        }
    }
    return bad;
}
