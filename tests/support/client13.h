/*
 * client13.h: a TLS client in memory, for tests. Honest unless told otherwise. What is different in TLS 1.2 is in
 * client12.c; which of the two it speaks, the server decides.
 *
 * It writes to `out` what would go to the server and takes what came from it with client13_take(). Nothing here reads
 * a clock or a socket, and its randomness is a counter, so that a conversation repeats byte for byte. What it is asked
 * to do wrong, it does: there is no check that keeps a test from sending nonsense.
 */
#ifndef SUPPORT_CLIENT13_H
#define SUPPORT_CLIENT13_H

#include "crypto/key_exchange.h"
#include "crypto/signature.h"
#include "tls/iana.h"
#include "tls/tls_types.h"

enum omit {
    OMIT_SUPPORTED_VERSIONS = 1 << 0,
    OMIT_GROUPS = 1 << 1,
    OMIT_SCHEMES = 1 << 2,
    OMIT_KEY_SHARE = 1 << 3,
    OMIT_PSK_MODES = 1 << 4,
    OMIT_EXTENSIONS = 1 << 5, /* the whole block, as an old client would */
};

/* What the ClientHello says. Zero-terminated lists; client13_init() fills in those of an ordinary browser. */
struct client13_hello {
    uint16_t legacy_version;
    size_t session_id_len;
    uint16_t versions[8], suites[16], groups[16], share_groups[8], schemes[16];
    const char *sni;  /* NULL: none */
    const char *alpn; /* "h2,http/1.1"; NULL: none */
    struct bytes compression_methods;
    struct bytes extra; /* whole extensions, appended before pre_shared_key */
    struct bytes after; /* appended behind everything */
    unsigned omit;
    bool has_early_data;
    bool has_psk; /* a ticket of somebody else */
    bool has_cookie;
    bool has_extended_master_secret;
    bool has_session_ticket;       /* TLS 1.2: the extension, with `ticket` or empty */
    const struct ticket13 *ticket; /* to resume with; NULL: none */
    bool is_binder_wrong;
};

/* What a client keeps of a session, for hello.ticket of the next one. */
struct ticket13 {
    uint16_t version;
    uint16_t suite;
    uint32_t lifetime;
    struct secret secret; /* PSK or master secret */
    uint8_t bytes[4096];
    size_t len; /* 0: none came */
};

struct test_random {
    uint64_t state;
    unsigned long fail_at; /* the n-th call fails; 0: none */
    unsigned long calls;
};
struct random_source test_random_source(struct test_random *state);

struct certificate_chain;
struct private_key;

enum { CLIENT_MAX_SHARES = 4, CLIENT_MAX_MESSAGES = 64, CLIENT_MAX_CERTIFICATE = 4096 };

struct client13 {
    struct client13_hello hello;
    struct test_random random;
    struct key_exchange_client shares[CLIENT_MAX_SHARES];
    uint8_t client_random[32], session_id[32];
    size_t share_count;

    uint8_t *out; /* for the server */
    size_t out_len, out_capacity;
    uint8_t *in; /* from the server, not handled yet */
    size_t in_len;
    uint8_t *text; /* application data that came */
    size_t text_len;
    uint8_t handshake_in[65536]; /* the server's handshake bytes, not handled yet */
    size_t handshake_in_len;

    const struct tls_suite *suite;
    struct hash transcript;
    uint8_t first_hello[20000];
    size_t first_hello_len;
    struct key_schedule13 schedule;
    struct protection reading, writing;
    struct secret client_finished_key, server_finished_key;
    struct secret client_application_secret, server_application_secret, resumption_master;

    /* What the server said. */
    uint8_t messages[CLIENT_MAX_MESSAGES]; /* handshake types, in order; CCS as 0xcc */
    size_t message_count;
    uint16_t retry_group, group;
    bool is_retried, is_done; /* is_done: the server's Finished verified */
    uint8_t leaf[CLIENT_MAX_CERTIFICATE];
    size_t leaf_len;
    uint16_t scheme;
    uint8_t signature[MAX_SIGNATURE_LEN];
    size_t signature_len;
    uint8_t verify_hash[MAX_HASH_LEN]; /* the transcript hash under the signature */
    uint8_t signed_input[1024];        /* TLS 1.2: what is under the signature */
    size_t signed_len;
    char alpn[256];
    struct ticket13 ticket; /* the last one that came */
    unsigned tickets, tickets_behind_text;
    struct bytes authorities; /* of CertificateRequest; a view that dies with the next message */
    bool is_certificate_requested;
    uint8_t status[256]; /* the OCSP response */
    size_t status_len;
    uint16_t record_size_limit;
    bool is_compressed; /* the certificate came so */
    bool has_server_name;
    unsigned key_updates;
    bool is_psk_accepted;

