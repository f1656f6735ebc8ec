#include "tls/server13_send.h"

#include "tls/client_certificate.h"
#include "tls/flight.h"
#include "tls/handshake.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/resumption.h"
#include "tls/server.h"

/* RFC 8446 4.1.3: the random of a HelloRetryRequest, SHA-256("HelloRetryRequest"). */
static const uint8_t hello_retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* RFC 8446 4.1.3: the fields that ServerHello and HelloRetryRequest have in common, up to the extensions. */
static void write_hello_fields(struct writer *w, const struct handshake *hs, const uint8_t random[32])
{
    struct vector_mark session_id;

    write_u16(w, TLS_1_2); /* legacy_version */
    write_bytes(w, bytes_of(random, 32));
    session_id = write_vec8_begin(w);
    write_bytes(w, bytes_of(hs->session_id, hs->session_id_len)); /* legacy_session_id_echo */
    write_vec_end(w, session_id);
    write_u16(w, hs->choice.suite->code);
    write_u8(w, 0); /* legacy_compression_method */
}

static void write_supported_version(struct writer *w)
{
    write_u16(w, EXTENSION_SUPPORTED_VERSIONS);
    write_u16(w, 2);
    write_u16(w, TLS_1_3);
}

/* RFC 8446 D.4: once, after our first handshake message, if the client's session id is not empty. */
static bool send_compatibility_ccs(struct tls *tls)
{
    static const uint8_t change_cipher_spec[] = {1};

    if (tls->handshake->session_id_len == 0 || tls->outcome.is_hello_retried)
        return true;
    tls_note(tls, false, "ChangeCipherSpec", sizeof change_cipher_spec);
    return record_send(tls, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_ARRAY(change_cipher_spec));
}

bool server13_send_hello_retry_request(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct vector_mark extensions;
    struct writer *w;

    if (!flight_start(tls, BLOCK_RECORD_LEN))
        return false;
    w = flight_begin_message(hs, SERVER_HELLO);
    write_hello_fields(w, hs, hello_retry_random);
    extensions = write_vec16_begin(w);
    write_u16(w, EXTENSION_KEY_SHARE);
    write_u16(w, 2);
    write_u16(w, hs->retry_group->code); /* selected_group */
    write_supported_version(w);
    write_vec_end(w, extensions);
    return flight_end_message(tls) && flight_finish(tls) && send_compatibility_ccs(tls);
}

static bool send_server_hello(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    const struct key_exchange_alg *alg = key_exchange_find(hs->choice.group->key_exchange);
    struct vector_mark extensions, extension, share;
    struct writer *w = flight_begin_message(hs, SERVER_HELLO);
    uint8_t random[32];

    if (!random_fill(tls->policy->random, random, sizeof random))
        return tls_fail(tls, WHY_CRYPTO);
    write_hello_fields(w, hs, random);
    extensions = write_vec16_begin(w); /* in the order of the traces of RFC 8448, which we replay */
    write_u16(w, EXTENSION_KEY_SHARE);
    extension = write_vec16_begin(w);
    write_u16(w, hs->choice.group->code);
    share = write_vec16_begin(w);
    write_bytes(w, bytes_of(hs->server_share, key_exchange_server_len(alg)));
    write_vec_end(w, share);
    write_vec_end(w, extension);
    write_supported_version(w);
    if (hs->choice.is_resumed) {
        write_u16(w, EXTENSION_PRE_SHARED_KEY);
        write_u16(w, 2);
        write_u16(w, hs->offered.index); /* selected_identity */
    }
    write_vec_end(w, extensions);
    return flight_end_message(tls) && flight_send(tls);
}

