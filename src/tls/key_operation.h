/*
 * key_operation.h: the typed requests of the key port.
 *
 * The engine describes what it needs; whoever holds the private keys formats the signed input itself and answers.
 * There is no raw sign and no raw decrypt: a request says which step of which protocol it is for. In this process
 * or in another one, the engine cannot tell the difference.
 */
#ifndef TLS_KEY_OPERATION_H
#define TLS_KEY_OPERATION_H

#include "crypto/hash.h"
#include "crypto/signature.h"

enum tls_key_operation {
    TLS_KEY_SIGN_CERTIFICATE_VERIFY_13,  /* RFC 8446 4.4.3; answer: the signature */
    TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12, /* RFC 8422 5.4; answer: the signature */
    TLS_KEY_DERIVE_MASTER_SECRET_12,     /* RFC 5246 7.4.7.1, 8.1; answer: 48 bytes, of whatever premaster */
    TLS_KEY_SEAL_TICKET,                 /* answer: ticket_keys_left() in four bytes, the ticket */
    TLS_KEY_OPEN_TICKET,                 /* answer: an enum ticket_result in one byte, the session */
    TLS_KEY_OPERATIONS
};

enum {
    MAX_KEY_PAYLOAD_LEN = 2048,
    MAX_KEY_ANSWER_LEN = 2048 + 128, /* a sealed session */
    MASTER_SECRET_LEN = 48,
};

/* Which fields matter depends on the operation; all others are zero. */
struct tls_key_request {
    enum tls_key_operation operation;
    uint8_t key_id[KEY_ID_LEN];  /* of the two signatures and the derivation: SHA-256 of the SubjectPublicKeyInfo */
    enum signature_id signature; /* of the two signatures */
    uint8_t transcript_hash[MAX_HASH_LEN]; /* CERTIFICATE_VERIFY_13: of Handshake Context, Certificate */
    size_t transcript_hash_len;
    uint8_t client_random[32], server_random[32]; /* SERVER_KEY_EXCHANGE_12 */
    uint16_t client_version;                      /* DERIVE: legacy_version of the ClientHello */
    enum hash_id prf_hash;                        /* DERIVE: of the suite */
    bool is_extended;                             /* DERIVE: `seed` is the session hash (RFC 7627), else both randoms */
    uint8_t seed[64];
    size_t seed_len;
    uint8_t binding[32]; /* of tickets */
    /* SERVER_KEY_EXCHANGE_12: ServerECDHParams; DERIVE: the ciphertext; SEAL: the session; OPEN: the ticket */
    size_t payload_len;
    uint8_t payload[MAX_KEY_PAYLOAD_LEN];
};

/* Both touch no more of the payload than there is: mostly little, for most requests nothing. */
void tls_key_request_copy(struct tls_key_request *to, const struct tls_key_request *from); /* `to` was wiped */
void tls_key_request_wipe(struct tls_key_request *request);

/* Everything secret that answers requests. Whoever holds it, in this process or another, needs nothing else. */
struct ticket_keys;
struct tls_key_holder {
    const struct private_key *(*find)(const void *keyring, const uint8_t key_id[KEY_ID_LEN]); /* NULL: unknown */
    const void *keyring;
    struct ticket_keys *tickets; /* NULL: seals and opens nothing */
    struct random_source random;
    int64_t (*time)(void *context); /* seconds, for the age of ticket keys */
    void *time_context;
};

/* Does the work. `out` takes MAX_KEY_ANSWER_LEN bytes. False: refused or failed, `out` is wiped. */
MUST_CHECK bool tls_key_perform(const struct tls_key_request *request, const struct tls_key_holder *holder,
                                uint8_t *out, size_t *len);

/* The signed content of a CertificateVerify of TLS 1.3; we make the server's and verify the client's. */
enum tls_certificate_verify_role { TLS_SERVER_CERTIFICATE_VERIFY, TLS_CLIENT_CERTIFICATE_VERIFY };
enum { MAX_CERTIFICATE_VERIFY_INPUT = 64 + 33 + 1 + MAX_HASH_LEN };
MUST_CHECK bool tls_certificate_verify_input(enum tls_certificate_verify_role role, struct bytes transcript_hash,
                                             uint8_t out[MAX_CERTIFICATE_VERIFY_INPUT], size_t *len);

#endif
