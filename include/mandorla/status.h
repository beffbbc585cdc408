/* status.h: the one list of outcomes, shared by every room and by those who embed libmandorla.
 *
 * A function that can fail returns enum mdl_status and takes a `struct mdl_error *err` as its last
 * parameter. `err` may be NULL. It is filled where the failure happens, with a sentence a person
 * can act on: what was expected, what was found, what to do. No secret and no partner's account
 * ever stands in it. Libraries never print, exit or abort.
 *
 * The class tells the caller what to do:
 *   USAGE  the operator's or caller's input: show the text, change nothing, exit code 2
 *   PEER   the partner's bytes or behaviour: abort the round with this code, log it, exit code 3
 *   LOCAL  this machine (disk, memory, database): stop the operation, keep the data, exit code 4
 *   BUG    a broken promise inside the program: stop, report, exit code 70
 *
 * The number of a PEER status is the error code that travels in `abort` messages (docs/PROTOCOL.md,
 * section 12): it never changes and is never reused.
 */
#ifndef MANDORLA_STATUS_H
#define MANDORLA_STATUS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MDL_MUST_CHECK   __attribute__((warn_unused_result))
#define MDL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define MDL_MUST_CHECK
#define MDL_PRINTF(f, a)
#endif

/* X(NAME, number, class, "slug", "meaning") */
#define MDL_STATUS_LIST(X)                                                                         \
    X(OK, 0, OK, "ok", "done")                                                                     \
    /* PEER: 1..199, on the wire */                                                                \
    X(P_MALFORMED, 1, PEER, "malformed", "a message is not the canonical encoding the spec asks")  \
    X(P_OVERSIZE, 2, PEER, "oversize", "a message or field is larger than its maximum")            \
    X(P_UNEXPECTED, 3, PEER, "unexpected", "a message that the present phase does not allow")      \
    X(P_REORDERED, 4, PEER, "reordered", "a message out of its sequence")                          \
    X(P_VERSION, 5, PEER, "version", "no protocol version in common")                              \
    X(P_SUITE, 6, PEER, "suite", "no cipher suite in common")                                      \
    X(P_PROFILE, 7, PEER, "profile", "no match-key profile in common")                             \
    X(P_AGREEMENT, 8, PEER, "agreement", "no such agreement in force, or it differs")              \
    X(P_SIGNATURE, 9, PEER, "signature", "a signature does not verify")                            \
    X(P_ENCODING, 10, PEER, "bad-encoding", "an element is not a canonical ristretto255 encoding") \
    X(P_IDENTITY, 11, PEER, "identity-element", "an element is the identity")                      \
    X(P_ORDER, 12, PEER, "wrong-order", "elements are not strictly ascending")                     \
    X(P_REFLECTED, 13, PEER, "reflected", "an element equals one of the receiver's own")           \
    X(P_GENERATOR, 14, PEER, "generator", "an element equals G or a known key")                    \
    X(P_COMMITMENT, 15, PEER, "commitment", "an opening does not match its commitment")            \
    X(P_SIZE, 16, PEER, "size", "a declared size is not kept")                                     \
    X(P_TAGS, 17, PEER, "tags", "the tag list breaks its rules")                                   \
    X(P_DIGEST, 18, PEER, "digest-disagrees", "the two sides matched different tags")              \
    X(P_GATE, 19, PEER, "gate", "the result size is outside the agreed bounds")                    \
    X(P_KEY, 20, PEER, "round-key", "the opened round key is not valid or not the partner's own")  \
    X(P_PROOF, 21, PEER, "proof", "a DLEQ proof does not verify")                                  \
    X(P_POSITION, 22, PEER, "position", "an opened position is out of range or used twice")        \
    X(P_CAP, 23, PEER, "cap", "a cap of the agreement would be exceeded")                          \
    X(P_STALLED, 24, PEER, "stalled", "no progress within the time allowed")                       \
    X(P_DEADLINE, 25, PEER, "deadline", "the round's key lifetime ended")                          \
    X(P_RECEIPT, 26, PEER, "receipt", "the receipts of the two sides differ")                      \
    X(P_REFUSED, 27, PEER, "refused", "the partner's operator refused")                            \
    X(P_ABORTED, 28, PEER, "aborted", "an operator aborted the round")                             \
    X(P_RESTARTED, 29, PEER, "restarted", "a node restarted and the round's keys are gone")        \
    X(P_UNKNOWN_ROUND, 30, PEER, "unknown-round", "no such round here")                            \
    X(P_BUSY, 31, PEER, "busy", "another round with this partner is running")                      \
    X(P_EMPTY, 32, PEER, "empty-set", "a population in the agreement has no match key")            \
    X(P_INTERNAL, 33, PEER, "internal", "the partner's node failed locally")                       \
    X(P_REPLAY, 34, PEER, "replay", "a message from another round or session")                     \
    X(P_CREDIT, 35, PEER, "credit", "more data in flight than was granted")                        \
    X(P_UNKNOWN_KEY, 36, PEER, "unknown-key", "the connection's key is not a pinned partner's")    \
    /* USAGE: 200..299 */                                                                          \
    X(U_ARGUMENT, 200, USAGE, "argument", "an argument is missing or not valid")                   \
    X(U_NOT_FOUND, 201, USAGE, "not-found", "no such object")                                      \
    X(U_EXISTS, 202, USAGE, "exists", "the object exists already")                                 \
    X(U_STATE, 203, USAGE, "state", "not possible in the present state")                           \
    X(U_PASSPHRASE, 204, USAGE, "passphrase", "the passphrase does not open the key file")         \
    X(U_TOKEN, 205, USAGE, "token", "the invitation token is damaged, altered or expired")         \
    X(U_CSV, 206, USAGE, "csv", "the file cannot be read as the table it should be")               \
    X(U_HEADER, 207, USAGE, "header", "no column could be recognised")                             \
    X(U_NO_KEY, 208, USAGE, "no-key", "the value gives no match key")                              \
    X(U_NOT_RUNNING, 209, USAGE, "not-running", "no node is serving this directory")               \
    X(U_CANCELLED, 210, USAGE, "cancelled", "stopped on request")                                  \
    X(U_TOO_LARGE, 211, USAGE, "too-large", "the input is larger than its maximum")                \
    /* LOCAL: 300..399 */                                                                          \
    X(L_MEMORY, 300, LOCAL, "memory", "not enough memory")                                         \
    X(L_IO, 301, LOCAL, "io", "a file or socket operation failed")                                 \
    X(L_DISK_FULL, 302, LOCAL, "disk-full", "no space left on the device")                         \
    X(L_DATABASE, 303, LOCAL, "database", "the database failed")                                   \
    X(L_SCHEMA, 304, LOCAL, "schema", "the database is newer or altered")                          \
    X(L_KEY_FILE, 305, LOCAL, "key-file", "a key file is damaged or has unsafe permissions")       \
    X(L_IN_USE, 306, LOCAL, "in-use", "an address or directory is in use by another process")      \
    X(L_LIBRARY, 307, LOCAL, "library", "a system library behaves otherwise than it must")         \
    X(L_UNREACHABLE, 308, LOCAL, "unreachable", "no connection to the partner")                    \
    X(L_CHAIN, 309, LOCAL, "chain", "the audit log does not verify")                               \
    /* BUG: 400.. */                                                                               \
    X(BUG, 400, BUG, "bug", "an internal promise was broken")

