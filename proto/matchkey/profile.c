/* profile.c: opens a match-key profile: its tables, its digest, its self-check.
 * May not read a file: the data is linked in (profile_data.c). */
#include "matchkey_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static enum mdl_status load_psl(struct mdl_profile *p, struct mdl_error *err)
{
    struct mk_blob b;
    mdl_mk_blob(MK_FILE_PSL, &b);
    /* fmemopen asks for a writable pointer and, in mode "r", does not write. */
    FILE *f = fmemopen((void *)(uintptr_t)b.at, b.len, "r");
    if (f != NULL) {
        p->psl = psl_load_fp(f);
        (void)fclose(f);
    }
    return p->psl != NULL
               ? MDL_OK
               : mdl_fail(err, MDL_L_MEMORY, "not enough memory for the public suffix list");
}

static void put(crypto_hash_sha256_state *h, const void *bytes, size_t len)
{
    const uint8_t n[8] = {
        0, 0, 0, 0, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    crypto_hash_sha256_update(h, n, sizeof n);
    crypto_hash_sha256_update(h, bytes, len);
}

/* SHA-256 over length-prefixed: "mandorla profile", id, version of the rules, then name and bytes
 * of each file. The corpus, which holds the keys its inputs must give, is one of them. */
static void digest(struct mdl_profile *p)
{
    static const char label[] = "mandorla profile";
    const uint8_t version = MK_RULES_VERSION;
    crypto_hash_sha256_state h;
    crypto_hash_sha256_init(&h);
    put(&h, label, sizeof label - 1);
    put(&h, MK_PROFILE_ID, sizeof MK_PROFILE_ID - 1);
    put(&h, &version, 1);
    for (int i = 0; i < MK_FILES; i++) {
        struct mk_blob b;
        mdl_mk_blob((enum mk_file)i, &b);
        put(&h, b.name, strlen(b.name));
        put(&h, b.at, b.len);
    }
    crypto_hash_sha256_final(&h, p->digest);
}

enum mdl_status mdl_mk_profile_load(struct mdl_profile **out, struct mdl_error *err)
{
    struct mdl_profile *p = calloc(1, sizeof *p);
    *out = NULL;
    if (p == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "not enough memory for the match-key profile");
    }
    enum mdl_status st = load_psl(p, err);
    if (st == MDL_OK) {
        st = mdl_mk_tables_build(p, err);
    }
    if (st != MDL_OK) {
        mdl_profile_close(p);
        return st;
    }
    digest(p);
    *out = p;
    return MDL_OK;
}

enum mdl_status mdl_profile_open(const char *id, struct mdl_profile **out, struct mdl_error *err)
{
    *out = NULL;
    if (id != NULL && strcmp(id, MK_PROFILE_ID) != 0) {
        return mdl_fail(err, MDL_U_NOT_FOUND,
                        "no match-key profile \"%.40s\": this program carries %s", id,
                        MK_PROFILE_ID);
    }
    struct mdl_profile *p;
    struct mk_blob corpus;
    mdl_mk_blob(MK_FILE_CORPUS, &corpus);
    enum mdl_status st = mdl_mk_profile_load(&p, err);
    if (st == MDL_OK) {
        st = mdl_mk_corpus_check(p, corpus, err);
    }
    if (st != MDL_OK) {
        mdl_profile_close(p);
        return st;
    }
    *out = p;
    return MDL_OK;
}

void mdl_profile_close(struct mdl_profile *p)
{
    if (p != NULL) {
        psl_free(p->psl);
        mdl_mk_tables_free(p);
        free(p);
    }
}

const char *mdl_profile_id(const struct mdl_profile *p)
{
    (void)p; /* one profile so far */
    return MK_PROFILE_ID;
}

const uint8_t *mdl_profile_digest(const struct mdl_profile *p)
{
    return p->digest;
}
