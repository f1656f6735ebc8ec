#include "support/client13.h"
#include "support/must.h"

static void write_codes(struct writer *w, const uint16_t *codes)
{
    for (; *codes; codes++)
        write_u16(w, *codes);
}

static struct vector_mark begin_extension(struct writer *w, uint16_t type)
{
    write_u16(w, type);
    return write_vec16_begin(w);
}

static void write_code_extension(struct writer *w, uint16_t type, const uint16_t *codes)
{
    struct vector_mark extension = begin_extension(w, type), list = write_vec16_begin(w);

    write_codes(w, codes);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void write_versions(struct writer *w, const struct client13_hello *hello)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_SUPPORTED_VERSIONS), list = write_vec8_begin(w);

    write_codes(w, hello->versions);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void write_server_name(struct writer *w, const char *name)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_SERVER_NAME), list = write_vec16_begin(w), host;

    write_u8(w, 0);
    host = write_vec16_begin(w);
    write_bytes(w, bytes_of_string(name));
    write_vec_end(w, host);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void write_alpn(struct writer *w, const char *names)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_ALPN), list = write_vec16_begin(w), name;

    while (*names) {
        size_t len = strcspn(names, ",");
        name = write_vec8_begin(w);
        write_bytes(w, bytes_of(names, len));
        write_vec_end(w, name);
        names += len + (names[len] == ',');
    }
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void write_key_share(struct writer *w, struct client13 *client)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_KEY_SHARE), list = write_vec16_begin(w), share;

    client->share_count = 0;
    for (const uint16_t *code = client->hello.share_groups; *code; code++) {
        const struct tls_group *group = tls_group_find(*code);
        const struct key_exchange_alg *alg = group ? key_exchange_find(group->key_exchange) : NULL;
        uint8_t *at;

        write_u16(w, *code);
        share = write_vec16_begin(w);
        if (!alg) { /* a group of nobody: some bytes */
            write_u32(w, 0x01020304);
        } else {
            at = write_space(w, key_exchange_client_len(alg));
            must(at && key_exchange_client_start(&client->shares[client->share_count++], alg,
                                                 test_random_source(&client->random), at));
        }
        write_vec_end(w, share);
    }
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void write_psk(struct writer *w)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_PRE_SHARED_KEY), list, entry;

    list = write_vec16_begin(w);
    entry = write_vec16_begin(w);
    write_bytes(w, BYTES_OF_LITERAL("a ticket of somebody else"));
    write_vec_end(w, entry);
    write_u32(w, 7);
    write_vec_end(w, list);
    list = write_vec16_begin(w);
    entry = write_vec8_begin(w);
    write_bytes(w, BYTES_OF_LITERAL("0123456789abcdef0123456789abcdef"));
    write_vec_end(w, entry);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

