/* token.c: an invitation token of a company that never was: token CREATED EXPIRES, in seconds from
 * now. It may not be part of a node: it exists to have expired tokens, and tokens of the future. */
#include <invitation.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char *argv[])
{
    struct mdl_error err = {MDL_OK, ""};
    struct mdl_identity *id = NULL;
    struct mdl_curve_key *curve = NULL;
    struct mdl_invitation inv;
    char text[MDL_TOKEN_TEXT_MAX];
    int64_t now = (int64_t)time(NULL);

    if (argc != 3 || sodium_init() < 0) {
        return 2;
    }
    int64_t created = now + strtoll(argv[1], NULL, 10);
    int64_t expires = now + strtoll(argv[2], NULL, 10);
    int64_t year = (int64_t)365 * 24 * 3600;
    enum mdl_status st = mdl_identity_generate(&id, &err);
    if (st == MDL_OK) {
        st = mdl_curve_generate(id, 1, now - year, now + year, &curve, &err);
    }
    if (st == MDL_OK) {
        st = mdl_invitation_new(id, mdl_curve_cert(curve), "Globex", "tcp://192.0.2.1:7400",
                                created, expires, &inv, &err);
    }
    if (st == MDL_OK) {
        st = mdl_token_encode(&inv, id, text, &err);
    }
    if (st == MDL_OK) {
        (void)puts(text);
    } else {
        (void)fprintf(stderr, "token: %s\n", err.text);
    }
    mdl_curve_free(curve);
    mdl_identity_free(id);
    return st == MDL_OK ? 0 : 1;
}
