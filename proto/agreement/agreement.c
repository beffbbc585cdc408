/* agreement.c: the agreement as a record, and its hash. May not: judge terms (check.c does). */
#include <mandorla/agreement.h>

#include <record.h>
#include <taghash.h>

#define FIELD(s, f, k) .name = #f, .kind = MDL_K_##k, .at = offsetof(struct s, f)
#define BY_ROLE(label, f, k)                                                                       \
    .name = label, .kind = MDL_K_##k, .at = offsetof(struct mdl_agreement, f)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct mdl_field population = {
    .name = "population", .kind = MDL_K_STR, .min = 1, .max = MDL_POPULATION_NAME};

#define POPULATIONS(label, role)                                                                   \
    {                                                                                              \
        .name = label, .kind = MDL_K_ARRAY,                                                        \
        .at = offsetof(struct mdl_agreement_group, populations[role]), .min = 1,                   \
        .max = MDL_AGREEMENT_POPULATIONS, .step = MDL_POPULATION_NAME + 1,                         \
        .count_at = offsetof(struct mdl_agreement_group, n_populations[role]), .item = &population \
    }

static const struct mdl_field group_fields[] = {
    {FIELD(mdl_agreement_group, level, STR), .max = MDL_LEVEL_NAME},
    {FIELD(mdl_agreement_group, key_type, UINT), .max = UINT8_MAX, .step = 1},
    POPULATIONS("populations_A", MDL_ROLE_A),
    POPULATIONS("populations_B", MDL_ROLE_B),
};
static const struct mdl_record group_record = {"group", group_fields, COUNT_OF(group_fields)};
static const struct mdl_field group_item = {
    .name = "groups", .kind = MDL_K_RECORD, .record = &group_record};

static const struct mdl_field caps_fields[] = {
    {FIELD(mdl_agreement_caps, max_keys_round, UINT), .max = UINT32_MAX, .step = 4},
    {FIELD(mdl_agreement_caps, max_keys_month, UINT), .max = UINT64_MAX, .step = 8},
    {FIELD(mdl_agreement_caps, min_keys, UINT), .max = UINT32_MAX, .step = 4},
    {FIELD(mdl_agreement_caps, min_result, UINT), .max = UINT32_MAX, .step = 4},
    {FIELD(mdl_agreement_caps, max_result, UINT), .max = UINT32_MAX, .step = 4},
    {FIELD(mdl_agreement_caps, max_rounds_month, UINT), .max = UINT16_MAX, .step = 2},
    {FIELD(mdl_agreement_caps, min_change, UINT), .max = UINT32_MAX, .step = 4},
    {FIELD(mdl_agreement_caps, cooldown_hours, UINT), .max = UINT16_MAX, .step = 2},
};
static const struct mdl_record caps_record = {"caps", caps_fields, COUNT_OF(caps_fields)};

static const struct mdl_field profile_item = {.name = "profiles", .kind = MDL_K_BYTES, .max = 32};

static const struct mdl_field fields[] = {
    {.name = "version", .kind = MDL_K_VERSION, .max = 1},
    {BY_ROLE("identity_A", identity[MDL_ROLE_A], BYTES), .max = MDL_IDENTITY_BYTES},
    {BY_ROLE("identity_B", identity[MDL_ROLE_B], BYTES), .max = MDL_IDENTITY_BYTES},
    {BY_ROLE("name_A", name[MDL_ROLE_A], STR), .max = MDL_AGREEMENT_NAME},
    {BY_ROLE("name_B", name[MDL_ROLE_B], STR), .max = MDL_AGREEMENT_NAME},
    {FIELD(mdl_agreement, suite, STR), .max = MDL_SUITE_NAME},
    {FIELD(mdl_agreement, profiles, ARRAY), .min = 1, .max = MDL_AGREEMENT_PROFILES, .step = 32,
     .count_at = offsetof(struct mdl_agreement, n_profiles), .item = &profile_item},
    {FIELD(mdl_agreement, groups, ARRAY), .min = 1, .max = MDL_AGREEMENT_GROUPS,
     .step = sizeof(struct mdl_agreement_group),
     .count_at = offsetof(struct mdl_agreement, n_groups), .item = &group_item},
    {FIELD(mdl_agreement, caps, RECORD), .record = &caps_record},
    {FIELD(mdl_agreement, approval, UINT), .max = UINT8_MAX, .step = 1},
    {FIELD(mdl_agreement, purpose, STR), .max = MDL_AGREEMENT_TEXT},
    {FIELD(mdl_agreement, legal_basis, STR), .max = MDL_AGREEMENT_TEXT},
    {FIELD(mdl_agreement, valid_from, UINT), .max = UINT64_MAX, .step = 8},
    {FIELD(mdl_agreement, valid_until, UINT), .max = UINT64_MAX, .step = 8},
    {FIELD(mdl_agreement, retention_days, UINT), .max = UINT16_MAX, .step = 2},
    {FIELD(mdl_agreement, key_deadline_s, UINT), .max = UINT16_MAX, .step = 2},
    {FIELD(mdl_agreement, nonce, BYTES), .max = MDL_AGREEMENT_NONCE},
};
static const struct mdl_record agreement_record = {"agreement", fields, COUNT_OF(fields)};

enum mdl_status mdl_agreement_encode(const struct mdl_agreement *a, uint8_t buf[MDL_AGREEMENT_MAX],
                                     size_t *len, struct mdl_error *err)
{
    *len = 0;
    enum mdl_status st = mdl_agreement_valid(a, err);
    if (st != MDL_OK) {
        return st;
    }
    size_t need;
    st = mdl_record_encode(&agreement_record, a, NULL, SIZE_MAX, &need, err);
    if (st != MDL_OK) {
        return st;
    }
    if (need > MDL_AGREEMENT_MAX) {
        return mdl_fail(err, MDL_U_TOO_LARGE,
                        "the agreement has %zu bytes, at most %d: name fewer populations", need,
                        MDL_AGREEMENT_MAX);
    }
    return mdl_record_encode(&agreement_record, a, buf, MDL_AGREEMENT_MAX, len, err);
}

enum mdl_status mdl_agreement_decode(const uint8_t *bytes, size_t len, struct mdl_agreement *out,
                                     struct mdl_error *err)
{
    enum mdl_status st =
        mdl_record_decode(&agreement_record, bytes, len, MDL_AGREEMENT_MAX, out, sizeof *out, err);

    if (st != MDL_OK) {
        return st;
    }
    if (mdl_agreement_valid(out, err) != MDL_OK) {
        if (err != NULL) {
            err->status = MDL_P_AGREEMENT;
        }
        return MDL_P_AGREEMENT;
    }
    return MDL_OK;
}

void mdl_agreement_hash(const uint8_t *bytes, size_t len, uint8_t hash[MDL_AGREEMENT_HASH])
{
    struct mdl_taghash h;

    mdl_taghash_init(&h, "agreement");
    mdl_taghash_part(&h, bytes, len);
    mdl_taghash_final(&h, hash);
}
