#include "tls/negotiate.h"

#include "tls/code_set.h"
#include "tls/credential.h"
#include "tls/policy_types.h"

bool negotiate_version(const struct client_hello *ch, const struct tls_policy *policy, uint16_t *version, enum why *why)
{
    (void)policy;              /* one version so far */
    *why = WHY_LEGACY_VERSION; /* RFC 8446 D.5 MUST: abort when legacy_version is 0x0300 */
    if (ch->legacy_version <= 0x0300)
        return false;
    *why = WHY_NO_COMMON_VERSION; /* RFC 8446 4.2.1 MUST: only supported_versions counts where it is present */
    if (!ch->supported_versions.at || !code_list_has(ch->supported_versions, TLS_1_3))
        return false;
    *version = TLS_1_3;
    return true;
}

/* RFC 8446 4.1.2 MUST: exactly one byte, zero. */
static bool check_compression(const struct client_hello *ch, enum why *why)
{
    static const uint8_t null_only[] = {0};

    *why = WHY_COMPRESSION;
    return bytes_equal(ch->compression_methods, BYTES_OF_ARRAY(null_only));
}

/* RFC 8446 4.2.9, 4.2.11 and 9.2: which extensions need which others. */
static bool check_presence(const struct client_hello *ch, enum why *why)
{
    *why = WHY_PSK_NOT_LAST; /* RFC 8446 4.2.11 MUST: the last extension */
    if (ch->psk_identities.at && !ch->is_psk_last)
        return false;
    *why = WHY_PSK_WITHOUT_MODES; /* RFC 8446 4.2.9 MUST: abort */
    if (ch->psk_identities.at && !ch->psk_modes.at)
        return false;
    *why = WHY_NO_SIGNATURE_ALGORITHMS; /* RFC 8446 4.2.3 MUST, 9.2 MUST: missing_extension */
    if (!ch->signature_algorithms.at)
        return false;
    *why = WHY_NO_SUPPORTED_GROUPS;
    if (!ch->supported_groups.at)
        return false;
    *why = WHY_NO_KEY_SHARE;
    return ch->key_shares.at != NULL;
}

/* The client's order within what we allow. */
static bool choose_suite(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                         enum why *why)
{
    struct reader r = reader_of(ch->cipher_suites);
    uint16_t code;

    while (code_list_next(&r, &code)) {
        for (size_t i = 0; i < policy->suite_count; i++) {
            if (policy->suites[i]->code == code) {
                out->suite = policy->suites[i];
                return true;
            }
        }
    }
    *why = WHY_NO_COMMON_SUITE;
    return false;
}

/* RFC 8446 4.2.8 MUST NOT: two shares for one group, a share for a group that supported_groups does not name. */
static bool check_key_shares(const struct client_hello *ch, enum why *why)
{
    struct code_set offered = {0}, seen = {0};
    struct reader r = reader_of(ch->supported_groups);
    struct key_share share;
    uint16_t group;

    while (code_list_next(&r, &group))
        (void)!code_set_add(&offered, group); /* naming a group twice is no offence */
    r = reader_of(ch->key_shares);
    while (key_share_next(&r, &share)) {
        *why = WHY_KEY_SHARE_UNOFFERED;
        if (!code_set_has(&offered, share.group))
            return false;
        *why = WHY_KEY_SHARE_DUPLICATE;
        if (!code_set_add(&seen, share.group))
            return false;
    }
    return true;
}

static bool find_share(const struct client_hello *ch, uint16_t group, struct bytes *share)
{
    struct reader r = reader_of(ch->key_shares);
    struct key_share next;

    while (key_share_next(&r, &next)) {
        if (next.group == group) {
            *share = next.key_exchange;
            return true;
        }
    }
    return false;
}

/* The first of ours that came with a share; only when there is none, the first of ours that a retry can bring. */
static bool choose_group(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                         enum why *why)
{
    for (size_t i = 0; i < policy->group_count; i++) {
        if (find_share(ch, policy->groups[i]->code, &out->share)) {
            out->group = policy->groups[i];
            return true;
        }
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        if (code_list_has(ch->supported_groups, policy->groups[i]->code)) {
            out->group = policy->groups[i];
            out->needs_retry = true;
            return true;
        }
    }
    *why = WHY_NO_COMMON_GROUP;
    return false;
}

static bool choose_credential(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                              enum why *why)
{
    enum sni_match match;
    bool is_found =
        credential_choose(policy, ch->server_name, ch->signature_algorithms, &out->credential, &out->scheme, &match);

    out->is_sni_used = match == SNI_MATCHED;
    *why = match == SNI_REJECTED ? WHY_SNI_UNKNOWN : WHY_NO_COMMON_SCHEME;
    return is_found;
}

/* RFC 7301 3.2: our order; no overlap is fatal. A listener without protocols ignores the extension. */
static bool choose_alpn(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                        enum why *why)
{
    if (!ch->alpn.at || policy->alpn_count == 0)
        return true;
    for (size_t i = 0; i < policy->alpn_count; i++) {
        struct reader r = reader_of(ch->alpn);
        struct bytes name;
        while (read_vec8(&r, 1, 255, &name)) {
            if (bytes_equal(name, policy->alpn[i])) {
                out->alpn = policy->alpn[i];
                return true;
            }
        }
    }
    *why = WHY_NO_COMMON_ALPN;
    return false;
}

bool negotiate13(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out, enum why *why)
{
    *out = (struct choice){0};
    return check_compression(ch, why) && check_presence(ch, why) && choose_suite(ch, policy, out, why) &&
           check_key_shares(ch, why) && choose_group(ch, policy, out, why) && choose_credential(ch, policy, out, why) &&
           choose_alpn(ch, policy, out, why);
}
