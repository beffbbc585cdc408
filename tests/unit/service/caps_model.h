/* caps_model.h: a node of one partner without loop and network, and a plain model of what its caps
 * allow. Every call holds the one against the other; a difference fails the test. */
#ifndef TESTS_CAPS_MODEL_H
#define TESTS_CAPS_MODEL_H

#include "../store/fixture.h"

#include <mandorla/agreement.h>

#define POPULATIONS 4
#define KEYS        16u
#define HOUR        UINT64_C(3600000)
#define DAY         (24 * HOUR)
#define BIG         1000000u

extern uint64_t now;               /* the node's clock */
extern uint64_t dice_state;        /* set it to a seed */
extern uint32_t list[POPULATIONS]; /* keys of each population, as bits */
extern unsigned n_past;            /* rounds begun; 0 at the start of a test */
extern const struct mdl_agreement_caps open_caps;

uint32_t dice(uint32_t n); /* 0 to n - 1 */

/* Fixture: a fresh store, pinned to one partner; with fixture_close. */
void setup(void);
void restart(void);
void pin_again(void); /* the partner is removed and pinned anew */
void import(void);    /* `list` becomes what the node has */

/* Each population of `order` is counted against one of theirs. */
struct terms {
    struct mdl_agreement_caps caps;
    size_t n;
    int order[POPULATIONS];
    struct mdl_agreement a;
    uint8_t hash[MDL_AGREEMENT_HASH];
};
void sign(struct terms *t, uint8_t nonce);

/* How far a round came. */
enum reach { PREPARED, COMMITTED, DEBITED, MATCHED, REACHES };
/* Begins a round if it may, and takes it so far. Returns the cap that stopped it, as the model
 * says; the node must say the same, by name. NULL: none did. */
const char *try_round(const struct terms *t, enum reach reach, bool complete);

#endif
