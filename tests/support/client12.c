#include "crypto/certificate.h"
#include "crypto/certificate_der.h"
#include "crypto/rsa_premaster.h"
#include "support/client13.h"
#include "support/must.h"
#include "support/rsa_public.h"
#include "tls/record.h"

static void blame(struct client13 *client, const char *fault)
{
    if (!client->fault)
        client->fault = fault;
}

static const struct hash_alg *hash_of(const struct client13 *client)
{
    return hash_find(client->suite->hash);
}

/* ---- records (RFC 5246 6.2.3.3, RFC 5288, RFC 7905) */

static void make_nonce(const struct protection *protection, const uint8_t *explicit_nonce, uint8_t *nonce)
{
    memcpy(nonce, protection->iv, AEAD_NONCE_LEN);
    if (protection->explicit_nonce_len) {
        memcpy(nonce + 4, explicit_nonce, 8);
        return;
    }
    for (int i = 0; i < 8; i++)
        nonce[11 - i] ^= (uint8_t)(protection->sequence >> (8 * i));
}

static struct bytes make_aad(const struct protection *protection, uint8_t type, size_t len, uint8_t aad[13])
{
    struct writer w = writer_of(aad, 13);

    write_u64(&w, protection->sequence);
    write_u8(&w, type);
    write_u16(&w, TLS_1_2);
    write_u16(&w, (uint16_t)len);
    return writer_view(&w);
}

void client12_put_record(struct client13 *client, uint8_t type, struct bytes content)
{
    struct protection *out = &client->writing;
    static uint8_t record[RECORD_HEADER_LEN + 8 + 20000 + AEAD_TAG_LEN];
    size_t before = RECORD_HEADER_LEN + out->explicit_nonce_len;
    struct writer w = writer_of(record, sizeof record);
    uint8_t nonce[AEAD_NONCE_LEN], aad[13];

    write_u8(&w, type);
    write_u16(&w, TLS_1_2);
    write_u16(&w, (uint16_t)(out->explicit_nonce_len + content.len + AEAD_TAG_LEN));
    if (out->explicit_nonce_len)
        write_u64(&w, out->sequence ^ 0x5a5a5a5a); /* any value does, as long as none comes again */
    write_bytes(&w, content);
    must(writer_ok(&w));
    make_nonce(out, record + RECORD_HEADER_LEN, nonce);
    must(aead_seal(out->aead, nonce, make_aad(out, type, content.len, aad), record + before, content.len,
                   record + before + content.len));
    out->sequence++;
    client13_put(client, bytes_of(record, before + content.len + AEAD_TAG_LEN));
}

bool client12_open(struct client13 *client, uint8_t type, uint8_t *body, size_t *len, size_t *offset)
{
    struct protection *in = &client->reading;
    uint8_t nonce[AEAD_NONCE_LEN], aad[13];
    size_t text_len;

    *offset = in->explicit_nonce_len;
    if (*len < *offset + AEAD_TAG_LEN)
        return false;
    text_len = *len - *offset - AEAD_TAG_LEN;
    make_nonce(in, body, nonce);
    if (aead_open(in->aead, nonce, make_aad(in, type, text_len, aad), body + *offset, text_len,
                  body + *offset + text_len) != CRYPTO_OK)
        return false;
    in->sequence++;
    *len = text_len;
    return true;
}

/* ---- what the server says */

