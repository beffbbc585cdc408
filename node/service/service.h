/* service.h: the verbs, once. What an operator can do with a node, without HTTP and without argv.
 *
 * A verb takes a JSON object of parameters and gives a JSON document (jansson); verbs.def lists
 * every verb with its parameters, and docs/openapi.yaml describes the documents. api/ is a face on
 * this table; cli/ is a client of api/. Offline verbs (init, verify, key) are called in process.
 *
 * Threading: mdl_service_run owns the loop thread: sessions, sockets and the main database are
 * touched there only. mdl_service_do may be called from any thread: verbs marked LOOP are carried
 * over to the loop and waited for, verbs marked CALLER run where they are called.
 */
#ifndef MANDORLA_SERVICE_H
#define MANDORLA_SERVICE_H

#include <jansson.h>
#include <mandorla/status.h>
#include <stdbool.h>

struct mdl_service;

/* ---- A node's directory
 * --------------------------------------------------------------------------- DIR/mandorla.conf
 * ini: [node] name, endpoint(s), proxy; [api] socket; [limits] ... DIR/mandorla.db     main
 * database;  DIR/sources/, DIR/rounds/: see node/store DIR/keys/           sealed key files;
 * DIR/api.sock (or the short path named in DIR/api.path)
 */

struct mdl_passphrase_source {
    bool none;        /* --no-passphrase: key files are not sealed, only protected by their mode */
    const char *file; /* read the first line of this file */
    const char *env;  /* name of an environment variable; default MANDORLA_PASSPHRASE if set */
    bool prompt;      /* ask on the terminal */
};

struct mdl_init_options {
    const char *name;     /* 1..64 bytes of UTF-8 */
    const char *endpoint; /* "tcp://HOST:PORT" that partners dial; NULL: this node only dials out */
    const char
        *bind; /* address to bind if it differs ("tcp://0.0.0.0:7400"); NULL: from endpoint */
    const char *proxy; /* "socks5://HOST:PORT" for dialling; NULL: none */
    struct mdl_passphrase_source passphrase;
    bool fast_kdf; /* smallest Argon2id cost: only for tests and demos on one machine */
};

/* Makes a node in `dir` (created 0700; must be empty or absent). All or nothing: on error nothing
 * of it stays. Result: {"name", "dir", "endpoint", "identity" (hex), "fingerprint" (words)}.
 * Errors: MDL_U_EXISTS (a node is there), MDL_U_ARGUMENT, MDL_L_IO, MDL_L_DISK_FULL. */
MDL_MUST_CHECK enum mdl_status mdl_node_init(const char *dir, const struct mdl_init_options *o,
                                             json_t **result, struct mdl_error *err);

/* Verb key.explain without a node: pure, for `mandorla key`. */
MDL_MUST_CHECK enum mdl_status mdl_node_explain(const json_t *params, json_t **result,
                                                struct mdl_error *err);

/* Verifies a record that agreement.export wrote, without a node: form, terms, both signatures,
 * revocations. The document says whose it is and whether it is in force now. Errors:
 * MDL_P_MALFORMED (no record, or damaged), MDL_P_AGREEMENT (terms that make no sense),
 * MDL_P_SIGNATURE; those of decoding. */
MDL_MUST_CHECK enum mdl_status mdl_node_verify_agreement(const char *text, size_t len,
                                                         json_t **result, struct mdl_error *err);

/* Opens the node for serving: takes the directory's lock, opens and migrates the database, unlocks
 * the keys, ends rounds that a restart cut, binds. `log` receives lines ("level", "text") for the
 * operator; it may be called from any thread. Errors name what to do: MDL_U_PASSPHRASE,
 * MDL_L_KEY_FILE, MDL_L_SCHEMA, MDL_L_IN_USE, MDL_L_LIBRARY, ... */
MDL_MUST_CHECK enum mdl_status mdl_service_open(const char *dir,
                                                const struct mdl_passphrase_source *pass,
                                                void (*log)(const char *level, const char *text),
                                                struct mdl_service **out, struct mdl_error *err);
/* Runs until mdl_service_stop or a fatal error. */
MDL_MUST_CHECK enum mdl_status mdl_service_run(struct mdl_service *s, struct mdl_error *err);
void mdl_service_stop(struct mdl_service *s);  /* async-signal-safe, any thread */
void mdl_service_close(struct mdl_service *s); /* NULL is a no-op; wipes secrets */
const char *mdl_service_socket_path(const struct mdl_service *s);
/* The socket of the node that serves `dir`, for clients. MDL_U_NOT_RUNNING with the command to
 * start it. */
MDL_MUST_CHECK enum mdl_status mdl_node_socket_path(const char *dir, char *out, size_t out_size,
                                                    struct mdl_error *err);

/* ---- Verbs
 * ---------------------------------------------------------------------------------------- */
enum mdl_verb_where { MDL_VERB_LOOP, MDL_VERB_CALLER };

struct mdl_param {
    const char *name;
    char type; /* 's'tring, 'i'nteger >= 0, 'b'ool, 'l'ist of strings, 'o'bject */
    bool required;
    const char *doc;
};

#define MDL_VERB_PARAMS 16
struct mdl_verb {
    const char *name; /* "round.start" */
    enum mdl_verb_where where;
    const char *summary;
    struct mdl_param params[MDL_VERB_PARAMS]; /* ends with a NULL name */
};

const struct mdl_verb *mdl_service_verbs(size_t *n);
/* Unknown, missing or wrongly typed parameters are refused by the table (MDL_U_ARGUMENT names the
 * parameter, what was expected and what was found). *result is owned by the caller. */
MDL_MUST_CHECK enum mdl_status mdl_service_do(struct mdl_service *s, const char *verb,
                                              const json_t *params, json_t **result,
                                              struct mdl_error *err);

/* ---- Imports stream through here
 * ------------------------------------------------------------------ One import is one generation
 * of one source. begin -> for each file: file, feed..., file_end -> finish (swaps in, gives the
 * report) or abort. Runs on the caller's thread; only finish visits the loop. One thread at a time
 * per import. params: as verb "import.begin" documents in verbs.def. */
struct mdl_upload;
MDL_MUST_CHECK enum mdl_status mdl_upload_begin(struct mdl_service *s, const json_t *params,
                                                struct mdl_upload **out, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_upload_file(struct mdl_upload *j, const char *name,
                                               struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_upload_feed(struct mdl_upload *j, const void *bytes, size_t n,
                                               struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_upload_file_end(struct mdl_upload *j, struct mdl_error *err);
MDL_MUST_CHECK enum mdl_status mdl_upload_finish(struct mdl_upload *j, json_t **report,
                                                 struct mdl_error *err);
/* Frees the job; if it was not finished, nothing of it stays. NULL is a no-op. */
void mdl_upload_free(struct mdl_upload *j);

#endif
