#include "tls/server12.h"

#include "tls/client_certificate.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/server.h"
#include "tls/server12_send.h"
#include "tls/transcript.h"

static const struct hash_alg *prf_hash(const struct tls *tls)
{
    return hash_find(tls->handshake->choice.suite->hash);
}

/* ---- ClientHello */

static bool offers_renegotiation_info(const struct client_hello *ch)
{
    return ch->renegotiation.at || code_list_has(ch->cipher_suites, EMPTY_RENEGOTIATION_INFO_SCSV);
}

static bool commit_choice(struct tls *tls, const struct client_hello *ch, const struct choice *choice)
{
    struct handshake *hs = tls->handshake;
    struct reader random = reader_of(ch->random), session_id = reader_of(ch->session_id);

    server_commit_choice(tls, choice);
    tls->outcome.is_extended_master_secret = ch->has_extended_master_secret;
    hs->client_version = ch->legacy_version;
    hs->has_renegotiation_info = offers_renegotiation_info(ch);
    hs->has_point_formats = ch->point_formats.at != NULL;
    hs->takes_ticket = ch->session_ticket.at != NULL;
    hs->session_id_len = choice->is_resumed ? (uint8_t)ch->session_id.len : 0; /* RFC 5077 3.4 MUST: echoed to accept */
    hs->log.is_kept = choice->asks_client_certificate && !choice->is_resumed;
    return (read_copy(&random, sizeof hs->client_random, hs->client_random) &&
            read_copy(&session_id, hs->session_id_len, hs->session_id)) ||
           tls_fail(tls, WHY_INTERNAL);
}

bool server12_recv_client_hello(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;
    struct choice choice;
    enum why why;

    if (!negotiate12(ch, tls->policy, &hs->offered, &choice, tls->decisions, &why))
        return tls_fail(tls, why);
    if (!server_admit(tls, &choice))
        return false;

    if (!commit_choice(tls, ch, &choice))
        return false;
    if (!hash_init(&hs->transcript, prf_hash(tls)))
        return tls_fail(tls, WHY_CRYPTO);
    if (!handshake_add_message(tls))
        return false;

    if (!choice.is_resumed)
        return server12_send_first_flight(tls);
    hs->master_secret = hs->session.secret;
    return server_take_identity(tls) && server12_send_resumed_flight(tls);
}

/* ---- Certificate */

/* RFC 5246 7.4.2: ASN.1Cert certificate_list<0..2^24-1>. */
static bool read_certificate(struct tls *tls, struct reader *body, struct client_chain *chain)
{
    struct bytes list, certificate;
    struct reader entries;

    if (!read_vec24(body, 0, 0xffffff, &list) || !read_end(body))
        return tls_fail(tls, WHY_CERTIFICATE_MALFORMED);
    entries = reader_of(list);
    while (!read_end(&entries)) {
        if (!read_vec24(&entries, 1, 0xffffff, &certificate))
            return tls_fail(tls, WHY_CERTIFICATE_MALFORMED);
        client_chain_add(chain, certificate);
    }
    return true;
}

bool server12_recv_certificate(struct tls *tls, struct reader *body)
{
    struct client_chain chain = {0};

    if (!read_certificate(tls, body, &chain) || !client_chain_verify(tls, &chain))
        return false;
    tls->state = WAIT_CKE;
    return true;
}

/* ---- ClientKeyExchange */

/* RFC 5246 7.4.8: a client that showed a certificate proves it; for one without, no message follows. */
static bool is_proof_due(struct tls *tls)
{
    tls->handshake->log.is_kept = tls->handshake->client_key != NULL;
    return tls->handshake->log.is_kept;
}

/* RFC 7627 4: the hash of all messages up to and with this one; without the extension both randoms. */
static bool write_seed(struct tls *tls, uint8_t seed[64], size_t *len)
{
    struct handshake *hs = tls->handshake;

    if (tls->outcome.is_extended_master_secret) {
        *len = hash_alg_len(prf_hash(tls));
        return hash_peek(&hs->transcript, seed);
    }
    memcpy(seed, hs->client_random, 32);
    memcpy(seed + 32, hs->server_random, 32);
    *len = 64;
    return true;
}

static bool derive_master_secret(struct tls *tls, const struct secret *premaster)
{
    struct handshake *hs = tls->handshake;
    uint8_t seed[64];
    size_t len;

    return (write_seed(tls, seed, &len) &&
            master_secret12(prf_hash(tls), secret_view(premaster), tls->outcome.is_extended_master_secret,
                            bytes_of(seed, len), &hs->master_secret)) ||
           tls_fail(tls, WHY_CRYPTO);
}

/* RFC 8422 5.7: opaque point<1..2^8-1>. */
static bool recv_ecdhe(struct tls *tls, struct reader *body)
{
    struct handshake *hs = tls->handshake;
    struct secret premaster = {0};
    struct bytes point;
    enum crypto_result result;
    bool is_ok;

    if (!read_vec8(body, 1, 255, &point) || !read_end(body))
        return tls_fail(tls, WHY_CLIENT_KEY_EXCHANGE_MALFORMED);
    result = key_exchange_client_finish(&hs->exchange, point, &premaster);
    if (result == CRYPTO_BAD_INPUT)
        return tls_fail(tls, WHY_KEY_SHARE_INVALID); /* RFC 8422 5.11 MUST: validate the point */
    if (result != CRYPTO_OK)
        return tls_fail(tls, WHY_CRYPTO);
    /* RFC 5246 6.3: both directions are keyed at once, but each goes into force with its own ChangeCipherSpec. */
    is_ok = handshake_add_message(tls) && derive_master_secret(tls, &premaster) && protection12_derive(tls);
    secret_wipe(&premaster);
    if (!is_ok)
        return false;
    tls->state = is_proof_due(tls) ? WAIT_CV : WAIT_CCS;
    return true;
}

