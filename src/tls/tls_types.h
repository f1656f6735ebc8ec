/*
 * tls_types.h: what the files of the engine share. struct tls lives with the connection, struct handshake ends with
 * the handshake.
 */
#ifndef TLS_TLS_TYPES_H
#define TLS_TLS_TYPES_H

#include "base/buffer.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "tls/key_operation.h"
#include "tls/key_schedule12.h"
#include "tls/key_schedule13.h"
#include "tls/limits.h"
#include "tls/negotiate.h"
#include "tls/tls.h"

/*
 * RFC 8446 Appendix A.2 and RFC 5246 Figures 1 and 2, server. WAIT_KEY_OPERATION is ours: everything stands still until
 * the key port answers.
 */
enum handshake_state {
    WAIT_CH,
    WAIT_CH2, /* after HelloRetryRequest */
    WAIT_KEY_OPERATION,
    WAIT_CERT,
    WAIT_CKE, /* ClientKeyExchange, 1.2 */
    WAIT_CV,
    WAIT_CCS, /* 1.2 */
    WAIT_FINISHED,
    CONNECTED,
    FAILED,
    HANDSHAKE_STATES
};

/* One direction of the record layer. */
struct protection {
    struct aead *aead; /* NULL: records go in the clear */
    uint64_t sequence;
    uint8_t iv[AEAD_NONCE_LEN];
    uint8_t traffic_secret[MAX_HASH_LEN]; /* for KeyUpdate; as long as the suite's hash; 1.3 */
    uint8_t explicit_nonce_len;           /* 8 for AES-GCM in TLS 1.2: the sequence number, sent along */
};

/* The handshake messages as they went by (RFC 5246 7.4.8). */
struct message_log {
    uint8_t *at;
    size_t len, capacity;
    bool is_kept;
};

struct plain_span {
    uint32_t at; /* within the block of wire_in */
    uint32_t len;
};

/* What goes on once the key port has answered. False: the connection failed. */
typedef bool key_answered(struct tls *tls, bool is_ok, struct bytes answer);

struct handshake {
    struct hash transcript;
    struct key_schedule13 schedule;
    struct choice choice;
    struct secret client_finished_key, server_finished_key;
    struct secret client_application_secret;
    struct tls_key_request key_request;
    key_answered *key_answered;
    struct bytes message; /* the message being handled, with its header; valid during the handler */
    struct block *flight; /* messages written, not yet in records */
    struct writer writer; /* over `flight` */
    struct vector_mark open_message;
    size_t message_start;
    uint8_t session_id[32]; /* legacy_session_id, to be echoed */
    uint8_t session_id_len;
    bool has_offered_psk; /* in the first ClientHello */
    uint8_t frozen[32];   /* digest of what a second ClientHello must repeat */
    const struct tls_group *retry_group;
    struct secret shared; /* of the key exchange, until the schedule took it */
    uint8_t server_share[MAX_PUBLIC_SHARE_LEN];

    /* tickets */
    struct session session; /* the one opened */
    struct offered_session offered;
    struct buffer kept_hello; /* the ClientHello, while its tickets are being opened */
    bool (*go_on)(struct tls *tls, const struct client_hello *ch);
    int64_t ticket_expires_at; /* of TLS 1.2: what the session being sealed says */
    uint8_t tried_tickets;
    bool takes_ticket;  /* the client can use one */
    bool is_ticket_old; /* the one it came with is about to be of no use */

    /* the client's certificate */
    struct public_key *client_key;

    /* TLS 1.2 */
    struct key_exchange_client exchange; /* our half, until ClientKeyExchange */
    uint8_t client_random[32], server_random[32];
    uint16_t client_version; /* legacy_version of the ClientHello */
    bool has_renegotiation_info, has_point_formats;
    struct secret master_secret;
    struct key_block12 keys;
    /* All messages so far, for a client's CertificateVerify, whose hash is not the suite's; at NULL: not kept. */
    struct message_log log;
};

struct tls {
    struct tls_policy *policy;
    struct pool *pool;
    struct handshake *handshake; /* NULL before the first ClientHello and once CONNECTED */
    const struct handshake_row *map;
    struct tls_offered *offered; /* until CONNECTED */
    struct decisions *decisions; /* until tls_forget_decisions() */
    struct client_identity *client;
    struct ticket_issue *issue;   /* tickets of TLS 1.3 that are being made ... */
    struct made_tickets *tickets; /* ... and those that are made and not sent */
    struct tls_timeline *timeline;

    struct protection in, out;

    /*
     * From the client. In the block of wire_in lie, in this order: opened text (the spans), then from block->start
     * on records not opened yet. New bytes are read only while there is no opened text.
     */
    struct buffer wire_in;
    struct buffer message;  /* the beginning of a handshake message that spans records */
    struct buffer wire_out; /* sealed records */
    struct plain_span spans[MAX_PLAIN_SPANS];
    uint32_t offered_space; /* bytes behind the last tls_wire_space() or tls_plain_space() */
    uint16_t offered_body;  /* of one record, at the last tls_plain_space() */
    uint16_t record_limit;  /* bytes of content in a record of ours, 0: MAX_PLAINTEXT_LEN */
    uint32_t sent_in_a_row; /* text since the last pause, up to FIRST_RECORDS_BYTES */
    uint64_t sent_at;       /* microseconds */
    uint8_t span_count;

    uint8_t state;           /* an enum handshake_state */
    uint8_t full_handshakes; /* an enum tls_full_handshakes */
    uint8_t empty_records, warning_alerts, change_cipher_specs, handshake_messages;
    uint16_t early_data_skipped;
    bool is_skipping_early_data : 1;
    bool has_bytes : 1; /* anything at all came */
    bool is_key_wanted : 1;
    bool is_close_sent : 1;
    bool is_held : 1;                     /* a full handshake, before its key exchange */
    bool is_fragment_limit : 1;           /* record_limit holds for the client's records too */
    bool is_clear_over : 1;               /* keys were in force once: nothing of ours goes out in the clear any more */
    bool is_key_update_owed : 1;          /* the client asked for ours */
    bool is_key_update_asked : 1;         /* we asked for the client's */
    bool is_bulk_in : 1, is_bulk_out : 1; /* the last transfer filled its storage: take more next time */

    struct tls_outcome outcome;
    char *sni; /* owns what outcome.sni shows */
};

/* Fails the connection: the alert of the row goes out. Always false, so that `return tls_fail(...)` reads well. */
bool tls_fail(struct tls *tls, enum why why);

/* One more entry for the demo's timeline, if one is attached. */
void tls_note(struct tls *tls, bool is_from_client, const char *what, size_t len);

#endif