bool client12_begin(struct client13 *client, struct bytes random, struct bytes session_id, struct reader *extensions)
{
    const struct ticket13 *ticket = client->hello.ticket;
    struct bytes data, list, name;
    struct reader inner;
    uint16_t type;

    client->is_12 = true;
    memcpy(client->log, client->first_hello, client->first_hello_len);
    client->log_len = client->first_hello_len;
    memcpy(client->server_random, random.at, 32);
    client->session_id_echoed_len = session_id.len;
    if (session_id.len)
        memcpy(client->session_id_echoed, session_id.at, session_id.len);
    client->is_resumed12 = ticket && ticket->version == TLS_1_2 && session_id.len > 0 &&
                           bytes_equal(session_id, bytes_of(client->session_id, client->hello.session_id_len));
    while (!read_end(extensions)) {
        if (!read_u16(extensions, &type) || !read_vec16(extensions, 0, UINT16_MAX, &data))
            return false;
        inner = reader_of(data);
        if (type == EXTENSION_EXTENDED_MASTER_SECRET)
            client->has_extended_master_secret = true;
        else if (type == EXTENSION_SESSION_TICKET)
            client->is_ticket_promised = true;
        else if (type == EXTENSION_SERVER_NAME)
            client->has_server_name = true;
        else if (type == EXTENSION_ALPN && read_vec16(&inner, 2, UINT16_MAX, &list)) {
            inner = reader_of(list);
            if (read_vec8(&inner, 1, 255, &name))
                memcpy(client->alpn, name.at, name.len);
        }
    }
    if (client->is_resumed12)
        client->master = ticket->secret;
    return true;
}

static void take_certificate(struct client13 *client, struct reader *r)
{
    struct bytes list, leaf;
    struct reader entries;

    if (!read_vec24(r, 1, 0xffffff, &list) || !read_end(r)) {
        blame(client, "Certificate does not parse");
        return;
    }
    entries = reader_of(list);
    if (!read_vec24(&entries, 1, sizeof client->leaf, &leaf)) {
        blame(client, "the certificate list does not parse");
        return;
    }
    memcpy(client->leaf, leaf.at, leaf.len);
    client->leaf_len = leaf.len;
}

static void take_certificate_status(struct client13 *client, struct reader *r)
{
    struct bytes response;
    uint8_t type;

    if (!read_u8(r, &type) || type != 1 || !read_vec24(r, 1, sizeof client->status, &response) || !read_end(r)) {
        blame(client, "CertificateStatus does not parse");
        return;
    }
    memcpy(client->status, response.at, response.len);
    client->status_len = response.len;
}

/* RFC 8422 5.4 */
static void take_server_key_exchange(struct client13 *client, struct reader *r, struct bytes body)
{
    struct writer w = writer_of(client->signed_input, sizeof client->signed_input);
    struct bytes point, signature;
    uint8_t curve_type;

    if (!read_u8(r, &curve_type) || curve_type != 3 || !read_u16(r, &client->group) || !read_vec8(r, 1, 255, &point) ||
        !read_u16(r, &client->scheme) || !read_vec16(r, 1, MAX_SIGNATURE_LEN, &signature) || !read_end(r)) {
        blame(client, "ServerKeyExchange does not parse");
        return;
    }
    write_bytes(&w, BYTES_OF_ARRAY(client->client_random));
    write_bytes(&w, BYTES_OF_ARRAY(client->server_random));
    write_bytes(&w, bytes_of(body.at, 1 + 2 + 1 + point.len));
    client->signed_len = w.len;
    memcpy(client->server_point, point.at, point.len);
    client->server_point_len = point.len;
    memcpy(client->signature, signature.at, signature.len);
    client->signature_len = signature.len;
}

static void take_certificate_request(struct client13 *client, struct reader *r)
{
    struct bytes types, schemes;

    if (!read_vec8(r, 1, 255, &types) || !read_vec16(r, 2, UINT16_MAX, &schemes) ||
        !read_vec16(r, 0, UINT16_MAX, &client->authorities) || !read_end(r))
        blame(client, "CertificateRequest does not parse");
    client->is_certificate_requested = true;
}

/* RFC 5077 3.4: where no session id came back that could tell, the server's flight does: it shows no certificate. */
static void resume_by_flight(struct client13 *client)
{
    const struct ticket13 *ticket = client->hello.ticket;

    if (client->is_resumed12 || !ticket || ticket->version != TLS_1_2 || client->hello.session_id_len > 0 ||
        client13_has_message(client, CERTIFICATE))
        return;
    client->is_resumed12 = true;
    client->master = ticket->secret;
}

