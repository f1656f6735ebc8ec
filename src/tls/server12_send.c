#include "tls/server12_send.h"

#include "tls/client_certificate.h"
#include "tls/flight.h"
#include "tls/handshake.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/resumption.h"
#include "tls/server.h"

/* RFC 8446 4.1.3 MUST: the last eight bytes of random, when we could have spoken TLS 1.3. */
static const uint8_t downgrade_sentinel[8] = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};

static bool make_random(struct tls *tls)
{
    struct handshake *hs = tls->handshake;

    if (!random_fill(tls->policy->random, hs->server_random, sizeof hs->server_random))
        return tls_fail(tls, WHY_CRYPTO);
    if (policy_has_version(tls->policy, TLS_1_3))
        memcpy(hs->server_random + 24, downgrade_sentinel, sizeof downgrade_sentinel);
    return true;
}

static void write_empty_extension(struct writer *w, uint16_t type)
{
    write_u16(w, type);
    write_u16(w, 0);
}

static void write_extensions(struct writer *w, const struct tls *tls)
{
    const struct handshake *hs = tls->handshake;

    server_write_name_extension(w, &hs->choice);
    if (hs->has_renegotiation_info) { /* RFC 5746 3.6 MUST: empty in an initial handshake */
        write_u16(w, EXTENSION_RENEGOTIATION_INFO);
        write_u16(w, 1);
        write_u8(w, 0);
    }
    if (tls->outcome.is_extended_master_secret) /* RFC 7627 5.1 MUST: answered, also when resuming */
        write_empty_extension(w, EXTENSION_EXTENDED_MASTER_SECRET);
    if (hs->has_point_formats && hs->choice.group) { /* RFC 8422 5.2: uncompressed alone */
        write_u16(w, EXTENSION_EC_POINT_FORMATS);
        write_u16(w, 2);
        write_u16(w, 0x0100);
    }
    if (resumption_ticket_count(tls) > 0) /* RFC 5077 3.2, 3.3: a NewSessionTicket will come, and else none */
        write_empty_extension(w, EXTENSION_SESSION_TICKET);
    if (hs->choice.is_stapled) /* RFC 6066 8 */
        write_empty_extension(w, EXTENSION_STATUS_REQUEST);
    server_write_size_extension(w, &hs->choice);
    server_write_alpn_extension(w, &hs->choice);
}

/* RFC 5246 7.4.1.3 */
static bool send_server_hello(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct writer *w = flight_begin_message(hs, SERVER_HELLO);
    struct vector_mark vector;
    size_t before;

    if (!make_random(tls))
        return false;
    write_u16(w, TLS_1_2);
    write_bytes(w, BYTES_OF_ARRAY(hs->server_random));
    vector = write_vec8_begin(w);
    write_bytes(w, bytes_of(hs->session_id, hs->session_id_len));
    write_vec_end(w, vector);
    write_u16(w, hs->choice.suite->code);
    write_u8(w, 0); /* compression_method */
    before = w->len;
    vector = write_vec16_begin(w);
    write_extensions(w, tls);
    write_vec_end(w, vector);
    if (w->len == before + 2) /* a client that sent no extensions may not know of the block (RFC 5246 7.4.1.3) */
        w->len = before;
    return flight_end_message(tls);
}

/* RFC 5246 7.4.2: ASN.1Cert certificate_list<0..2^24-1>. */
static bool send_certificate(struct tls *tls)
{
    const struct certificate_chain *chain = tls->handshake->choice.credential->chain;
    struct writer *w = flight_begin_message(tls->handshake, CERTIFICATE);
    struct vector_mark list = write_vec24_begin(w), certificate;

    for (size_t i = 0; i < certificate_chain_count(chain); i++) {
        certificate = write_vec24_begin(w);
        write_bytes(w, certificate_chain_der(chain, i));
        write_vec_end(w, certificate);
    }
    write_vec_end(w, list);
    return flight_end_message(tls);
}

/* RFC 6066 8: CertificateStatus, right after Certificate. */
static bool send_certificate_status(struct tls *tls)
{
    const struct choice *choice = &tls->handshake->choice;
    struct vector_mark response;
    struct writer *w;

    if (!choice->is_stapled)
        return true;
    w = flight_begin_message(tls->handshake, CERTIFICATE_STATUS);
    write_u8(w, 1); /* ocsp */
    response = write_vec24_begin(w);
    write_bytes(w, bytes_of(choice->credential->staple, choice->credential->staple_len));
    write_vec_end(w, response);
    return flight_end_message(tls);
}

