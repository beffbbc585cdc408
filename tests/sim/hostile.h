/* hostile.h: an attacker made from a real session whose state and outgoing messages are bent.
 *
 * Loop tests run each attack from either role: `attacker` is the loop index.
 */
#ifndef MANDORLA_HOSTILE_H
#define MANDORLA_HOSTILE_H

#include "sim_net.h"

#include <check.h>

struct stage {
    struct sim_world w;
    struct sim_node *attacker, *victim;
    unsigned sent_in[MDL_SESSION_GROUPS][256]; /* stage_run_noted: messages of both, resends too */
};

/* 20 keys each side beside 10 common ones, unless a test asks otherwise. */
void stage_open(struct stage *s, int attacker);
void stage_open_at(struct stage *s, int attacker, enum mdl_level level);
void stage_open_sized(struct stage *s, int attacker, const struct sim_size *size,
                      void (*change)(struct mdl_agreement *terms));
/* Runs to the end and asserts that the victim ended the round itself with this code, that nothing
 * false was opened and that both ends are within one slice. */
void stage_expect(struct stage *s, enum mdl_status status);
/* The same without closing the stage; stage_close afterwards. */
void stage_run(struct stage *s, enum mdl_status status);
/* An honest round, with what is sent in each group noted. Asserts that it ends. */
void stage_run_noted(struct stage *s, const struct sim_size *size,
                     void (*change)(struct mdl_agreement *terms));
void stage_close(struct stage *s);

/* Runs what `tests` adds as one suite; for main. */
int stage_main(const char *suite, double timeout_s, void (*tests)(TCase *t));
#define ROWS(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Makes *m a message of this type for group g, well formed and void; the envelope stays. */
void fill_message(struct mdl_msg *m, uint8_t type, uint8_t g);
struct mdl_cell *cell_of(struct sim_node *n);
/* Whether the item that has just run is the one that sorts the own list / the tags. */
bool is_finish_item(const struct mdl_session_work *w);
bool is_tag_item(const struct mdl_session_work *w);
/* After a change of the attacker's own list: sort (or not), digest the chunks anew. */
void reseal_list(struct sim_node *n, bool sort);
/* After a change of the attacker's tags: sort (or not), commit anew. */
void reseal_tags(struct sim_node *n, bool sort);
/* Signs a COMMIT that was changed. `sig` receives the signature the message then points to. */
void resign_commit(struct sim_node *n, struct mdl_msg *m, uint8_t sig[64]);
/* P(x) of the attacker's key with this ordinal. */
void hash_point(struct sim_node *n, uint32_t ordinal, uint8_t out[32]);
void tag_of(const struct mdl_cell *c, const uint8_t point[32], uint8_t tag[16]);

#endif
