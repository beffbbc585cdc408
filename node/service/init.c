/* init.c: makes a node's directory: keys, settings, database. All of it or nothing.
 * It may not touch a directory that holds anything. */
#include "node.h"

#include <errno.h>
#include <fingerprint.h>
#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CURVE_YEARS 5
#define YEAR        ((int64_t)365 * 24 * 3600)

enum mdl_status passphrase_get(const char *dir, const struct mdl_passphrase_source *src,
                               bool confirm, struct mdl_passphrase **out, struct mdl_error *err)
{
    *out = NULL;
    if (src->none) {
        return MDL_OK;
    }
    if (src->file != NULL) {
        return mdl_passphrase_from_file(src->file, out, err);
    }
    const char *env = src->env != NULL ? src->env : "MANDORLA_PASSPHRASE";
    if (src->env != NULL || getenv(env) != NULL) {
        return mdl_passphrase_from_env(env, out, err);
    }
    if (src->prompt) {
        char question[256];
        (void)snprintf(question, sizeof question, "Passphrase for the node in %.200s: ", dir);
        return mdl_passphrase_prompt(question, confirm, out, err);
    }
    return mdl_fail(err, MDL_U_PASSPHRASE,
                    "a passphrase is needed: --passphrase-file FILE, the environment variable "
                    "MANDORLA_PASSPHRASE, or a terminal to ask on");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static enum mdl_status check_options(const struct mdl_init_options *o, struct conf *c,
                                     struct mdl_error *err)
{
    const struct {
        const char *option, *value;
        char *to;
        size_t size;
    } take[] = {{"--name", o->name, c->name, sizeof c->name},
                {"--endpoint", o->endpoint, c->endpoint, sizeof c->endpoint},
                {"--bind", o->bind, c->bind, sizeof c->bind},
                {"--proxy", o->proxy, c->proxy, sizeof c->proxy}};

    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < sizeof take / sizeof take[0]; i++) {
        const char *value = take[i].value != NULL ? take[i].value : "";
        if (take[i].value != NULL && value[0] == '\0') {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s is given, but empty", take[i].option);
        }
        if (strlen(value) >= take[i].size) {
            return mdl_fail(err, MDL_U_ARGUMENT, "%s takes at most %zu bytes", take[i].option,
                            take[i].size - 1);
        }
        memcpy(take[i].to, value, strlen(value) + 1);
    }
    enum mdl_status st = conf_check(c, err);
    return st == MDL_OK ? conf_default_bind(c, err) : st;
}

static enum mdl_status make_keys(const char *dir, const struct mdl_init_options *o,
                                 const struct mdl_passphrase *pass, struct mdl_identity **id,
                                 struct mdl_error *err)
{
    char path[PATH_BYTES + 64];
    struct mdl_curve_key *curve = NULL;
    int64_t now = (int64_t)(now_ms() / 1000);
    struct mdl_seal seal = {.mode = pass != NULL ? MDL_SEAL_PASSPHRASE : MDL_SEAL_NONE,
                            .pass = pass,
                            .kdf = o->fast_kdf ? MDL_KDF_TEST : MDL_KDF_DEFAULT};

    (void)snprintf(path, sizeof path, "%s/keys", dir);
    if (mkdir(path, 0700) != 0) {
        return mdl_fail(err, MDL_L_IO, "cannot make %s: %s", path, strerror(errno));
    }
    enum mdl_status st = mdl_identity_generate(id, err);
    if (st == MDL_OK) {
        (void)snprintf(path, sizeof path, "%s/keys/" MDL_IDENTITY_FILE, dir);
        st = mdl_identity_save(*id, path, &seal, MDL_SAVE_NEW, err);
    }
    if (st == MDL_OK) {
        st = mdl_curve_generate(*id, 1, now, now + CURVE_YEARS * YEAR, &curve, err);
    }
    if (st == MDL_OK) {
        (void)snprintf(path, sizeof path, "%s/keys/" MDL_CURVE_FILE, dir);
        st = mdl_curve_save(curve, *id, path, MDL_SAVE_NEW, err);
    }
    mdl_curve_free(curve);
    return st;
}