/* ---- ServerKeyExchange (RFC 8422 5.4) */

static bool send_rest_of_first_flight(struct tls *tls);

static bool send_server_key_exchange(struct tls *tls, struct bytes signature)
{
    struct handshake *hs = tls->handshake;
    struct writer *w = flight_begin_message(hs, SERVER_KEY_EXCHANGE);
    struct vector_mark mark;

    write_bytes(w, bytes_of(hs->key_request.payload, hs->key_request.payload_len));
    write_u16(w, hs->choice.scheme->code);
    mark = write_vec16_begin(w);
    write_bytes(w, signature);
    write_vec_end(w, mark);
    return flight_end_message(tls);
}

static bool key_exchange_signed(struct tls *tls, bool is_ok, struct bytes signature)
{
    if (!is_ok || signature.len > MAX_SIGNATURE_LEN)
        return tls_fail(tls, WHY_KEY_OPERATION);
    return send_server_key_exchange(tls, signature) && send_rest_of_first_flight(tls);
}

/* struct ServerECDHParams: named_curve (3), the curve, our point. */
static bool write_params(struct tls *tls, struct tls_key_request *request)
{
    struct handshake *hs = tls->handshake;
    const struct key_exchange_alg *alg = key_exchange_find(hs->choice.group->key_exchange);
    struct writer w = writer_of(request->payload, sizeof request->payload);
    struct vector_mark point;

    if (!key_exchange_client_start(&hs->exchange, alg, tls->policy->random, hs->server_share))
        return false;
    write_u8(&w, 3);
    write_u16(&w, hs->choice.group->code);
    point = write_vec8_begin(&w);
    write_bytes(&w, bytes_of(hs->server_share, key_exchange_server_len(alg)));
    write_vec_end(&w, point);
    request->payload_len = w.len;
    return writer_ok(&w);
}

static bool ask_for_signature(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct tls_key_request *request = handshake_ask_key(tls, TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12, key_exchange_signed);

    memcpy(request->key_id, certificate_chain_key_id(hs->choice.credential->chain), KEY_ID_LEN);
    request->signature = hs->choice.scheme->signature12;
    memcpy(request->client_random, hs->client_random, sizeof request->client_random);
    memcpy(request->server_random, hs->server_random, sizeof request->server_random);
    return write_params(tls, request) || tls_fail(tls, WHY_CRYPTO);
}

/* ---- the rest of the first flight */

/* RFC 5246 7.4.4: certificate_types, supported_signature_algorithms, certificate_authorities. */
static bool send_certificate_request(struct tls *tls)
{
    enum { RSA_SIGN = 1, ECDSA_SIGN = 64 };
    struct vector_mark types;
    struct writer *w;

    if (!tls->handshake->choice.asks_client_certificate)
        return true;
    w = flight_begin_message(tls->handshake, CERTIFICATE_REQUEST);
    types = write_vec8_begin(w);
    write_u8(w, RSA_SIGN);
    write_u8(w, ECDSA_SIGN);
    write_vec_end(w, types);
    client_certificate_write_schemes(w, tls->policy, TLS_1_2);
    client_certificate_write_authorities(w, tls->policy);
    return flight_end_message(tls);
}

static bool send_server_hello_done(struct tls *tls)
{
    flight_begin_message(tls->handshake, SERVER_HELLO_DONE);
    return flight_end_message(tls);
}

static bool send_rest_of_first_flight(struct tls *tls)
{
    if (!send_certificate_request(tls) || !send_server_hello_done(tls) || !flight_finish(tls))
        return false;
    tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
    tls->state = tls->handshake->choice.asks_client_certificate ? WAIT_CERT : WAIT_CKE;
    return true;
}

/* What goes beside certificates, staple and the names of CAs: the other messages of the flight, with room to spare. */
enum { OTHER_MESSAGES_LEN = 4096 };

static size_t first_flight_len(const struct tls *tls)
{
    const struct tls_credential *credential = tls->handshake->choice.credential;

    return credential->encoded[0].certificate.len + credential->staple_len +
           client_certificate_authorities_len(tls->policy) + OTHER_MESSAGES_LEN;
}

