/* victim.h: a real node and a pinned partner that attacks it, fresh for each test, and what the
 * tests say to and expect of them. Test code: whatever does not hold fails the test. */
#ifndef TESTS_VICTIM_H
#define TESTS_VICTIM_H

#include "enemy.h"

extern struct node n;      /* the victim: three accounts */
extern struct enemy e;     /* its partner */
extern struct enemy other; /* a second one, if a test begins it */

/* A case with the node and the partner set up around each of its tests. */
TCase *victim_part(Suite *s, const char *name);
int victim_run(Suite *s); /* the program's exit code */

json_int_t rounds(void); /* how many the victim has */
json_int_t agreements(void);

/* The code of the newest answer of a type that begins with a code. */
int code_of(enum mdl_msg_type type);
/* Waits for ROUND_REFUSE with this code. */
void expect_refusal(enum mdl_status code);
/* Waits until the victim shows the round so; code may be NULL. */
void expect_state(const uint8_t round[16], const char *state, const char *code);
json_t *round_doc(const uint8_t round[16]);
/* Still there: all that was sent before is handled. */
void still_answers(void);
void await(enum mdl_msg_type type);

void fresh(uint8_t round[16]);
/* An agreement in force, signed by both. */
void agree(struct enemy *who, uint8_t hash[64]);
/* A round that runs, from the enemy's proposal; its HELLO was not sent. */
void run_round(uint8_t round[16], uint8_t hash[64]);
void send_hello(const uint8_t round[16], const uint8_t hash[64], const uint8_t nonce[32]);
void send_ack(const uint8_t round[16], uint32_t ack, bool resume);
void send_abort(const uint8_t round[16]);

#endif
