/* doc.c: one value of a JSON document on standard input: doc [PATH]. Without a path it only checks
 * the form. It may not be lenient: what is not one JSON document, or lacks the value, is exit
 * code 1. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(const json_t *v)
{
    if (json_is_string(v)) {
        return puts(json_string_value(v)) < 0;
    }
    int failed = json_dumpf(v, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    return putchar('\n') == EOF || failed != 0;
}

/* PATH is names and indexes with dots between; '*' stands for each item of a list (a line each),
 * '#' for how many. */
static int walk(const json_t *v, const char *path)
{
    char name[128];
    size_t n = strcspn(path, ".");
    int failed = 0;

    if (v == NULL) {
        return 1;
    }
    if (n == 0) {
        return show(v);
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)n, path);
    path += path[n] == '.' ? n + 1 : n;
    if (strcmp(name, "#") == 0) {
        return json_is_array(v) ? printf("%zu\n", json_array_size(v)) < 0 : 1;
    }
    if (strcmp(name, "*") == 0) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            failed |= walk(json_array_get(v, i), path);
        }
        return failed | !json_is_array(v);
    }
    return walk(json_is_array(v) ? json_array_get(v, strtoul(name, NULL, 10))
                                 : json_object_get(v, name),
                path);
}

int main(int argc, char *argv[])
{
    json_error_t err;
    json_t *document = json_loadf(stdin, JSON_REJECT_DUPLICATES, &err);
    if (document == NULL) {
        (void)fprintf(stderr, "doc: line %d: %s\n", err.line, err.text);
        return 1;
    }
    int failed = argc > 1 ? walk(document, argv[1]) : 0;
    json_decref(document);
    return failed;
}
