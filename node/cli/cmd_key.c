/* cmd_key.c: key: what a value gives as match keys, step by step, without a node.
 * It may not derive keys: the service does. */
#include "cli.h"

#include <service.h>
#include <string.h>

static const struct option_row key_options[] = {
    {"country", "C", "ISO 3166-1 code or name of the country, for names and VAT ids"},
    {NULL, NULL, NULL},
};

static void show_value(const json_t *v, FILE *f)
{
    const json_t *keys = json_object_get(v, "keys");
    size_t i;
    const json_t *item;

    say_shade(f, SHADE_BOLD, "%s\n", mdl_doc_text(v, "value"));
    json_array_foreach(json_object_get(v, "steps"), i, item)
    {
        bool ok = json_is_true(json_object_get(item, "ok"));
        say_shade(f, ok ? SHADE_GREEN : SHADE_YELLOW, ok ? "  ✓ " : "  ✗ ");
        say(f, "%-10.10s ", mdl_doc_text(item, "field"));
        say_from(f, 15, mdl_doc_text(item, "text"));
    }
    json_array_foreach(keys, i, item)
    {
        say(f, "  → ");
        say_shade(f, SHADE_BOLD, "%s", mdl_doc_text(item, "value"));
        say(f, "  (%s, %s key)\n", mdl_doc_text(item, "label"), mdl_doc_text(item, "tier"));
    }
    if (json_array_size(keys) == 0) {
        say(f, "  → no match key\n");
    }
}

static enum mdl_status show_keys(struct cli *c, const json_t *d, FILE *f)
{
    size_t i;
    const json_t *v;
    (void)c;
    json_array_foreach(json_object_get(d, "values"), i, v)
    {
        if (i > 0) {
            (void)fputc('\n', f);
        }
        show_value(v, f);
    }
    return MDL_OK;
}

static enum mdl_status run_key(struct cli *c)
{
    json_t *document = NULL;
    json_t *params = json_object();
    json_t *values = json_array();

    for (int i = 0; i < c->o.n_args; i++) {
        if (cli_arg(c, i)[strspn(cli_arg(c, i), " \t\r\n")] == '\0') {
            json_decref(params);
            json_decref(values);
            return mdl_fail(&c->err, MDL_U_ARGUMENT,
                            "an empty value gives no key; give a name, a website or an identifier");
        }
        (void)json_array_append_new(values, json_string(cli_arg(c, i)));
    }
    (void)json_object_set_new(params, "values", values);
    body_text(params, &c->o, "country", "country");
    enum mdl_status st = mdl_node_explain(params, &document, &c->err);
    json_decref(params);
    return st == MDL_OK ? cli_print(c, document, show_keys) : st;
}

const struct command key_commands[] = {
    {"key", "VALUE...", "Which match keys a value gives, and why",
     "A value is a company name, a website, an e-mail address or an identifier (LEI, D-U-N-S, VAT "
     "id). Needs no node. Keys of tier 'match' make an overlap; keys of tier 'review' alone are "
     "only shown for review.\n",
     "  mandorla key https://www.example.co.uk/about\n"
     "  mandorla key \"Müller Maschinenbau GmbH & Co. KG\" --country DE\n"
     "  mandorla key info@gmail.com 529900T8BM49AURSDO55\n",
     key_options, 1, ANY_NUMBER, 0, run_key},
    {.name = NULL},
};
