#include "tls/client_hello.h"

#include "base/writer.h"
#include "crypto/hash.h"
#include "tls/extensions.h"
#include "tls/iana.h"

bool code_list_next(struct reader *list, uint16_t *code)
{
    return read_u16(list, code);
}

bool code_list_has(struct bytes list, uint16_t code)
{
    struct reader r = reader_of(list);
    uint16_t next;

    while (code_list_next(&r, &next))
        if (next == code)
            return true;
    return false;
}

bool key_share_next(struct reader *list, struct key_share *out)
{
    return read_u16(list, &out->group) && read_vec16(list, 1, UINT16_MAX, &out->key_exchange);
}

bool psk_identity_next(struct reader *list, struct psk_identity *out)
{
    return read_vec16(list, 1, UINT16_MAX, &out->identity) && read_u32(list, &out->obfuscated_ticket_age);
}

size_t client_hello_len_without_binders(const struct client_hello *ch, size_t len)
{
    return len - (2 + ch->psk_binders.len);
}

/*
 * struct ClientHello of RFC 8446 4.1.2. A hello of TLS 1.2 and older may end before the extensions (RFC 5246
 * 7.4.1.2), so their absence is no error of syntax.
 */
static bool parse_fields(struct reader *r, struct client_hello *ch)
{
    return read_u16(r, &ch->legacy_version) && read_bytes(r, 32, &ch->random) && read_vec8(r, 0, 32, &ch->session_id) &&
           read_vec16(r, 2, 0xfffe, &ch->cipher_suites) && ch->cipher_suites.len % 2 == 0 &&
           read_vec8(r, 1, 255, &ch->compression_methods) &&
           (read_end(r) || read_vec16(r, 0, UINT16_MAX, &ch->extensions));
}

bool client_hello_parse(struct reader *body, struct client_hello *out, enum why *why)
{
    *out = (struct client_hello){0};
    *why = WHY_CLIENT_HELLO_MALFORMED;
    if (!parse_fields(body, out))
        return false;
    *why = WHY_TRAILING_BYTES;
    if (!read_end(body))
        return false;
    return extensions_parse(out->extensions, out, why);
}

/*
 * RFC 8446 4.1.2: what a client may change after a HelloRetryRequest. RFC 9849 6.1.5 adds its own extension, which a
 * client seals anew for every hello; we do not read it. A cookie may come only when one was given, and we give none.
 */
static bool may_change(uint16_t type)
{
    return type == EXTENSION_KEY_SHARE || type == EXTENSION_EARLY_DATA || type == EXTENSION_PRE_SHARED_KEY ||
           type == EXTENSION_PADDING || type == EXTENSION_ENCRYPTED_CLIENT_HELLO;
}

static bool add_vector(struct hash *hash, uint16_t type, struct bytes data)
{
    uint8_t prefix[6];
    struct writer w = writer_of(prefix, sizeof prefix);

    write_u16(&w, type);
    write_u32(&w, (uint32_t)data.len);
    return writer_ok(&w) && hash_update(hash, writer_view(&w)) && hash_update(hash, data);
}

static bool add_fields(struct hash *hash, const struct client_hello *ch)
{
    return add_vector(hash, ch->legacy_version, ch->random) && add_vector(hash, 0, ch->session_id) &&
           add_vector(hash, 0, ch->cipher_suites) && add_vector(hash, 0, ch->compression_methods);
}

static bool add_frozen_extensions(struct hash *hash, const struct client_hello *ch)
{
    struct reader r = reader_of(ch->extensions);
    struct extension extension;

    while (extension_next(&r, &extension))
        if (!may_change(extension.type) && !add_vector(hash, extension.type, extension.data))
            return false;
    return true;
}

bool client_hello_frozen_digest(const struct client_hello *ch, uint8_t out[32])
{
    struct hash hash = {0};
    bool is_ok = hash_init(&hash, hash_find(HASH_SHA256)) && add_fields(&hash, ch) &&
                 add_frozen_extensions(&hash, ch) && hash_peek(&hash, out);

    hash_wipe(&hash);
    return is_ok;
}
