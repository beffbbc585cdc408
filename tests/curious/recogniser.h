/* recogniser.h: what a partner can find out who follows the protocol, keeps everything and thinks
 * about it afterwards. It has every message of a round, its own round keys and a dictionary.
 *
 * It reads messages, never a session: what it finds, anybody could find.
 */
#ifndef MANDORLA_RECOGNISER_H
#define MANDORLA_RECOGNISER_H

#include "sim.h"

/* How a name is tied to what came from the other side. Those before GUESS prove themselves: a name
 * found so is held over there. A guess is what an order would tell if it meant something: whether
 * it does shows over many rounds. */
enum relation {
    BY_BYTES,  /* something made of the name alone, or with the own key, stands in what came */
    BY_ROOT,   /* the list under list_root, with a seed that came or the own one */
    BY_LEAF,   /* a leaf of list_root, likewise */
    BY_OPENED, /* a SLICE names the own point */
    BY_COUNT,  /* all of the own list matched */
    GUESS,
    GUESS_POINTS = GUESS, /* tags come in the order of the points that were sent */
    GUESS_LIST,           /* tags come in the order of the own list */
    GUESS_THEIRS,         /* their points come in the order of their list */
    RELATIONS
};
extern const char *const relation_name[RELATIONS];

#define NAMES_MAX    160u
#define MESSAGES_MAX 160u

struct kept { /* one message, as it was on the wire */
    uint8_t *bytes;
    size_t len;
};

struct mind {
    enum mdl_role role;
    uint8_t g;
    /* its own round key, coins, salts and list */
    bool has_key;
    uint8_t scalar[MDL_SCALAR_BYTES], sid[MDL_SID_BYTES];
    struct mdl_cell_secrets secrets;
    const struct sim_key *own;
    uint32_t n_own;
    /* every message that came, in order; what the node keeps of the round when it is over */
    struct kept came[MESSAGES_MAX];
    size_t n_came;
    struct kept after[4];
    /* names to try, and those of them that make up the other side's list, if it knew them all */
    struct sim_key name[NAMES_MAX];
    size_t n_names, theirs, n_theirs; /* theirs: place of the first */
};

struct insight {
    bool found[RELATIONS][NAMES_MAX];
    uint32_t m; /* matches, as both sides know them */
};

void mind_keep(struct mind *m, const uint8_t *bytes, size_t len);
void recognise(const struct mind *m, struct insight *out);
/* Only what positions and orders tell. */
void recognise_places(const struct mind *m, struct insight *out);
void mind_free(struct mind *m);

#endif
