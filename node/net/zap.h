/* zap.h: the ZAP handler (ZeroMQ RFC 27): a thread that answers, for each CURVE handshake, whether
 * the key is pinned. It answers 200 with User-Id = the key in lower-case hex, 400 for a key that is
 * not pinned, 300 for a partner that connects too often, 500 for a request it does not understand.
 *
 * Threading: the thread owns its zmq sockets. The list of admitted keys and the knocks are shared
 * under a mutex; every function below may be called from the thread that called mdl_zap_start.
 */
#ifndef MANDORLA_NET_ZAP_H
#define MANDORLA_NET_ZAP_H

#include "net.h"

#define MDL_ZAP_DOMAIN "mandorla"
/* A partner's handshakes: so many at once, then one more each MDL_ZAP_REFILL_MS. */
#define MDL_ZAP_BURST     16
#define MDL_ZAP_REFILL_MS 500

struct mdl_zap;

struct mdl_knock {
    char key_hex[MDL_NET_HEX];
    char address[MDL_NET_ADDRESS_MAX];
    uint64_t count;
};

/* Binds inproc://zeromq.zap.01 in `zmq_ctx` and starts the thread. Errors: MDL_L_IO, MDL_L_MEMORY.
 */
MDL_MUST_CHECK enum mdl_status mdl_zap_start(void *zmq_ctx, struct mdl_zap **out,
                                             struct mdl_error *err);
/* Asks the handler, as libzmq would, about `key`, which must not be admitted; MDL_OK when it
 * answers 400 within two seconds. Error: MDL_L_LIBRARY (no answer, or another one). */
MDL_MUST_CHECK enum mdl_status mdl_zap_probe(void *zmq_ctx, const uint8_t key[MDL_CURVE_BYTES],
                                             struct mdl_error *err);
/* Error: MDL_L_MEMORY. A key that is there already is left as it is. */
MDL_MUST_CHECK enum mdl_status mdl_zap_admit(struct mdl_zap *z, const uint8_t key[MDL_CURVE_BYTES],
                                             struct mdl_error *err);
void mdl_zap_expel(struct mdl_zap *z, const uint8_t key[MDL_CURVE_BYTES]);
/* Readable when there is a knock to take or the handler has ended. */
int mdl_zap_fd(const struct mdl_zap *z);
void mdl_zap_clear_fd(struct mdl_zap *z);
bool mdl_zap_alive(const struct mdl_zap *z);
bool mdl_zap_take_knock(struct mdl_zap *z, struct mdl_knock *out);
uint64_t mdl_zap_knocks(struct mdl_zap *z);
/* Makes the thread end, as a failure inside it would; mdl_zap_stop is still due. */
void mdl_zap_quit(struct mdl_zap *z);
/* Ends and joins the thread and frees; NULL is a no-op. Before the context is terminated. */
void mdl_zap_stop(struct mdl_zap *z);

#endif
