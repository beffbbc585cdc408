/* enemy.h: a partner that was pinned like any other and then sends what it likes: the real channel,
 * real keys and signatures, no service behind them. Test code. */
#ifndef TESTS_ENEMY_H
#define TESTS_ENEMY_H

#include "nodes.h"

#include <invitation.h>
#include <mandorla/agreement.h>
#include <net.h>
#include <wire.h>

#define VICTIM 1 /* the victim's number in the enemy's channel */

struct enemy {
    struct mdl_identity *identity;
    struct mdl_curve_key *curve;
    struct mdl_signer signer;
    struct mdl_net *net;
    char name[MDL_NAME_MAX + 1];
    char endpoint[MDL_ENDPOINT_MAX + 1]; /* the victim's */
    uint8_t victim[MDL_IDENTITY_BYTES];
    uint8_t victim_curve[32];
    enum mdl_role role;
    uint8_t profile[32];
    bool up;
    unsigned got[64]; /* messages by type */
    unsigned ups, downs;
    uint8_t last[64][1024]; /* the beginning of the newest of each type */
    size_t last_len[64];
};

/* Makes keys, lets `n` accept the token (with the standing rule if `accept`) and connects. */
void enemy_begin(struct enemy *e, const char *name, struct node *n, bool accept);
void enemy_end(struct enemy *e);
void enemy_connect(struct enemy *e);
void enemy_disconnect(struct enemy *e);
/* Takes what comes for so long; with `type` not 0 only until one more of that type came: false if
 * none did. */
bool enemy_listen(struct enemy *e, int type, int ms);
/* Sends bytes as they are; waits while the queue is full. */
void enemy_raw(struct enemy *e, const void *bytes, size_t len);
void enemy_send(struct enemy *e, const struct mdl_msg *m);
/* The standard agreement between the two, as `change` alters it (or NULL), encoded; its hash. */
size_t enemy_agreement(struct enemy *e, void (*change)(struct mdl_agreement *a),
                       uint8_t bytes[MDL_AGREEMENT_MAX], uint8_t hash[64]);
void enemy_propose(struct enemy *e, const uint8_t *bytes, size_t len, const uint8_t hash[64]);
void enemy_say(struct enemy *e, enum mdl_statement what, const struct mdl_statement_parts *p,
               uint8_t sig[64]);
/* Proposes a round. */
void enemy_round(struct enemy *e, const uint8_t round[16], const uint8_t agreement[64],
                 uint64_t created);
/* An empty message of a type that is well formed, about this round where the type needs one. */
void enemy_some(struct enemy *e, uint8_t type, const uint8_t round[16], uint32_t seq);
uint64_t wall_ms(void);

/* ---- looking at the victim ----------------------------------------------------------------------
 */
/* Entries of its log so far. */
json_int_t log_entries(struct node *n);
/* Answers, and its log verifies. */
void expect_well(struct node *n);
json_int_t count_of(struct node *n, const char *verb, const char *key);

#endif
