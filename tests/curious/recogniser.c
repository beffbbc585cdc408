/* recogniser.c: tries every name against every relation that it could have with what came.
 * May not look at a session, nor at what the other side knows. */
#include "recogniser.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const relation_name[RELATIONS] = {
    "bytes that came", "list_root",       "a leaf",         "an opened position",
    "the count",       "order of points", "order of names", "order of their list"};

#define FORM_MAX  129u
#define FORMS_MAX 40u

struct form { /* something that can be made of a name */
    uint8_t at[FORM_MAX];
    size_t len;
};

struct forms {
    struct form f[FORMS_MAX];
    size_t n;
};

void mind_keep(struct mind *m, const uint8_t *bytes, size_t len)
{
    if (m->n_came == MESSAGES_MAX) {
        abort();
    }
    struct kept *k = &m->came[m->n_came++];
    k->bytes = malloc(len);
    k->len = len;
    memcpy(k->bytes, bytes, len);
}

void mind_free(struct mind *m)
{
    for (size_t i = 0; i < m->n_came; i++) {
        free(m->came[i].bytes);
    }
    m->n_came = 0;
}

/* ---- what can be made of a name -------------------------------------------------------------- */

static void add(struct forms *f, const uint8_t *bytes, size_t len)
{
    if (f->n == FORMS_MAX || len > FORM_MAX) {
        abort();
    }
    memcpy(f->f[f->n].at, bytes, len);
    f->f[f->n++].len = len;
}

static void add_hashes(struct forms *f, const uint8_t *bytes, size_t len)
{
    uint8_t h[64];
    char hex[129];

    crypto_hash_sha256(h, bytes, len);
    add(f, h, 32);
    (void)sodium_bin2hex(hex, sizeof hex, h, 32);
    add(f, (const uint8_t *)hex, 64);
    crypto_hash_sha512(h, bytes, len);
    add(f, h, 32); /* its first half stands for both */
    (void)sodium_bin2hex(hex, sizeof hex, h, 64);
    add(f, (const uint8_t *)hex, 128);
    crypto_generichash(h, 32, bytes, len, NULL, 0);
    add(f, h, 32);
}

static void add_tag(const struct mind *m, struct forms *f, const uint8_t *part, size_t len)
{
    struct mdl_taghash h;
    uint8_t full[64];

    mdl_taghash_init(&h, "tag");
    mdl_taghash_part(&h, m->sid, sizeof m->sid);
    mdl_taghash_part(&h, part, len);
    mdl_taghash_final(&h, full);
    add(f, full, MDL_TAG_BYTES);
}

/* The point, its tag and its hash. */
static void add_point(const struct mind *m, struct forms *f, const uint8_t p[32])
{
    uint8_t h[32];

    add(f, p, 32);
    add_tag(m, f, p, 32);
    crypto_hash_sha256(h, p, 32);
    add(f, h, 32);
}

static void hash_to_point(const struct mind *m, const struct sim_key *x, uint8_t out[32])
{
    static const char prefix[] = "mandorla-v1-ristretto255-sha512-H2G-";
    uint8_t dst[sizeof prefix - 1 + MDL_SID_BYTES];
    size_t offset[2] = {0, x->len};
    struct mdl_inputs in = {x->bytes, offset, 1};

    memcpy(dst, prefix, sizeof prefix - 1);
    memcpy(dst + sizeof prefix - 1, m->sid, MDL_SID_BYTES);
    if (mdl_group_hash(dst, sizeof dst, &in, out, NULL, NULL) != MDL_OK) {
        abort();
    }
}

static void multiply(const uint8_t k[32], const uint8_t p[32], uint8_t out[32])
{
    if (crypto_scalarmult_ristretto255(out, k, p) != 0) {
        abort();
    }
}

/* P(x), -P(x), and P(x) under k, k squared and 1/k: a partner that forgets to blind, blinds with a
 * scalar it was shown, or undoes one. */
static void add_points(const struct mind *m, struct forms *f, const struct sim_key *x)
{
    static const uint8_t zero[32]; /* encodes the identity */
    uint8_t p[32], q[32], inverse[32];

    hash_to_point(m, x, p);
    add_point(m, f, p);
    if (crypto_core_ristretto255_sub(q, zero, p) != 0 ||
        crypto_core_ristretto255_scalar_invert(inverse, m->scalar) != 0) {
        abort();
    }
    add_point(m, f, q);
    multiply(inverse, p, q);
    add_point(m, f, q);
    multiply(m->scalar, p, q);
    add_point(m, f, q);
    multiply(m->scalar, q, p);
    add_point(m, f, p);
}

