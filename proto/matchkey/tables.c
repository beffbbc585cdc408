/* tables.c: sorted word lists, letters and code point ranges, made of the profile's files when it
 * opens. May not hold a rule. */
#include "matchkey_internal.h"

#include <stdlib.h>
#include <utf8proc.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool mdl_mk_words_has(const struct mk_words *w, const char *word)
{
    return bsearch(&word, w->at, w->n, sizeof w->at[0], by_text) != NULL;
}

static void words_free(struct mk_words *w)
{
    free(w->arena);
    free((void *)w->at);
    *w = (struct mk_words){0};
}

/* Room for every word a file of `len` bytes can hold (each takes a byte and a separator). */
static bool words_room(struct mk_words *w, size_t len)
{
    w->arena = malloc(len + 1);
    w->at = malloc((len / 2 + 1) * sizeof w->at[0]);
    w->n = 0;
    return w->arena != NULL && w->at != NULL;
}

static char *words_add(struct mk_words *w, char *to, const char *word, size_t len)
{
    w->at[w->n++] = to;
    memcpy(to, word, len);
    to[len] = '\0';
    return to + len + 1;
}

static void words_sort(struct mk_words *w)
{
    qsort((void *)w->at, w->n, sizeof w->at[0], by_text);
}

/* Lines of words; '#' starts a comment line. With `second`, only lines whose second word is that,
 * and of them only the first word. */
static bool words_from_lines(struct mk_words *w, enum mk_file file, const char *second)
{
    struct mk_blob b;
    mdl_mk_blob(file, &b);
    if (!words_room(w, b.len)) {
        return false;
    }
    char *to = w->arena;
    const char *line;
    size_t len;
    while (mdl_mk_line(&b, &line, &len)) {
        const char *tag = memchr(line, ' ', len);
        size_t tag_at = tag != NULL ? (size_t)(tag - line) + 1 : len;
        if (len == 0 || line[0] == '#' ||
            (second != NULL && (strlen(second) != len - tag_at ||
                                memcmp(line + tag_at, second, len - tag_at) != 0))) {
            continue;
        }
        for (size_t i = 0; i < len;) {
            size_t n = strcspn(line + i, " \r\n");
            n = n > len - i ? len - i : n;
            if (n > 0) {
                to = words_add(w, to, line + i, n);
            }
            i += n + 1;
            if (second != NULL) {
                break;
            }
        }
    }
    words_sort(w);
    return true;
}

/* A JSON array of plain strings: what stands between the quotes (the file has no escapes). */
static bool words_from_json(struct mk_words *w, enum mk_file file)
{
    struct mk_blob b;
    mdl_mk_blob(file, &b);
    if (!words_room(w, b.len)) {
        return false;
    }
    char *to = w->arena;
    const char *end = b.at + b.len;
    for (const char *q = memchr(b.at, '"', b.len); q != NULL;) {
        const char *close = memchr(q + 1, '"', (size_t)(end - q - 1));
        if (close == NULL) {
            break;
        }
        to = words_add(w, to, q + 1, (size_t)(close - q - 1));
        q = memchr(close + 1, '"', (size_t)(end - close - 1));
    }
    words_sort(w);
    return true;
}

static int by_from(const void *a, const void *b)
{
    const struct mk_letter *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static bool letters_build(struct mdl_profile *p)
{
    struct mk_blob b;
    mdl_mk_blob(MK_FILE_LETTERS, &b);
    p->letters = calloc(b.len / 4 + 1, sizeof p->letters[0]);
    if (p->letters == NULL) {
        return false;
    }
    const char *line;
    size_t len;
    while (mdl_mk_line(&b, &line, &len)) {
        struct mk_letter *l = &p->letters[p->n_letters];
        utf8proc_int32_t cp = 0;
        if (len == 0 || line[0] == '#') {
            continue;
        }
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)line, (utf8proc_ssize_t)len, &cp);
        size_t to = used > 0 ? (size_t)used + 1 : len;
        if (to < len && len - to < sizeof l->to) {
            l->from = cp;
            memcpy(l->to, line + to, len - to);
            p->n_letters++;
        }
    }
    qsort(p->letters, p->n_letters, sizeof p->letters[0], by_from);
    return true;
}

static bool assigned_build(struct mdl_profile *p)
{
    struct mk_blob b;
    mdl_mk_blob(MK_FILE_ASSIGNED, &b);
    p->assigned = calloc(b.len / 2 + 1, sizeof p->assigned[0]);
    if (p->assigned == NULL) {
        return false;
    }
    const char *line;
    size_t len;
    while (mdl_mk_line(&b, &line, &len)) {
        if (len == 0 || line[0] == '#') {
            continue;
        }
        char *end;
        struct mk_range *r = &p->assigned[p->n_assigned++];
        r->first = (int32_t)strtol(line, &end, 16);
        r->last = *end == ' ' ? (int32_t)strtol(end, NULL, 16) : r->first;
    }
    return true;
}

enum mdl_status mdl_mk_tables_build(struct mdl_profile *p, struct mdl_error *err)
{
    if (!words_from_json(&p->free_mail, MK_FILE_FREE_MAIL) ||
        !words_from_lines(&p->never, MK_FILE_NEVER, NULL) ||
        !words_from_lines(&p->always, MK_FILE_PLACEHOLDER_DOMAINS, "always") ||
        !words_from_lines(&p->reserved, MK_FILE_PLACEHOLDER_DOMAINS, "account") ||
        !words_from_lines(&p->names, MK_FILE_PLACEHOLDER_NAMES, NULL) || !letters_build(p) ||
        !assigned_build(p)) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the match-key profile");
    }
    enum mdl_status st = mdl_mk_forms_build(p, err);
    return st == MDL_OK ? mdl_mk_countries_build(p, err) : st;
}

void mdl_mk_tables_free(struct mdl_profile *p)
{
    words_free(&p->free_mail);
    words_free(&p->never);
    words_free(&p->always);
    words_free(&p->reserved);
    words_free(&p->names);
    free(p->forms.at);
    free(p->countries.at);
    free(p->letters);
    free(p->assigned);
}
