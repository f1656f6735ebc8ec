#include "support/client13.h"

#include <stdlib.h>

#include "support/must.h"

#include "tls/flight.h"
#include "tls/record.h"
#include "tls/transcript.h"

/* ---- randomness that repeats */

static bool fill_test_random(void *context, uint8_t *out, size_t len)
{
    struct test_random *random = context;

    if (++random->calls == random->fail_at)
        return false;
    for (size_t i = 0; i < len; i++) {
        random->state = random->state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(random->state >> 56);
    }
    return true;
}

struct random_source test_random_source(struct test_random *state)
{
    return (struct random_source){fill_test_random, state};
}

/* ---- life */

void client13_init(struct client13 *client, uint64_t seed)
{
    static const uint8_t null_compression[] = {0};

    memset(client, 0, sizeof *client);
    client->random.state = seed;
    client->hello = (struct client13_hello){
        .legacy_version = TLS_1_2,
        .session_id_len = 32,
        .versions = {TLS_1_3, TLS_1_2},
        .suites = {0x1301, 0x1302, 0x1303},
        .groups = {0x001d, 0x0017, 0x0018},
        .share_groups = {0x001d},
        .schemes = {0x0403, 0x0503, 0x0804, 0x0805, 0x0806},
        .sni = "app.example",
        .compression_methods = BYTES_OF_ARRAY(null_compression),
    };
    must(random_fill(test_random_source(&client->random), client->client_random, 32));
    must(random_fill(test_random_source(&client->random), client->session_id, 32));
}

void client13_init_version(struct client13 *client, uint64_t seed, uint16_t version)
{
    client13_init(client, seed);
    client->hello.has_extended_master_secret = client->hello.has_session_ticket = true;
    if (version == TLS_1_3)
        return;
    client->hello.versions[0] = TLS_1_2;
    client->hello.versions[1] = 0;
    memset(client->hello.suites, 0, sizeof client->hello.suites);
    client->hello.suites[0] = 0xc02b;
}

void client13_wipe(struct client13 *client)
{
    protection_wipe(&client->reading);
    protection_wipe(&client->writing);
    hash_wipe(&client->transcript);
    free(client->out);
    free(client->in);
    free(client->text);
    memset(client, 0, sizeof *client);
}

static void append(uint8_t **at, size_t *len, struct bytes more)
{
    *at = realloc(*at, *len + more.len + 1);
    must(*at != NULL);
    if (more.len)
        memcpy(*at + *len, more.at, more.len);
    *len += more.len;
}

void client13_put(struct client13 *client, struct bytes raw)
{
    append(&client->out, &client->out_len, raw);
}

/* ---- records */

static void put_header(struct writer *w, uint8_t type, size_t len)
{
    write_u8(w, type);
    write_u16(w, TLS_1_2);
    write_u16(w, (uint16_t)len);
}

void client13_put_plain_record(struct client13 *client, uint8_t type, struct bytes content)
{
    uint8_t header[RECORD_HEADER_LEN];
    struct writer w = writer_of(header, sizeof header);

    put_header(&w, type, content.len);
    client13_put(client, writer_view(&w));
    client13_put(client, content);
}

static void make_nonce(const struct protection *protection, uint8_t nonce[AEAD_NONCE_LEN])
{
    memcpy(nonce, protection->iv, AEAD_NONCE_LEN);
    for (int i = 0; i < 8; i++)
        nonce[11 - i] ^= (uint8_t)(protection->sequence >> (8 * i));
}

void client13_put_padded(struct client13 *client, uint8_t type, struct bytes content, size_t padding)
{
    size_t len = content.len + 1 + padding;
    uint8_t *record = calloc(1, RECORD_HEADER_LEN + len + AEAD_TAG_LEN), nonce[AEAD_NONCE_LEN];
    struct writer w = writer_of(record, RECORD_HEADER_LEN);
    uint8_t *body = record + RECORD_HEADER_LEN;

    must(record != NULL);
    put_header(&w, CONTENT_APPLICATION_DATA, len + AEAD_TAG_LEN);
    if (content.len)
        memcpy(body, content.at, content.len);
    body[content.len] = type;
    make_nonce(&client->writing, nonce);
    must(aead_seal(client->writing.aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body, len, body + len));
    client->writing.sequence++;
    client13_put(client, bytes_of(record, RECORD_HEADER_LEN + len + AEAD_TAG_LEN));
    free(record);
}

