/* imports.c: the imports at work. An import is begun, fed file by file, and finished, over several
 * requests; one that nobody feeds for ten minutes is dropped. It may not look into the bytes. */
#include "internal.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IMPORTS_MAX  8
#define IDLE_SECONDS 600
#define ID_BYTES     8

struct entry {
    char id[2 * ID_BYTES + 1];
    struct mdl_upload *job;
    bool busy;   /* a request holds it */
    bool broken; /* an upload broke off: the job is gone, and finishing says so */
    time_t used;
};

struct api_imports {
    struct mdl_service *service;
    pthread_mutex_t lock; /* guards the table, never held while a job works */
    struct entry entry[IMPORTS_MAX];
};

struct api_upload {
    struct api_imports *imports;
    struct entry *entry;
};

static time_t now(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

struct api_imports *api_imports_new(struct mdl_service *service)
{
    struct api_imports *i = calloc(1, sizeof *i);
    if (i != NULL) {
        i->service = service;
        (void)pthread_mutex_init(&i->lock, NULL);
    }
    return i;
}

void api_imports_free(struct api_imports *imports)
{
    if (imports == NULL) {
        return;
    }
    for (size_t i = 0; i < IMPORTS_MAX; i++) {
        mdl_upload_free(imports->entry[i].job);
    }
    (void)pthread_mutex_destroy(&imports->lock);
    free(imports);
}

bool api_is_import(const char *url)
{
    return strncmp(url, "/v1/imports", 11) == 0 && (url[11] == '\0' || url[11] == '/');
}

/* A free place, dropping imports that nobody fed; NULL if all are at work. Lock held. */
static struct entry *free_place(struct api_imports *imports)
{
    for (size_t i = 0; i < IMPORTS_MAX; i++) {
        struct entry *e = &imports->entry[i];
        if (e->job != NULL && !e->busy && now() - e->used > IDLE_SECONDS) {
            mdl_upload_free(e->job);
            e->job = NULL;
        }
        if (e->job == NULL && !e->busy) {
            return e;
        }
    }
    return NULL;
}

static enum mdl_status hold(struct api_imports *imports, const char *id, struct entry **out,
                            struct mdl_error *err)
{
    enum mdl_status st = MDL_U_NOT_FOUND;
    (void)pthread_mutex_lock(&imports->lock);
    for (size_t i = 0; i < IMPORTS_MAX; i++) {
        struct entry *e = &imports->entry[i];
        if ((e->job == NULL && !e->broken) || strcmp(e->id, id) != 0) {
            continue;
        }
        if (e->busy) {
            st = MDL_U_STATE;
        } else {
            e->busy = true;
            *out = e;
            st = MDL_OK;
        }
        break;
    }
    (void)pthread_mutex_unlock(&imports->lock);
    if (st != MDL_OK) {
        return mdl_fail(err, st,
                        st == MDL_U_STATE ? "import '%s' is busy with another request"
                                          : "no import '%s' is at work",
                        id);
    }
    return MDL_OK;
}

/* After a request: the place stays with its import, or the import is gone; after a broken upload
 * the place remembers that much. What a gone import built goes at once, not with the idle ones. */
enum after { AFTER_STAYS, AFTER_GONE, AFTER_BROKEN };

static void release(struct api_imports *imports, struct entry *e, enum after after)
{
    struct mdl_upload *job = after != AFTER_STAYS ? e->job : NULL;
    mdl_upload_free(job);
    (void)pthread_mutex_lock(&imports->lock);
    if (after != AFTER_STAYS) {
        e->job = NULL;
        e->broken = after == AFTER_BROKEN;
    }
    e->busy = false;
    e->used = now();
    (void)pthread_mutex_unlock(&imports->lock);
}

static enum mdl_status begin(struct api_imports *imports, const char *body, size_t len,
                             json_t **out, struct mdl_error *err)
{
    json_t *params = len > 0 ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : json_object();
    if (!json_is_object(params)) {
        json_decref(params);
        return mdl_fail(err, MDL_U_ARGUMENT, "body: expected a JSON object");
    }
    (void)pthread_mutex_lock(&imports->lock);
    struct entry *e = free_place(imports);
    if (e != NULL) {
        e->busy = true;
        e->broken = false;
    }
    (void)pthread_mutex_unlock(&imports->lock);
    enum mdl_status st = MDL_U_STATE;
    if (e == NULL) {
        st = mdl_fail(err, MDL_U_STATE, "%d imports are at work already; wait for one to end",
                      IMPORTS_MAX);
    } else {
        unsigned char raw[ID_BYTES];
        struct mdl_upload *job = NULL;
        randombytes_buf(raw, sizeof raw);
        st = mdl_upload_begin(imports->service, params, &job, err);
        (void)sodium_bin2hex(e->id, sizeof e->id, raw, sizeof raw);
        if (st == MDL_OK) {
            *out = json_pack("{s:s}", "id", e->id);
        }
        (void)pthread_mutex_lock(&imports->lock);
        e->job = job;
        e->busy = false;
        e->used = now();
        (void)pthread_mutex_unlock(&imports->lock);
    }
    json_decref(params);
    return st;
}

static enum mdl_status broke_off(const char *id, struct mdl_error *err)
{
    return mdl_fail(err, MDL_U_STATE, "an upload of import '%s' broke off; nothing was changed",
                    id);
}

static enum mdl_status finish(struct api_imports *imports, const char *id, json_t **out,
                              json_t **details, struct mdl_error *err)
{
    struct entry *e = NULL;
    enum mdl_status st = hold(imports, id, &e, err);
    if (st != MDL_OK) {
        return st;
    }
    if (e->broken) {
        st = broke_off(id, err);
    } else {
        json_t *report = NULL;
        st = mdl_upload_finish(e->job, &report, err);
        *(st == MDL_OK ? out : details) = report;
    }
    release(imports, e, AFTER_GONE);
    return st;
}

static enum mdl_status drop(struct api_imports *imports, const char *id, json_t **out,
                            struct mdl_error *err)
{
    struct entry *e = NULL;
    enum mdl_status st = hold(imports, id, &e, err);
    if (st == MDL_OK) {
        release(imports, e, AFTER_GONE);
        *out = json_pack("{s:s}", "dropped", id);
    }
    return st;
}

enum mdl_status api_import_request(struct api_imports *imports, const char *method, const char *url,
                                   const char *body, size_t body_len, json_t **out,
                                   json_t **details, struct mdl_error *err)
{
    char id[64];
    char step[16];
    size_t n = api_segments(url);

    if (n == 2 && strcmp(method, "POST") == 0) {
        return begin(imports, body, body_len, out, err);
    }
    if (n >= 3 && api_segment(url, 2, id, sizeof id)) {
        if (n == 3 && strcmp(method, "DELETE") == 0) {
            return drop(imports, id, out, err);
        }
        if (n == 4 && strcmp(method, "POST") == 0 && api_segment(url, 3, step, sizeof step) &&
            strcmp(step, "finish") == 0) {
            return finish(imports, id, out, details, err);
        }
    }
    return mdl_fail(err, MDL_U_NOT_FOUND, "no such resource: %s %s", method, url);
}

enum mdl_status api_upload_begin(struct api_imports *imports, const char *url,
                                 struct api_upload **out, struct mdl_error *err)
{
    char id[64];
    char name[512];
    char files[8];
    struct entry *e = NULL;

    if (api_segments(url) != 5 || !api_segment(url, 2, id, sizeof id) ||
        !api_segment(url, 3, files, sizeof files) || strcmp(files, "files") != 0 ||
        !api_segment(url, 4, name, sizeof name)) {
        return mdl_fail(err, MDL_U_NOT_FOUND, "no such resource: PUT %.200s", url);
    }
    enum mdl_status st = hold(imports, id, &e, err);
    if (st != MDL_OK) {
        return st;
    }
    struct api_upload *u = calloc(1, sizeof *u);
    st = u == NULL   ? mdl_fail(err, MDL_L_MEMORY, "not enough memory for an upload")
         : e->broken ? broke_off(id, err)
                     : mdl_upload_file(e->job, name, err);
    if (st != MDL_OK) {
        release(imports, e, AFTER_BROKEN);
        free(u);
        return st;
    }
    u->imports = imports;
    u->entry = e;
    *out = u;
    return MDL_OK;
}

/* What the service refused it remembers, and says again, with the report, when the import is
 * finished. What broke off it does not know of. */
enum mdl_status api_upload_feed(struct api_upload *u, const void *bytes, size_t n,
                                struct mdl_error *err)
{
    return mdl_upload_feed(u->entry->job, bytes, n, err);
}

enum mdl_status api_upload_end(struct api_upload *u, enum api_upload_how how, struct mdl_error *err)
{
    enum mdl_status st = MDL_OK;
    if (how == API_UPLOAD_WHOLE) {
        st = mdl_upload_file_end(u->entry->job, err);
    }
    release(u->imports, u->entry, how == API_UPLOAD_BROKEN ? AFTER_BROKEN : AFTER_STAYS);
    free(u);
    return st;
}
