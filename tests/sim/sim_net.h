/* sim_net.h: between the files of the simulator: the queue of things to come, the network, kills.
 */
#ifndef MANDORLA_SIM_NET_H
#define MANDORLA_SIM_NET_H

#include "sim.h"

#include <stdio.h>

enum sim_item_type {
    SIM_IT_MESSAGE,
    SIM_IT_WORK,
    SIM_IT_KEYS,
    SIM_IT_MASKS,
    SIM_IT_SUMMARY,
    SIM_IT_TICK,
    SIM_IT_BEGIN,
    SIM_IT_RESTART,
    SIM_IT_LINK_UP
};

struct sim_item {
    struct sim_item *next;
    uint64_t at, order;
    enum sim_item_type type;
    struct sim_node *node;
    unsigned life; /* of the node: an item of a killed life is void */
    uint8_t message_type;
    uint8_t *bytes;
    size_t len;
    uint8_t group;
    uint32_t first, count;
    uint32_t *populations;
    uint64_t *registries;
    struct mdl_session_work *work;
    enum sim_fault fault; /* happens at the receiver */
};

struct sim_item *sim_item_new(enum sim_item_type type, struct sim_node *n);
void sim_queue(struct sim_world *w, struct sim_item *it, uint64_t at);
void sim_queue_free(struct sim_world *w);
void sim_step(struct sim_node *n, const struct mdl_event *ev);
void sim_begin(struct sim_node *n);
void sim_restart(struct sim_node *n);
void sim_kill(struct sim_node *n); /* and a restart later */
void sim_send(struct sim_node *n, const struct mdl_effect *e);
bool sim_planned_kill(struct sim_node *n, const struct mdl_effects *fx, enum sim_fault f);
void sim_random_begin(uint64_t seed);
void sim_random_end(void);
uint32_t sim_dice(void); /* of the world's faults, apart from libsodium's */
bool sim_counts(const struct sim_world *w, uint8_t g); /* group g is at level counts */
bool sim_runs(const struct sim_world *w, uint8_t g);   /* both sides have keys in group g */
uint32_t sim_population(uint32_t ordinal);
uint64_t sim_registry(uint32_t ordinal);

#endif
