#include "tls/server13.h"

#include "tls/client_certificate.h"
#include "tls/policy_types.h"
#include "tls/record.h"
#include "tls/resumption.h"
#include "tls/server.h"
#include "tls/server13_send.h"
#include "tls/transcript.h"

enum { PSK_DHE_KE = 1 }; /* RFC 8446 4.2.9 */

/* ---- ClientHello */

/* What outlives the message: the outcome for the log, and what the answer needs. */
static bool commit_choice(struct tls *tls, const struct client_hello *ch, const struct choice *choice)
{
    struct handshake *hs = tls->handshake;
    struct reader session_id = reader_of(ch->session_id);

    hs->choice = *choice;
    hs->choice.share = bytes_of(NULL, 0); /* a view that dies with the message */
    hs->session_id_len = (uint8_t)ch->session_id.len;
    hs->takes_ticket = ch->psk_modes.at && memchr(ch->psk_modes.at, PSK_DHE_KE, ch->psk_modes.len);
    server_commit_choice(tls, choice);
    return read_copy(&session_id, ch->session_id.len, hs->session_id) || tls_fail(tls, WHY_INTERNAL);
}

/* RFC 8446 4.2.11 MUST: the binder of the PSK is checked before anything is done with it. */
static bool check_binder(struct tls *tls, const struct client_hello *ch, const struct choice *choice)
{
    struct handshake *hs = tls->handshake;
    const struct hash_alg *alg = hash_find(choice->suite->hash);
    struct bytes truncated = bytes_of(hs->message.at, client_hello_len_without_binders(ch, hs->message.len)),
                 binder = {0};
    struct reader binders = reader_of(ch->psk_binders);
    struct hash partial = {0};
    uint8_t digest[MAX_HASH_LEN], expected[MAX_HASH_LEN];
    bool is_ok = hash_clone(&partial, &hs->transcript) && hash_update(&partial, truncated) &&
                 hash_peek(&partial, digest) && psk_binder13(alg, &hs->session.secret, digest, expected);
    bool is_equal;

    for (unsigned i = 0; i <= hs->offered.index; i++)
        if (!read_vec8(&binders, 1, 255, &binder))
            return tls_fail(tls, WHY_INTERNAL); /* as many as identities: checked when it was parsed */
    is_equal = is_ok && binder.len == hash_alg_len(alg) && memory_equal(binder.at, expected, binder.len);
    memory_wipe(expected, sizeof expected);
    hash_wipe(&partial);
    if (!is_ok)
        return tls_fail(tls, WHY_CRYPTO);
    return is_equal || tls_fail(tls, WHY_PSK_BINDER); /* RFC 8446 4.2.11 MUST: abort */
}

static bool negotiate_again(struct tls *tls, const struct client_hello *ch, struct choice *choice)
{
    enum why why;

    return negotiate13(ch, tls->policy, &tls->handshake->offered, choice, tls->decisions, &why) || tls_fail(tls, why);
}

