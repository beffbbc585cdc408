/* respond.c: documents and errors as HTTP responses.
 * It may not decide anything: the HTTP code follows from the status alone. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

unsigned api_http_status(enum mdl_status status)
{
    if (status == MDL_U_NOT_FOUND) {
        return MHD_HTTP_NOT_FOUND;
    }
    if (status == MDL_U_EXISTS || status == MDL_U_STATE || status == MDL_P_BUSY) {
        return MHD_HTTP_CONFLICT;
    }
    if (status == MDL_U_TOO_LARGE) {
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    if (status == MDL_L_DISK_FULL) {
        return 507; /* Insufficient Storage, RFC 4918 */
    }
    switch (mdl_status_class(status)) {
    case MDL_CLASS_OK:
        return MHD_HTTP_OK;
    case MDL_CLASS_USAGE:
        return MHD_HTTP_BAD_REQUEST;
    case MDL_CLASS_PEER:
        return MHD_HTTP_BAD_GATEWAY;
    case MDL_CLASS_LOCAL:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    case MDL_CLASS_BUG:
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

enum MHD_Result api_respond(struct MHD_Connection *c, unsigned http_status, json_t *document)
{
    char *text =
        json_dumps(document, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    json_decref(document);
    if (text == NULL) {
        return MHD_NO;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (r == NULL) {
        free(text);
        return MHD_NO;
    }
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result ok = MHD_queue_response(c, http_status, r);
    MHD_destroy_response(r);
    return ok;
}

static const char *class_name(enum mdl_class cls)
{
    switch (cls) {
    case MDL_CLASS_OK:
        return "ok";
    case MDL_CLASS_USAGE:
        return "usage";
    case MDL_CLASS_PEER:
        return "peer";
    case MDL_CLASS_LOCAL:
        return "local";
    case MDL_CLASS_BUG:
        return "bug";
    }
    return "bug";
}

/* Whether the n bytes are characters in UTF-8; jansson knows. */
static bool is_utf8(const char *bytes, size_t n)
{
    json_t *text = json_stringn(bytes, n);
    json_decref(text);
    return text != NULL;
}

/* A message may be cut in the middle of a character, or repeat bytes that are none: those become a
 * question mark, so that the rest can be read. */
static void clean(char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        unsigned char lead = (unsigned char)text[i];
        size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (len <= n - i && is_utf8(text + i, len)) {
            i += len;
        } else {
            text[i++] = '?';
        }
    }
}

enum MHD_Result api_respond_error(struct MHD_Connection *c, const struct mdl_error *err,
                                  json_t *details)
{
    struct mdl_error e = *err;
    clean(e.text);
    json_t *doc = json_pack("{s:{s:s, s:i, s:s, s:s}}", "error", "status",
                            mdl_status_slug(e.status), "code", (int)e.status, "class",
                            class_name(mdl_status_class(e.status)), "message", e.text);
    if (details != NULL) {
        (void)json_object_set_new(json_object_get(doc, "error"), "details", details);
    }
    return api_respond(c, api_http_status(e.status), doc);
}
