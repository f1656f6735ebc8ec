#include "base/reader.h"
#include "crypto/client_trust_types.h"
#include "crypto/der.h"
#include "crypto/fault.h"
#include "crypto/hash.h"
#include "crypto/key_der.h"
#include "crypto/mbedtls_compat.h"

/*
 * Verification of a client's chain. The library builds the path and checks the signatures; its clock, its idea of a CA
 * and its silence about name constraints are replaced by checks of our own over the DER (reliability section 4, X03 to
 * X07), which all certificates of the chain and the anchor pass.
 */

/* ---- what each certificate says of itself */

enum chain_result client_issuer_check(const struct certificate *issuer)
{
    if (!issuer->is_ca || !issuer->may_sign_certificates) /* RFC 5280 4.2.1.3, 4.2.1.9 */
        return CHAIN_NOT_A_CA;
    if (!issuer->is_for_clients && !issuer->is_for_anything) /* what an issuer is limited to limits those below it */
        return CHAIN_NOT_FOR_CLIENTS;
    return issuer->has_name_constraints ? CHAIN_NAME_CONSTRAINTS : CHAIN_OK;
}

/* SHA-256, SHA-384 and SHA-512 with RSA and ECDSA, and RSASSA-PSS, whose hash the library's profile looks at. */
static bool is_strong_signature(struct bytes oid)
{
    static const struct bytes strong[] = {
        BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
        BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
        BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
        BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
        BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
        BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x04"),
    };

    for (size_t i = 0; i < ARRAY_LEN(strong); i++)
        if (bytes_equal(oid, strong[i]))
            return true;
    return false;
}

/* RSA of 2048 to 4096 bits, P-256, P-384, P-521: looked at before any time is spent on it (CVE-2023-29409). */
enum chain_result client_strength_check(const struct certificate *certificate, bool is_anchor)
{
    struct key_material material = {.bits = 0};
    struct crypto_fault fault;

    if (!key_read_spki(certificate->spki, &material, &fault))
        return CHAIN_WEAK;
    if (material.kind == KEY_KIND_RSA && material.bits > MAX_CLIENT_RSA_BITS)
        return CHAIN_WEAK;
    return is_anchor || is_strong_signature(certificate->signature_oid) ? CHAIN_OK : CHAIN_WEAK;
}

static enum chain_result check_leaf(const struct certificate *leaf)
{
    return leaf->is_for_clients && leaf->may_sign ? CHAIN_OK : CHAIN_NOT_FOR_CLIENTS;
}

/* RFC 5280 4.2.1.9: how many intermediates that are not self-issued may stand below this one. */
static bool path_len_holds(const struct certificate *chain, size_t index, const struct certificate *issuer)
{
    unsigned below = 0;

    for (size_t i = 1; i < index; i++)
        below += !certificate_is_self_issued(&chain[i]);
    return !issuer->has_path_len || below <= issuer->path_len;
}

/* RFC 5246 7.4.2: each certificate directly certifies the one before it. No name twice, so no loops and no detours. */
static bool is_in_order(const struct certificate *chain, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!bytes_equal(chain[i - 1].issuer, chain[i].subject))
            return false;
        for (size_t j = 0; j < i; j++)
            if (bytes_equal(chain[i].subject, chain[j].subject))
                return false;
    }
    return true;
}

static enum chain_result check_words(const struct certificate *chain, size_t count)
{
    enum chain_result result = CHAIN_OK;

    for (size_t i = 0; i < count && result == CHAIN_OK; i++)
        result = client_strength_check(&chain[i], i > 0 && i == count - 1 && certificate_is_self_issued(&chain[i]));
    if (result == CHAIN_OK)
        result = check_leaf(&chain[0]);
    for (size_t i = 1; i < count && result == CHAIN_OK; i++) {
        result = client_issuer_check(&chain[i]);
        if (result == CHAIN_OK && !path_len_holds(chain, i, &chain[i]))
            result = CHAIN_NOT_A_CA;
    }
    if (result == CHAIN_OK && !is_in_order(chain, count))
        result = CHAIN_UNKNOWN_CA;
    return result;
}

/* ---- the path, as the library found it */

/* Called for each certificate of the path, the anchor first. Dates are judged by us, against the caller's clock. */
static int look_at(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct client_path *path = context;

    if (depth < 0 || (size_t)depth >= ARRAY_LEN(path->certificates))
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    path->certificates[depth] = certificate;
    if ((size_t)depth >= path->count)
        path->count = (size_t)depth + 1;
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    return 0;
}