/* The hello enters the transcript, and a resumption is proved by its binder. */
static bool take_hello(struct tls *tls, const struct client_hello *ch, const struct choice *choice)
{
    if (choice->is_resumed && !check_binder(tls, ch, choice))
        return false;
    return commit_choice(tls, ch, choice) && handshake_add_message(tls);
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

/*
 * Whose session it is counts from here alone. A first ClientHello that is answered with a HelloRetryRequest proves
 * nothing: nothing of ours is under its binder, so it can be recorded and sent again, and the second one may bring
 * another PSK.
 */
static bool answer_with_flight(struct tls *tls, struct bytes client_share)
{
    bool is_resumed = tls->handshake->choice.is_resumed;

    if (!exchange_keys(tls, client_share) || (is_resumed && !server_take_identity(tls)))
        return false;
    return is_resumed ? server13_send_resumed_flight(tls) : server13_send_until_signature(tls);
}

bool server13_recv_client_hello(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;
    struct choice choice;

    if (!negotiate_again(tls, ch, &choice) || !server_admit(tls, &choice))
        return false;

    if (!hash_init(&hs->transcript, hash_find(choice.suite->hash)))
        return tls_fail(tls, WHY_CRYPTO);
    if (!take_hello(tls, ch, &choice))
        return false;
    hs->has_offered_psk = ch->psk_identities.at != NULL;
    tls->is_skipping_early_data = ch->has_early_data; /* declined, RFC 8446 4.2.10 */

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

/* RFC 8446 4.1.2: only PSKs that do not fit may go, and ours did. Which ones came is asked anew. */
static bool check_second_psk(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;

    if (hs->choice.is_resumed && !ch->psk_identities.at)
        return tls_fail(tls, WHY_RETRY_WITHOUT_PSK);
    hs->offered = (struct offered_session){.session = NULL};
    return true;
}

/* RFC 8446 4.1.2, 4.2.8: a list with a single KeyShareEntry of the group that was asked for. */
static bool has_the_share_asked_for(const struct handshake *hs, const struct client_hello *ch)
{
    struct reader r = reader_of(ch->key_shares);
    struct key_share share;

    return key_share_next(&r, &share) && read_end(&r) && share.group == hs->retry_group->code;
}

/* What is frozen includes supported_versions and cipher_suites: version and suite come out as before. */
static bool answer_second_hello(struct tls *tls, const struct client_hello *ch)
{
    struct choice choice;

    if (!negotiate_again(tls, ch, &choice) || !server_admit(tls, &choice))
        return false;
    if (!has_the_share_asked_for(tls->handshake, ch))
        return tls_fail(tls, WHY_RETRY_KEY_SHARE);

    if (!take_hello(tls, ch, &choice))
        return false;
    tls->is_skipping_early_data = false;

    return answer_with_flight(tls, choice.share);
}

bool server13_recv_second_client_hello(struct tls *tls, struct reader *body)
{
    struct client_hello ch;
    enum why why;

    if (!client_hello_parse(body, &ch, &why))
        return tls_fail(tls, why);
    if (!check_frozen(tls, &ch) || !check_second_psk(tls, &ch))
        return false;
    return resumption_has_ticket(tls, &ch) ? resumption_open(tls, &ch, answer_second_hello)
                                           : answer_second_hello(tls, &ch);
}

/* ---- the client's certificate */

/* RFC 8446 4.4.2: certificate_request_context, CertificateEntry certificate_list<0..2^24-1>. */
static bool read_certificate(struct tls *tls, struct reader *body, struct client_chain *chain)
{
    struct bytes context, list, extensions;
    struct reader entries;

    if (!read_vec8(body, 0, 255, &context) || !read_vec24(body, 0, 0xffffff, &list) || !read_end(body))
        return tls_fail(tls, WHY_CERTIFICATE_MALFORMED);
    if (context.len > 0)
        return tls_fail(tls, WHY_CERTIFICATE_CONTEXT); /* RFC 8446 4.4.2: empty in a handshake */
    entries = reader_of(list);
    while (!read_end(&entries)) {
        struct bytes certificate;
        if (!read_vec24(&entries, 1, 0xffffff, &certificate) || !read_vec16(&entries, 0, UINT16_MAX, &extensions))
            return tls_fail(tls, WHY_CERTIFICATE_MALFORMED);
        if (extensions.len > 0) /* RFC 8446 4.4.2 MUST: only what the CertificateRequest asked for; it asked for none */
            return tls_fail(tls, WHY_CERTIFICATE_EXTENSION);
        client_chain_add(chain, certificate);
    }
    return true;
}

bool server13_recv_certificate(struct tls *tls, struct reader *body)
{
    struct client_chain chain = {0};

    if (!read_certificate(tls, body, &chain) || !client_chain_verify(tls, &chain))
        return false;
    tls->state = chain.count > 0 ? WAIT_CV : WAIT_FINISHED;
    return true;
}

bool server13_recv_certificate_verify(struct tls *tls, struct reader *body)
{
    struct handshake *hs = tls->handshake;
    uint8_t transcript_hash[MAX_HASH_LEN], input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t len;

    if (!hash_peek(&hs->transcript, transcript_hash) ||
        !tls_certificate_verify_input(TLS_CLIENT_CERTIFICATE_VERIFY,
                                      bytes_of(transcript_hash, hash_alg_len(hs->schedule.hash)), input, &len))
        return tls_fail(tls, WHY_CRYPTO);
    if (!client_certificate_verify(tls, body, bytes_of(input, len)))
        return false;
    tls->state = WAIT_FINISHED;
    return true;
}

/* ---- Finished */

static bool check_verify_data(struct tls *tls, struct bytes verify_data)
{
    struct handshake *hs = tls->handshake;
    uint8_t transcript_hash[MAX_HASH_LEN], expected[MAX_HASH_LEN];
    bool is_ok = hash_peek(&hs->transcript, transcript_hash) &&
                 finished13_verify_data(hs->schedule.hash, &hs->client_finished_key, transcript_hash, expected);
    bool is_equal = is_ok && memory_equal(verify_data.at, expected, verify_data.len);

    memory_wipe(expected, sizeof expected);
    if (!is_ok)
        return tls_fail(tls, WHY_CRYPTO);
    return is_equal || tls_fail(tls, WHY_FINISHED_MAC); /* RFC 8446 4.4.4 MUST: decrypt_error */
}

/* Without a client certificate they were begun with our flight: server13_send.c. */
static bool begin_tickets(struct tls *tls)
{
    struct handshake *hs = tls->handshake;

    return !hs->choice.asks_client_certificate || resumption_ticket_count(tls) == 0 ||
           tickets13_begin(tls, &hs->transcript) || tls_fail(tls, WHY_CRYPTO);
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
    if (!handshake_add_message(tls) || !begin_tickets(tls))
        return false;
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
