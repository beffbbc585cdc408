/* round_watch.c: follows a round as it runs: one line for each phase, a moving one for the present.
 * It may not end a round: stopping to look changes nothing. */
#include "cli.h"

#include <string.h>
#include <time.h>

#define FIRST_LOOK_MS 60
#define LOOK_MS       200
#define CELLS         24

struct watch {
    char phase[32];     /* the one that the moving line shows */
    long long phase_ms; /* when it was first seen */
    size_t spin;
};

static long long now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a phase does, in words for people. */
static const char *phase_label(const char *phase)
{
    static const struct {
        const char *slug, *label;
    } labels[] = {{"preparing", "preparing our list"},
                  {"hello", "greeting, checking the agreement"},
                  {"commit", "blinding our keys, exchanging commitments"},
                  {"opening", "exchanging blinded lists"},
                  {"verified", "checking what was committed"},
                  {"tags", "making and exchanging tags"},
                  {"match", "matching"},
                  {"open", "opening the matches"},
                  {"slices", "opening results, slice by slice"},
                  {"receipt", "signing the receipt"},
                  {"ended", "finishing"}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strcmp(labels[i].slug, phase) == 0) {
            return labels[i].label;
        }
    }
    return phase;
}

/* The phase that the moving line showed is over: it becomes a line that stays. */
static void phase_done(struct watch *w)
{
    char took[FORM];
    progress_clear();
    if (w->phase[0] != '\0' && progress_shown()) {
        say_shade(stderr, SHADE_GREEN, "  ✓ ");
        say(stderr, "%-44s", phase_label(w->phase));
        say_shade(stderr, SHADE_DIM, "%s\n", form_ms(now_ms() - w->phase_ms, took));
    }
    w->phase[0] = '\0';
}

static void draw(struct watch *w, const json_t *r)
{
    static const char *const spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    const json_t *work = json_object_get(r, "progress");
    double done = (double)mdl_doc_int(work, "done");
    double total = (double)mdl_doc_int(work, "total");
    const char *state = mdl_doc_text(r, "state");
    const char *turn = spinner[w->spin++ % 10];
    char cells[4 * CELLS + 4];
    char a[FORM];
    char b[FORM];

    if (strncmp(state, "waiting", 7) == 0) {
        progress("  %s waiting for %s", turn, mdl_doc_text(r, "waiting_for"));
        return;
    }
    if (strcmp(w->phase, mdl_doc_text(r, "phase")) != 0) {
        phase_done(w);
        (void)snprintf(w->phase, sizeof w->phase, "%s", mdl_doc_text(r, "phase"));
        w->phase_ms = now_ms();
    }
    if (total > 0) {
        progress("  %s %s  %s %3.0f%%  %s of %s", turn, phase_label(w->phase),
                 bar(done, total, CELLS, cells, sizeof cells), 100.0 * done / total,
                 form_number((json_int_t)done, a), form_number((json_int_t)total, b));
    } else {
        progress("  %s %s", turn, phase_label(w->phase));
    }
}

static void rest(long long ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL); /* a signal only makes the next look come sooner */
}

static enum mdl_status left_early(struct cli *c, const json_t *r, long long until)
{
    char id[FORM];
    (void)form_id(mdl_doc_text(r, "id"), id);
    if (interrupted()) {
        return mdl_fail(&c->err, MDL_U_CANCELLED,
                        "no longer following; the round goes on: mandorla round show %s --watch",
                        id);
    }
    if (until != 0 && now_ms() >= until) {
        const char *waiting = mdl_doc_text(r, "waiting_for");
        return mdl_fail(&c->err, MDL_P_STALLED,
                        "the round is not complete yet but %s%s%s; it goes on: mandorla round "
                        "show %s --watch",
                        mdl_doc_text(r, "state"), waiting[0] != '\0' ? ", waiting for " : "",
                        waiting, id);
    }
    return MDL_OK;
}

enum mdl_status watch_round(struct cli *c, const char *id, long long seconds, json_t **round)
{
    struct watch w = {.phase = ""};
    struct path p;
    long long until = seconds > 0 ? now_ms() + seconds * 1000 : 0;
    long long pause = FIRST_LOOK_MS;
    enum mdl_status st;
    char full[80];

    (void)snprintf(full, sizeof full, "%s", id);
    interrupt_catch();
    for (;;) {
        path_start(&p, "/v1/rounds");
        path_segment(&p, full);
        st = cli_get(c, &p, round);
        const json_t *r = st == MDL_OK ? json_object_get(*round, "round") : NULL;
        if (st != MDL_OK || round_has_ended(mdl_doc_text(r, "state"))) {
            break;
        }
        /* PARTNER stands for its newest round: stay with the one that was newest at first. */
        (void)snprintf(full, sizeof full, "%s", mdl_doc_text(r, "id"));
        draw(&w, r);
        st = left_early(c, r, until);
        if (st != MDL_OK) {
            break;
        }
        json_decref(*round);
        *round = NULL;
        rest(pause);
        pause = LOOK_MS;
    }
    if (st == MDL_OK) {
        phase_done(&w);
    }
    progress_clear();
    interrupt_restore();
    return st;
}
