/* check_counts_order.c: what comes back at level counts says how many, not which. Over a thousand
 * small rounds, what one side (B) returns is held against what the other (A) could want to know:
 * the place of each of its accounts, in its own list or among the points it sent, and which of them
 * matched. The same statistics must find a node that leaks: one that leaves its tags in the order
 * of the points, one that puts them in the order of the accounts, one that puts the matching ones
 * first.
 *
 * usage: check-counts-order [first seed]. Seeds are fixed: a result repeats. */
#include "sim_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OWN     5u
#define COMMON  3u
#define ALL     (OWN + COMMON)
#define ROUNDS  1000u
#define CONTROL 60u /* rounds are enough to find a leak */

enum leak { NONE, ORDER_OF_POINTS, ORDER_OF_ACCOUNTS, MATCHES_FIRST, LEAKS };
static const char *const leak_name[LEAKS] = {"as it is", "control: in the order of the points",
                                             "control: in the order of the accounts",
                                             "control: matches first"};

/* Permutations summed up: how often what is at place i comes back at place j. */
struct table {
    uint32_t n[ALL][ALL];
};

static struct {
    struct table points;   /* place among A's points -> place of its tag */
    struct table accounts; /* place in A's list of keys -> place of its tag */
    uint32_t matched[ALL]; /* places of the tags of accounts that matched */
    uint32_t digest[ALL];  /* first three bits of MATCH's digest */
    uint32_t rounds;
} seen;

static enum leak leak;
static uint32_t seen_tags;     /* TAGS of this round */
static uint64_t shape, shapes; /* types and sizes of what B sends, in order; of the first round */

/* ---- a node that leaks ----------------------------------------------------------------------- */

/* The account of A that a point of A's is, by its ordinal. */
static uint32_t account_at(const struct sim_world *w, uint32_t place)
{
    return w->node[0].session->cell[0].ordinal[place];
}

static uint32_t place_for(const struct sim_world *w, uint32_t point)
{
    uint32_t account = account_at(w, point);

    if (leak == ORDER_OF_POINTS) {
        return point;
    }
    if (leak == ORDER_OF_ACCOUNTS) {
        return account;
    }
    return account >= OWN ? account - OWN
                          : account + COMMON; /* the common keys are the last ones */
}

static void tag_of(const struct mdl_cell *c, uint32_t point, uint8_t tag[MDL_TAG_BYTES])
{
    struct mdl_taghash h;
    uint8_t full[MDL_TAGHASH_BYTES];

    mdl_taghash_init(&h, "tag");
    mdl_taghash_part(&h, c->sid, sizeof c->sid);
    mdl_taghash_part(&h, c->common + (size_t)point * MDL_POINT_BYTES, MDL_POINT_BYTES);
    mdl_taghash_final(&h, full);
    memcpy(tag, full, MDL_TAG_BYTES);
}

/* ---- what A sees ----------------------------------------------------------------------------- */

static void note_tags(struct sim_node *n, const uint8_t *tags)
{
    struct mdl_cell *c = &n->session->cell[0];

    for (uint32_t point = 0; point < ALL; point++) {
        uint8_t tag[MDL_TAG_BYTES];
        uint32_t account = account_at(n->world, point);
        uint32_t place = 0;

        tag_of(c, point, tag);
        while (place < ALL && memcmp(tags + (size_t)place * MDL_TAG_BYTES, tag, sizeof tag) != 0) {
            place++;
        }
        if (place == ALL) {
            abort(); /* every point has its tag */
        }
        seen.points.n[point][place]++;
        seen.accounts.n[account][place]++;
        seen.matched[place] += account >= OWN ? 1 : 0;
    }
    seen_tags++;
}

/* Types and sizes, in order: FNV-1a. */
static void note_shape(const struct sim_node *n, const struct mdl_msg *m)
{
    size_t size = m->type == MDL_MSG_CHUNK  ? m->body.chunk.points.len
                  : m->type == MDL_MSG_TAGS ? m->body.tags.tags.len
                                            : n->sent_of[m->type];

    shape = (shape ^ m->type) * UINT64_C(1099511628211);
    shape = (shape ^ size) * UINT64_C(1099511628211);
}