void client13_put_record(struct client13 *client, uint8_t type, struct bytes content)
{
    if (client->writing.aead && client->is_12)
        client12_put_record(client, type, content);
    else if (client->writing.aead)
        client13_put_padded(client, type, content, 0);
    else
        client13_put_plain_record(client, type, content);
}

/* ---- the server's messages */

static void blame(struct client13 *client, const char *fault)
{
    if (!client->fault)
        client->fault = fault;
}

static const struct hash_alg *hash_of(const struct client13 *client)
{
    return hash_find(client->suite->hash);
}

static bool begin_transcript(struct client13 *client, uint16_t suite_code)
{
    client->suite = tls_suite_find(suite_code);
    if (!client->suite)
        return false;
    if (client->transcript.alg)
        return client->transcript.alg == hash_of(client);
    must(hash_init(&client->transcript, hash_of(client)));
    must(hash_update(&client->transcript, bytes_of(client->first_hello, client->first_hello_len)));
    return true;
}

static void answer_retry(struct client13 *client, struct bytes message)
{
    must(transcript_replace_client_hello(&client->transcript));
    must(hash_update(&client->transcript, message));
    client->is_retried = true;
    client->hello.share_groups[0] = client->retry_group;
    client->hello.share_groups[1] = 0;
    client->hello.has_early_data = false;
}

/* The client's and the server's traffic secrets of one stage, from the transcript so far. */
static void derive_pair(struct client13 *client, const char *client_label, struct secret *client_secret,
                        const char *server_label, struct secret *server_secret)
{
    uint8_t digest[MAX_HASH_LEN];

    must(hash_peek(&client->transcript, digest));
    must(key_schedule13_derive(&client->schedule, client_label, digest, client_secret));
    must(key_schedule13_derive(&client->schedule, server_label, digest, server_secret));
}

static void use_handshake_keys(struct client13 *client, struct bytes server_share)
{
    struct secret shared = {0}, client_secret, server_secret;
    struct key_exchange_client *mine = NULL;
    const struct tls_group *group = tls_group_find(client->group);

    for (size_t i = 0; i < client->share_count; i++)
        if (group && client->shares[i].alg == key_exchange_find(group->key_exchange))
            mine = &client->shares[i];
    if (!mine || key_exchange_client_finish(mine, server_share, &shared) != CRYPTO_OK) {
        blame(client, "ServerHello has a key share that does not fit");
        return;
    }
    must(key_schedule13_start(&client->schedule, hash_of(client),
                              client->is_psk_accepted ? &client->hello.ticket->secret : NULL));
    must(key_schedule13_handshake(&client->schedule, &shared));
    derive_pair(client, "c hs traffic", &client_secret, "s hs traffic", &server_secret);
    must(protection_start_handshake(&client->reading, client->suite, &server_secret, &client->server_finished_key));
    must(protection_start_handshake(&client->writing, client->suite, &client_secret, &client->client_finished_key));
    secret_wipe(&shared);
}

static bool read_hello_extensions(struct client13 *client, struct reader *r, bool is_retry, struct bytes *share)
{
    bool has_version = false;

    while (!read_end(r)) {
        struct bytes data;
        struct reader inner;
        uint16_t type, code;

        if (!read_u16(r, &type) || !read_vec16(r, 0, UINT16_MAX, &data))
            return false;
        inner = reader_of(data);
        if (!read_u16(&inner, &code))
            return false;
        if (type == EXTENSION_SUPPORTED_VERSIONS)
            has_version = code == TLS_1_3 && read_end(&inner);
        else if (type == EXTENSION_PRE_SHARED_KEY && !is_retry && client->hello.ticket)
            client->is_psk_accepted = code == 0 && read_end(&inner);
        else if (type == EXTENSION_KEY_SHARE && is_retry)
            client->retry_group = code;
        else if (type == EXTENSION_KEY_SHARE && read_vec16(&inner, 1, UINT16_MAX, share))
            client->group = code;
        else
            return false;
    }
    return has_version;
}

/* RFC 8446 4.1.3: TLS 1.3 is what says so in supported_versions. */
static bool is_server_hello_of_13(struct bytes extensions)
{
    struct reader r = reader_of(extensions);
    struct bytes data;
    uint16_t type;

    while (read_u16(&r, &type) && read_vec16(&r, 0, UINT16_MAX, &data))
        if (type == EXTENSION_SUPPORTED_VERSIONS)
            return true;
    return false;
}