/* RFC 5077 3.3 */
static void take_ticket(struct client13 *client, struct reader *r)
{
    struct ticket13 *out = &client->ticket;
    struct bytes ticket;

    if (!read_u32(r, &out->lifetime) || !read_vec16(r, 0, sizeof out->bytes, &ticket) || !read_end(r)) {
        blame(client, "NewSessionTicket does not parse");
        return;
    }
    resume_by_flight(client);
    if (!client->is_ticket_promised)
        blame(client, "a ticket that was not promised");
    client->tickets += ticket.len > 0;
    out->version = TLS_1_2;
    out->suite = client->suite->code;
    out->secret = client->master;
    out->len = ticket.len;
    if (ticket.len)
        memcpy(out->bytes, ticket.at, ticket.len);
}

static void verify_data(struct client13 *client, const char *label, uint8_t out[VERIFY_DATA12_LEN])
{
    uint8_t digest[MAX_HASH_LEN];

    must(hash_peek(&client->transcript, digest));
    must(finished12_verify_data(hash_of(client), &client->master, label, digest, out));
}

static void take_finished(struct client13 *client, struct reader *r)
{
    uint8_t expected[VERIFY_DATA12_LEN];

    verify_data(client, "server finished", expected);
    if (!bytes_equal(read_rest(r), BYTES_OF_ARRAY(expected)))
        blame(client, "the server's Finished does not verify");
    client->is_finished_verified = true;
    client->is_done = true;
}

void client12_take_message(struct client13 *client, uint8_t type, struct reader *body, struct bytes message)
{
    struct bytes whole = bytes_of(body->at, reader_left(body));

    if (type == CERTIFICATE)
        take_certificate(client, body);
    else if (type == CERTIFICATE_STATUS)
        take_certificate_status(client, body);
    else if (type == SERVER_KEY_EXCHANGE)
        take_server_key_exchange(client, body, whole);
    else if (type == CERTIFICATE_REQUEST)
        take_certificate_request(client, body);
    else if (type == SERVER_HELLO_DONE)
        client->is_done = true;
    else if (type == NEW_SESSION_TICKET)
        take_ticket(client, body);
    else if (type == FINISHED)
        take_finished(client, body);
    else
        blame(client, "a message that does not belong here");
    client13_add_to_transcript(client, message);
}

static void derive_keys(struct client13 *client)
{
    bool is_chacha = client->suite->aead == AEAD_CHACHA20_POLY1305;

    must(key_block12(hash_of(client), &client->master, client->client_random, client->server_random,
                     aead_alg_key_len(aead_find(client->suite->aead)), is_chacha ? 12 : 4, &client->keys));
}

void client12_take_change_cipher_spec(struct client13 *client)
{
    resume_by_flight(client);
    if (client->is_resumed12)
        derive_keys(client);
    must(protection12_start(&client->reading, &client->keys, PROTECTION_SERVER, client->suite));
}

/* ---- the second flight */

static void derive_master(struct client13 *client)
{
    uint8_t seed[64];
    size_t len = 64;

    memcpy(seed, client->client_random, 32);
    memcpy(seed + 32, client->server_random, 32);
    if (client->has_extended_master_secret) {
        len = hash_alg_len(hash_of(client));
        must(hash_peek(&client->transcript, seed));
    }
    must(master_secret12(hash_of(client), secret_view(&client->premaster), client->has_extended_master_secret,
                         bytes_of(seed, len), &client->master));
    derive_keys(client);
}

static void send_ecdhe(struct client13 *client)
{
    const struct key_exchange_alg *alg = key_exchange_find(tls_group_find(client->group)->key_exchange);
    struct key_exchange_client mine;
    uint8_t body[256];
    struct writer w = writer_of(body, sizeof body);
    struct vector_mark point = write_vec8_begin(&w);
    uint8_t *share = write_space(&w, key_exchange_client_len(alg));

    must(share && key_exchange_client_start(&mine, alg, test_random_source(&client->random), share));
    write_vec_end(&w, point);
    must(key_exchange_client_finish(&mine, bytes_of(client->server_point, client->server_point_len),
                                    &client->premaster) == CRYPTO_OK);
    client13_send_handshake(client, CLIENT_KEY_EXCHANGE, writer_view(&w));
}

