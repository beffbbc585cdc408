/* check_openapi.c: docs/openapi.yaml names every route, verb and parameter, and none besides.
 * It may not parse YAML: it looks for the lines by which the file is written. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

static const char *file;
static char *text; /* of the file */

static const char *const import_paths[] = {
    "/v1/imports", "/v1/imports/{id}", "/v1/imports/{id}/files/{name}", "/v1/imports/{id}/finish"};

static void read_text(void)
{
    size_t room = 1 << 20;
    FILE *in = fopen(file, "r");
    ck_assert_msg(in != NULL, "%s cannot be opened", file);
    text = calloc(1, room);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_gt(fread(text, 1, room - 1, in), 0);
    (void)fclose(in);
}

static void free_text(void)
{
    free(text);
}

/* A block: from a line to the next one that is not indented deeper. The caller frees it. */
static char *block(const char *in, const char *line)
{
    const char *at = in;
    size_t indent = strspn(line, " ");
    char key[256];
    (void)snprintf(key, sizeof key, "%s\n", line);
    while (at != NULL && (at = strstr(at, key)) != NULL) {
        if (at == in || at[-1] == '\n') {
            break;
        }
        at++;
    }
    if (at == NULL) {
        return NULL;
    }
    const char *end = strchr(at, '\n') + 1;
    while (*end != '\0' && (*end == '\n' || strspn(end, " ") > indent)) {
        end += strcspn(end, "\n");
        end += *end == '\n' ? 1 : 0;
    }
    return strndup(at, (size_t)(end - at));
}

static char *operation(const struct route *r)
{
    char line[128];
    (void)snprintf(line, sizeof line, "  %s:", r->path);
    char *path = block(text, line);
    ck_assert_msg(path != NULL, "no path %s", r->path);
    (void)snprintf(line, sizeof line, "    %s:", r->method);
    for (char *p = line; *p != '\0'; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    }
    char *op = block(path, line);
    ck_assert_msg(op != NULL, "no %s %s", r->method, r->path);
    free(path);
    return op;
}

static const struct mdl_verb *verb_of(const struct route *r)
{
    size_t n;
    const struct mdl_verb *v = mdl_service_verbs(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v[i].name, r->verb) == 0) {
            return &v[i];
        }
    }
    ck_abort_msg("no verb %s", r->verb);
}

static const char *type_name(char type)
{
    return type == 'i' ? "integer" : type == 'b' ? "boolean" : type == 'l' ? "array" : "string";
}

/* The line that describes a parameter, in the path or query or in the body. */
static const char *param_line(const struct route *r, const char *op, const char *name)
{
    char key[160];
    char braces[80];
    bool in_query = strcmp(r->method, "GET") == 0 || strcmp(r->method, "DELETE") == 0;
    (void)snprintf(braces, sizeof braces, "{%s}", name);
    if (strstr(r->path, braces) != NULL) {
        (void)snprintf(key, sizeof key, "- { name: %s, in: path, required: true,", name);
    } else if (in_query) {
        (void)snprintf(key, sizeof key, "- { name: %s, in: query,", name);
    } else {
        (void)snprintf(key, sizeof key, "                %s: { type:", name);
    }
    return strstr(op, key);
}

typedef void check_operation(const struct route *r, const char *op);
static void each_operation(check_operation *check)
{
    size_t n;
    const struct route *r = api_routes(&n);
    ck_assert_uint_gt(n, 20);
    for (size_t i = 0; i < n; i++) {
        char *op = operation(&r[i]);
        check(&r[i], op);
        free(op);
    }
}

/* `line`: where the description has the parameter. */
typedef void check_parameter(const char *op, const char *line, const struct mdl_verb *v, size_t k);
static void each_parameter(const struct route *r, const char *op, check_parameter *check)
{
    const struct mdl_verb *v = verb_of(r);
    for (size_t k = 0; k < MDL_VERB_PARAMS && v->params[k].name != NULL; k++) {
        const char *at = param_line(r, op, v->params[k].name);
        ck_assert_msg(at != NULL, "%s: parameter %s", v->name, v->params[k].name);
        char *line = strndup(at, strcspn(at, "\n"));
        check(op, line, v, k);
        free(line);
    }
}

static void is_described(const struct route *r, const char *op)
{
    char line[128];
    (void)snprintf(line, sizeof line, "      operationId: %s\n", r->verb);
    ck_assert_msg(strstr(op, line) != NULL, "%s %s: %s", r->method, r->path, line);
    ck_assert_msg(strstr(op, "        \"200\":") != NULL, "%s: no answer", r->verb);
    ck_assert_msg(strstr(op, "        default:") != NULL, "%s: no error", r->verb);
}