bool server12_send_first_flight(struct tls *tls)
{
    if (!flight_start(tls, first_flight_len(tls)) || !send_server_hello(tls) || !send_certificate(tls) ||
        !send_certificate_status(tls))
        return false;
    return tls->handshake->choice.suite->exchange == EXCHANGE_RSA ? send_rest_of_first_flight(tls)
                                                                  : ask_for_signature(tls);
}

/* ---- ChangeCipherSpec and Finished, of both figures */

static bool send_change_cipher_spec(struct tls *tls)
{
    static const uint8_t change_cipher_spec[] = {1};
    struct handshake *hs = tls->handshake;

    tls_note(tls, false, "ChangeCipherSpec", sizeof change_cipher_spec);
    if (!record_send(tls, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_ARRAY(change_cipher_spec)))
        return false;
    tls->is_clear_over = true;
    return protection12_start(&tls->out, &hs->keys, PROTECTION_SERVER, hs->choice.suite) || tls_fail(tls, WHY_CRYPTO);
}

/* RFC 5246 7.4.9 */
static bool send_finished(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    const struct hash_alg *hash = hash_find(hs->choice.suite->hash);
    uint8_t transcript_hash[MAX_HASH_LEN], verify_data[VERIFY_DATA12_LEN];

    if (!hash_peek(&hs->transcript, transcript_hash) ||
        !finished12_verify_data(hash, &hs->master_secret, "server finished", transcript_hash, verify_data))
        return tls_fail(tls, WHY_CRYPTO);
    write_bytes(flight_begin_message(hs, FINISHED), BYTES_OF_ARRAY(verify_data));
    return flight_end_message(tls) && flight_finish(tls);
}

/* ---- NewSessionTicket (RFC 5077 3.3) */

static bool send_ticket(struct tls *tls, const struct sealed_ticket *sealed)
{
    struct writer *w = flight_begin_message(tls->handshake, NEW_SESSION_TICKET);
    struct vector_mark mark;

    write_u32(w, sealed->lifetime); /* ticket_lifetime_hint */
    mark = write_vec16_begin(w);
    write_bytes(w, sealed->ticket);
    write_vec_end(w, mark);
    tls->outcome.tickets_sent = sealed->ticket.len > 0;
    return flight_end_message(tls);
}

static bool send_change_and_finished(struct tls *tls)
{
    struct handshake *hs = tls->handshake;

    if (!flight_send(tls) || !send_change_cipher_spec(tls) || !send_finished(tls))
        return false;
    if (hs->choice.is_resumed) {
        tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
        tls->state = WAIT_CCS;
        return true;
    }
    tls->outcome.stage = TLS_STAGE_CONNECTED;
    tls->state = CONNECTED;
    return true;
}

/* RFC 5077 3.3 MUST: the message comes as it was promised in ServerHello; an empty ticket takes the promise back. */
static bool ticket_sealed(struct tls *tls, bool is_ok, struct bytes answer)
{
    struct sealed_ticket sealed;

    if (!is_ok || !resumption_take_sealed(tls, tls->handshake->ticket_expires_at, answer, &sealed))
        sealed = (struct sealed_ticket){0};
    return send_ticket(tls, &sealed) && send_change_and_finished(tls);
}

static bool ask_for_ticket(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct session session = {0};
    bool is_ok;

    resumption_session(tls, &hs->master_secret, &session);
    hs->ticket_expires_at = session.expires_at;
    is_ok = resumption_seal_request(tls, &session, handshake_ask_key(tls, TLS_KEY_SEAL_TICKET, ticket_sealed)) ||
            tls_fail(tls, WHY_CRYPTO);
    session_wipe(&session);
    return is_ok;
}

/* RFC 5077 3.3 MUST: in a full handshake behind the client's Finished. RFC 5077 3.3 MUST NOT: without the promise. */
static bool send_ticket_or_finish(struct tls *tls)
{
    return resumption_ticket_count(tls) > 0 ? ask_for_ticket(tls) : send_change_and_finished(tls);
}

bool server12_send_last_flight(struct tls *tls)
{
    return flight_start(tls, OTHER_MESSAGES_LEN) && send_ticket_or_finish(tls);
}

bool server12_send_resumed_flight(struct tls *tls)
{
    return flight_start(tls, OTHER_MESSAGES_LEN) && send_server_hello(tls) && protection12_derive(tls) &&
           send_ticket_or_finish(tls);
}
