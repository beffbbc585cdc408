/* dump_transcript.c: prints one simulated round as JSON: what each side sent, and what only the two
 * know. May not judge it: that is verify_transcript.py, which knows PROTOCOL.md and no code. */
#include "internal/key.h"
#include "sim_net.h"

#include <stdlib.h>
#include <string.h>

static const struct kind {
    const char *name;
    struct sim_size size;
} kinds[] = {
    {"rows", {.groups = 1, .own = {3, 11}, .common = 70, .parallel = 2}}, /* slices of two rows */
    {"groups", {.groups = 3, .own = {5, 2}, .common = 3, .parallel = 1}},
    {"nothing", {.groups = 1, .own = {4, 6}, .common = 0, .parallel = 1}},
    {"small", {.groups = 1, .own = {1, 2}, .common = 2, .parallel = 1}},
    /* a count, names, nothing on both sides, a count with nothing on B's side, names */
    {"mixed",
     {.groups = 5,
      .own = {2, 1},
      .common = 2,
      .parallel = 1,
      .counts = 1 | 8,
      .empty = {4, 4 | 8}}},
    {"counts",
     {.groups = 2, .own = {1, 0}, .common = 1, .parallel = 1, .counts = 3, .empty = {2, 0}}},
};

struct text { /* hex of messages, each after the other */
    char *at;
    size_t len;
    FILE *f;
};

struct secrets {
    uint8_t scalar[MDL_SCALAR_BYTES], list_seed[32];
};

static struct text sent[2];
static uint32_t n_sent[2];
static struct secrets secret[2][MDL_SESSION_GROUPS];

static void hex(FILE *f, const uint8_t *p, size_t n)
{
    (void)fputc('"', f);
    for (size_t i = 0; i < n; i++) {
        (void)fprintf(f, "%02x", p[i]);
    }
    (void)fputc('"', f);
}

static bool record(struct sim_node *n, struct mdl_msg *m)
{
    uint8_t *bytes;
    size_t len;

    if (m->seq != n_sent[n->id] + 1) { /* each once, in order */
        return true;
    }
    if (mdl_msg_encode(m, &bytes, &len, NULL) != MDL_OK) {
        abort();
    }
    (void)fputs(n_sent[n->id]++ == 0 ? "\n   " : ",\n   ", sent[n->id].f);
    hex(sent[n->id].f, bytes, len);
    free(bytes);
    return true;
}

static void peek(struct sim_node *n, struct mdl_session_work *w)
{
    const struct mdl_cell *c = w->cell;

    if (c->key != NULL && c->secrets != NULL) {
        memcpy(secret[n->id][c->g].scalar, c->key->k, MDL_SCALAR_BYTES);
        memcpy(secret[n->id][c->g].list_seed, c->secrets->list_seed, 32);
    }
}

static void print_group(const struct sim_node *n, uint8_t g)
{
    (void)printf("   {\"scalar\": ");
    hex(stdout, secret[n->id][g].scalar, MDL_SCALAR_BYTES);
    (void)printf(", \"list_seed\": ");
    hex(stdout, secret[n->id][g].list_seed, 32);
    (void)printf(", \"keys\": [");
    for (uint32_t i = 0; i < n->n[g]; i++) {
        (void)printf(i == 0 ? "\n    [" : ",\n    [");
        hex(stdout, n->key[g][i].bytes, n->key[g][i].len);
        (void)printf(", %u, \"%llu\"]", sim_population(i), (unsigned long long)sim_registry(i));
    }
    (void)printf("]}");
}

static void print_side(const struct sim_world *w, const struct sim_node *n)
{
    (void)printf("  {\"identity\": ");
    hex(stdout, n->public_key, sizeof n->public_key);
    (void)printf(", \"groups\": [\n");
    for (uint8_t g = 0; g < w->terms.n_groups; g++) {
        print_group(n, g);
        (void)printf(g + 1u < w->terms.n_groups ? ",\n" : "],\n");
    }
    (void)printf("   \"messages\": [%s]}", sent[n->id].at);
}

static void print_world(const struct sim_world *w)
{
    const struct sim_store *st = &w->node[0].store;

    (void)printf("{\"round\": ");
    hex(stdout, w->node[0].config.round, sizeof w->node[0].config.round);
    (void)printf(", \"created\": %llu,\n \"agreement\": ",
                 (unsigned long long)w->node[0].config.created_ms);
    hex(stdout, w->agreement, w->agreement_len);
    (void)printf(",\n \"sides\": [\n");
    print_side(w, &w->node[0]);
    (void)printf(",\n");
    print_side(w, &w->node[1]);
    (void)printf("],\n \"receipt\": ");
    hex(stdout, st->receipt, st->receipt_len);
    (void)printf(",\n \"signatures\": [");
    hex(stdout, st->sig[0], 64);
    (void)printf(", ");
    hex(stdout, st->sig[1], 64);
    (void)printf("]}\n");
}

static int dump(const struct kind *k)
{
    static struct sim_world w;

    sim_init(&w, 255, &k->size, NULL);
    for (int i = 0; i < 2; i++) {
        sent[i].f = open_memstream(&sent[i].at, &sent[i].len);
        if (sent[i].f == NULL) {
            return 1;
        }
        w.node[i].on_send = record;
        w.node[i].after_work = peek;
    }
    sim_start(&w);
    const char *wrong = sim_run(&w) ? sim_check(&w) : "the round never ends";
    (void)fclose(sent[0].f);
    (void)fclose(sent[1].f);
    if (wrong == NULL) {
        print_world(&w);
    } else {
        (void)fprintf(stderr, "%s\n", wrong);
    }
    free(sent[0].at);
    free(sent[1].at);
    sim_free(&w);
    return wrong == NULL ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            return dump(&kinds[i]);
        }
    }
    (void)fprintf(stderr, "usage: spec-dump rows|groups|nothing|small|mixed|counts\n");
    return 2;
}
