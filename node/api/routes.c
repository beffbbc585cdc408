/* routes.c: the table of paths, and matching a path against it.
 * It may not do anything but name the verb: what a verb does stands in node/service. */
#include "internal.h"

#include <string.h>

static const struct route routes[] = {
    {"GET", "/v1/status", "status"},
    {"GET", "/v1/sources", "source.list"},
    {"DELETE", "/v1/sources/{source}", "source.remove"},
    {"GET", "/v1/populations", "population.list"},
    {"POST", "/v1/populations", "population.add"},
    {"POST", "/v1/populations/preview", "population.preview"},
    {"DELETE", "/v1/populations/{population}", "population.remove"},
    {"GET", "/v1/exclusions", "exclude.list"},
    {"POST", "/v1/exclusions", "exclude.add"},
    {"DELETE", "/v1/exclusions/{rule}", "exclude.remove"},
    {"GET", "/v1/suppressions", "suppress.list"},
    {"POST", "/v1/suppressions", "suppress.add"},
    {"POST", "/v1/suppressions/import", "suppress.import"},
    {"DELETE", "/v1/suppressions/{entry}", "suppress.remove"},
    {"POST", "/v1/keys", "key.explain"},
    {"POST", "/v1/invitations", "partner.invite"},
    {"POST", "/v1/invitations/inspect", "partner.inspect"},
    {"GET", "/v1/partners", "partner.list"},
    {"POST", "/v1/partners", "partner.accept"},
    {"PATCH", "/v1/partners/{partner}", "partner.set"},
    {"DELETE", "/v1/partners/{partner}", "partner.remove"},
    {"GET", "/v1/partners/{partner}/round-preview", "round.preview"},
    {"GET", "/v1/partners/{partner}/overlap", "overlap"},
    {"GET", "/v1/partners/{partner}/whitespace", "whitespace"},
    {"GET", "/v1/partners/{partner}/matrix", "matrix"},
    {"GET", "/v1/partners/{partner}/ledger", "ledger"},
    {"GET", "/v1/partners/{partner}/agreement-draft", "agreement.draft"},
    {"POST", "/v1/partners/{partner}/amendments", "agreement.amend"},
    {"POST", "/v1/partners/{partner}/requests", "round.request"},
    {"GET", "/v1/agreements", "agreement.list"},
    {"POST", "/v1/agreements", "agreement.propose"},
    {"GET", "/v1/agreements/{agreement}", "agreement.show"},
    {"GET", "/v1/agreements/{agreement}/record", "agreement.export"},
    {"POST", "/v1/agreements/{agreement}/accept", "agreement.accept"},
    {"POST", "/v1/agreements/{agreement}/reject", "agreement.reject"},
    {"POST", "/v1/agreements/{agreement}/revoke", "agreement.revoke"},
    {"GET", "/v1/rounds", "round.list"},
    {"POST", "/v1/rounds", "round.start"},
    {"GET", "/v1/rounds/{round}", "round.show"},
    {"GET", "/v1/rounds/{round}/diff", "round.diff"},
    {"POST", "/v1/rounds/{round}/approve", "round.approve"},
    {"POST", "/v1/rounds/{round}/refuse", "round.refuse"},
    {"POST", "/v1/rounds/{round}/abort", "round.abort"},
    {"GET", "/v1/schedules", "schedule.list"},
    {"POST", "/v1/partners/{partner}/schedule", "schedule.set"},
    {"DELETE", "/v1/partners/{partner}/schedule", "schedule.remove"},
    {"GET", "/v1/partners/{partner}/disputes", "match.disputes"},
    {"POST", "/v1/partners/{partner}/disputes", "match.dispute"},
    {"GET", "/v1/bundle", "bundle"},
    {"GET", "/v1/audit/entries", "audit.list"},
    {"GET", "/v1/audit/verification", "audit.verify"},
};

const struct route *api_routes(size_t *n)
{
    *n = sizeof routes / sizeof routes[0];
    return routes;
}

/* The i-th segment of a path, as it stands; NULL if there is none. */
static const char *segment_at(const char *path, size_t i, size_t *len)
{
    *len = 0;
    while (*path == '/') {
        path++;
        size_t n = strcspn(path, "/");
        if (i-- == 0) {
            *len = n;
            return path;
        }
        path += n;
    }
    return NULL;
}

size_t api_segments(const char *url)
{
    size_t n = 0;
    size_t len;
    while (segment_at(url, n, &len) != NULL) {
        n++;
    }
    return n;
}

bool api_segment(const char *url, size_t i, char *out, size_t out_size)
{
    size_t len;
    const char *s = segment_at(url, i, &len);
    if (s == NULL || len == 0 || len >= out_size) {
        return false;
    }
    memcpy(out, s, len);
    out[len] = '\0';
    return MHD_http_unescape(out) == strlen(out);
}

static bool path_fits(const struct route *r, const char *url, struct route_match *m)
{
    size_t n = api_segments(r->path);
    m->n_vars = 0;
    if (n != api_segments(url)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t want_len;
        size_t have_len;
        const char *want = segment_at(r->path, i, &want_len);
        const char *have = segment_at(url, i, &have_len);
        if (want[0] == '{') {
            if (m->n_vars == ROUTE_VARS ||
                !api_segment(url, i, m->var[m->n_vars].value, sizeof m->var[0].value)) {
                return false;
            }
            m->var[m->n_vars].name = want + 1;
            m->var[m->n_vars++].name_len = want_len - 2;
        } else if (want_len != have_len || memcmp(want, have, want_len) != 0) {
            return false;
        }
    }
    return true;
}

bool api_route(const char *method, const char *url, struct route_match *m)
{
    m->path_known = false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (path_fits(&routes[i], url, m)) {
            m->path_known = true;
            if (strcmp(routes[i].method, method) == 0) {
                m->route = &routes[i];
                return true;
            }
        }
    }
    return false;
}
