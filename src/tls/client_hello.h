/*
 * client_hello.h: the bytes of a ClientHello become views of its parts (RFC 8446 4.1.2).
 *
 * Nothing is decided here. Lists stay lists of code points, read with code_list_next(); what is absent has at NULL.
 * The views live as long as the message.
 */
#ifndef TLS_CLIENT_HELLO_H
#define TLS_CLIENT_HELLO_H

#include "base/reader.h"
#include "tls/why.h"

struct client_hello {
    uint16_t legacy_version;
    struct bytes random, session_id, cipher_suites, compression_methods, extensions;

    /* The contents of the extensions we read, already checked against their syntax. */
    struct bytes supported_versions, supported_groups, signature_algorithms; /* lists of uint16 */
    struct bytes key_shares;     /* KeyShareEntry client_shares<0..2^16-1> */
    struct bytes server_name;    /* the host_name */
    struct bytes alpn;           /* ProtocolName protocol_name_list<2..2^16-1> */
    struct bytes psk_modes;      /* uint8 each */
    struct bytes psk_identities; /* of pre_shared_key */
    struct bytes psk_binders;
    struct bytes point_formats;        /* uint8 each */
    struct bytes session_ticket;       /* at set, len 0: the client takes one and has none */
    struct bytes renegotiation;        /* renegotiated_connection of renegotiation_info */
    struct bytes compress_certificate; /* list of uint16 */
    uint16_t record_size_limit;        /* 0: none */
    uint8_t max_fragment_length;       /* RFC 6066 4: 1 to 4; 0: none */
    bool has_status_request;           /* of type ocsp */
    bool has_extended_master_secret;
    bool has_early_data;
    bool is_psk_last; /* pre_shared_key is the last extension */
};

/* Reads `body`, a whole ClientHello without its header. False with the reason in *why. */
MUST_CHECK bool client_hello_parse(struct reader *body, struct client_hello *out, enum why *why);

/* The digest of what a second ClientHello must repeat (RFC 8446 4.1.2), 32 bytes. False when the hash fails. */
MUST_CHECK bool client_hello_frozen_digest(const struct client_hello *ch, uint8_t out[32]);

/*
 * How many bytes of a ClientHello of `len` bytes, whose last extension is pre_shared_key, stand before its binders:
 * what a binder covers (RFC 8446 4.2.11.2).
 */
size_t client_hello_len_without_binders(const struct client_hello *ch, size_t len);

/* Walks PskIdentity identities, checked before. False past the last. */
struct psk_identity {
    struct bytes identity;
    uint32_t obfuscated_ticket_age;
};
MUST_CHECK bool psk_identity_next(struct reader *list, struct psk_identity *out);

/* Walks a list of uint16 code points. False past the last. */
MUST_CHECK bool code_list_next(struct reader *list, uint16_t *code);
MUST_CHECK bool code_list_has(struct bytes list, uint16_t code);

struct key_share {
    uint16_t group;
    struct bytes key_exchange;
};
/* Walks checked key_shares. False past the last. */
MUST_CHECK bool key_share_next(struct reader *list, struct key_share *out);

#endif
