/* compare.c: one engine against libsodium, with inputs that follow from a seed. For machines too
 * slow for tests/unit/group/check_lanes.c; judges nothing that needs a clock. usage: compare-engine
 * ENGINE CASES [SEED] */
#include <engine_cases.h>
#include <group.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT 32
#define LONG  1000

static const struct mdl_engine *engine;
static uint32_t seed;
static size_t batches;

static bool agrees(const struct mdl_cases_batch *b)
{
    const char *what = mdl_cases_difference(engine, b);

    batches++;
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
    static struct mdl_cases_batch b;
    bool ok = true;

    for (size_t n = 0; n <= 2 * engine->lanes + 1; n++) {
        mdl_cases_draw_batch(&b, n);
        ok = agrees(&b) && ok;
    }
    for (size_t n = 127; n <= 130; n++) {
        mdl_cases_draw_batch(&b, n);
        ok = agrees(&b) && ok;
    }
    return ok;
}

static bool field_edges(void)
{
    static struct mdl_cases_batch b;

    mdl_cases_field_edges(&b);
    return agrees(&b);
}

static bool scalar_edges(void)
{
    static struct mdl_cases_batch b;
    bool ok = true;

    mdl_cases_draw_batch(&b, engine->lanes);
    for (size_t i = 0; i < MDL_CASES_SCALARS; i++) {
        mdl_cases_scalar_edge(&b, i);
        ok = agrees(&b) && ok;
    }
    return ok;
}

/* Every kind of bad encoding in every lane, with good ones all round. */
static bool neighbours(void)
{
    static struct mdl_cases_batch good;
    static struct mdl_cases_batch b;
    bool ok = true;

    mdl_cases_draw_batch(&good, engine->lanes);
    for (size_t at = 0; at < 6 * engine->lanes; at++) {
        uint8_t *p = b.points + at / 6 * POINT;

        b = good;
        switch (at % 6) {
        case 0:
            memset(p, 0, POINT);
            break;
        case 1:
            memset(p, 0xff, POINT);
            p[0] = 0xed;
            p[31] = 0x7f;
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
            mdl_cases_draw(p, POINT);
            break;
        }
        ok = agrees(&b) && ok;
    }
    return ok;
}

static bool sums_of_equal_points(void)
{
    static struct mdl_cases_batch b;
    uint8_t sum[POINT];
    uint8_t st[MDL_CASES_MOST];

    mdl_cases_draw_batch(&b, 40);
    mdl_cases_equal_points(&b);
    bool ok = agrees(&b);
    mdl_cases_cancel(&b);
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
    uint8_t wide[MDL_CASES_UNIFORM];

    mdl_cases_draw(wide, sizeof wide);
    for (size_t i = 0; i < LONG; i++) {
        (void)crypto_core_ristretto255_from_hash(points + i * POINT, wide);
        mdl_cases_draw_scalar(weight + i * 32);
        crypto_core_ristretto255_scalar_add(total, total, weight + i * 32);
    }
    engine->weighted_sum(weight, points, LONG, got, st);
    return crypto_scalarmult_ristretto255(want, total, points) == 0 &&
           memcmp(want, got, POINT) == 0 && sodium_is_zero(st, LONG) == 1;
}

/* Five cases an element: hash, hash and multiply, multiply, check, weigh. */
static bool random_cases(size_t cases)
{
    static struct mdl_cases_batch b;
    size_t done = 0;
    bool ok = true;

    while (ok && done < cases) {
        uint8_t n = 0;

        mdl_cases_draw(&n, 1);
        mdl_cases_draw_batch(&b, 1 + (size_t)n % MDL_CASES_MOST);
        mdl_cases_spoil_some(&b);
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
    mdl_cases_seed(seed);
    return everything(strtoul(argv[2], NULL, 10)) ? EXIT_SUCCESS : EXIT_FAILURE;
}
