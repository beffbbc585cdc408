/* status.c: names and classes of the one status list. Pure; no allocation. */
#include <mandorla/status.h>

#include <stdio.h>
#include <string.h>

struct row {
    int number;
    enum mdl_class cls;
    const char *slug;
    const char *meaning;
};

#define ROW(name, number, cls, slug, meaning) {number, MDL_CLASS_##cls, slug, meaning},
static const struct row rows[] = {MDL_STATUS_LIST(ROW)};
#undef ROW

static const struct row *find(int number)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].number == number) {
            return &rows[i];
        }
    }
    return NULL;
}

enum mdl_status mdl_fail(struct mdl_error *err, enum mdl_status status, const char *fmt, ...)
{
    if (err != NULL) {
        va_list ap;
        err->status = status;
        va_start(ap, fmt);
        (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
        va_end(ap);
    }
    return status;
}

enum mdl_status mdl_error_prefix(struct mdl_error *err, const char *fmt, ...)
{
    char old[MDL_ERROR_TEXT];
    va_list ap;

    if (err == NULL) {
        return MDL_BUG;
    }
    memcpy(old, err->text, sizeof old);
    old[sizeof old - 1] = '\0';
    va_start(ap, fmt);
    int used = vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    if (used >= 0 && (size_t)used < sizeof err->text) {
        (void)snprintf(err->text + used, sizeof err->text - (size_t)used, "%.*s",
                       (int)(sizeof old - 1), old);
    }
    return err->status;
}

const char *mdl_status_slug(enum mdl_status status)
{
    const struct row *r = find((int)status);
    return r != NULL ? r->slug : "unknown";
}

const char *mdl_status_meaning(enum mdl_status status)
{
    const struct row *r = find((int)status);
    return r != NULL ? r->meaning : "unknown status";
}

enum mdl_class mdl_status_class(enum mdl_status status)
{
    const struct row *r = find((int)status);
    return r != NULL ? r->cls : MDL_CLASS_BUG;
}

int mdl_status_exit_code(enum mdl_status status)
{
    switch (mdl_status_class(status)) {
    case MDL_CLASS_OK:
        return 0;
    case MDL_CLASS_USAGE:
        return 2;
    case MDL_CLASS_PEER:
        return 3;
    case MDL_CLASS_LOCAL:
        return 4;
    case MDL_CLASS_BUG:
        return 70;
    }
    return 70;
}

enum mdl_status mdl_status_from_wire(uint32_t code)
{
    if (code < 200) {
        const struct row *r = find((int)code);
        if (r != NULL && r->cls == MDL_CLASS_PEER) {
            return (enum mdl_status)code;
        }
    }
    return MDL_P_INTERNAL;
}