static const mbedtls_x509_crt_profile profile = {
    CLIENT_DIGESTS,
    0xfffffff,
    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) | MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
    MIN_RSA_BITS,
};

/* Without CRLs: client_revocation.c says why. */
static enum chain_result find_path(struct client_trust *trust, mbedtls_x509_crt *chain, struct client_path *path)
{
    uint32_t flags = 0;
    int error = mbedtls_x509_crt_verify_with_profile(chain, &trust->cas, NULL, &profile, NULL, &flags, look_at, path);

    if (error == 0)
        return CHAIN_OK;
    if (error != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        return CHAIN_FAILED;
    if (flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY))
        return CHAIN_WEAK;
    return CHAIN_UNKNOWN_CA;
}

static struct client_span span_of_dates(const struct client_path *path)
{
    struct client_span span = {INT64_MIN, INT64_MAX};

    for (size_t i = 0; i < path->count; i++)
        client_span_narrow(&span, client_trust_seconds(&path->certificates[i]->valid_from),
                           client_trust_seconds(&path->certificates[i]->valid_to));
    return span;
}

static enum chain_result check_dates(const struct client_span *dates, int64_t now)
{
    if (now > dates->until)
        return CHAIN_EXPIRED;
    return now < dates->from ? CHAIN_NOT_YET_VALID : CHAIN_OK;
}

/*
 * RFC 5280 4.2.1.3: a CA MUST say in its keyUsage that it signs certificates; an anchor, which we were told to believe,
 * need not. All between leaf and anchor were sent, and in this order.
 */
static bool do_intermediates_say_so(const struct client_path *path, const struct certificate *chain)
{
    for (size_t i = 1; i + 1 < path->count; i++)
        if (!chain[i].has_key_usage)
            return false;
    return true;
}

/* The anchor may be none of the certificates the client sent: its words count too. */
static enum chain_result check_anchor(const struct client_path *path, const struct certificate *chain, size_t count)
{
    const mbedtls_x509_crt *top = path->certificates[path->count - 1];
    struct certificate anchor;
    struct crypto_fault fault;

    if (path->count < 2) /* the leaf itself is among the CAs, and is none */
        return CHAIN_NOT_A_CA;
    if (!do_intermediates_say_so(path, chain))
        return CHAIN_NOT_A_CA;
    if (!certificate_read(client_x509_bytes(&top->raw), &anchor, &fault))
        return CHAIN_MALFORMED;
    return path_len_holds(chain, path->count - 1 < count ? path->count - 1 : count, &anchor) ? CHAIN_OK
                                                                                             : CHAIN_NOT_A_CA;
}

/*
 * Whether nothing was sent beside the path. Else anybody who knows a good chain could make as many others as they like
 * by adding one more certificate, and drive the honest ones out of the cache.
 */
static bool is_all_of_path(const struct client_path *path, const struct certificate *chain, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (i >= path->count || !bytes_equal(client_x509_bytes(&path->certificates[i]->raw), chain[i].der))
            return false;
    return true;
}

static enum chain_result check_path(struct client_trust *trust, mbedtls_x509_crt *parsed,
                                    const struct certificate *chain, size_t count, int64_t now,
                                    struct client_cache_entry *entry)
{
    struct client_path path = {.count = 0};
    struct client_span dates, all;
    enum chain_result result = find_path(trust, parsed, &path);

    if (result == CHAIN_OK)
        result = check_anchor(&path, chain, count);
    if (result != CHAIN_OK)
        return result;
    dates = span_of_dates(&path);
    all = dates;
    entry->is_worth_keeping = is_all_of_path(&path, chain, count);
    result = client_revocation_check(trust, &path, now, &all);
    entry->from = all.from;
    entry->until = all.until;
    entry->identity.not_after = all.until;
    return result == CHAIN_OK ? check_dates(&dates, now) : result;
}

/* ---- all of it */

static enum chain_result parse(mbedtls_x509_crt *parsed, const struct bytes *chain, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int error = mbedtls_x509_crt_parse_der(parsed, chain[i].at, chain[i].len);
        if (error == MBEDTLS_ERR_X509_ALLOC_FAILED)
            return CHAIN_FAILED;
        if (error != 0)
            return CHAIN_MALFORMED;
    }
    return CHAIN_OK;
}

