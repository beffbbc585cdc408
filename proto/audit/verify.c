/* verify.c: the check of a stored log, row by row (PROTOCOL 11). May not: repair anything. */
#include <mandorla/audit.h>

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

void mdl_log_verify_start(struct mdl_log_verifier *v, const uint8_t identity[MDL_IDENTITY_BYTES])
{
    memset(v, 0, sizeof *v);
    v->next_seq = 1;
    mdl_log_chain_start(identity, v->chain);
}

static enum mdl_status check_number(uint64_t next, const struct mdl_log_item *item,
                                    struct mdl_error *err)
{
    if (item->seq == next) {
        return MDL_OK;
    }
    if (item->seq == next + 1) {
        return mdl_fail(err, MDL_L_CHAIN, "entry %" PRIu64 " is missing", next);
    }
    if (item->seq > next) {
        return mdl_fail(err, MDL_L_CHAIN, "entries %" PRIu64 " to %" PRIu64 " are missing", next,
                        item->seq - 1);
    }
    return mdl_fail(err, MDL_L_CHAIN, "entry %" PRIu64 " stands where entry %" PRIu64 " should",
                    item->seq, next);
}

static enum mdl_status check_bytes(const struct mdl_log_item *item, const uint8_t leaf[MDL_HASH256],
                                   struct mdl_log_entry *e, struct mdl_error *err)
{
    enum mdl_status st = mdl_log_entry_decode(item->entry, item->len, e, err);

    if (st != MDL_OK) {
        if (err != NULL) {
            (void)mdl_error_prefix(err, "entry %" PRIu64 ": ", item->seq);
        }
        return st;
    }
    if (e->seq != item->seq) {
        return mdl_fail(err, MDL_L_CHAIN, "entry %" PRIu64 ": its bytes say it is entry %" PRIu64,
                        item->seq, e->seq);
    }
    if (memcmp(leaf, item->leaf, MDL_HASH256) != 0) {
        return mdl_fail(err, MDL_L_CHAIN, "entry %" PRIu64 ": its bytes do not give its leaf hash",
                        item->seq);
    }
    return MDL_OK;
}

enum mdl_status mdl_log_verify_next(struct mdl_log_verifier *v, const struct mdl_log_item *item,
                                    struct mdl_log_entry *entry, struct mdl_error *err)
{
    struct mdl_log_entry own;
    uint8_t leaf[MDL_HASH256];
    uint8_t chain[MDL_HASH256];

    mdl_log_leaf(item->entry, item->len, leaf);
    mdl_log_chain_next(v->chain, leaf, chain);
    enum mdl_status st = check_number(v->next_seq, item, err);
    enum mdl_status bytes =
        check_bytes(item, leaf, entry != NULL ? entry : &own, st == MDL_OK ? err : NULL);
    st = st == MDL_OK ? bytes : st;
    if (st == MDL_OK && memcmp(chain, item->chain, MDL_HASH256) != 0) {
        st = mdl_fail(err, MDL_L_CHAIN,
                      "entry %" PRIu64 ": its chain value does not follow from entry %" PRIu64,
                      item->seq, item->seq - 1);
    }
    v->problems += st != MDL_OK;
    v->next_seq = item->seq + 1;
    memcpy(v->chain, item->chain, MDL_HASH256);
    mdl_merkle_add_leaf(&v->tree, leaf);
    return st;
}

enum mdl_status mdl_log_verify_head(const struct mdl_log_verifier *v, uint64_t seq,
                                    const uint8_t chain[MDL_HASH256], struct mdl_error *err)
{
    uint64_t last = v->next_seq - 1;

    if (last != seq) {
        return mdl_fail(err, MDL_L_CHAIN,
                        "the log ends at entry %" PRIu64 ", it should end at entry %" PRIu64, last,
                        seq);
    }
    if (memcmp(v->chain, chain, MDL_HASH256) != 0) {
        return mdl_fail(err, MDL_L_CHAIN,
                        "the log ends at entry %" PRIu64 " with another chain value than it should",
                        seq);
    }
    return MDL_OK;
}
