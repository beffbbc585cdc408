/* import_map.c: "COLUMN=FIELD", and the names of everything import.h numbers.
 * May not touch a file's columns. */
#include "import_columns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SLUG(name, slug, ...)     slug,
#define MEANING(name, slug, what) what,
static const char *const field_slugs[] = {MDL_IMPORT_FIELD_LIST(SLUG)};
static const char *const field_meanings[] = {MDL_IMPORT_FIELD_LIST(MEANING)};

#define KIND(name, slug, label, deals) {slug, label, deals},
static const struct {
    const char *slug, *label;
    bool deals;
} kinds[] = {MDL_IMPORT_KIND_LIST(KIND)};

#define ISSUE(name, cls, slug, meaning) {slug, meaning, MDL_ISSUE_##cls},
static const struct {
    const char *slug, *meaning;
    enum mdl_import_issue_class cls;
} issues[] = {MDL_IMPORT_ISSUE_LIST(ISSUE)};

const char *mdl_import_field_slug(uint8_t field)
{
    if (field < MDL_FIELD_COUNT) {
        return field_slugs[field];
    }
    return field == MDL_FIELD_IDENTIFIER ? "id"
           : field == MDL_FIELD_IGNORED  ? "ignore"
           : field == MDL_FIELD_NONE     ? "none"
                                         : "unknown";
}

const char *mdl_import_field_meaning(uint8_t field)
{
    if (field < MDL_FIELD_COUNT) {
        return field_meanings[field];
    }
    return field == MDL_FIELD_IDENTIFIER ? "registry id" : "not used";
}

const char *mdl_import_kind_slug(enum mdl_import_kind kind)
{
    return (unsigned)kind < MDL_KIND_COUNT ? kinds[kind].slug : "unknown";
}

const char *mdl_import_kind_label(enum mdl_import_kind kind)
{
    return (unsigned)kind < MDL_KIND_COUNT ? kinds[kind].label : "unknown";
}

bool mdl_import_kind_is_deals(enum mdl_import_kind kind)
{
    return (unsigned)kind < MDL_KIND_COUNT && kinds[kind].deals;
}

const char *mdl_import_encoding_name(enum mdl_import_encoding encoding)
{
    static const char *const names[] = {"auto",     "ASCII",    "UTF-8",
                                        "UTF-16LE", "UTF-16BE", "Windows-1252"};
    return (unsigned)encoding < sizeof names / sizeof names[0] ? names[encoding] : "unknown";
}

const char *mdl_import_how_slug(uint8_t how)
{
    static const char *const names[] = {"unused", "recognised", "guessed", "mapped"};
    return how < sizeof names / sizeof names[0] ? names[how] : "unknown";
}

const char *mdl_import_issue_slug(enum mdl_import_issue_kind kind)
{
    return (unsigned)kind < MDL_ISSUE_COUNT ? issues[kind].slug : "unknown";
}

const char *mdl_import_issue_meaning(enum mdl_import_issue_kind kind)
{
    return (unsigned)kind < MDL_ISSUE_COUNT ? issues[kind].meaning : "unknown";
}

enum mdl_import_issue_class mdl_import_issue_class_of(enum mdl_import_issue_kind kind)
{
    return (unsigned)kind < MDL_ISSUE_COUNT ? issues[kind].cls : MDL_ISSUE_REJECTED;
}

/* A scheme that nothing knows would read a whole file and give no key of it. */
static bool known_scheme(const char *scheme)
{
    const char *name;
    for (size_t i = 0; (name = mdl_identifier_scheme(i)) != NULL; i++) {
        if (strcmp(scheme, name) == 0) {
            return true;
        }
    }
    return false;
}

