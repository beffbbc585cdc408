/* name.c: from the words of a name to its core: legal forms off, spaces gone (docs/MATCHING.md,
 * name rules 5 to 8). May not look at anything but the name and the country. */
#include "matchkey_internal.h"

/* The bytes [from, to) of the joined words that are left. */
struct rest {
    const struct mk_name *name;
    const char *country; /* alpha-2 or NULL */
    size_t from, to;
    bool weak; /* take "group" and its kin off too */
};

static bool word_starts(const struct mk_name *n, size_t at)
{
    if (at == n->len) {
        return true;
    }
    for (size_t i = 0; i < n->n && n->start[i] <= at; i++) {
        if (n->start[i] == at) {
            return true;
        }
    }
    return false;
}

static bool applies(const struct mk_form *f, const struct rest *r)
{
    if ((f->kinds & MK_FORM_WEAK) && !r->weak) {
        return false;
    }
    if (f->any_country) {
        return true;
    }
    if (r->country == NULL) {
        return f->unknown_country;
    }
    for (size_t i = 0; i < f->n_gates; i++) {
        if (memcmp(f->gate[i], r->country, 2) == 0) {
            return true;
        }
    }
    return false;
}

/* Never the whole of what is left, and only whole words unless the script writes without spaces. */
static const struct mk_form *suffix(const struct mk_forms *forms, const struct rest *r)
{
    unsigned char last = (unsigned char)r->name->text[r->to - 1];
    for (int i = forms->by_last[last]; i >= 0; i = forms->at[i].next_suffix) {
        const struct mk_form *f = &forms->at[i];
        if (f->len < r->to - r->from &&
            memcmp(r->name->text + r->to - f->len, f->text, f->len) == 0 && applies(f, r) &&
            ((f->kinds & MK_FORM_GLUED) || word_starts(r->name, r->to - f->len))) {
            return f;
        }
    }
    return NULL;
}

static const struct mk_form *prefix(const struct mk_forms *forms, const struct rest *r)
{
    unsigned char first = (unsigned char)r->name->text[r->from];
    for (int i = forms->by_first[first]; i >= 0; i = forms->at[i].next_prefix) {
        const struct mk_form *f = &forms->at[i];
        if (f->len < r->to - r->from && memcmp(r->name->text + r->from, f->text, f->len) == 0 &&
            applies(f, r) &&
            ((f->kinds & MK_FORM_GLUED) || word_starts(r->name, r->from + f->len))) {
            return f;
        }
    }
    return NULL;
}

/* The word `w` at the beginning or the end, if something else is left without it. */
static bool drop_first(struct rest *r, const char *w)
{
    size_t len = strlen(w);
    bool hit = len < r->to - r->from && memcmp(r->name->text + r->from, w, len) == 0 &&
               word_starts(r->name, r->from + len);
    r->from += hit ? len : 0;
    return hit;
}

static bool drop_last(struct rest *r, const char *w)
{
    size_t len = strlen(w);
    bool hit = len < r->to - r->from && memcmp(r->name->text + r->to - len, w, len) == 0 &&
               word_starts(r->name, r->to - len);
    r->to -= hit ? len : 0;
    return hit;
}

static void say(const struct mk_notes *notes, const struct rest *r, const struct mk_form *f)
{
    mdl_mk_note(notes, MDL_OK, "%s \"%.*s\" left off: \"%.*s\" remains",
                (f->kinds & MK_FORM_WEAK) ? "group word" : "legal form", (int)f->len, f->text,
                (int)(r->to - r->from), r->name->text + r->from);
}

static void strip(const struct mdl_profile *p, struct rest *r, const struct mk_notes *notes)
{
    bool more = true;
    drop_first(r, "the");
    drop_last(r, "the");
    while (more) {
        const struct mk_form *f = suffix(&p->forms, r);
        if (f != NULL) {
            r->to -= f->len;
        } else if ((f = prefix(&p->forms, r)) != NULL) {
            r->from += f->len;
        }
        if (f != NULL) {
            say(notes, r, f);
        }
        more = f != NULL && r->from < r->to;
        drop_last(r, "and");
    }
}

static size_t characters(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    }
    return n;
}

static enum mdl_status take(const struct mdl_profile *p, const struct rest *r,
                            char out[MDL_KEY_VALUE_MAX + 1], struct mdl_error *err)
{
    size_t len = r->to - r->from;
    out[0] = '\0';
    if (characters(r->name->text + r->from, len) < 2) {
        return mdl_fail(err, MDL_U_NO_KEY, "fewer than two characters of a name are left");
    }
    if (len > MDL_KEY_VALUE_MAX - 3) { /* three for "de:" */
        return mdl_fail(err, MDL_U_NO_KEY, "the core name has %zu bytes; at most %d make a key",
                        len, MDL_KEY_VALUE_MAX - 3);
    }
    memcpy(out, r->name->text + r->from, len);
    out[len] = '\0';
    if (mdl_mk_words_has(&p->names, out)) {
        mdl_fail(err, MDL_U_NO_KEY, "\"%s\" stands where no name is known", out);
        out[0] = '\0';
        return MDL_U_NO_KEY;
    }
    return MDL_OK;
}

enum mdl_status mdl_mk_cores(const struct mdl_profile *p, const struct mk_name *n,
                             const char *country, struct mk_core *out, const struct mk_notes *notes,
                             struct mdl_error *err)
{
    struct rest r = {.name = n, .country = country, .from = 0, .to = n->len};
    out->full[0] = '\0';
    out->short_[0] = '\0';
    if (n->len == 0) {
        return mdl_fail(err, MDL_U_NO_KEY, "no letter or digit");
    }
    strip(p, &r, notes);
    enum mdl_status st = take(p, &r, out->full, err);
    if (st != MDL_OK) {
        return st;
    }
    r.weak = true;
    strip(p, &r, notes);
    if (take(p, &r, out->short_, NULL) != MDL_OK) {
        memcpy(out->short_, out->full, sizeof out->short_);
    }
    return MDL_OK;
}

enum mdl_status mdl_name_key(const struct mdl_profile *p, const char *name, const char *country,
                             char out[MDL_KEY_VALUE_MAX + 1], struct mdl_error *err)
{
    struct mk_name n;
    struct mk_core core;
    char alpha2[3];
    bool known = country != NULL && mdl_mk_country(p, country, alpha2);
    out[0] = '\0';
    enum mdl_status st = mdl_mk_words_of(p, name, strnlen(name, MK_NAME_IN_MAX + 1), &n, err);
    if (st == MDL_OK) {
        st = mdl_mk_cores(p, &n, known ? alpha2 : NULL, &core, NULL, err);
    }
    if (st == MDL_OK) {
        memcpy(out, core.full, strlen(core.full) + 1);
    }
    return st;
}
