/* profile_data.c: the profile's data files as they lie in profile/, linked in byte for byte.
 * May not interpret them. */
#include "matchkey_internal.h"

#define INCLUDE_FILE(symbol, file)                                                                 \
    __asm__(".pushsection .rodata\n"                                                               \
            ".balign 16\n" #symbol ":\n"                                                           \
            ".incbin \"" MDL_PROFILE_DIR "/" file "\"\n" #symbol "_end:\n"                         \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const char symbol[] __attribute__((visibility("hidden")));                              \
    extern const char symbol##_end[] __attribute__((visibility("hidden")))

INCLUDE_FILE(mdl_mk_bytes_psl, "public_suffix_list.dat");
INCLUDE_FILE(mdl_mk_bytes_free_mail, "free_email_domains.kikobeats.json");
INCLUDE_FILE(mdl_mk_bytes_never, "never_company_key.txt");
INCLUDE_FILE(mdl_mk_bytes_placeholder_domains, "placeholder_domains.txt");
INCLUDE_FILE(mdl_mk_bytes_placeholder_names, "placeholder_names.txt");
INCLUDE_FILE(mdl_mk_bytes_forms, "legal_forms.txt");
INCLUDE_FILE(mdl_mk_bytes_letters, "letters.txt");
INCLUDE_FILE(mdl_mk_bytes_assigned, "assigned-15.0.txt");
INCLUDE_FILE(mdl_mk_bytes_countries, "countries.txt");
INCLUDE_FILE(mdl_mk_bytes_corpus, "corpus.txt");

struct extent {
    const char *name;
    const char *first;
    const char *end;
};

#define EXTENT(name, symbol)                                                                       \
    {                                                                                              \
        name, symbol, symbol##_end                                                                 \
    }
static const struct extent files[MK_FILES] = {
    [MK_FILE_PSL] = EXTENT("public_suffix_list.dat", mdl_mk_bytes_psl),
    [MK_FILE_FREE_MAIL] = EXTENT("free_email_domains.kikobeats.json", mdl_mk_bytes_free_mail),
    [MK_FILE_NEVER] = EXTENT("never_company_key.txt", mdl_mk_bytes_never),
    [MK_FILE_PLACEHOLDER_DOMAINS] =
        EXTENT("placeholder_domains.txt", mdl_mk_bytes_placeholder_domains),
    [MK_FILE_PLACEHOLDER_NAMES] = EXTENT("placeholder_names.txt", mdl_mk_bytes_placeholder_names),
    [MK_FILE_FORMS] = EXTENT("legal_forms.txt", mdl_mk_bytes_forms),
    [MK_FILE_LETTERS] = EXTENT("letters.txt", mdl_mk_bytes_letters),
    [MK_FILE_ASSIGNED] = EXTENT("assigned-15.0.txt", mdl_mk_bytes_assigned),
    [MK_FILE_COUNTRIES] = EXTENT("countries.txt", mdl_mk_bytes_countries),
    [MK_FILE_CORPUS] = EXTENT("corpus.txt", mdl_mk_bytes_corpus),
};

void mdl_mk_blob(enum mk_file file, struct mk_blob *out)
{
    const struct extent *e = &files[file];
    out->name = e->name;
    out->at = e->first;
    out->len = (size_t)((uintptr_t)e->end - (uintptr_t)e->first);
}

bool mdl_mk_line(struct mk_blob *rest, const char **line, size_t *len)
{
    if (rest->len == 0) {
        return false;
    }
    const char *nl = memchr(rest->at, '\n', rest->len);
    size_t n = nl != NULL ? (size_t)(nl - rest->at) : rest->len;
    size_t used = nl != NULL ? n + 1 : n;
    *line = rest->at;
    *len = n > 0 && rest->at[n - 1] == '\r' ? n - 1 : n;
    rest->at += used;
    rest->len -= used;
    return true;
}