    /* What it shows when asked. Not owned. */
    const struct certificate_chain *own_chain;
    const struct private_key *own_key;
    const struct tls_signature_scheme *own_scheme;

    /* TLS 1.2 */
    bool is_12, is_resumed12, has_extended_master_secret, is_ticket_promised, is_finished_verified;
    uint8_t server_random[32];
    uint8_t session_id_echoed[32];
    size_t session_id_echoed_len;
    struct key_exchange_client exchange;
    uint8_t server_point[256];
    size_t server_point_len;
    struct secret master, premaster;
    struct key_block12 keys;
    uint8_t log[65536]; /* all handshake messages, for CertificateVerify */
    size_t log_len;
    uint16_t premaster_version; /* in the classic RSA exchange; 0: the one of the hello */
    struct bytes ciphertext;    /* sent in place of an honest EncryptedPreMasterSecret */
    bool is_verify_wrong;       /* the signature of CertificateVerify */
    size_t record_len;          /* of the messages before ChangeCipherSpec, without a gap; 0: a record a message */
    uint8_t held[65536];        /* those messages */
    size_t held_len;

    bool has_alert, has_close_notify;
    uint8_t alert_level, alert;
    const char *fault; /* what the server did wrong; NULL: nothing */
};

void client13_init(struct client13 *client, uint64_t seed);

/* The same with all that resumption takes; TLS 1.2 alone, with one suite, when `version` is that. */
void client13_init_version(struct client13 *client, uint64_t seed, uint16_t version);
void client13_wipe(struct client13 *client);

/* The ClientHello as a handshake message, with its header; lives until the next call. Enters the transcript. */
struct bytes client13_make_hello(struct client13 *client);

/* Appends raw bytes, a record (under the keys in force), an unprotected record. */
void client13_put(struct client13 *client, struct bytes raw);
void client13_put_record(struct client13 *client, uint8_t type, struct bytes content);
void client13_put_padded(struct client13 *client, uint8_t type, struct bytes content, size_t padding);
void client13_put_plain_record(struct client13 *client, uint8_t type, struct bytes content);

void client13_send_hello(struct client13 *client);
struct bytes client13_make_finished(struct client13 *client); /* the message, right; K_send stays handshake */
void client13_use_application_keys(struct client13 *client);
void client13_send_finished(struct client13 *client); /* and changes to application keys */

/* The messages of a client certificate, where one was asked for (an empty one without own_chain). */
void client13_send_certificate(struct client13 *client);

/* ---- TLS 1.2 (client12.c) */
void client12_take_message(struct client13 *client, uint8_t type, struct reader *body, struct bytes message);
void client12_take_change_cipher_spec(struct client13 *client);
bool client12_begin(struct client13 *client, struct bytes random, struct bytes session_id, struct reader *extensions);
void client12_send_second_flight(struct client13 *client); /* Certificate where asked for, to Finished */
void client12_send_key_exchange(struct client13 *client);
void client12_send_verify(struct client13 *client);
void client12_send_change_cipher_spec(struct client13 *client); /* and changes keys */
void client12_send_finished(struct client13 *client);
void client12_put_record(struct client13 *client, uint8_t type, struct bytes content);
bool client12_open(struct client13 *client, uint8_t type, uint8_t *body, size_t *len, size_t *offset);
void client13_send_handshake(struct client13 *client, uint8_t type, struct bytes body); /* into the transcript too */
void client13_add_to_transcript(struct client13 *client, struct bytes message);

void client13_send_text(struct client13 *client, struct bytes text);
void client13_send_alert(struct client13 *client, uint8_t level, uint8_t description);
void client13_send_key_update(struct client13 *client, uint8_t request);

/* Takes bytes of the server, however cut. After a HelloRetryRequest it sends the second hello by itself. */
void client13_take(struct client13 *client, struct bytes from_server);
bool client13_has_message(const struct client13 *client, uint8_t type);

#endif
