/* serve.h: running the node in the foreground. */
#ifndef MANDORLA_CLI_SERVE_H
#define MANDORLA_CLI_SERVE_H

#include "cli.h"

#include <service.h>

/* The command. Log lines go to standard error: RFC 3339 time, level, text. SIGTERM and SIGINT stop
 * it cleanly; a second one ends it at once. */
MDL_MUST_CHECK enum mdl_status serve_run(struct cli *c);

/* From --passphrase-file and --no-passphrase; asks only where a person can answer. */
struct mdl_passphrase_source serve_passphrase(const struct cli *c);

/* Tells the service manager (the socket in NOTIFY_SOCKET) one state, as sd_notify(3) does. False if
 * there is no manager or it cannot be reached. */
bool notify_manager(const char *state);

/* One log line on `f`; control characters are replaced. */
void log_line(FILE *f, const char *level, const char *text);

#endif
