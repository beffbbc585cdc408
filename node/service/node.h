/* node.h: what init.c, node.c and loop.c share about opening a node. Not for others. */
#ifndef MANDORLA_SERVICE_NODE_H
#define MANDORLA_SERVICE_NODE_H

#include "internal.h"

/* The passphrase from where `src` says; *out is NULL with src->none. */
enum mdl_status passphrase_get(const char *dir, const struct mdl_passphrase_source *src,
                               bool confirm, struct mdl_passphrase **out, struct mdl_error *err);

#endif
