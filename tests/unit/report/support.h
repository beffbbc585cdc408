/* support.h: printing into a string. */
#ifndef REPORT_SUPPORT_H
#define REPORT_SUPPORT_H

#include <check.h>
#include <report.h>
#include <stdlib.h>

struct printed {
    char *text;
    size_t len;
    FILE *f;
};
/* Opens a stream in memory; close_printed makes p->text valid, which the caller frees. */
FILE *open_printed(struct printed *p);
const char *close_printed(struct printed *p);
json_t *document(const char *text);
int run_suite(const char *name, const TTest *const tests[], size_t n);

#endif