static void make_forms(const struct mind *m, const struct sim_key *x, struct forms *f)
{
    uint8_t mac[64];

    f->n = 0;
    add(f, x->bytes, x->len);
    add(f, x->bytes + 3, x->len - 3); /* the bare value */
    add_hashes(f, x->bytes, x->len);
    add_hashes(f, x->bytes + 3, x->len - 3);
    if (m->has_key) {
        add_tag(m, f, x->bytes, x->len);
        crypto_auth_hmacsha512(mac, x->bytes, x->len, m->secrets.list_seed);
        add(f, mac, 32);
        add_points(m, f, x);
    }
}

static bool stands_in(const struct kept *k, const uint8_t *bytes, size_t len)
{
    return k->bytes != NULL && memmem(k->bytes, k->len, bytes, len) != NULL;
}

static bool came(const struct mind *m, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < m->n_came; i++) {
        if (stands_in(&m->came[i], bytes, len)) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof m->after / sizeof m->after[0]; i++) {
        if (stands_in(&m->after[i], bytes, len)) {
            return true;
        }
    }
    return false;
}

static void by_bytes(const struct mind *m, struct insight *out)
{
    struct forms f;

    for (size_t i = 0; i < m->n_names; i++) {
        make_forms(m, &m->name[i], &f);
        for (size_t k = 0; k < f.n; k++) {
            out->found[BY_BYTES][i] |= came(m, f.f[k].at, f.f[k].len);
        }
    }
}

/* ---- list_root ------------------------------------------------------------------------------- */

typedef void salt_fn(const uint8_t *seed, uint64_t i, uint8_t salt[32]);

static void salt_of_seed(const uint8_t *seed, uint64_t i, uint8_t salt[32])
{
    crypto_auth_hmacsha512_state st;
    uint8_t number[8], mac[64];

    for (size_t b = 0; b < 8; b++) {
        number[b] = (uint8_t)(i >> (56 - 8 * b));
    }
    crypto_auth_hmacsha512_init(&st, seed, 32);
    crypto_auth_hmacsha512_update(&st, number, sizeof number);
    crypto_auth_hmacsha512_final(&st, mac);
    memcpy(salt, mac, 32);
}

static void salt_itself(const uint8_t *seed, uint64_t i, uint8_t salt[32])
{
    (void)i;
    memcpy(salt, seed, 32);
}

static void leaf_of(const uint8_t salt[32], const struct sim_key *x, uint8_t out[32])
{
    crypto_hash_sha256_state st;
    uint8_t zero = 0;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, &zero, 1);
    crypto_hash_sha256_update(&st, salt, 32);
    crypto_hash_sha256_update(&st, x->bytes, x->len);
    crypto_hash_sha256_final(&st, out);
}

/* RFC 6962, 2.1. */
static void root_of(const uint8_t (*leaf)[32], size_t n, uint8_t out[32])
{
    uint8_t node[65] = {1};
    size_t k = 1;

    if (n == 1) {
        memcpy(out, leaf[0], 32);
        return;
    }
    while (2 * k < n) {
        k *= 2;
    }
    root_of(leaf, k, node + 1);
    root_of(leaf + k, n - k, node + 33);
    crypto_hash_sha256(out, node, sizeof node);
}

static void try_root(const struct mind *m, const uint8_t *seed, salt_fn *salt_for,
                     struct insight *out)
{
    uint8_t leaf[NAMES_MAX][32], salt[32], root[32];

    for (size_t i = 0; i < m->n_theirs; i++) {
        salt_for(seed, i, salt);
        leaf_of(salt, &m->name[m->theirs + i], leaf[i]);
    }
    root_of((const uint8_t(*)[32])leaf, m->n_theirs, root);
    for (size_t i = 0; i < m->n_theirs && came(m, root, 32); i++) {
        out->found[BY_ROOT][m->theirs + i] = true;
    }
}

static void try_leaves(const struct mind *m, const uint8_t salt[32], struct insight *out)
{
    uint8_t leaf[32];

    for (size_t i = 0; i < m->n_names; i++) {
        leaf_of(salt, &m->name[i], leaf);
        out->found[BY_LEAF][i] |= came(m, leaf, 32);
    }
}

static void try_seed(const struct mind *m, const uint8_t *seed, struct insight *out)
{
    if (m->n_theirs > 0) {
        try_root(m, seed, salt_of_seed, out);
        try_root(m, seed, salt_itself, out);
    }
    try_leaves(m, seed, out);
}

/* Every binary of 32 bytes that came may be a seed or a salt, and so may all that is its own. */
static void by_root(const struct mind *m, struct insight *out)
{
    static const uint8_t zero[32];
    uint8_t salt[32];

    try_seed(m, zero, out);
    for (size_t i = 0; i < m->n_came; i++) {
        const struct kept *k = &m->came[i];
        for (size_t at = 0; at + 34 <= k->len; at++) {
            if (k->bytes[at] == 0xc4 && k->bytes[at + 1] == 32) {
                try_seed(m, k->bytes + at + 2, out);
            }
        }
    }
    for (size_t i = 0; m->has_key && i < sizeof m->secrets / 32; i++) {
        try_seed(m, (const uint8_t *)&m->secrets + 32 * i, out);
    }
    for (uint32_t i = 0; m->has_key && i < m->n_own; i++) {
        salt_of_seed(m->secrets.list_seed, i, salt);
        try_leaves(m, salt, out);
    }
}

