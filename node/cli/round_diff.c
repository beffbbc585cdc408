/* round_diff.c: round diff: what changed between two rounds with one partner.
 * It may not compare: the node does. */
#include "cli.h"

#include <string.h>

static enum mdl_status show_part(const json_t *d, const char *key, const char *what, FILE *f)
{
    struct mdl_style style = term_style(f);
    const json_t *list = json_object_get(d, key);
    size_t rows = json_array_size(json_object_get(list, "rows"));
    char n[FORM];

    say(f, "\n");
    say_shade(f, SHADE_BOLD, "%s",
              form_count(mdl_doc_int(list, "count"), "account", "accounts", n));
    say(f, " %s\n", what);
    if (rows == 0) {
        return MDL_OK;
    }
    enum mdl_status st = mdl_report_diff_rows(list, &style, f);
    if ((json_int_t)rows < mdl_doc_int(list, "count")) {
        say_shade(f, SHADE_DIM, "%s shown; --limit N for more\n",
                  form_count((json_int_t)rows, "row", "rows", n));
    }
    return st;
}

static enum mdl_status show_diff(struct cli *c, const json_t *d, FILE *f)
{
    struct mdl_style style = term_style(f);
    const json_t *rounds = json_object_get(d, "rounds");
    (void)c;

    say_shade(f, SHADE_BOLD, "What changed with %s\n", mdl_doc_text(d, "partner"));
    for (size_t i = 0; i < 2; i++) {
        const json_t *r = json_array_get(rounds, i);
        char id[FORM];
        char when[FORM];
        say(f, "%s round %s, %s, %s\n", i == 0 ? "from" : "to  ",
            form_id(mdl_doc_text(r, "id"), id), mdl_doc_text(r, "state"),
            form_time(mdl_doc_text(r, "finished"), when));
    }
    say(f, "\n");
    enum mdl_status st = mdl_report_diff_cells(d, &style, f);
    if (st == MDL_OK) {
        st = show_part(d, "new", "of ours came into the overlap", f);
    }
    if (st == MDL_OK) {
        st = show_part(d, "lost", "of ours left it", f);
    }
    return st == MDL_OK ? show_part(d, "moved", "of ours moved between populations", f) : st;
}

enum mdl_status run_round_diff(struct cli *c)
{
    struct path p;
    long long limit = 0;
    enum mdl_status st = option_int(&c->o, "limit", 1, 5000, &limit, &c->err);
    path_start(&p, "/v1/rounds");
    path_segment(&p, cli_arg(c, 0));
    path_segment(&p, "diff");
    path_query(&p, "with", cli_arg(c, 1));
    if (limit > 0) {
        path_query_int(&p, "limit", limit);
    }
    return st == MDL_OK ? cli_show(c, &p, show_diff) : st;
}
