#include "tls/client_certificate.h"

#include "base/spare.h"
#include "base/reader.h"
#include "tls/credential.h"
#include "tls/policy_types.h"

/* ---- the chain */

void client_chain_add(struct client_chain *chain, struct bytes certificate)
{
    if (chain->count < ARRAY_LEN(chain->certificates))
        chain->certificates[chain->count++] = certificate;
}

/* RFC 8446 6.2: the alerts for certificates, as far as they tell apart what we tell apart. */
static enum why why_of(enum chain_result result)
{
    static const enum why whys[CHAIN_RESULTS] = {
        [CHAIN_MALFORMED] = WHY_CLIENT_CERTIFICATE_BAD,
        [CHAIN_TOO_LONG] = WHY_CLIENT_CERTIFICATE_BAD,
        [CHAIN_UNKNOWN_CA] = WHY_CLIENT_CERTIFICATE_UNKNOWN_CA,
        [CHAIN_EXPIRED] = WHY_CLIENT_CERTIFICATE_EXPIRED,
        [CHAIN_NOT_YET_VALID] = WHY_CLIENT_CERTIFICATE_EXPIRED,
        [CHAIN_REVOKED] = WHY_CLIENT_CERTIFICATE_REVOKED,
        [CHAIN_CRL_STALE] = WHY_CLIENT_CERTIFICATE_CRL_STALE,
        [CHAIN_NOT_FOR_CLIENTS] = WHY_CLIENT_CERTIFICATE_UNSUPPORTED,
        [CHAIN_NOT_A_CA] = WHY_CLIENT_CERTIFICATE_UNSUPPORTED,
        [CHAIN_NAME_CONSTRAINTS] = WHY_CLIENT_CERTIFICATE_UNSUPPORTED,
        [CHAIN_WEAK] = WHY_CLIENT_CERTIFICATE_UNSUPPORTED,
        [CHAIN_FAILED] = WHY_CRYPTO,
    };
    return whys[result];
}

static bool accept_none(struct tls *tls)
{
    if (tls->policy->client_certificate == TLS_CLIENT_CERTIFICATE_OPTIONAL)
        return true;
    return tls_fail(tls, tls->outcome.version == TLS_1_3 ? WHY_CLIENT_CERTIFICATE_MISSING
                                                         : WHY_CLIENT_CERTIFICATE_MISSING_12);
}

bool client_chain_verify(struct tls *tls, const struct client_chain *chain)
{
    const struct tls_policy *policy = tls->policy;
    enum chain_result result;

    if (chain->count == 0)
        return accept_none(tls);
    if (!policy->client_trust || !policy->time || tls->client)
        return tls_fail(tls, WHY_INTERNAL); /* asked without a trust, or of somebody who is known already */
    tls->client = spare_take(sizeof *tls->client);
    if (!tls->client)
        return tls_fail(tls, WHY_NO_MEMORY);
    tls->outcome.client = tls->client; /* for the log, also when it is refused */
    result = client_trust_verify(policy->client_trust, chain->certificates, chain->count,
                                 policy->time(policy->now_context), tls->client, &tls->handshake->client_key);
    tls->outcome.client_result = (uint8_t)result;
    return result == CHAIN_OK || tls_fail(tls, why_of(result));
}

/* ---- the proof */

/* One that we named in CertificateRequest and that fits the key. */
static const struct tls_signature_scheme *find_scheme(const struct tls *tls, uint16_t code)
{
    const struct tls_policy *policy = tls->policy;

    for (size_t i = 0; i < policy->client_scheme_count; i++)
        if (policy->client_schemes[i]->code == code &&
            scheme_signature(policy->client_schemes[i], tls->outcome.version) != SIGNATURE_IDS)
            return policy->client_schemes[i];
    return NULL;
}

/* struct CertificateVerify of RFC 8446 4.4.3 and RFC 5246 7.4.8: algorithm, signature<0..2^16-1>. */
bool client_certificate_verify(struct tls *tls, struct reader *body, struct bytes input)
{
    const struct public_key *key = tls->handshake->client_key;
    const struct tls_signature_scheme *scheme;
    enum signature_id id;
    struct bytes signature;
    uint16_t code;

    if (!read_u16(body, &code) || !read_vec16(body, 0, UINT16_MAX, &signature) || !read_end(body))
        return tls_fail(tls, WHY_CERTIFICATE_VERIFY_MALFORMED);
    scheme = find_scheme(tls, code);
    /* RFC 8446 4.4.3 MUST, RFC 5246 7.4.8 MUST: one of our list that fits the key; else illegal_parameter. */
    if (!scheme)
        return tls_fail(tls, WHY_CERTIFICATE_VERIFY_SCHEME);
    id = scheme_signature(scheme, tls->outcome.version);
    if (!signature_fits_key(id, public_key_kind(key), public_key_bits(key)))
        return tls_fail(tls, WHY_CERTIFICATE_VERIFY_SCHEME);
    switch (signature_check(key, id, input, signature)) {
    case CRYPTO_OK:
        return true;
    case CRYPTO_BAD_INPUT:
        return tls_fail(tls, WHY_CERTIFICATE_VERIFY_SIGNATURE); /* RFC 8446 4.4.3 MUST: decrypt_error */
    case CRYPTO_FAILED:
        break;
    }
    return tls_fail(tls, WHY_CRYPTO);
}

/* ---- the request */

void client_certificate_write_schemes(struct writer *w, const struct tls_policy *policy, uint16_t version)
{
    struct vector_mark list = write_vec16_begin(w);

    for (size_t i = 0; i < policy->client_scheme_count; i++)
        if (scheme_signature(policy->client_schemes[i], version) != SIGNATURE_IDS)
            write_u16(w, policy->client_schemes[i]->code);
    write_vec_end(w, list);
}

/* A hint for the client, not a rule for us: a list that would fill the flight is cut. */
enum { MAX_AUTHORITIES_LEN = 8 * 1024 };

struct walk {
    const void *at;
    size_t len; /* of the names so far, with their lengths */
};

/* The next name that still fits. */
static bool next_authority(const struct tls_policy *policy, struct walk *walk, struct bytes *name)
{
    while (policy->client_trust && client_trust_next_subject(policy->client_trust, &walk->at, name)) {
        if (walk->len + 2 + name->len > MAX_AUTHORITIES_LEN)
            continue;
        walk->len += 2 + name->len;
        return true;
    }
    return false;
}

bool client_certificate_has_authorities(const struct tls_policy *policy)
{
    struct walk walk = {0};
    struct bytes name;

    return next_authority(policy, &walk, &name);
}

size_t client_certificate_authorities_len(const struct tls_policy *policy)
{
    struct walk walk = {0};
    struct bytes name;

    while (next_authority(policy, &walk, &name))
        ;
    return walk.len;
}

void client_certificate_write_authorities(struct writer *w, const struct tls_policy *policy)
{
    struct vector_mark list = write_vec16_begin(w), mark;
    struct walk walk = {0};
    struct bytes name;

    while (next_authority(policy, &walk, &name)) {
        mark = write_vec16_begin(w);
        write_bytes(w, name);
        write_vec_end(w, mark);
    }
    write_vec_end(w, list);
}
