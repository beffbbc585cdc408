/* merkle.c: the Merkle tree hash of RFC 6962, 2.1, leaf by leaf. May not: allocate. */
#include <mandorla/audit.h>

#include <sodium.h>
#include <string.h>

static void hash_node(const uint8_t left[MDL_HASH256], const uint8_t right[MDL_HASH256],
                      uint8_t out[MDL_HASH256])
{
    static const uint8_t prefix = 0x01;
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    (void)crypto_hash_sha256_update(&state, left, MDL_HASH256);
    (void)crypto_hash_sha256_update(&state, right, MDL_HASH256);
    (void)crypto_hash_sha256_final(&state, out);
}

void mdl_merkle_init(struct mdl_merkle *m)
{
    memset(m, 0, sizeof *m);
}

void mdl_merkle_add_leaf(struct mdl_merkle *m, const uint8_t leaf[MDL_HASH256])
{
    uint8_t node[MDL_HASH256];
    size_t h = 0;

    memcpy(node, leaf, sizeof node);
    for (; (m->count >> h & 1) != 0; h++) {
        hash_node(m->full[h], node, node);
    }
    memcpy(m->full[h], node, sizeof node);
    m->count++;
}

void mdl_merkle_add(struct mdl_merkle *m, const void *a, size_t a_len, const void *b, size_t b_len)
{
    static const uint8_t prefix = 0x00;
    crypto_hash_sha256_state state;
    uint8_t leaf[MDL_HASH256];

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    if (a_len > 0) {
        (void)crypto_hash_sha256_update(&state, a, a_len);
    }
    if (b_len > 0) {
        (void)crypto_hash_sha256_update(&state, b, b_len);
    }
    (void)crypto_hash_sha256_final(&state, leaf);
    sodium_memzero(&state, sizeof state); /* the leaf may be a salted secret */
    mdl_merkle_add_leaf(m, leaf);
}

/* The largest full subtrees stand to the left, so the right edge is folded from the smallest up. */
void mdl_merkle_root(const struct mdl_merkle *m, uint8_t root[MDL_HASH256])
{
    bool begun = false;

    if (m->count == 0) {
        (void)crypto_hash_sha256(root, NULL, 0);
        return;
    }
    for (size_t h = 0; h < 64; h++) {
        if ((m->count >> h & 1) == 0) {
            continue;
        }
        if (begun) {
            hash_node(m->full[h], root, root);
        } else {
            memcpy(root, m->full[h], MDL_HASH256);
            begun = true;
        }
    }
}
