/* forms.c: reads the list of legal forms and chains it for look-up from either end of a name.
 * May not strip anything: name.c does. */
#include "matchkey_internal.h"

#include <stdlib.h>

static bool field(const char **at, const char *end, const char **word, size_t *len)
{
    const char *sp = memchr(*at, ' ', (size_t)(end - *at));
    if (sp == NULL) {
        return false;
    }
    *word = *at;
    *len = (size_t)(sp - *at);
    *at = sp + 1;
    return true;
}

static uint8_t kinds_of(const char *word, size_t len)
{
    static const struct {
        const char *word;
        uint8_t kinds;
    } known[] = {
        {"suffix", MK_FORM_SUFFIX},
        {"prefix", MK_FORM_PREFIX},
        {"both", MK_FORM_SUFFIX | MK_FORM_PREFIX},
        {"glued", MK_FORM_SUFFIX | MK_FORM_PREFIX | MK_FORM_GLUED},
        {"weak", MK_FORM_SUFFIX | MK_FORM_WEAK},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].word) == len && memcmp(known[i].word, word, len) == 0) {
            return known[i].kinds;
        }
    }
    return 0;
}

/* "*", or codes with commas between; "--" is an account with no known country. */
static bool gates_of(struct mk_form *f, const char *word, size_t len)
{
    f->any_country = len == 1 && word[0] == '*';
    for (size_t i = 0; !f->any_country && i + 2 <= len; i += 3) {
        if (word[i] == '-') {
            f->unknown_country = true;
        } else if (f->n_gates < MK_GATES) {
            memcpy(f->gate[f->n_gates++], word + i, 2);
        } else {
            return false;
        }
    }
    return f->any_country || f->unknown_country || f->n_gates > 0;
}

static enum mdl_status read_form(const struct mdl_profile *p, const char *line, size_t len,
                                 struct mk_form *f, struct mk_name *scratch, struct mdl_error *err)
{
    const char *at = line, *end = line + len, *word;
    size_t n;
    *f = (struct mk_form){.next_suffix = -1, .next_prefix = -1};
    bool ok = field(&at, end, &word, &n);
    f->kinds = ok ? kinds_of(word, n) : 0;
    ok = f->kinds != 0 && field(&at, end, &word, &n) && gates_of(f, word, n);
    if (ok && mdl_mk_words_of(p, at, (size_t)(end - at), scratch, err) == MDL_OK) {
        ok = scratch->len > 0 && scratch->len < MK_FORM_BYTES;
    } else {
        ok = false;
    }
    if (!ok) {
        return mdl_fail(err, MDL_BUG, "legal_forms.txt: \"%.*s\" is no form", (int)len, line);
    }
    memcpy(f->text, scratch->text, scratch->len);
    f->len = (uint8_t)scratch->len;
    return MDL_OK;
}

static int longest_first(const void *a, const void *b)
{
    const struct mk_form *x = a, *y = b;
    return x->len != y->len ? (x->len < y->len) - (x->len > y->len) : strcmp(x->text, y->text);
}

/* Chains are built from the shortest, so that each starts with its longest. */
static void chain(struct mk_forms *forms)
{
    for (size_t i = 0; i < 256; i++) {
        forms->by_first[i] = -1;
        forms->by_last[i] = -1;
    }
    for (size_t i = forms->n; i-- > 0;) {
        struct mk_form *f = &forms->at[i];
        int *head;
        if (f->kinds & MK_FORM_SUFFIX) {
            head = &forms->by_last[(unsigned char)f->text[f->len - 1]];
            f->next_suffix = *head;
            *head = (int)i;
        }
        if (f->kinds & MK_FORM_PREFIX) {
            head = &forms->by_first[(unsigned char)f->text[0]];
            f->next_prefix = *head;
            *head = (int)i;
        }
    }
}

static size_t count_lines(struct mk_blob b)
{
    const char *line;
    size_t len, n = 0;
    while (mdl_mk_line(&b, &line, &len)) {
        n++;
    }
    return n;
}

enum mdl_status mdl_mk_forms_build(struct mdl_profile *p, struct mdl_error *err)
{
    struct mk_blob b;
    mdl_mk_blob(MK_FILE_FORMS, &b);
    struct mk_forms *forms = &p->forms;
    forms->at = calloc(count_lines(b) + 1, sizeof forms->at[0]);
    struct mk_name *scratch = malloc(sizeof *scratch);
    enum mdl_status st = MDL_OK;
    if (forms->at == NULL || scratch == NULL) {
        st = mdl_fail(err, MDL_L_MEMORY, "not enough memory for the match-key profile");
    }
    const char *line;
    size_t len;
    while (st == MDL_OK && mdl_mk_line(&b, &line, &len)) {
        if (len > 0 && line[0] != '#') {
            st = read_form(p, line, len, &forms->at[forms->n], scratch, err);
            forms->n += st == MDL_OK;
        }
    }
    if (st == MDL_OK) {
        qsort(forms->at, forms->n, sizeof forms->at[0], longest_first);
        chain(forms);
    }
    free(scratch);
    return st;
}
