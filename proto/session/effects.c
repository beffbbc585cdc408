/* effects.c: the list of effects and the memory they point to.
 * May not decide anything: it only carries. */
#include "internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct mdl_effect *mdl_fx(struct mdl_session *s, enum mdl_effect_type type)
{
    struct mdl_effects *fx = s->fx;

    if (fx->n == fx->cap) {
        size_t cap = fx->cap == 0 ? 16 : fx->cap * 2;
        struct mdl_effect *at = realloc(fx->at, cap * sizeof *at);
        if (at == NULL) {
            s->no_memory = true;
            return NULL;
        }
        fx->at = at;
        fx->cap = cap;
    }
    struct mdl_effect *e = &fx->at[fx->n++];
    memset(e, 0, sizeof *e);
    e->type = type;
    return e;
}

void mdl_effects_free(struct mdl_effects *fx)
{
    if (fx != NULL) {
        free(fx->at);
        memset(fx, 0, sizeof *fx);
    }
}

void *mdl_step_alloc(struct mdl_session *s, size_t size)
{
    struct mdl_block *b = malloc(sizeof *b + size);

    if (b == NULL) {
        s->no_memory = true;
        return NULL;
    }
    b->size = size;
    b->next = s->blocks;
    s->blocks = b;
    return b->data;
}

void mdl_step_clear(struct mdl_session *s)
{
    while (s->blocks != NULL) {
        struct mdl_block *next = s->blocks->next;
        sodium_memzero(s->blocks->data, s->blocks->size);
        free(s->blocks);
        s->blocks = next;
    }
}

enum mdl_status mdl_take(void *pointer_to_pointer, size_t count, size_t size, struct mdl_error *err)
{
    void *p = calloc(count == 0 ? 1 : count, size);

    if (p == NULL) {
        return mdl_fail(err, MDL_L_MEMORY, "no memory for %zu elements of %zu bytes", count, size);
    }
    memcpy(pointer_to_pointer, &p, sizeof p);
    /* cppcheck-suppress memleak ; the caller has it now */
    return MDL_OK;
}

void mdl_wipe_free(void *pointer_to_pointer, size_t size)
{
    void *p;

    memcpy(&p, pointer_to_pointer, sizeof p);
    if (p != NULL) {
        sodium_memzero(p, size);
        free(p);
        p = NULL;
        memcpy(pointer_to_pointer, &p, sizeof p);
    }
}

enum mdl_status mdl_host_mistake(struct mdl_session *s, struct mdl_error *err, const char *what)
{
    s->host_mistake = true;
    return mdl_fail(err, MDL_U_ARGUMENT, "%s", what);
}