/* K_send = K_recv = handshake (RFC 8446 A.2). */
static bool change_to_handshake_keys(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct key_schedule13 *schedule = &hs->schedule;
    struct secret client, server;
    uint8_t hello_hash[MAX_HASH_LEN];
    bool is_ok = hash_peek(&hs->transcript, hello_hash) &&
                 key_schedule13_start(schedule, hash_find(hs->choice.suite->hash),
                                      hs->choice.is_resumed ? &hs->session.secret : NULL) &&
                 key_schedule13_handshake(schedule, &hs->shared) &&
                 key_schedule13_derive(schedule, "c hs traffic", hello_hash, &client) &&
                 key_schedule13_derive(schedule, "s hs traffic", hello_hash, &server) &&
                 protection_start_handshake(&tls->in, hs->choice.suite, &client, &hs->client_finished_key) &&
                 protection_start_handshake(&tls->out, hs->choice.suite, &server, &hs->server_finished_key);

    tls->is_clear_over = true;
    secret_wipe(&client);
    secret_wipe(&server);
    secret_wipe(&hs->shared);
    return is_ok || tls_fail(tls, WHY_CRYPTO);
}

static bool send_encrypted_extensions(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct writer *w = flight_begin_message(hs, ENCRYPTED_EXTENSIONS);
    struct vector_mark extensions = write_vec16_begin(w);

    server_write_name_extension(w, &hs->choice);
    server_write_size_extension(w, &hs->choice);
    server_write_alpn_extension(w, &hs->choice);
    write_vec_end(w, extensions);
    return flight_end_message(tls);
}

/* RFC 8446 4.3.2: an empty context in a handshake; signature_algorithms must be there. */
static bool send_certificate_request(struct tls *tls)
{
    struct vector_mark extensions, extension;
    struct writer *w;

    if (!tls->handshake->choice.asks_client_certificate)
        return true;
    w = flight_begin_message(tls->handshake, CERTIFICATE_REQUEST);
    write_u8(w, 0);
    extensions = write_vec16_begin(w);
    write_u16(w, EXTENSION_SIGNATURE_ALGORITHMS);
    extension = write_vec16_begin(w);
    client_certificate_write_schemes(w, tls->policy, TLS_1_3);
    write_vec_end(w, extension);
    if (client_certificate_has_authorities(tls->policy)) {
        write_u16(w, EXTENSION_CERTIFICATE_AUTHORITIES);
        extension = write_vec16_begin(w);
        client_certificate_write_authorities(w, tls->policy);
        write_vec_end(w, extension);
    }
    write_vec_end(w, extensions);
    return flight_end_message(tls);
}

static const struct encoded_body *certificate_body(const struct choice *choice)
{
    const struct encoded_certificate *encoded = &choice->credential->encoded[choice->is_stapled];

    return choice->compressor >= 0 ? &encoded->compressed[choice->compressor] : &encoded->certificate;
}

static bool send_certificate(struct tls *tls)
{
    const struct choice *choice = &tls->handshake->choice;
    const struct encoded_body *body = certificate_body(choice);
    struct writer *w =
        flight_begin_message(tls->handshake, choice->compressor >= 0 ? COMPRESSED_CERTIFICATE : CERTIFICATE);

    write_bytes(w, bytes_of(body->at, body->len));
    return flight_end_message(tls);
}

static bool send_from_signature(struct tls *tls, bool is_ok, struct bytes signature);

static bool ask_for_signature(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct tls_key_request *request = handshake_ask_key(tls, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, send_from_signature);

    memcpy(request->key_id, certificate_chain_key_id(hs->choice.credential->chain), KEY_ID_LEN);
    request->signature = hs->choice.scheme->signature;
    request->transcript_hash_len = hash_alg_len(hs->schedule.hash);
    return hash_peek(&hs->transcript, request->transcript_hash) || tls_fail(tls, WHY_CRYPTO);
}

/* What goes beside the certificates and the names of CAs: the other messages of the flight, with room to spare. */
enum { OTHER_MESSAGES_LEN = 4096 };

bool server13_send_until_signature(struct tls *tls)
{
    size_t len = certificate_body(&tls->handshake->choice)->len + client_certificate_authorities_len(tls->policy) +
                 OTHER_MESSAGES_LEN;

    return flight_start(tls, len) && send_server_hello(tls) && send_compatibility_ccs(tls) &&
           change_to_handshake_keys(tls) && send_encrypted_extensions(tls) && send_certificate_request(tls) &&
           send_certificate(tls) && ask_for_signature(tls);
}

