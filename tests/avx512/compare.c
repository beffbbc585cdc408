/* compare.c: one engine against libsodium, with inputs that follow from a seed. For machines too
 * slow for tests/unit/group/check_lanes.c; judges nothing that needs a clock. usage: compare-engine
 * ENGINE CASES [SEED] */
#include <group.h>
#include <internal/engine.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT   32
#define UNIFORM 64
#define MOST    160 /* elements in one batch: more than an engine takes in one go */
#define LONG    1000

struct batch {
    size_t n;
    uint8_t k[32];
    uint8_t uniform[MOST * UNIFORM];
    uint8_t points[MOST * POINT];
    uint8_t weight[MOST * 32];
};

struct results {
    uint8_t derived[MOST * POINT];
    uint8_t blinded[MOST * POINT];
    uint8_t multiplied[MOST * POINT];
    uint8_t sum[POINT];
    uint8_t status[5][MOST];
};

/* L and p, little-endian */
static const uint8_t group_order[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
static uint8_t field_prime[32];

static const struct mdl_engine *engine;
static uint32_t seed;
static uint32_t drawn;
static size_t batches;

static void draw(uint8_t *out, size_t n)
{
    uint8_t from[randombytes_SEEDBYTES] = "Mandorla: compare";

    memcpy(from + 20, &seed, sizeof seed);
    memcpy(from + 24, &drawn, sizeof drawn);
    drawn++;
    randombytes_buf_deterministic(out, n, from);
}

static void draw_scalar(uint8_t *k)
{
    uint8_t wide[64];

    draw(wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(k, wide);
}

static void draw_batch(struct batch *b, size_t n)
{
    uint8_t wide[UNIFORM];

    b->n = n;
    draw(b->uniform, sizeof b->uniform);
    draw_scalar(b->k);
    for (size_t i = 0; i < n; i++) {
        draw_scalar(b->weight + i * 32);
        draw(wide, sizeof wide);
        (void)crypto_core_ristretto255_from_hash(b->points + i * POINT, wide);
    }
}

/* About one element in eight becomes random bytes, even and mostly below 2^255: half of those are
 * no point. */
static void spoil_some(struct batch *b)
{
    uint8_t coin[MOST];

    draw(coin, sizeof coin);
    for (size_t i = 0; i < b->n; i++) {
        if (coin[i] < 32) {
            draw(b->points + i * POINT, POINT);
            b->points[i * POINT] &= 0xfe;
            b->points[i * POINT + 31] &= coin[i] < 8 ? 0xff : 0x7f;
        }
    }
}

static void run(const struct mdl_engine *e, const struct batch *b, struct results *r)
{
    memset(r, 0xaa, sizeof *r);
    e->hash_mul(NULL, b->uniform, b->n, r->derived, r->status[0]);
    e->hash_mul(b->k, b->uniform, b->n, r->blinded, r->status[1]);
    e->mul(b->k, b->points, b->n, r->multiplied, r->status[2]);
    e->check(b->points, b->n, r->status[3]);
    e->weighted_sum(b->weight, b->points, b->n, r->sum, r->status[4]);
}

/* All bytes, those behind the n-th element included: nothing may write there. */
static bool agrees(const struct batch *b)
{
    static struct results want;
    static struct results got;
    const char *what = NULL;

    run(&mdl_engine_sodium, b, &want);
    run(engine, b, &got);
    batches++;
    if (memcmp(want.status, got.status, sizeof want.status) != 0) {
        what = "status";
    } else if (memcmp(want.derived, got.derived, sizeof want.derived) != 0) {
        what = "hash";
    } else if (memcmp(want.blinded, got.blinded, sizeof want.blinded) != 0) {
        what = "hash_mul";
    } else if (memcmp(want.multiplied, got.multiplied, sizeof want.multiplied) != 0) {
        what = "mul";
    } else if (memcmp(want.sum, got.sum, sizeof want.sum) != 0) {
        what = "weighted_sum";
    }
    if (what != NULL) {
        (void)printf("differs from libsodium: %s, batch %zu of %zu elements, seed %u\n", what,
                     batches, b->n, (unsigned)seed);
    }
    return what == NULL;
}

static bool self_test(void)
{
    struct mdl_error err;

    if (!engine->usable()) {
        (void)printf("this machine cannot run it\n");
        return false;
    }
    if (setenv("MANDORLA_ENGINE", engine->name, 1) != 0 || mdl_group_init(&err) != MDL_OK) {
        return false;
    }
    return strcmp(mdl_group_engine(), engine->name) == 0 && mdl_engine_agrees(engine);
}

static bool batch_sizes(void)
{
    static struct batch b;
    bool ok = true;

    for (size_t n = 0; n <= 2 * engine->lanes + 1; n++) {
        draw_batch(&b, n);
        ok = agrees(&b) && ok;
    }
    for (size_t n = 127; n <= 130; n++) {
        draw_batch(&b, n);
        ok = agrees(&b) && ok;
    }
    return ok;
}

/* 0, 1, p - 1, p, p + 1, 2^255 - 1 and 2^256 - 1: as both halves of what is mapped, in all pairs,
 * and as encodings. */
static bool field_edges(void)
{
    static struct batch b;
    uint8_t edge[7][32] = {{0}, {1}};

    for (size_t i = 0; i < 3; i++) {
        memcpy(edge[2 + i], field_prime, 32);
        edge[2 + i][0] = (uint8_t)(field_prime[0] - 1 + i);
    }
    memset(edge[5], 0xff, 32);
    edge[5][31] = 0x7f;
    memset(edge[6], 0xff, 32);
    draw_batch(&b, 49);
    for (size_t i = 0; i < 49; i++) {
        memcpy(b.uniform + i * UNIFORM, edge[i / 7], 32);
        memcpy(b.uniform + i * UNIFORM + 32, edge[i % 7], 32);
        memcpy(b.points + i * POINT, edge[i % 7], 32);
    }
    return agrees(&b);
}

/* 1, 2, 3, L - 3 .. L - 1, long runs of equal digits, and lone bits, as scalar and as weights. */
static bool scalar_edges(void)
{
    static const uint8_t fill[4] = {0xff, 0x88, 0x77, 0xf8};
    static struct batch b;
    bool ok = true;

    draw_batch(&b, engine->lanes);
    for (size_t i = 0; i < 20; i++) {
        memset(b.k, 0, sizeof b.k);
        if (i < 3) {
            b.k[0] = (uint8_t)(i + 1);
        } else if (i < 6) {
            memcpy(b.k, group_order, sizeof b.k);
            b.k[0] = (uint8_t)(group_order[0] - 6 + i);
        } else if (i < 10) {
            memset(b.k, fill[i - 6], 31);
        } else {
            b.k[(i - 10) * 3] = (uint8_t)(1 << (i - 10) % 8);
        }
        for (size_t j = 0; j < b.n; j++) {
            memcpy(b.weight + j * 32, b.k, 32);
        }
        ok = agrees(&b) && ok;
    }
    return ok;
}

/* Every kind of bad encoding in every lane, with good ones all round. */
static bool neighbours(void)
{
    static struct batch good;
    static struct batch b;
    bool ok = true;

    draw_batch(&good, engine->lanes);
    for (size_t at = 0; at < 6 * engine->lanes; at++) {
        uint8_t *p = b.points + at / 6 * POINT;

        b = good;
        switch (at % 6) {
        case 0:
            memset(p, 0, POINT);
            break;
        case 1:
            memcpy(p, field_prime, POINT);
            break;
        case 2:
            p[31] |= 0x80;
            break;
        case 3:
            p[0] |= 1;
            break;
        case 4:
            memset(p, 0xff, POINT);
            break;
        default:
            draw(p, POINT);
            break;
        }
        ok = agrees(&b) && ok;
    }
    return ok;
}

/* Equal points, opposite weights: additions that meet their own kind, and a list that cancels. */
static bool sums_of_equal_points(void)
{
    static struct batch b;
    uint8_t sum[POINT];
    uint8_t st[MOST];
    bool ok = true;

    draw_batch(&b, 40);
    for (size_t i = 1; i < b.n; i++) {
        memcpy(b.points + i * POINT, b.points, POINT);
        memcpy(b.weight + i * 32, b.weight, 32);
    }
    ok = agrees(&b);
    for (size_t i = 1; i < b.n; i += 2) {
        crypto_core_ristretto255_scalar_negate(b.weight + i * 32, b.weight);
    }
    engine->weighted_sum(b.weight, b.points, b.n, sum, st);
    return sodium_is_zero(sum, sizeof sum) == 1 && ok;
}

/* With equal points one multiplication gives the answer. */
static bool a_long_sum(void)
{
    static uint8_t points[LONG * POINT];
    static uint8_t weight[LONG * 32];
    static uint8_t st[LONG];
    uint8_t total[32] = {0};
    uint8_t want[POINT];
    uint8_t got[POINT];
    uint8_t wide[UNIFORM];

    draw(wide, sizeof wide);
    for (size_t i = 0; i < LONG; i++) {
        (void)crypto_core_ristretto255_from_hash(points + i * POINT, wide);
        draw_scalar(weight + i * 32);
        crypto_core_ristretto255_scalar_add(total, total, weight + i * 32);
    }
    engine->weighted_sum(weight, points, LONG, got, st);
    return crypto_scalarmult_ristretto255(want, total, points) == 0 &&
           memcmp(want, got, POINT) == 0 && sodium_is_zero(st, LONG) == 1;
}

/* Five cases an element: hash, hash and multiply, multiply, check, weigh. */
static bool random_cases(size_t cases)
{
    static struct batch b;
    size_t done = 0;
    bool ok = true;

    while (ok && done < cases) {
        uint8_t n = 0;

        draw(&n, 1);
        draw_batch(&b, 1 + n % MOST);
        spoil_some(&b);
        ok = agrees(&b);
        done += 5 * b.n;
    }
    (void)printf("%zu random cases\n", done);
    return ok;
}

static bool report(const char *what, bool ok)
{
    (void)printf("%s: %s %s\n", engine->name, what, ok ? "ok" : "FAILED");
    (void)fflush(stdout);
    return ok;
}

static bool everything(size_t cases)
{
    bool ok = report("self-test, and chosen by name", self_test());

    if (!ok) {
        return false;
    }
    ok = report("batch sizes", batch_sizes()) && ok;
    ok = report("edges of the field", field_edges()) && ok;
    ok = report("edges of the scalars", scalar_edges()) && ok;
    ok = report("bad encodings in each lane", neighbours()) && ok;
    ok = report("sums of equal points", sums_of_equal_points()) && ok;
    ok = report("a long sum", a_long_sum()) && ok;
    return report("random cases", random_cases(cases)) && ok;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    const struct mdl_engine *const *all = mdl_engine_list(&n);

    if (argc < 3 || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: compare-engine ENGINE CASES [SEED]\n");
        return 2;
    }
    memset(field_prime, 0xff, sizeof field_prime);
    field_prime[0] = 0xed;
    field_prime[31] = 0x7f;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, argv[1]) == 0) {
            engine = all[i];
        }
    }
    if (engine == NULL) {
        (void)fprintf(stderr, "compare-engine: this build has no engine %s\n", argv[1]);
        return 2;
    }
    seed = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
    return everything(strtoul(argv[2], NULL, 10)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
