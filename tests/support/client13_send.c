#include "crypto/certificate.h"
#include "support/client13.h"
#include "support/must.h"
#include "tls/record.h"

static const struct hash_alg *hash_of(const struct client13 *client)
{
    return hash_find(client->suite->hash);
}

/* ---- the second flight and after */

struct bytes client13_make_finished(struct client13 *client)
{
    static uint8_t message[MESSAGE_HEADER_LEN + MAX_HASH_LEN];
    uint8_t digest[MAX_HASH_LEN], verify_data[MAX_HASH_LEN];
    struct writer w = writer_of(message, sizeof message);
    struct vector_mark mark;

    must(hash_peek(&client->transcript, digest));
    must(finished13_verify_data(hash_of(client), &client->client_finished_key, digest, verify_data));
    write_u8(&w, FINISHED);
    mark = write_vec24_begin(&w);
    write_bytes(&w, bytes_of(verify_data, hash_alg_len(hash_of(client))));
    write_vec_end(&w, mark);
    return writer_view(&w);
}

void client13_use_application_keys(struct client13 *client)
{
    must(protection_start(&client->writing, client->suite, &client->client_application_secret));
}

void client13_add_to_transcript(struct client13 *client, struct bytes message)
{
    must(hash_update(&client->transcript, message));
    must(client->log_len + message.len <= sizeof client->log);
    memcpy(client->log + client->log_len, message.at, message.len);
    client->log_len += message.len;
}

static bool holds_messages(const struct client13 *client)
{
    return client->is_12 && client->record_len > 0 && !client->writing.aead;
}

void client13_send_handshake(struct client13 *client, uint8_t type, struct bytes body)
{
    static uint8_t message[70000];
    struct writer w = writer_of(message, sizeof message);
    struct vector_mark mark;

    write_u8(&w, type);
    mark = write_vec24_begin(&w);
    write_bytes(&w, body);
    write_vec_end(&w, mark);
    must(writer_ok(&w));
    client13_add_to_transcript(client, writer_view(&w));
    if (!holds_messages(client)) {
        client13_put_record(client, CONTENT_HANDSHAKE, writer_view(&w));
        return;
    }
    must(client->held_len + w.len <= sizeof client->held);
    memcpy(client->held + client->held_len, message, w.len);
    client->held_len += w.len;
}

static void send_own_chain(struct client13 *client)
{
    static uint8_t body[60000];
    struct writer w = writer_of(body, sizeof body);
    struct vector_mark list, entry;
    size_t count = client->own_chain ? certificate_chain_count(client->own_chain) : 0;

    if (!client->is_12)
        write_u8(&w, 0);
    list = write_vec24_begin(&w);
    for (size_t i = 0; i < count; i++) {
        entry = write_vec24_begin(&w);
        write_bytes(&w, certificate_chain_der(client->own_chain, i));
        write_vec_end(&w, entry);
        if (!client->is_12)
            write_u16(&w, 0);
    }
    write_vec_end(&w, list);
    must(writer_ok(&w));
    client13_send_handshake(client, CERTIFICATE, writer_view(&w));
}

static void send_own_verify(struct client13 *client)
{
    uint8_t digest[MAX_HASH_LEN], input[MAX_CERTIFICATE_VERIFY_INPUT], signature[MAX_SIGNATURE_LEN], body[1100];
    struct writer w = writer_of(body, sizeof body);
    struct vector_mark mark;
    size_t input_len, len;

    must(hash_peek(&client->transcript, digest));
    must(tls_certificate_verify_input(TLS_CLIENT_CERTIFICATE_VERIFY, bytes_of(digest, hash_alg_len(hash_of(client))),
                                      input, &input_len));
    input[0] ^= client->is_verify_wrong;
    must(signature_make(client->own_key, client->own_scheme->signature, bytes_of(input, input_len),
                        test_random_source(&client->random), signature, &len));
    write_u16(&w, client->own_scheme->code);
    mark = write_vec16_begin(&w);
    write_bytes(&w, bytes_of(signature, len));
    write_vec_end(&w, mark);
    client13_send_handshake(client, CERTIFICATE_VERIFY, writer_view(&w));
}

void client13_send_certificate(struct client13 *client)
{
    if (!client->is_certificate_requested)
        return;
    send_own_chain(client);
    if (client->own_chain && !client->is_12)
        send_own_verify(client);
}

void client13_send_finished(struct client13 *client)
{
    struct bytes finished;
    uint8_t digest[MAX_HASH_LEN];

    if (client->is_12) {
        client12_send_second_flight(client);
        return;
    }
    client13_send_certificate(client);
    finished = client13_make_finished(client);
    client13_put_record(client, CONTENT_HANDSHAKE, finished);
    client13_use_application_keys(client);
    must(hash_update(&client->transcript, finished));
    must(hash_peek(&client->transcript, digest));
    must(key_schedule13_derive(&client->schedule, "res master", digest, &client->resumption_master));
}

void client13_send_text(struct client13 *client, struct bytes text)
{
    while (text.len > 0) {
        size_t len = text.len < MAX_PLAINTEXT_LEN ? text.len : MAX_PLAINTEXT_LEN;
        client13_put_record(client, CONTENT_APPLICATION_DATA, bytes_of(text.at, len));
        text = bytes_of(text.at + len, text.len - len);
    }
}

void client13_send_alert(struct client13 *client, uint8_t level, uint8_t description)
{
    uint8_t alert[] = {level, description};

    client13_put_record(client, CONTENT_ALERT, BYTES_OF_ARRAY(alert));
}

void client13_send_key_update(struct client13 *client, uint8_t request)
{
    uint8_t message[] = {KEY_UPDATE, 0, 0, 1, request};

    client13_put_record(client, CONTENT_HANDSHAKE, BYTES_OF_ARRAY(message));
    must(protection_update(&client->writing, client->suite));
}