/* ---- positions ------------------------------------------------------------------------------- */

struct places {
    struct { /* the own points, ascending, and whose they are */
        uint8_t point[32];
        uint32_t own;
    } sent[NAMES_MAX];
    uint8_t point[NAMES_MAX][32];          /* that came, in their order */
    uint8_t tag[NAMES_MAX][MDL_TAG_BYTES]; /* of those under the own key */
    uint8_t got[NAMES_MAX][MDL_TAG_BYTES]; /* that came, in their order */
    size_t n_points, n_got;
};

static int in_order(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool same_key(const struct sim_key *a, const struct sim_key *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static void find_key(const struct mind *m, const struct sim_key *x, bool *found)
{
    for (size_t i = 0; i < m->n_names; i++) {
        found[i] |= same_key(&m->name[i], x);
    }
}

static void take_message(const struct mind *m, const struct mdl_msg *k, struct places *p,
                         struct insight *out)
{
    if (k->type == MDL_MSG_CHUNK && k->body.chunk.g == m->g) {
        p->n_points = k->body.chunk.points.len / 32;
        memcpy(p->point, k->body.chunk.points.p, k->body.chunk.points.len);
    } else if (k->type == MDL_MSG_TAGS && k->body.tags.g == m->g) {
        p->n_got = k->body.tags.tags.len / MDL_TAG_BYTES;
        memcpy(p->got, k->body.tags.tags.p, k->body.tags.tags.len);
    } else if (k->type == MDL_MSG_MATCH && k->body.match.g == m->g) {
        out->m = k->body.match.m;
    } else if (k->type == MDL_MSG_SLICE && k->body.slice.g == m->g) {
        const struct mdl_bytes *at = &k->body.slice.positions;
        for (size_t i = 0; i + 4 <= at->len; i += 4) {
            uint32_t place = (uint32_t)at->p[i + 2] << 8 | at->p[i + 3];
            if (place < m->n_own) {
                find_key(m, &m->own[p->sent[place].own], out->found[BY_OPENED]);
            }
        }
    }
}

static void take_places(const struct mind *m, struct places *p, struct insight *out)
{
    struct mdl_msg k;
    uint8_t x[32], d[32];

    for (uint32_t i = 0; i < m->n_own; i++) {
        hash_to_point(m, &m->own[i], x);
        multiply(m->scalar, x, p->sent[i].point);
        p->sent[i].own = i;
    }
    qsort(p->sent, m->n_own, sizeof p->sent[0], in_order);
    for (size_t i = 0; i < m->n_came; i++) {
        if (mdl_msg_decode(m->came[i].bytes, m->came[i].len, &k, NULL) == MDL_OK) {
            take_message(m, &k, p, out);
        }
    }
    for (size_t i = 0; i < p->n_points; i++) {
        struct forms f = {.n = 0};
        multiply(m->scalar, p->point[i], d);
        add_tag(m, &f, d, 32);
        memcpy(p->tag[i], f.f[0].at, MDL_TAG_BYTES);
    }
}

static bool has_tag(const uint8_t (*tag)[MDL_TAG_BYTES], size_t n, const uint8_t *one)
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(tag[i], one, MDL_TAG_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void by_places(const struct mind *m, struct insight *out)
{
    struct places *p = calloc(1, sizeof *p);

    if (p == NULL) {
        abort();
    }
    take_places(m, p, out);
    for (uint32_t i = 0; i < m->n_own && i < p->n_got; i++) {
        if (has_tag((const uint8_t(*)[MDL_TAG_BYTES])p->tag, p->n_points, p->got[i])) {
            find_key(m, &m->own[p->sent[i].own], out->found[GUESS_POINTS]);
            find_key(m, &m->own[i], out->found[GUESS_LIST]);
        }
    }
    for (size_t i = 0; i < p->n_points && i < m->n_theirs; i++) {
        if (has_tag((const uint8_t(*)[MDL_TAG_BYTES])p->got, p->n_got, p->tag[i])) {
            out->found[GUESS_THEIRS][m->theirs + i] = true;
        }
    }
    for (uint32_t i = 0; i < m->n_own && m->n_own == out->m; i++) {
        find_key(m, &m->own[i], out->found[BY_COUNT]);
    }
    free(p);
}

void recognise_places(const struct mind *m, struct insight *out)
{
    memset(out, 0, sizeof *out);
    if (m->has_key) {
        by_places(m, out);
    }
}

void recognise(const struct mind *m, struct insight *out)
{
    recognise_places(m, out);
    by_bytes(m, out);
    by_root(m, out);
}