/* RFC 5246 7.4.7.1: the version of the hello and 46 random bytes, encrypted to the certificate. */
static size_t encrypt_premaster(struct client13 *client, uint8_t out[MAX_RSA_BITS / 8])
{
    struct random_source random = test_random_source(&client->random);
    uint16_t version = client->premaster_version ? client->premaster_version : client->hello.legacy_version;
    uint8_t premaster[PREMASTER_LEN], block[MAX_RSA_BITS / 8];
    struct certificate leaf;
    struct crypto_fault fault;
    size_t len;

    must(certificate_read(bytes_of(client->leaf, client->leaf_len), &leaf, &fault));
    must(random_fill(random, premaster, sizeof premaster));
    premaster[0] = (uint8_t)(version >> 8);
    premaster[1] = (uint8_t)version;
    len = rsa_public_len(leaf.spki);
    rsa_pad_for_encryption(BYTES_OF_ARRAY(premaster), random, block, len);
    rsa_public(leaf.spki, block, out);
    must(secret_set(&client->premaster, BYTES_OF_ARRAY(premaster)));
    return len;
}

/* With a ciphertext of its own the test has set client->premaster as well. */
static void send_rsa(struct client13 *client)
{
    uint8_t body[1100], encrypted[MAX_RSA_BITS / 8];
    struct writer w = writer_of(body, sizeof body);
    struct vector_mark ciphertext = write_vec16_begin(&w);

    if (client->ciphertext.at)
        write_bytes(&w, client->ciphertext);
    else
        write_bytes(&w, bytes_of(encrypted, encrypt_premaster(client, encrypted)));
    write_vec_end(&w, ciphertext);
    client13_send_handshake(client, CLIENT_KEY_EXCHANGE, writer_view(&w));
}

void client12_send_key_exchange(struct client13 *client)
{
    if (client->suite->exchange == EXCHANGE_RSA)
        send_rsa(client);
    else
        send_ecdhe(client);
    derive_master(client);
}

void client12_send_verify(struct client13 *client)
{
    uint8_t signature[MAX_SIGNATURE_LEN], body[1100];
    struct writer w = writer_of(body, sizeof body);
    struct vector_mark mark;
    size_t len;

    client->log[0] ^= client->is_verify_wrong;
    must(signature_make(client->own_key, client->own_scheme->signature12, bytes_of(client->log, client->log_len),
                        test_random_source(&client->random), signature, &len));
    client->log[0] ^= client->is_verify_wrong;
    write_u16(&w, client->own_scheme->code);
    mark = write_vec16_begin(&w);
    write_bytes(&w, bytes_of(signature, len));
    write_vec_end(&w, mark);
    client13_send_handshake(client, CERTIFICATE_VERIFY, writer_view(&w));
}

/* RFC 5246 6.2.1: the cuts of records are none of the messages'. */
static void put_held_messages(struct client13 *client)
{
    for (size_t at = 0, len; at < client->held_len; at += len) {
        len = client->held_len - at < client->record_len ? client->held_len - at : client->record_len;
        client13_put_record(client, CONTENT_HANDSHAKE, bytes_of(client->held + at, len));
    }
    client->held_len = 0;
}

void client12_send_change_cipher_spec(struct client13 *client)
{
    put_held_messages(client);
    client13_put_record(client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
    must(protection12_start(&client->writing, &client->keys, PROTECTION_CLIENT, client->suite));
}

void client12_send_finished(struct client13 *client)
{
    uint8_t data[VERIFY_DATA12_LEN];

    verify_data(client, "client finished", data);
    client13_send_handshake(client, FINISHED, BYTES_OF_ARRAY(data));
}

void client12_send_second_flight(struct client13 *client)
{
    if (!client->is_resumed12) {
        client13_send_certificate(client);
        client12_send_key_exchange(client);
        if (client->is_certificate_requested && client->own_chain)
            client12_send_verify(client);
    }
    client12_send_change_cipher_spec(client);
    client12_send_finished(client);
}
