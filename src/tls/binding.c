#include "tls/binding.h"

#include "base/writer.h"

static bool add_u32(struct hash *hash, uint32_t value)
{
    uint8_t bytes[4];
    struct writer w = writer_of(bytes, sizeof bytes);

    write_u32(&w, value);
    return hash_update(hash, writer_view(&w));
}

/* With its length, so that two fields never read like another two. */
static bool add_field(struct hash *hash, struct bytes field)
{
    return add_u32(hash, (uint32_t)field.len) && hash_update(hash, field);
}

bool binding_context(struct bytes listener, const struct tls_policy *policy, uint8_t out[32])
{
    static const uint8_t no_trust[32];
    const uint8_t *trust = policy->client_trust ? client_trust_digest(policy->client_trust) : no_trust;
    struct hash hash = {0};
    bool is_ok = hash_init(&hash, hash_find(HASH_SHA256)) && add_field(&hash, listener) &&
                 add_u32(&hash, policy->client_certificate) && add_field(&hash, bytes_of(trust, 32)) &&
                 hash_peek(&hash, out);

    hash_wipe(&hash);
    return is_ok;
}

/*
 * RFC 8446 4.2.11, RFC 6066 3 MUST NOT: a session is not resumed under another name than it began with. RFC 4343:
 * whatever its case.
 */
bool binding_of(const struct tls_policy *policy, uint16_t version, struct bytes sni, uint8_t out[32])
{
    struct hash hash = {0};
    uint8_t lower[253];
    bool is_ok;

    for (size_t i = 0; i < sni.len && i < sizeof lower; i++)
        lower[i] = (uint8_t)(sni.at[i] >= 'A' && sni.at[i] <= 'Z' ? sni.at[i] - 'A' + 'a' : sni.at[i]);
    is_ok = hash_init(&hash, hash_find(HASH_SHA256)) && add_field(&hash, BYTES_OF_ARRAY(policy->resumption_context)) &&
            add_u32(&hash, version) && add_field(&hash, bytes_of(lower, sni.len)) && hash_peek(&hash, out);
    hash_wipe(&hash);
    return is_ok;
}
