#include "tls/server13.h"

#include "tls/flight.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/server13_send.h"
#include "tls/transcript.h"

/* ---- ClientHello */

/* What outlives the message: the outcome for the log, and what the answer needs. */
static bool commit_choice(struct tls *tls, const struct client_hello *ch, const struct choice *choice)
{
    struct handshake *hs = tls->handshake;
    struct reader session_id = reader_of(ch->session_id);

    hs->choice = *choice;
    hs->choice.share = bytes_of(NULL, 0); /* a view that dies with the message */
    hs->session_id_len = (uint8_t)ch->session_id.len;
    tls->outcome.suite = choice->suite;
    tls->outcome.group = choice->group;
    tls->outcome.scheme = choice->scheme;
    tls->outcome.credential = choice->credential;
    tls->outcome.alpn = choice->alpn;
    return read_copy(&session_id, ch->session_id.len, hs->session_id) || tls_fail(tls, WHY_INTERNAL);
}

static bool add_hello_to_transcript(struct tls *tls)
{
    return hash_update(&tls->handshake->transcript, tls->handshake->message) || tls_fail(tls, WHY_CRYPTO);
}

static bool answer_with_retry(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;

    hs->retry_group = hs->choice.group;
    if (!client_hello_frozen_digest(ch, hs->frozen) || !transcript_replace_client_hello(&hs->transcript))
        return tls_fail(tls, WHY_CRYPTO);
    if (!server13_send_hello_retry_request(tls))
        return false;
    tls->outcome.is_hello_retried = true;
    tls->outcome.stage = TLS_STAGE_HELLO_RETRY;
    tls->state = WAIT_CH2;
    return true;
}

/* Our share and the shared secret, from the client's share. */
static bool exchange_keys(struct tls *tls, struct bytes client_share)
{
    struct handshake *hs = tls->handshake;
    const struct key_exchange_alg *alg = key_exchange_find(hs->choice.group->key_exchange);

    switch (key_exchange_respond(alg, client_share, tls->policy->random, hs->server_share, &hs->shared)) {
    case CRYPTO_OK:
        return true;
    case CRYPTO_BAD_INPUT:
        return tls_fail(tls, WHY_KEY_SHARE_INVALID); /* RFC 8446 4.2.8.1, 4.2.8.2, 7.4.2 MUST */
    case CRYPTO_FAILED:
        break;
    }
    return tls_fail(tls, WHY_CRYPTO);
}

static bool answer_with_flight(struct tls *tls, struct bytes client_share)
{
    return exchange_keys(tls, client_share) && server13_send_until_signature(tls);
}

bool server13_recv_client_hello(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;
    struct choice choice;
    enum why why;

    if (!negotiate13(ch, tls->policy, &choice, &why))
        return tls_fail(tls, why);

    if (!commit_choice(tls, ch, &choice))
        return false;
    hs->has_offered_psk = ch->psk_identities.at != NULL;
    tls->is_skipping_early_data = ch->has_early_data; /* declined, RFC 8446 4.2.10 */
    if (!hash_init(&hs->transcript, hash_find(choice.suite->hash)))
        return tls_fail(tls, WHY_CRYPTO);
    if (!add_hello_to_transcript(tls))
        return false;

    return choice.needs_retry ? answer_with_retry(tls, ch) : answer_with_flight(tls, choice.share);
}

/* RFC 8446 4.1.2: the second ClientHello repeats the first, but for key_share and a few others. */
static bool check_frozen(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;
    uint8_t digest[sizeof hs->frozen];

    if (ch->has_early_data)
        return tls_fail(tls, WHY_RETRY_EARLY_DATA); /* RFC 8446 4.2.10 MUST NOT */
    if (!client_hello_frozen_digest(ch, digest))
        return tls_fail(tls, WHY_CRYPTO);
    if (!memory_equal(digest, hs->frozen, sizeof digest))
        return tls_fail(tls, WHY_RETRY_CHANGED);
    /* pre_shared_key may be updated or go, but not come */
    return hs->has_offered_psk || !ch->psk_identities.at || tls_fail(tls, WHY_RETRY_CHANGED);
}

/* RFC 8446 4.1.2, 4.2.8: a list with a single KeyShareEntry of the group that was asked for. */
static bool has_the_share_asked_for(const struct handshake *hs, const struct client_hello *ch)
{
    struct reader r = reader_of(ch->key_shares);
    struct key_share share;

    return key_share_next(&r, &share) && read_end(&r) && share.group == hs->retry_group->code;
}