static bool master_secret_answered(struct tls *tls, bool is_ok, struct bytes answer)
{
    struct handshake *hs = tls->handshake;

    if (!is_ok || answer.len != MASTER_SECRET_LEN || !secret_set(&hs->master_secret, answer))
        return tls_fail(tls, WHY_KEY_OPERATION);
    if (!protection12_derive(tls))
        return false;
    tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
    tls->state = WAIT_CCS;
    return true;
}

/*
 * RFC 5246 7.4.7.1: EncryptedPreMasterSecret, opaque<0..2^16-1>. RFC 5246 7.4.7.1 MUST NOT: an alert because of what is
 * inside. Whether it was any good shows only in the client's Finished, which then does not decrypt.
 */
static bool recv_rsa(struct tls *tls, struct reader *body)
{
    struct handshake *hs = tls->handshake;
    struct tls_key_request *request;
    struct bytes ciphertext;

    if (!read_vec16(body, 0, MAX_CLIENT_KEY_EXCHANGE_LEN, &ciphertext) || !read_end(body))
        return tls_fail(tls, WHY_CLIENT_KEY_EXCHANGE_MALFORMED);
    if (!handshake_add_message(tls))
        return false;
    request = handshake_new_key_request(tls, TLS_KEY_DERIVE_MASTER_SECRET_12, master_secret_answered);
    memcpy(request->key_id, certificate_chain_key_id(hs->choice.credential->chain), KEY_ID_LEN);
    request->client_version = hs->client_version;
    request->prf_hash = hs->choice.suite->hash;
    request->is_extended = tls->outcome.is_extended_master_secret;
    request->payload_len = ciphertext.len;
    if (ciphertext.len > 0)
        memcpy(request->payload, ciphertext.at, ciphertext.len);
    if (!write_seed(tls, request->seed, &request->seed_len))
        return tls_fail(tls, WHY_CRYPTO);
    /* RFC 5246 6.2.1: CertificateVerify may lie in the same record. So the key is asked behind it, when only a
     * ChangeCipherSpec, a record of its own, can follow; and never for a client that does not prove who it is. */
    if (is_proof_due(tls))
        tls->state = WAIT_CV;
    else
        handshake_wait_for_key(tls);
    return true;
}

bool server12_recv_client_key_exchange(struct tls *tls, struct reader *body)
{
    return tls->handshake->choice.suite->exchange == EXCHANGE_RSA ? recv_rsa(tls, body) : recv_ecdhe(tls, body);
}

/* ---- CertificateVerify */

bool server12_recv_certificate_verify(struct tls *tls, struct reader *body)
{
    struct handshake *hs = tls->handshake;

    /* RFC 5246 7.4.8: over all messages so far, without this one. */
    if (!client_certificate_verify(tls, body, bytes_of(hs->log.at, hs->log.len)))
        return false;
    hs->log.is_kept = false;
    if (hs->choice.suite->exchange == EXCHANGE_RSA)
        handshake_wait_for_key(tls);
    else
        tls->state = WAIT_CCS;
    return true;
}

/* ---- ChangeCipherSpec */

bool server12_recv_change_cipher_spec(struct tls *tls, struct reader *nothing)
{
    (void)nothing;
    if (!protection12_start(&tls->in, &tls->handshake->keys, PROTECTION_CLIENT, tls->handshake->choice.suite))
        return tls_fail(tls, WHY_CRYPTO);
    tls->state = WAIT_FINISHED;
    return true;
}

/* ---- Finished */

static bool check_verify_data(struct tls *tls, struct bytes verify_data)
{
    struct handshake *hs = tls->handshake;
    uint8_t transcript_hash[MAX_HASH_LEN], expected[VERIFY_DATA12_LEN];
    bool is_ok =
        hash_peek(&hs->transcript, transcript_hash) &&
        finished12_verify_data(prf_hash(tls), &hs->master_secret, "client finished", transcript_hash, expected);
    bool is_equal = is_ok && memory_equal(verify_data.at, expected, verify_data.len);

    memory_wipe(expected, sizeof expected);
    if (!is_ok)
        return tls_fail(tls, WHY_CRYPTO);
    return is_equal || tls_fail(tls, WHY_FINISHED_MAC); /* RFC 5246 7.4.9 MUST: verify; decrypt_error */
}

bool server12_recv_finished(struct tls *tls, struct reader *body)
{
    struct bytes verify_data;

    if (!read_bytes(body, VERIFY_DATA12_LEN, &verify_data) || !read_end(body))
        return tls_fail(tls, WHY_FINISHED_LENGTH);
    if (!check_verify_data(tls, verify_data) || !handshake_add_message(tls))
        return false;
    if (!tls->handshake->choice.is_resumed)
        return server12_send_last_flight(tls);
    tls->outcome.stage = TLS_STAGE_CONNECTED;
    tls->state = CONNECTED;
    return true;
}

/*
 * RFC 5746 4.4: a server may refuse any renegotiation. RFC 5246 7.2.2 says of no_renegotiation that it is always a
 * warning, which leaves it to the client to go on without; from that we depart with a fatal one. Next to no client goes
 * on, most wait for a handshake that does not come, and whoever asks again and again costs us nothing more.
 */
bool server12_recv_renegotiation(struct tls *tls, struct reader *body)
{
    (void)read_rest(body);
    return tls_fail(tls, WHY_RENEGOTIATION);
}