static void take_server_hello(struct client13 *client, struct reader *r, struct bytes message)
{
    static const uint8_t retry_random[4] = {0xcf, 0x21, 0xad, 0x74};
    struct bytes random, session_id, extensions = {0}, share = {0};
    uint16_t version, suite;
    uint8_t compression;
    struct reader inner;
    bool is_retry;

    if (!read_u16(r, &version) || !read_bytes(r, 32, &random) || !read_vec8(r, 0, 32, &session_id) ||
        !read_u16(r, &suite) || !read_u8(r, &compression) ||
        !(read_end(r) || read_vec16(r, 1, UINT16_MAX, &extensions)) || !read_end(r) || version != TLS_1_2 ||
        compression != 0 || !begin_transcript(client, suite)) {
        blame(client, "ServerHello does not parse");
        return;
    }
    if (!is_server_hello_of_13(extensions)) {
        inner = reader_of(extensions);
        if (!client12_begin(client, random, session_id, &inner))
            blame(client, "the extensions of ServerHello are wrong");
        client13_add_to_transcript(client, message);
        return;
    }
    if (!bytes_equal(session_id, bytes_of(client->session_id, client->hello.session_id_len)))
        blame(client, "the session id is not echoed"); /* RFC 8446 4.1.3 */
    is_retry = memcmp(random.at, retry_random, sizeof retry_random) == 0;
    inner = reader_of(extensions);
    if (!read_hello_extensions(client, &inner, is_retry, &share)) {
        blame(client, "the extensions of ServerHello are wrong");
        return;
    }
    if (is_retry) {
        answer_retry(client, message);
        client13_send_hello(client);
        return;
    }
    must(hash_update(&client->transcript, message));
    use_handshake_keys(client, share);
}

static void take_encrypted_extensions(struct client13 *client, struct reader *r)
{
    struct bytes block, data, list, name;
    struct reader extensions, inner;
    uint16_t type;

    if (!read_vec16(r, 0, UINT16_MAX, &block) || !read_end(r))
        blame(client, "EncryptedExtensions does not parse");
    extensions = reader_of(block);
    while (read_u16(&extensions, &type) && read_vec16(&extensions, 0, UINT16_MAX, &data)) {
        inner = reader_of(data);
        if (type == EXTENSION_SERVER_NAME)
            client->has_server_name = true;
        if (type == EXTENSION_RECORD_SIZE_LIMIT && !read_u16(&inner, &client->record_size_limit))
            blame(client, "record_size_limit does not parse");
        if (type != EXTENSION_ALPN || !read_vec16(&inner, 2, UINT16_MAX, &list))
            continue;
        inner = reader_of(list);
        if (read_vec8(&inner, 1, 255, &name) && read_end(&inner))
            memcpy(client->alpn, name.at, name.len);
        else
            blame(client, "ALPN is not one name");
    }
}

/* RFC 8446 4.4.2.1: the OCSP response of the leaf. */
static void take_status(struct client13 *client, struct bytes extensions)
{
    struct reader r = reader_of(extensions), inner;
    struct bytes data, response;
    uint8_t status_type;
    uint16_t type;

    while (read_u16(&r, &type) && read_vec16(&r, 0, UINT16_MAX, &data)) {
        inner = reader_of(data);
        if (type != EXTENSION_STATUS_REQUEST || !read_u8(&inner, &status_type) || status_type != 1 ||
            !read_vec24(&inner, 1, sizeof client->status, &response) || !read_end(&inner)) {
            blame(client, "an extension of the leaf is wrong");
            return;
        }
        memcpy(client->status, response.at, response.len);
        client->status_len = response.len;
    }
}

static void take_certificate(struct client13 *client, struct reader *r)
{
    struct bytes context, list, leaf, extensions;
    struct reader entries;

    if (!read_vec8(r, 0, 0, &context) || !read_vec24(r, 1, 0xffffff, &list) || !read_end(r)) {
        blame(client, "Certificate does not parse");
        return;
    }
    entries = reader_of(list);
    if (!read_vec24(&entries, 1, 0xffffff, &leaf) || !read_vec16(&entries, 0, UINT16_MAX, &extensions) ||
        leaf.len > sizeof client->leaf) {
        blame(client, "the certificate list does not parse");
        return;
    }
    take_status(client, extensions);
    memcpy(client->leaf, leaf.at, leaf.len);
    client->leaf_len = leaf.len;
}

