/*
 * key_exchange.h: the server's half of an ephemeral key agreement.
 *
 * One call: given the client's share, make ours and the secret that both lead to. That shape fits Diffie-Hellman
 * and a KEM alike. Every share is of a fixed length; points are uncompressed (RFC 8446 4.2.8.2).
 */
#ifndef CRYPTO_KEY_EXCHANGE_H
#define CRYPTO_KEY_EXCHANGE_H

#include "base/secret.h"
#include "crypto/crypto.h"
#include "crypto/random.h"

enum key_exchange_id {
    KEY_EXCHANGE_X25519,
    KEY_EXCHANGE_SECP256R1,
    KEY_EXCHANGE_SECP384R1,
    KEY_EXCHANGE_X25519MLKEM768 /* draft-ietf-tls-ecdhe-mlkem 4: of everything first ML-KEM's part, then X25519's */
};

struct key_exchange_alg;

const struct key_exchange_alg *key_exchange_find(enum key_exchange_id id);
size_t key_exchange_client_len(const struct key_exchange_alg *alg); /* of the client's share */
size_t key_exchange_server_len(const struct key_exchange_alg *alg); /* of ours, at most MAX_PUBLIC_SHARE_LEN */
const char *key_exchange_name(const struct key_exchange_alg *alg);

/*
 * `server_share` takes key_exchange_server_len() bytes. CRYPTO_BAD_INPUT for a share of the wrong length, a point
 * that is not on the curve, an all-zero result of X25519 (RFC 8446 7.4.2, RFC 7748 6.1), and an encapsulation key that
 * fails the checks of FIPS 203 7.2. Our secret value comes from `random` and is wiped.
 */
MUST_CHECK enum crypto_result key_exchange_respond(const struct key_exchange_alg *alg, struct bytes client_share,
                                                   struct random_source random, uint8_t *server_share,
                                                   struct secret *shared);

enum { MAX_DH_SHARE_LEN = 1 + 2 * 48 }; /* of the groups that are a Diffie-Hellman exchange */

/*
 * The client's half, for tests, probes and load generators: makes a share and keeps what is needed to finish.
 * `state` is wiped by key_exchange_client_finish().
 */
struct key_exchange_client {
    const struct key_exchange_alg *alg;
    struct secret private_value; /* the scalar */
    struct secret kem_seed;      /* of a hybrid: what the key pair is made of, once more at the end */
    uint8_t own_share[MAX_DH_SHARE_LEN];
};
MUST_CHECK bool key_exchange_client_start(struct key_exchange_client *state, const struct key_exchange_alg *alg,
                                          struct random_source random, uint8_t *client_share);
MUST_CHECK enum crypto_result key_exchange_client_finish(struct key_exchange_client *state, struct bytes server_share,
                                                         struct secret *shared);

#endif