#define MDL_STATUS_ENUM(name, number, cls, slug, meaning) MDL_##name = number,
enum mdl_status { MDL_STATUS_LIST(MDL_STATUS_ENUM) };
#undef MDL_STATUS_ENUM

enum mdl_class { MDL_CLASS_OK, MDL_CLASS_USAGE, MDL_CLASS_PEER, MDL_CLASS_LOCAL, MDL_CLASS_BUG };

#define MDL_ERROR_TEXT 512

struct mdl_error {
    enum mdl_status status;
    char text[MDL_ERROR_TEXT]; /* NUL-terminated UTF-8, one or two sentences, no final newline */
};

/* Fills *err (if not NULL) and returns `status`, so that a failing function can end with
 * `return mdl_fail(err, MDL_U_CSV, "%s, line %zu: ...", ...)`. Text that is too long is cut. */
enum mdl_status mdl_fail(struct mdl_error *err, enum mdl_status status, const char *fmt, ...)
    MDL_PRINTF(3, 4);

/* Puts words before the text already in *err ("import of a.csv: ..."); keeps the status.
 * Returns err->status, or MDL_BUG if err is NULL. */
enum mdl_status mdl_error_prefix(struct mdl_error *err, const char *fmt, ...) MDL_PRINTF(2, 3);

/* The stable machine name ("bad-encoding"), the meaning, the class. Unknown numbers give "unknown".
 */
const char *mdl_status_slug(enum mdl_status status);
const char *mdl_status_meaning(enum mdl_status status);
enum mdl_class mdl_status_class(enum mdl_status status);
/* 0, 2, 3, 4 or 70 as in the list of classes above. */
int mdl_status_exit_code(enum mdl_status status);
/* The status of an abort code received from a partner; MDL_P_INTERNAL for one we do not know. */
enum mdl_status mdl_status_from_wire(uint32_t code);

#endif