static bool send_certificate_verify(struct tls *tls, struct bytes signature)
{
    struct writer *w = flight_begin_message(tls->handshake, CERTIFICATE_VERIFY);
    struct vector_mark mark;

    write_u16(w, tls->handshake->choice.scheme->code);
    mark = write_vec16_begin(w);
    write_bytes(w, signature);
    write_vec_end(w, mark);
    return flight_end_message(tls);
}

static bool send_finished(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    uint8_t transcript_hash[MAX_HASH_LEN], verify_data[MAX_HASH_LEN];
    size_t len = hash_alg_len(hs->schedule.hash);

    if (!hash_peek(&hs->transcript, transcript_hash) ||
        !finished13_verify_data(hs->schedule.hash, &hs->server_finished_key, transcript_hash, verify_data))
        return tls_fail(tls, WHY_CRYPTO);
    write_bytes(flight_begin_message(hs, FINISHED), bytes_of(verify_data, len));
    return flight_end_message(tls) && flight_finish(tls);
}

/* K_send = application; K_recv follows with the client's Finished. */
static bool change_to_application_keys(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct secret server;
    uint8_t finished_hash[MAX_HASH_LEN];
    bool is_ok = hash_peek(&hs->transcript, finished_hash) && key_schedule13_master(&hs->schedule) &&
                 key_schedule13_derive(&hs->schedule, "c ap traffic", finished_hash, &hs->client_application_secret) &&
                 key_schedule13_derive(&hs->schedule, "s ap traffic", finished_hash, &server) &&
                 protection_start(&tls->out, hs->choice.suite, &server);

    secret_wipe(&server);
    return is_ok || tls_fail(tls, WHY_CRYPTO);
}

/* What the client has to send next. */
static bool expect_finished(const struct handshake *hs, uint8_t *message, size_t *len)
{
    size_t body_len = hash_alg_len(hs->schedule.hash);
    struct writer w = writer_of(message, MESSAGE_HEADER_LEN);
    uint8_t transcript_hash[MAX_HASH_LEN];

    write_u8(&w, FINISHED);
    write_u24(&w, (uint32_t)body_len);
    *len = MESSAGE_HEADER_LEN + body_len;
    return writer_ok(&w) && hash_peek(&hs->transcript, transcript_hash) &&
           finished13_verify_data(hs->schedule.hash, &hs->client_finished_key, transcript_hash,
                                  message + MESSAGE_HEADER_LEN);
}

/*
 * RFC 8446 4.6.1: a server that asks for no client certificate MAY compute the rest of the transcript, which is the
 * client's Finished, and make its tickets now. They are sent when that has come, but sealed meanwhile.
 */
static bool begin_tickets(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    uint8_t message[MESSAGE_HEADER_LEN + MAX_HASH_LEN];
    struct hash transcript = {0};
    size_t len;
    bool is_ok;

    if (hs->choice.asks_client_certificate || resumption_ticket_count(tls) == 0)
        return true;
    is_ok = expect_finished(hs, message, &len) && hash_clone(&transcript, &hs->transcript) &&
            hash_update(&transcript, bytes_of(message, len)) && tickets13_begin(tls, &transcript);
    hash_wipe(&transcript);
    memory_wipe(message, sizeof message);
    return is_ok || tls_fail(tls, WHY_CRYPTO);
}

static bool wait_for_client(struct tls *tls)
{
    tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
    tls->state = tls->handshake->choice.asks_client_certificate ? WAIT_CERT : WAIT_FINISHED;
    return begin_tickets(tls);
}

static bool send_from_signature(struct tls *tls, bool is_ok, struct bytes signature)
{
    if (!is_ok || signature.len > MAX_SIGNATURE_LEN)
        return tls_fail(tls, WHY_KEY_OPERATION);
    return send_certificate_verify(tls, signature) && send_finished(tls) && change_to_application_keys(tls) &&
           wait_for_client(tls);
}

bool server13_send_resumed_flight(struct tls *tls)
{
    return flight_start(tls, OTHER_MESSAGES_LEN) && send_server_hello(tls) && send_compatibility_ccs(tls) &&
           change_to_handshake_keys(tls) && send_encrypted_extensions(tls) && send_finished(tls) &&
           change_to_application_keys(tls) && wait_for_client(tls);
}
