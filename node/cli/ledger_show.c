/* ledger_show.c: ledger: what a partner could have learned so far, and what the month leaves.
 * It may not add up: every figure comes from the node. */
#include "cli.h"

static void show_budget(const json_t *b, FILE *f)
{
    char a[FORM];
    char n[FORM];
    char when[FORM];
    if (!json_is_object(b)) {
        say(f, "\nNo agreement is in force: no round may run.\n");
        return;
    }
    say(f, "\nLeft of %s\n", mdl_doc_text(b, "month"));
    say_field(f, "Rounds", "%s; %s begun", form_number(mdl_doc_int(b, "rounds_left"), a),
              form_number(mdl_doc_int(b, "rounds"), n));
    say_field(f, "Their keys", "%s; %s brought", form_number(mdl_doc_int(b, "keys_theirs_left"), a),
              form_number(mdl_doc_int(b, "keys_theirs"), n));
    say_field(f, "Our keys", "%s; %s brought", form_number(mdl_doc_int(b, "keys_ours_left"), a),
              form_number(mdl_doc_int(b, "keys_ours"), n));
    say_field(f, "Next round", "%s%s",
              mdl_doc_text(b, "cooldown_until")[0] != '\0' ? "not before " : "may begin now",
              mdl_doc_text(b, "cooldown_until")[0] != '\0'
                  ? form_time(mdl_doc_text(b, "cooldown_until"), when)
                  : "");
}

static enum mdl_status show_ledger(struct cli *c, const json_t *d, FILE *f)
{
    struct mdl_style style = term_style(f);
    const char *partner = mdl_doc_text(d, "partner");
    enum mdl_status st = MDL_OK;
    char id[FORM];
    char n[FORM];
    size_t i;
    const json_t *a;
    (void)c;

    say_shade(f, SHADE_BOLD, "What %s could have learned of us, and we of it\n", partner);
    json_array_foreach(json_object_get(d, "agreements"), i, a)
    {
        say(f, "\nAgreement %s, %s, %s\n", form_id(mdl_doc_text(a, "agreement"), id),
            mdl_doc_text(a, "state"), form_count(mdl_doc_int(a, "rounds"), "round", "rounds", n));
        st = st == MDL_OK ? mdl_report_ledger(json_object_get(a, "cells"), &style, f) : st;
    }
    if (i == 0) {
        say(f, "\nNothing: no round with %s has begun.\n", partner);
    } else {
        say(f, "\n");
        say_wrapped(f, "",
                    "Rounds: complete/partial/aborted. Asked: match keys that a side brought, each "
                    "a question to the other. Learned: how often a number was; last: the newest of "
                    "them. Bits: what numbers at level counts can tell at most; at level accounts "
                    "every key of theirs that matched is known to them.");
    }
    show_budget(json_object_get(d, "budget"), f);
    return st;
}

enum mdl_status run_ledger(struct cli *c)
{
    struct path p;
    path_start(&p, "/v1/partners");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "ledger");
    return cli_show(c, &p, show_ledger);
}