static bool listen_in(struct sim_node *n, struct mdl_msg *m)
{
    static uint8_t moved[ALL * MDL_TAG_BYTES];

    note_shape(n, m);
    if (m->type == MDL_MSG_MATCH) {
        seen.digest[m->body.match.digest[0] >> 5]++;
    }
    if (m->type != MDL_MSG_TAGS) {
        return true;
    }
    for (uint32_t point = 0; leak != NONE && point < ALL; point++) {
        tag_of(&n->session->cell[0], point,
               moved + (size_t)place_for(n->world, point) * MDL_TAG_BYTES);
    }
    note_tags(n, leak == NONE ? m->body.tags.tags.p : moved);
    m->body.tags.tags.p = leak == NONE ? m->body.tags.tags.p : moved;
    return true;
}

static void one_round(uint64_t seed)
{
    static const struct sim_size size = {
        .groups = 1, .own = {OWN, OWN}, .common = COMMON, .parallel = 1, .counts = 1};
    static struct sim_world w;

    seen_tags = 0;
    shape = 0;
    sim_init(&w, seed, &size, NULL);
    w.node[1].on_send = listen_in;
    sim_start(&w);
    bool ended = sim_run(&w);
    const char *wrong = ended ? NULL : "the round never ends";
    if (wrong == NULL && leak == NONE) {
        wrong = sim_check(&w);
        shapes = seen.rounds == 0 ? shape : shapes;
        if (wrong == NULL && (w.node[0].store.m[0] != COMMON || shape != shapes)) {
            wrong = "m or the shape of what is sent differs from round to round";
        }
    } else if (wrong == NULL && w.node[0].store.status != MDL_P_TAGS) {
        wrong = "tags out of order are taken"; /* the leak does not get that far, besides */
    }
    seen.rounds++;
    sim_free(&w);
    if (wrong != NULL || seen_tags != 1) {
        printf("seed %llu: %s\n", (unsigned long long)seed,
               wrong != NULL ? wrong : "tags are sent twice");
        exit(1);
    }
}

/* ---- the statistics -------------------------------------------------------------------------- */

/* Wilson and Hilferty: the value that chi-square exceeds once in a million. */
static double limit(double df)
{
    double v = 2 / (9 * df);
    double root = 1 - v + 4.753 * sqrt(v);

    return df * root * root * root;
}

/* A sum of N random permutation matrices: (n-1)/N times the sum of squares around N/n is chi-square
 * with (n-1)^2 degrees of freedom. */
static double of_permutations(const struct table *t)
{
    double mean = (double)seen.rounds / ALL;
    double sum = 0;

    for (size_t i = 0; i < ALL; i++) {
        for (size_t j = 0; j < ALL; j++) {
            sum += (t->n[i][j] - mean) * (t->n[i][j] - mean);
        }
    }
    return sum * (ALL - 1) / seen.rounds;
}

/* `marks` of n places marked in each round, without repetition (1 mark: the usual test). */
static double of_places(const uint32_t place[ALL], double marks)
{
    double mean = marks * seen.rounds / ALL;
    double variance = seen.rounds * marks * (ALL - marks) / (ALL * (ALL - 1.0));
    double sum = 0;

    for (size_t i = 0; i < ALL; i++) {
        sum += (place[i] - mean) * (place[i] - mean);
    }
    return sum / variance;
}

/* How many of the statistics are beyond the limit. */
static unsigned judge(void)
{
    const struct {
        const char *what;
        double value, df;
    } found[] = {
        {"points", of_permutations(&seen.points), (ALL - 1.0) * (ALL - 1.0)},
        {"accounts", of_permutations(&seen.accounts), (ALL - 1.0) * (ALL - 1.0)},
        {"matches", of_places(seen.matched, COMMON), ALL - 1.0},
        {"digest", leak == NONE ? of_places(seen.digest, 1) : 0, ALL - 1.0},
    };
    unsigned beyond = 0;

    printf("%-40s", leak_name[leak]);
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        bool far = found[i].value > limit(found[i].df);
        printf("  %s %.1f%s", found[i].what, found[i].value, far ? "!" : "");
        beyond += far ? 1 : 0;
    }
    printf("  (%u rounds; limits %.1f, %.1f)\n", (unsigned)seen.rounds,
           limit((ALL - 1.0) * (ALL - 1.0)), limit(ALL - 1.0));
    return beyond;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int bad = 0;

    for (leak = NONE; leak < LEAKS; leak++) {
        memset(&seen, 0, sizeof seen);
        for (uint32_t i = 0; i < (leak == NONE ? ROUNDS : CONTROL); i++) {
            one_round(seed++);
        }
        if ((judge() > 0) != (leak != NONE)) {
            printf("%s\n", leak == NONE ? "   what returns tells which accounts matched"
                                        : "   a leak goes unnoticed");
            bad = 1;
        }
    }
    return bad;
}
