/* main.c: mandorla-match-quality: how well the match keys find the same company, and how seldom
 * another. */
#include "quality.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: mandorla-match-quality [--json] [--verbose] [--pairs FILE]\n"
    "                              [--lists DIR [--same FILE]]\n"
    "       mandorla-match-quality --corpus FILE\n"
    "  --pairs FILE   labelled pairs of companies, as tests/vectors/matching/company_pairs.csv\n"
    "  --lists DIR    account lists with a truth.csv, as tests/data/demo\n"
    "  --same FILE    ids of truth.csv that are one company: id_a,id_b,why\n"
    "  --verbose      name every pair that is missed or wrong\n"
    "  --corpus FILE  write the profile's self-check corpus anew to stdout\n"
    "Exit: 0; 1 if a list falls below the bounds; 2 if something cannot be read.\n";

static void heading(void)
{
    printf("%-22s %6s   %-34s   %s\n", "", "", "match tier", "match and review");
    printf("%-22s %6s   %-34s   %s\n", "", "same", "recall  prec.  F1    (right + wrong)",
           "recall  prec.  F1    (right + wrong)");
}

static int run(const char *pairs, const char *lists, const char *same, bool json, bool verbose)
{
    struct mdl_profile *p;
    struct mdl_error err;
    bool ok = true;
    if (mdl_profile_open(NULL, &p, &err) != MDL_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    json_t *into = json ? json_pack("{s:s}", "profile", mdl_profile_id(p)) : NULL;
    if (!json) {
        heading();
    }
    bool read = (pairs == NULL || pairs_measure(p, pairs, into, verbose)) &&
                (lists == NULL || lists_measure(p, lists, same, into, verbose, &ok));
    if (into != NULL) {
        json_dumpf(into, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
        putchar('\n');
        json_decref(into);
    }
    mdl_profile_close(p);
    return !read ? 2 : ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *pairs = NULL, *lists = NULL, *same = NULL, *corpus = NULL;
    bool json = false, verbose = false, bad = argc < 2;
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--pairs") == 0    ? &pairs
                             : strcmp(argv[i], "--lists") == 0  ? &lists
                             : strcmp(argv[i], "--same") == 0   ? &same
                             : strcmp(argv[i], "--corpus") == 0 ? &corpus
                                                                : NULL;
        if (value != NULL && i + 1 < argc) {
            *value = argv[++i];
        } else if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else {
            bad = true;
        }
    }
    if (bad || (corpus == NULL && pairs == NULL && lists == NULL)) {
        fputs(usage, stderr);
        return 2;
    }
    if (corpus != NULL) {
        return corpus_print(corpus) ? 0 : 2;
    }
    return run(pairs, lists, same, json, verbose);
}