/* "id:no_orgnr" */
static bool parse_scheme(const char *s, struct mdl_imp_map *map)
{
    size_t n = strlen(s);
    if (n == 0 || n >= sizeof map->scheme) {
        return false;
    }
    for (size_t i = 0; i <= n; i++) {
        char c = (char)tolower((unsigned char)s[i]);
        if (c == '-') {
            c = '_';
        }
        if (i < n && !(c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            return false;
        }
        map->scheme[i] = c;
    }
    map->field = MDL_FIELD_IDENTIFIER;
    return known_scheme(map->scheme);
}

static bool parse_field(const char *s, struct mdl_imp_map *map)
{
    if (strncasecmp(s, "id:", 3) == 0) {
        return parse_scheme(s + 3, map);
    }
    if (strcasecmp(s, "ignore") == 0) {
        map->field = MDL_FIELD_IGNORED;
        return true;
    }
    for (unsigned f = 0; f < MDL_FIELD_COUNT; f++) {
        if (strcasecmp(s, field_slugs[f]) == 0) {
            map->field = (uint8_t)f;
            return true;
        }
    }
    return false;
}

static enum mdl_status refuse_scheme(const char *text, struct mdl_error *err)
{
    char all[420] = "";
    const char *name;
    for (size_t i = 0; (name = mdl_identifier_scheme(i)) != NULL; i++) {
        size_t at = strlen(all);
        (void)snprintf(all + at, sizeof all - at, " %s", name);
    }
    return mdl_fail(err, MDL_U_ARGUMENT, "\"%.60s\": no such scheme of ids. Known are:%s", text,
                    all);
}

static enum mdl_status refuse_field(const char *text, struct mdl_error *err)
{
    char all[420];
    size_t at = 0;
    for (size_t f = 0; f < MDL_FIELD_COUNT; f++) {
        int n = snprintf(all + at, sizeof all - at, "%s%s", f > 0 ? " " : "", field_slugs[f]);
        if (n < 0 || (size_t)n >= sizeof all - at) {
            break;
        }
        at += (size_t)n;
    }
    return mdl_fail(err, MDL_U_ARGUMENT, "\"%.40s\": no such field. Fields: id:<scheme> ignore %s",
                    text, all);
}

/* "Type#2": cuts the number off the folded label. */
static void split_nth(struct mdl_imp_map *map)
{
    char *hash = strrchr(map->label, '#');
    if (hash == NULL || hash == map->label) {
        return;
    }
    unsigned nth = 0;
    for (const char *d = hash + 1; *d != '\0'; d++) {
        if (*d < '0' || *d > '9' || nth > MDL_IMPORT_COLUMNS_MAX) {
            return;
        }
        nth = nth * 10 + (unsigned)(*d - '0');
    }
    if (nth > 0) {
        map->nth = nth;
        while (hash > map->label && hash[-1] == ' ') {
            hash--;
        }
        *hash = '\0';
    }
}

enum mdl_status mdl_imp_map_parse(const char *text, struct mdl_imp_map *map, struct mdl_error *err)
{
    *map = (struct mdl_imp_map){0};
    const char *eq = strrchr(text, '=');
    if (eq == NULL || strlen(text) > MDL_IMPORT_LABEL_MAX) {
        return mdl_fail(err, MDL_U_ARGUMENT, "\"%.60s\" is not of the form COLUMN=FIELD", text);
    }
    memcpy(map->text, text, strlen(text) + 1);
    struct mdl_imp_buf b = {0}, field = {0};
    bool ok =
        mdl_imp_fold(text, (size_t)(eq - text), &b) && mdl_imp_fold(eq + 1, strlen(eq + 1), &field);
    enum mdl_status st = MDL_OK;
    if (!ok) {
        st = mdl_fail(err, MDL_L_MEMORY, "no memory for a mapping");
    } else if (b.len == 0 || b.len >= sizeof map->label) {
        st = mdl_fail(err, MDL_U_ARGUMENT, "\"%.60s\" names no column", text);
    } else if (!parse_field(field.p, map)) {
        st = strncasecmp(field.p, "id:", 3) == 0 ? refuse_scheme(text, err)
                                                 : refuse_field(text, err);
    } else {
        memcpy(map->label, b.p, b.len + 1);
        memcpy(map->whole, b.p, b.len + 1);
        split_nth(map);
    }
    mdl_imp_buf_free(&b);
    mdl_imp_buf_free(&field);
    return st;
}

enum mdl_status mdl_import_check_map(const char *map, struct mdl_error *err)
{
    struct mdl_imp_map parsed;
    return mdl_imp_map_parse(map, &parsed, err);
}