static enum chain_result verify_parsed(struct client_trust *trust, const struct bytes *ders,
                                       const struct certificate *chain, size_t count, int64_t now,
                                       struct client_cache_entry *entry)
{
    mbedtls_x509_crt parsed;
    enum chain_result result;

    mbedtls_x509_crt_init(&parsed);
    result = parse(&parsed, ders, count);
    if (result == CHAIN_OK)
        result = check_path(trust, &parsed, chain, count, now, entry);
    mbedtls_x509_crt_free(&parsed);
    return result;
}

static bool chain_digest(const struct bytes *chain, size_t count, uint8_t out[32])
{
    struct hash hash = {0};
    bool is_ok = hash_init(&hash, hash_find(HASH_SHA256));

    for (size_t i = 0; i < count && is_ok; i++) {
        uint8_t len[4];
        struct writer w = writer_of(len, sizeof len);
        write_u32(&w, (uint32_t)chain[i].len);
        is_ok = hash_update(&hash, writer_view(&w)) && hash_update(&hash, chain[i]);
    }
    is_ok = is_ok && hash_peek(&hash, out);
    hash_wipe(&hash);
    return is_ok;
}

static enum chain_result check_sizes(const struct bytes *chain, size_t count)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        len += chain[i].len;
    return count <= MAX_CLIENT_CHAIN ? len <= MAX_CLIENT_CHAIN_LEN ? CHAIN_OK : CHAIN_MALFORMED : CHAIN_TOO_LONG;
}

/* Reliability X03: the library keeps a list of them. */
static bool has_few_names(const struct certificate *certificate)
{
    struct reader r = reader_of(certificate->alt_names);
    struct der_item item;
    unsigned count = 0;

    while (count <= MAX_CLIENT_NAMES && !read_end(&r) && der_read_item(&r, &item))
        count++;
    return count <= MAX_CLIENT_NAMES;
}

static enum chain_result read_all(const struct bytes *ders, size_t count, struct certificate *chain)
{
    struct crypto_fault fault;

    for (size_t i = 0; i < count; i++)
        if (!certificate_read(ders[i], &chain[i], &fault) || !has_few_names(&chain[i]))
            return CHAIN_MALFORMED;
    return CHAIN_OK;
}

static enum chain_result verify_anew(struct client_trust *trust, const struct bytes *ders, size_t count, int64_t now,
                                     struct client_cache_entry *entry)
{
    struct certificate chain[MAX_CLIENT_CHAIN];
    enum chain_result result;

    if (read_all(ders, 1, chain) == CHAIN_OK) { /* for the log, whatever becomes of it */
        client_identity_read(&chain[0], &entry->identity);
        if (!hash_once(hash_find(HASH_SHA256), ders[0], entry->identity.fingerprint))
            return CHAIN_FAILED;
    }
    result = read_all(ders, count, chain);
    if (result == CHAIN_OK)
        result = check_words(chain, count);
    if (result == CHAIN_OK)
        result = verify_parsed(trust, ders, chain, count, now, entry);
    return result;
}

static struct public_key *leaf_key(struct bytes der)
{
    struct certificate leaf;
    struct crypto_fault fault;

    return certificate_read(der, &leaf, &fault) ? public_key_new(leaf.spki) : NULL;
}

enum chain_result client_trust_verify(struct client_trust *trust, const struct bytes *chain, size_t count, int64_t now,
                                      struct client_identity *identity, struct public_key **key)
{
    struct client_cache_entry entry = {.from = 0};
    const struct client_cache_entry *kept;
    enum chain_result result = count > 0 ? check_sizes(chain, count) : CHAIN_MALFORMED;

    *key = NULL;
    *identity = (struct client_identity){.not_after = 0};
    if (result != CHAIN_OK)
        return result;
    if (!chain_digest(chain, count, entry.digest))
        return CHAIN_FAILED;
    kept = client_cache_find(&trust->cache, entry.digest, now);
    if (!kept) {
        result = verify_anew(trust, chain, count, now, &entry);
        if (result == CHAIN_OK && entry.is_worth_keeping)
            client_cache_keep(&trust->cache, &entry);
        kept = &entry;
    }
    *identity = kept->identity;
    if (result != CHAIN_OK)
        return result;
    *key = leaf_key(chain[0]);
    return *key ? CHAIN_OK : CHAIN_FAILED;
}