START_TEST(every_route_is_described)
{
    each_operation(is_described);
}
END_TEST

static void has_the_summary(const struct route *r, const char *op)
{
    const char *at = strstr(op, "      summary: ");
    ck_assert_ptr_nonnull(at);
    at += strlen("      summary: ");
    at += *at == '"' ? 1 : 0;
    const char *want = verb_of(r)->summary;
    ck_assert_msg(strncmp(at, want, strlen(want)) == 0, "%s: '%s'", r->verb, want);
}

START_TEST(every_summary_is_the_verbs_own)
{
    each_operation(has_the_summary);
}
END_TEST

static void type_is_told(const char *op, const char *line, const struct mdl_verb *v, size_t k)
{
    char type[32];
    (void)op;
    (void)snprintf(type, sizeof type, "type: %s", type_name(v->params[k].type));
    ck_assert_msg(strstr(line, type) != NULL, "%s: %s", v->name, line);
}

static void types_are_told(const struct route *r, const char *op)
{
    each_parameter(r, op, type_is_told);
}

START_TEST(every_parameter_is_described_with_its_type)
{
    each_operation(types_are_told);
}
END_TEST

/* Whether the request's body requires it: "required: [a, b]" before the answers begin. */
static bool body_requires(const char *op, const char *name)
{
    const char *answers = strstr(op, "      responses:");
    const char *list = strstr(op, "required: [");
    if (list == NULL || answers == NULL || list > answers) {
        return false;
    }
    for (const char *at = list + strlen("required: ["); *at != ']' && *at != '\0';) {
        size_t len = strcspn(at, ",]");
        if (len == strlen(name) && memcmp(at, name, len) == 0) {
            return true;
        }
        at += len;
        at += strspn(at, ", ");
    }
    return false;
}

static void required_is_told(const char *op, const char *line, const struct mdl_verb *v, size_t k)
{
    bool said = strstr(line, "required: true") != NULL || body_requires(op, v->params[k].name);
    ck_assert_msg(said == v->params[k].required, "%s: %s", v->name, v->params[k].name);
}

static void requirements_are_told(const struct route *r, const char *op)
{
    each_parameter(r, op, required_is_told);
}

START_TEST(required_parameters_are_required)
{
    each_operation(requirements_are_told);
}
END_TEST

static bool is_known(const char *path, size_t len)
{
    size_t n;
    const struct route *r = api_routes(&n);
    for (size_t i = 0; i < n; i++) {
        if (strlen(r[i].path) == len && strncmp(r[i].path, path, len) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof import_paths / sizeof import_paths[0]; i++) {
        if (strlen(import_paths[i]) == len && strncmp(import_paths[i], path, len) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(nothing_else_is_described)
{
    size_t n_routes;
    size_t operations = 0;
    (void)api_routes(&n_routes);
    for (const char *at = text; (at = strstr(at, "\n  /")) != NULL; at++) {
        size_t len = strcspn(at + 3, ":\n");
        ck_assert_msg(is_known(at + 3, len), "%.*s", (int)len, at + 3);
    }
    for (const char *at = text; (at = strstr(at, "      operationId: ")) != NULL; at++) {
        operations++;
    }
    ck_assert_uint_eq(operations, n_routes + 4); /* and the four of imports */
}
END_TEST

START_TEST(every_reference_leads_somewhere)
{
    static const char key[] = "$ref: \"#/components/";
    size_t seen = 0;
    for (const char *at = text; (at = strstr(at, key)) != NULL; seen++) {
        char line[128];
        at += sizeof key - 1;
        const char *slash = strchr(at, '/');
        size_t len = strcspn(slash + 1, "\"");
        (void)snprintf(line, sizeof line, "\n    %.*s:", (int)len, slash + 1);
        ck_assert_msg(strstr(text, line) != NULL, "%s", line);
    }
    ck_assert_uint_gt(seen, 100);
}
END_TEST

int main(int argc, char *argv[])
{
    const TTest *const tests[] = {every_route_is_described,
                                  every_summary_is_the_verbs_own,
                                  every_parameter_is_described_with_its_type,
                                  required_parameters_are_required,
                                  nothing_else_is_described,
                                  every_reference_leads_somewhere};
    if (argc != 2) {
        (void)fputs("usage: check-api-openapi openapi.yaml\n", stderr);
        return EXIT_FAILURE;
    }
    file = argv[1];
    return run_suite("openapi", read_text, free_text, tests, sizeof tests / sizeof tests[0]);
}