/* RFC 8446 4.2.11: one identity, and room for its binder, which sign_binder() fills in. */
static void write_ticket_psk(struct writer *w, const struct ticket13 *ticket)
{
    struct vector_mark extension = begin_extension(w, EXTENSION_PRE_SHARED_KEY), list, entry;
    uint8_t *binder;

    list = write_vec16_begin(w);
    entry = write_vec16_begin(w);
    write_bytes(w, bytes_of(ticket->bytes, ticket->len));
    write_vec_end(w, entry);
    write_u32(w, 7);
    write_vec_end(w, list);
    list = write_vec16_begin(w);
    entry = write_vec8_begin(w);
    binder = write_space(w, ticket->secret.len);
    must(binder != NULL);
    memset(binder, 0, ticket->secret.len);
    write_vec_end(w, entry);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

static void sign_binder(const struct client13 *client, uint8_t *message, size_t len)
{
    const struct ticket13 *ticket = client->hello.ticket;
    const struct hash_alg *alg = hash_find(tls_suite_find(ticket->suite)->hash);
    size_t binders_len = 2 + 1 + hash_alg_len(alg);
    uint8_t digest[MAX_HASH_LEN], *binder = message + len - hash_alg_len(alg);
    struct hash hash;

    if (client->is_retried)
        must(hash_clone(&hash, &client->transcript));
    else
        must(hash_init(&hash, alg));
    must(hash_update(&hash, bytes_of(message, len - binders_len)));
    must(hash_peek(&hash, digest));
    must(psk_binder13(alg, &ticket->secret, digest, binder));
    hash_wipe(&hash);
    binder[0] ^= client->hello.is_binder_wrong;
}

static void write_extensions12(struct writer *w, const struct client13_hello *hello)
{
    struct vector_mark mark;

    if (hello->has_extended_master_secret) {
        write_u16(w, EXTENSION_EXTENDED_MASTER_SECRET);
        write_u16(w, 0);
    }
    if (hello->has_session_ticket) {
        mark = begin_extension(w, EXTENSION_SESSION_TICKET);
        if (hello->ticket && hello->ticket->version == TLS_1_2)
            write_bytes(w, bytes_of(hello->ticket->bytes, hello->ticket->len));
        write_vec_end(w, mark);
    }
}

static void write_small_extensions(struct writer *w, const struct client13_hello *hello)
{
    struct vector_mark mark;

    if (hello->has_early_data) {
        write_u16(w, EXTENSION_EARLY_DATA);
        write_u16(w, 0);
    }
    if (hello->has_cookie) {
        mark = begin_extension(w, EXTENSION_COOKIE);
        write_u16(w, 3);
        write_bytes(w, BYTES_OF_LITERAL("yum"));
        write_vec_end(w, mark);
    }
    if (!(hello->omit & OMIT_PSK_MODES)) {
        mark = begin_extension(w, EXTENSION_PSK_KEY_EXCHANGE_MODES);
        write_u16(w, 0x0101); /* one mode: psk_dhe_ke */
        write_vec_end(w, mark);
    }
}

static void write_extensions(struct writer *w, struct client13 *client)
{
    const struct client13_hello *hello = &client->hello;
    struct vector_mark mark = write_vec16_begin(w);

    if (hello->sni)
        write_server_name(w, hello->sni);
    if (!(hello->omit & OMIT_SUPPORTED_VERSIONS))
        write_versions(w, hello);
    if (!(hello->omit & OMIT_GROUPS))
        write_code_extension(w, EXTENSION_SUPPORTED_GROUPS, hello->groups);
    if (!(hello->omit & OMIT_SCHEMES))
        write_code_extension(w, EXTENSION_SIGNATURE_ALGORITHMS, hello->schemes);
    if (!(hello->omit & OMIT_KEY_SHARE))
        write_key_share(w, client);
    if (hello->alpn)
        write_alpn(w, hello->alpn);
    write_small_extensions(w, hello);
    write_extensions12(w, hello);
    write_bytes(w, hello->extra);
    if (hello->has_psk)
        write_psk(w);
    if (hello->ticket && hello->ticket->version == TLS_1_3)
        write_ticket_psk(w, hello->ticket);
    write_bytes(w, hello->after);
    write_vec_end(w, mark);
}

struct bytes client13_make_hello(struct client13 *client)
{
    static uint8_t message[70000];
    const struct client13_hello *hello = &client->hello;
    struct writer w = writer_of(message, sizeof message);
    struct vector_mark body, mark;

    write_u8(&w, CLIENT_HELLO);
    body = write_vec24_begin(&w);
    write_u16(&w, hello->legacy_version);
    write_bytes(&w, bytes_of(client->client_random, 32));
    mark = write_vec8_begin(&w);
    write_bytes(&w, bytes_of(client->session_id, hello->session_id_len));
    write_vec_end(&w, mark);
    mark = write_vec16_begin(&w);
    write_codes(&w, hello->suites);
    write_vec_end(&w, mark);
    mark = write_vec8_begin(&w);
    write_bytes(&w, hello->compression_methods);
    write_vec_end(&w, mark);
    if (!(hello->omit & OMIT_EXTENSIONS))
        write_extensions(&w, client);
    write_vec_end(&w, body);
    must(writer_ok(&w));
    if (hello->ticket && hello->ticket->version == TLS_1_3 && hello->after.len == 0)
        sign_binder(client, message, w.len);
    if (client->is_retried) {
        must(hash_update(&client->transcript, writer_view(&w)));
    } else if (w.len <= sizeof client->first_hello) {
        memcpy(client->first_hello, message, w.len);
        client->first_hello_len = w.len;
    }
    return writer_view(&w);
}

void client13_send_hello(struct client13 *client)
{
    client13_put_plain_record(client, CONTENT_HANDSHAKE, client13_make_hello(client));
}
