/* suppress_list.h: what suppress.c and left_out.c share. Not for other rooms. */
#ifndef MANDORLA_STORE_SUPPRESS_LIST_H
#define MANDORLA_STORE_SUPPRESS_LIST_H

#include "store_internal.h"
#include "store_suppress.h"

/* One key, or one record. */
struct mdl_suppressed_item {
    int64_t entry;
    uint8_t *key; /* NULL: a record */
    size_t len;
    uint8_t unless;
    char *source, *record_id;
};

struct mdl_suppressed {
    struct mdl_suppressed_item *item;
    size_t n, room;
};

#endif