/* RFC 8446 4.3.2 */
static void take_certificate_request(struct client13 *client, struct reader *r)
{
    struct bytes context, extensions = {0}, data;
    struct reader inner;
    bool has_schemes = false;
    uint16_t type;

    if (!read_vec8(r, 0, 0, &context) || !read_vec16(r, 2, UINT16_MAX, &extensions) || !read_end(r))
        blame(client, "CertificateRequest does not parse");
    inner = reader_of(extensions);
    while (read_u16(&inner, &type) && read_vec16(&inner, 0, UINT16_MAX, &data)) {
        has_schemes = has_schemes || type == EXTENSION_SIGNATURE_ALGORITHMS;
        if (type == EXTENSION_CERTIFICATE_AUTHORITIES)
            client->authorities = data;
    }
    if (!has_schemes)
        blame(client, "CertificateRequest without signature_algorithms"); /* RFC 8446 4.3.2 MUST */
    client->is_certificate_requested = true;
}

/* RFC 8446 4.6.1 */
static void take_ticket(struct client13 *client, struct reader *r)
{
    struct ticket13 *out = &client->ticket;
    struct bytes nonce, ticket, extensions;
    struct hmac resumption_master;
    uint32_t age_add;

    if (!read_u32(r, &out->lifetime) || !read_u32(r, &age_add) || !read_vec8(r, 0, 255, &nonce) ||
        !read_vec16(r, 1, sizeof out->bytes, &ticket) || !read_vec16(r, 0, 0xfffe, &extensions) || !read_end(r)) {
        blame(client, "NewSessionTicket does not parse");
        return;
    }
    client->tickets++;
    client->tickets_behind_text += client->text_len > 0;
    out->version = TLS_1_3;
    out->suite = client->suite->code;
    out->len = ticket.len;
    memcpy(out->bytes, ticket.at, ticket.len);
    must(secret_resize(&out->secret, hash_alg_len(hash_of(client))));
    must(hmac_init(&resumption_master, hash_of(client), secret_view(&client->resumption_master)));
    must(hkdf_expand_label(&resumption_master, "resumption", nonce, out->secret.bytes, out->secret.len));
}

static void take_certificate_verify(struct client13 *client, struct reader *r)
{
    struct bytes signature;

    must(hash_peek(&client->transcript, client->verify_hash));
    if (!read_u16(r, &client->scheme) || !read_vec16(r, 1, MAX_SIGNATURE_LEN, &signature) || !read_end(r)) {
        blame(client, "CertificateVerify does not parse");
        return;
    }
    memcpy(client->signature, signature.at, signature.len);
    client->signature_len = signature.len;
}

static void take_finished(struct client13 *client, struct reader *r, struct bytes message)
{
    uint8_t digest[MAX_HASH_LEN], expected[MAX_HASH_LEN];
    size_t len = hash_alg_len(hash_of(client));

    must(hash_peek(&client->transcript, digest));
    must(finished13_verify_data(hash_of(client), &client->server_finished_key, digest, expected));
    if (!bytes_equal(read_rest(r), bytes_of(expected, len))) {
        blame(client, "the server's Finished does not verify");
        return;
    }
    must(hash_update(&client->transcript, message));
    must(key_schedule13_master(&client->schedule));
    derive_pair(client, "c ap traffic", &client->client_application_secret, "s ap traffic",
                &client->server_application_secret);
    must(protection_start(&client->reading, client->suite, &client->server_application_secret));
    client->is_done = true;
}

static void take_message(struct client13 *client, uint8_t type, struct reader *body, struct bytes message)
{
    if (client->message_count < CLIENT_MAX_MESSAGES)
        client->messages[client->message_count++] = type;
    if (type == SERVER_HELLO) {
        take_server_hello(client, body, message);
        return;
    }
    if (!client->suite) {
        blame(client, "a message before ServerHello");
        return;
    }
    if (client->is_12) {
        client12_take_message(client, type, body, message);
        return;
    }
    if (type == ENCRYPTED_EXTENSIONS)
        take_encrypted_extensions(client, body);
    else if (type == CERTIFICATE)
        take_certificate(client, body);
    else if (type == CERTIFICATE_REQUEST)
        take_certificate_request(client, body);
    else if (type == COMPRESSED_CERTIFICATE)
        client->is_compressed = true;
    else if (type == CERTIFICATE_VERIFY)
        take_certificate_verify(client, body);
    else if (type == NEW_SESSION_TICKET) {
        take_ticket(client, body);
        return;
    } else if (type == FINISHED) {
        take_finished(client, body, message);
        return;
    } else if (type == KEY_UPDATE) {
        client->key_updates++;
        must(protection_update(&client->reading, client->suite));
        return;
    } else
        blame(client, "a message that does not belong here");
    must(hash_update(&client->transcript, message));
}

