/* corpus_tool.c: writes the profile's self-check corpus anew, for whoever changes a rule on
 * purpose. */
#include "matchkey_internal.h"
#include "quality.h"

#include <stdio.h>

static void print_line(const struct mdl_profile *p, char *line)
{
    char out[256];
    char *input = strchr(line, '\t');
    char *end = input != NULL ? strchr(input + 1, '\t') : NULL;
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || input == NULL) {
        puts(line);
        return;
    }
    if (end != NULL) {
        *end = '\0';
    }
    *input++ = '\0';
    if (mdl_mk_corpus_derive(p, line, input, out)) {
        printf("%s\t%s\t%s\n", line, input, out);
    } else {
        fprintf(stderr, "no rule \"%s\"\n", line);
    }
}

bool corpus_print(const char *file)
{
    struct mdl_profile *p;
    struct mdl_error err;
    char line[1024];
    FILE *f = fopen(file, "r");
    if (f == NULL || mdl_mk_profile_load(&p, &err) != MDL_OK) {
        fprintf(stderr, "%s: %s\n", file, f == NULL ? "cannot be opened" : err.text);
        if (f != NULL) {
            fclose(f);
        }
        return false;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        print_line(p, line);
    }
    mdl_profile_close(p);
    fclose(f);
    return true;
}
