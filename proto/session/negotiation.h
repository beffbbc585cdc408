/* negotiation.h: from a proposal to an approved round (PROTOCOL 4.6 to 4.8), pure.
 *
 * One struct holds what stands between this node and one partner: at most one round is proposed,
 * offered or running at a time. The host keeps the struct as it is (plain bytes, no pointers) in
 * the partner's row, steps it with events, writes it back when `changed`, then releases `send`.
 * Everything may be repeated: a message lost is asked for again by PARTNER_UP, one that comes twice
 * changes nothing.
 *
 * Any thread, no clock, no IO, no randomness. Signatures are made and checked here.
 */
#ifndef MANDORLA_NEGOTIATION_H
#define MANDORLA_NEGOTIATION_H

#include <mandorla/agreement.h>
#include <mandorla/signer.h>
#include <mandorla/status.h>
#include <stdbool.h>

#define MDL_NEGOTIATION_TEXT 200

/* X(NAME, number, "slug"). Numbers stand in databases. */
#define MDL_NEGOTIATION_LIST(X)                                                                    \
    X(NONE, 0, "none")           /* nothing, or the round is over (mdl_negotiation_clear) */       \
    X(PROPOSED, 1, "proposed")   /* we asked; the partner has not answered */                      \
    X(OFFERED, 2, "offered")     /* the partner asked; our operator has to decide */               \
    X(APPROVED, 3, "approved")   /* both said yes: the session may be made */                      \
    X(REFUSED, 4, "refused")     /* by whoever was asked; `status` and `text` say why */           \
    X(WITHDRAWN, 5, "withdrawn") /* by whoever asked */
#define MDL_NEGOTIATION_ENUM(name, number, slug) MDL_NEGOTIATION_##name = (number),
enum mdl_negotiation_state { MDL_NEGOTIATION_LIST(MDL_NEGOTIATION_ENUM) };
#undef MDL_NEGOTIATION_ENUM
const char *mdl_negotiation_slug(enum mdl_negotiation_state state); /* "unknown" */

struct mdl_negotiation { /* zeroed is NONE */
    enum mdl_negotiation_state state;
    bool ours; /* we proposed it */
    uint8_t round[16];
    uint8_t agreement[MDL_AGREEMENT_HASH];
    uint64_t created_ms;
    uint8_t proposal[MDL_SIGNATURE_BYTES]; /* of whoever proposed */
    uint8_t approval[MDL_SIGNATURE_BYTES]; /* of the other; zero before APPROVED */
    enum mdl_status status;                /* REFUSED, WITHDRAWN */
    char text[MDL_NEGOTIATION_TEXT + 1];
};

/* What the host knows. The callbacks run inside the step. */
struct mdl_negotiation_host {
    const struct mdl_signer *signer;
    uint8_t partner[MDL_IDENTITY_BYTES];
    void *ctx;
    /* MDL_OK if an agreement with this hash is in force with the partner now and its rounds of the
     * month are not used up; else MDL_P_AGREEMENT or MDL_P_CAP with a text for the partner. */
    enum mdl_status (*in_force)(void *ctx, const uint8_t hash[MDL_AGREEMENT_HASH],
                                struct mdl_error *err);
    /* Whether a standing rule of the operator approves the partner's rounds under it. May be NULL.
     */
    bool (*standing)(void *ctx, const uint8_t hash[MDL_AGREEMENT_HASH]);
};

enum mdl_negotiation_event_type {
    MDL_NEGOTIATION_START,      /* the operator wants a round */
    MDL_NEGOTIATION_APPROVE,    /* the operator says yes to OFFERED */
    MDL_NEGOTIATION_REFUSE,     /* the operator says no to OFFERED, or takes PROPOSED back */
    MDL_NEGOTIATION_PARTNER_UP, /* a connection came up, or a message of the round in PROPOSED came
                                 */
    MDL_NEGOTIATION_MESSAGE     /* ROUND_PROPOSE, ROUND_APPROVE or ROUND_REFUSE from the partner */
};

struct mdl_negotiation_event {
    enum mdl_negotiation_event_type type;
    const uint8_t *round;     /* START: 16 fresh random bytes */
    const uint8_t *agreement; /* START: hash */
    uint64_t now_ms;          /* START */
    const char *text;         /* REFUSE: reason, may be NULL */
    enum mdl_status code;     /* REFUSE of an offer: class PEER; MDL_OK stands for MDL_P_REFUSED */
    const uint8_t *bytes;     /* MESSAGE: one message as received */
    size_t len;
};

struct mdl_negotiation_effects {
    bool changed;    /* write the struct back before `send` is released */
    bool begin;      /* APPROVED now: derive the input, then make the session */
    bool superseded; /* another round stood here and was withdrawn; this is what it was */
    struct mdl_negotiation before;
    uint8_t *send; /* malloc'ed, NULL if nothing; the caller frees */
    size_t send_len;
};

/* Errors, after which nothing has changed and nothing is to be sent, except where said:
 *   MDL_U_STATE      not possible now (START while a round stands, APPROVE without an offer)
 *   MDL_P_AGREEMENT, MDL_P_CAP  START, APPROVE: what in_force said. On APPROVE the offer is refused
 *                    with it: effects are filled
 *   MDL_P_MALFORMED, MDL_P_OVERSIZE, MDL_P_VERSION, MDL_P_UNEXPECTED  MESSAGE: not one of the three
 *   MDL_P_SIGNATURE  MESSAGE: not signed by the partner for this round; `send` may hold the refusal
 *   MDL_L_KEY_FILE, MDL_L_MEMORY
 * A partner's proposal that is refused at once is no error: `send` holds the refusal. */
MDL_MUST_CHECK enum mdl_status mdl_negotiation_step(struct mdl_negotiation *n,
                                                    const struct mdl_negotiation_host *host,
                                                    const struct mdl_negotiation_event *ev,
                                                    struct mdl_negotiation_effects *fx,
                                                    struct mdl_error *err);

/* The round is over, whatever its end: the next one may be proposed. */
void mdl_negotiation_clear(struct mdl_negotiation *n);

#endif