static void take_handshake(struct client13 *client, struct bytes content)
{
    struct reader r;
    struct bytes message, body;
    uint8_t type;

    must(client->handshake_in_len + content.len <= sizeof client->handshake_in);
    memcpy(client->handshake_in + client->handshake_in_len, content.at, content.len);
    client->handshake_in_len += content.len;
    r = reader_of(bytes_of(client->handshake_in, client->handshake_in_len));
    for (;;) {
        struct reader start = r, inner;
        if (!read_u8(&r, &type) || !read_vec24(&r, 0, 0xffffff, &body)) {
            r = start;
            break;
        }
        message = bytes_of(start.at, (size_t)(r.at - start.at));
        inner = reader_of(body);
        take_message(client, type, &inner, message);
    }
    client->handshake_in_len = reader_left(&r);
    memmove(client->handshake_in, r.at, client->handshake_in_len);
}

static void take_alert(struct client13 *client, struct bytes content)
{
    struct reader r = reader_of(content);

    if (client->has_alert || !read_u8(&r, &client->alert_level) || !read_u8(&r, &client->alert) || !read_end(&r))
        blame(client, "a malformed or second alert");
    client->has_alert = true;
    client->has_close_notify = client->alert == ALERT_CLOSE_NOTIFY;
}

static void take_content(struct client13 *client, uint8_t type, struct bytes content)
{
    if (type == CONTENT_HANDSHAKE)
        take_handshake(client, content);
    else if (type == CONTENT_ALERT)
        take_alert(client, content);
    else if (type == CONTENT_APPLICATION_DATA)
        append(&client->text, &client->text_len, content);
    else if (type == CONTENT_CHANGE_CIPHER_SPEC) {
        client->messages[client->message_count++] = 0xcc;
        if (client->is_12)
            client12_take_change_cipher_spec(client);
    } else
        blame(client, "an unknown record type");
}

static void take_record(struct client13 *client, uint8_t type, uint8_t *record, size_t len)
{
    uint8_t nonce[AEAD_NONCE_LEN], *body = record + RECORD_HEADER_LEN;
    size_t offset;

    if (client->is_12 && client->reading.aead) {
        if (client12_open(client, type, body, &len, &offset))
            take_content(client, type, bytes_of(body + offset, len));
        else
            blame(client, "a record of the server does not decrypt");
        return;
    }
    if (type != CONTENT_APPLICATION_DATA || !client->reading.aead) {
        if (client->reading.aead && type != CONTENT_CHANGE_CIPHER_SPEC)
            blame(client, "a record in the clear after the keys changed");
        take_content(client, type, bytes_of(body, len));
        return;
    }
    make_nonce(&client->reading, nonce);
    if (len < AEAD_TAG_LEN + 1 || aead_open(client->reading.aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body,
                                            len - AEAD_TAG_LEN, body + len - AEAD_TAG_LEN) != CRYPTO_OK) {
        blame(client, "a record of the server does not decrypt");
        return;
    }
    client->reading.sequence++;
    len -= AEAD_TAG_LEN;
    while (len > 0 && body[len - 1] == 0)
        len--;
    must(len > 0);
    take_content(client, body[len - 1], bytes_of(body, len - 1));
}

void client13_take(struct client13 *client, struct bytes from_server)
{
    struct reader r;
    size_t done = 0;

    append(&client->in, &client->in_len, from_server);
    for (;;) {
        struct bytes body;
        uint8_t type;
        uint16_t version;

        r = reader_of(bytes_of(client->in + done, client->in_len - done));
        if (!read_u8(&r, &type) || !read_u16(&r, &version) || !read_vec16(&r, 0, MAX_CIPHERTEXT_LEN, &body))
            break;
        take_record(client, type, client->in + done, body.len);
        done += RECORD_HEADER_LEN + body.len;
    }
    memmove(client->in, client->in + done, client->in_len - done);
    client->in_len -= done;
}

bool client13_has_message(const struct client13 *client, uint8_t type)
{
    return memchr(client->messages, type, client->message_count) != NULL;
}