bool server13_recv_second_client_hello(struct tls *tls, struct reader *body)
{
    struct client_hello ch;
    struct choice choice;
    enum why why;

    if (!client_hello_parse(body, &ch, &why))
        return tls_fail(tls, why);

    /* What is frozen includes supported_versions and cipher_suites: version and suite come out as before. */
    if (!check_frozen(tls, &ch))
        return false;
    if (!negotiate13(&ch, tls->policy, &choice, &why))
        return tls_fail(tls, why);
    if (!has_the_share_asked_for(tls->handshake, &ch))
        return tls_fail(tls, WHY_RETRY_KEY_SHARE);

    if (!commit_choice(tls, &ch, &choice) || !add_hello_to_transcript(tls))
        return false;
    tls->is_skipping_early_data = false;

    return answer_with_flight(tls, choice.share);
}

/* ---- the key port's answer */

bool server13_key_answered(struct tls *tls, struct bytes signature)
{
    if (!server13_send_from_signature(tls, signature))
        return false;
    tls->outcome.stage = TLS_STAGE_CLIENT_FINISHED;
    tls->state = WAIT_FINISHED;
    return true;
}

/* ---- Finished */

static bool check_verify_data(struct tls *tls, struct bytes verify_data)
{
    struct handshake *hs = tls->handshake;
    uint8_t transcript_hash[MAX_HASH_LEN], expected[MAX_HASH_LEN];
    bool is_ok = hash_peek(&hs->transcript, transcript_hash) &&
                 finished13_verify_data(hs->schedule.hash, &hs->client_handshake_secret, transcript_hash, expected);
    bool is_equal = is_ok && memory_equal(verify_data.at, expected, verify_data.len);

    memory_wipe(expected, sizeof expected);
    if (!is_ok)
        return tls_fail(tls, WHY_CRYPTO);
    return is_equal || tls_fail(tls, WHY_FINISHED_MAC); /* RFC 8446 4.4.4 MUST: decrypt_error */
}

bool server13_recv_finished(struct tls *tls, struct reader *body)
{
    struct handshake *hs = tls->handshake;
    struct bytes verify_data;

    if (!read_bytes(body, hash_alg_len(hs->schedule.hash), &verify_data) || !read_end(body))
        return tls_fail(tls, WHY_FINISHED_LENGTH);
    if (!check_verify_data(tls, verify_data))
        return false;

    /* K_recv = application */
    if (!protection_start(&tls->in, hs->choice.suite, &hs->client_application_secret))
        return tls_fail(tls, WHY_CRYPTO);
    tls->outcome.stage = TLS_STAGE_CONNECTED;
    tls->state = CONNECTED;
    return true;
}

/* ---- KeyUpdate */

bool server13_recv_key_update(struct tls *tls, struct reader *body)
{
    uint8_t request_update;

    if (!read_u8(body, &request_update) || !read_end(body))
        return tls_fail(tls, WHY_KEY_UPDATE_MALFORMED);
    if (request_update > UPDATE_REQUESTED)
        return tls_fail(tls, WHY_KEY_UPDATE_VALUE); /* RFC 8446 4.6.3 MUST: illegal_parameter */

    if (!protection_update(&tls->in, tls->outcome.suite))
        return tls_fail(tls, WHY_CRYPTO);
    tls->is_key_update_asked = false;

    /* RFC 8446 4.6.3 MUST: ours goes out before our next application data; one answer for all that ask meanwhile. */
    if (request_update == UPDATE_REQUESTED)
        tls->is_key_update_owed = true;
    return true;
}

bool server13_send_key_update(struct tls *tls, enum key_update_request request)
{
    uint8_t message[5];
    struct writer w = writer_of(message, sizeof message);
    struct vector_mark mark;

    write_u8(&w, KEY_UPDATE);
    mark = write_vec24_begin(&w);
    write_u8(&w, (uint8_t)request);
    write_vec_end(&w, mark);
    if (!record_send(tls, CONTENT_HANDSHAKE, writer_view(&w)))
        return false;
    tls_note(tls, false, "KeyUpdate", sizeof message);
    return protection_update(&tls->out, tls->outcome.suite) || tls_fail(tls, WHY_CRYPTO);
}