static enum mdl_status fill_directory(const char *dir, const struct mdl_init_options *o,
                                      const struct conf *c, const struct mdl_passphrase *pass,
                                      struct mdl_identity **id, struct mdl_error *err)
{
    struct mdl_store *store = NULL;
    enum mdl_status st = make_keys(dir, o, pass, id, err);
    if (st == MDL_OK) {
        st = conf_write(dir, c, err);
    }
    if (st == MDL_OK) {
        st = mdl_store_open(dir, MDL_STORE_CREATE, &store, err);
    }
    mdl_store_close(store);
    return st;
}

/* An empty directory may stand where the node goes; rename replaces it in one step. */
static enum mdl_status move_in(const char *from, const char *dir, struct mdl_error *err)
{
    if (rename(from, dir) == 0) {
        return MDL_OK;
    }
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
        return mdl_fail(err, MDL_U_EXISTS,
                        "'%s' exists and is not empty; a node is made in a new or empty directory",
                        dir);
    }
    return mdl_fail(err, MDL_L_IO, "cannot make '%s': %s", dir, strerror(errno));
}

static json_t *init_document(const char *dir, const struct conf *c, const struct mdl_identity *id)
{
    char words[MDL_FINGERPRINT_TEXT];
    mdl_fingerprint_words(mdl_identity_public(id), words);
    return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:s}", "name", c->name, "dir", dir, "endpoint",
                     c->endpoint[0] != '\0' ? c->endpoint : NULL, "bind",
                     c->bind[0] != '\0' ? c->bind : NULL, "identity",
                     doc_hex(mdl_identity_public(id), MDL_IDENTITY_BYTES), "fingerprint", words);
}

static enum mdl_status init_at(const char *dir, const char *fresh, const struct mdl_init_options *o,
                               const struct conf *c, json_t **result, struct mdl_error *err)
{
    struct mdl_passphrase *pass = NULL;
    struct mdl_identity *id = NULL;
    enum mdl_status st = passphrase_get(dir, &o->passphrase, true, &pass, err);
    if (st != MDL_OK) {
        return st;
    }
    if (mkdir(fresh, 0700) != 0) {
        st = mdl_fail(err, MDL_L_IO, "cannot make '%s': %s", fresh, strerror(errno));
    } else {
        st = fill_directory(fresh, o, c, pass, &id, err);
        st = st == MDL_OK ? move_in(fresh, dir, err) : st;
        if (st != MDL_OK) {
            (void)nftw(fresh, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        }
    }
    if (st == MDL_OK) {
        *result = init_document(dir, c, id);
    }
    mdl_passphrase_free(pass);
    mdl_identity_free(id);
    return st;
}

enum mdl_status mdl_node_init(const char *dir, const struct mdl_init_options *o, json_t **result,
                              struct mdl_error *err)
{
    char fresh[PATH_BYTES + 32];
    char clean[PATH_BYTES];
    struct conf c;
    struct stat info;

    if (sodium_init() < 0) {
        return mdl_fail(err, MDL_L_LIBRARY, "libsodium did not start");
    }
    if (dir == NULL || dir[0] == '\0' || strlen(dir) >= sizeof clean) {
        return mdl_fail(err, MDL_U_ARGUMENT, "--dir: expected the path of a directory");
    }
    (void)snprintf(clean, sizeof clean, "%s", dir);
    for (size_t n = strlen(clean); n > 1 && clean[n - 1] == '/'; n--) {
        clean[n - 1] = '\0';
    }
    enum mdl_status st = check_options(o, &c, err);
    if (st != MDL_OK) {
        return st;
    }
    (void)snprintf(fresh, sizeof fresh, "%s/mandorla.conf", clean);
    if (lstat(fresh, &info) == 0) {
        return mdl_fail(err, MDL_U_EXISTS, "'%s' holds a node already; nothing was changed", clean);
    }
    (void)snprintf(fresh, sizeof fresh, "%s.new-%ld", clean, (long)getpid());
    return init_at(clean, fresh, o, &c, result, err);
}
