#include "crypto/client_trust_types.h"

#include <time.h>

#include "base/alloc.h"
#include "crypto/fault.h"
#include "crypto/hash.h"
#include "crypto/pem.h"

const char *chain_result_name(enum chain_result result)
{
    static const char *const names[CHAIN_RESULTS] = {
        [CHAIN_OK] = "ok",
        [CHAIN_MALFORMED] = "malformed",
        [CHAIN_TOO_LONG] = "too_long",
        [CHAIN_UNKNOWN_CA] = "unknown_ca",
        [CHAIN_EXPIRED] = "expired",
        [CHAIN_NOT_YET_VALID] = "not_yet_valid",
        [CHAIN_REVOKED] = "revoked",
        [CHAIN_CRL_STALE] = "crl_stale",
        [CHAIN_NOT_FOR_CLIENTS] = "not_for_clients",
        [CHAIN_NOT_A_CA] = "not_a_ca",
        [CHAIN_NAME_CONSTRAINTS] = "name_constraints_unsupported",
        [CHAIN_WEAK] = "weak",
        [CHAIN_FAILED] = "failed",
    };
    return names[result];
}

int64_t client_trust_seconds(const mbedtls_x509_time *time)
{
    struct tm tm = {.tm_year = time->year - 1900,
                    .tm_mon = time->mon - 1,
                    .tm_mday = time->day,
                    .tm_hour = time->hour,
                    .tm_min = time->min,
                    .tm_sec = time->sec};

    return time->year == 0 ? INT64_MIN : (int64_t)timegm(&tm);
}

/* ---- life */

void client_trust_free(struct client_trust *trust)
{
    if (!trust)
        return;
    mbedtls_x509_crt_free(&trust->cas);
    client_crl_free(trust->crls);
    memory_free(trust->ca_files);
    client_cache_wipe(&trust->cache);
    memory_free(trust);
}

/* Whatever the order in which they came, the sum is the same: the digests are xored, each under its kind. Each is
 * added once: two of one would cancel. */
static bool add_to_digest(struct client_trust *trust, const char *kind, struct bytes der)
{
    struct hash hash = {0};
    uint8_t digest[32];
    bool is_ok = hash_init(&hash, hash_find(HASH_SHA256)) && hash_update(&hash, bytes_of_string(kind)) &&
                 hash_update(&hash, der) && hash_peek(&hash, digest);

    hash_wipe(&hash);
    for (size_t i = 0; is_ok && i < sizeof digest; i++)
        trust->digest[i] ^= digest[i];
    return is_ok;
}

/* ---- reading */

typedef bool add_one(struct client_trust *trust, struct bytes der, unsigned line, struct crypto_fault *fault);

static bool decode_and_add(struct client_trust *trust, const struct pem_block *block, add_one *add,
                           struct crypto_fault *fault)
{
    size_t len = pem_decoded_len(block);
    uint8_t *storage = memory_new(len + 1);
    struct writer w = writer_of(storage, storage ? len : 0);
    bool is_ok;

    if (!storage)
        return fault_set(fault, "out of memory");
    is_ok = pem_decode(block, &w) ? add(trust, writer_view(&w), block->line, fault)
                                  : fault_set(fault, "the block in line %u is damaged: it is not base64", block->line);
    memory_free(storage);
    return is_ok;
}

/* Every block of this label; others are passed over. */
static bool add_blocks(struct client_trust *trust, struct bytes file, const char *label, const char *wanted,
                       add_one *add, struct crypto_fault *fault)
{
    struct pem_reader pem = pem_reader_of(file);
    struct pem_block block;
    enum pem_answer answer;
    size_t count = 0;

    fault->text[0] = 0;
    while ((answer = pem_next(&pem, &block)) == PEM_BLOCK) {
        if (!pem_label_is(&block, label))
            continue;
        count++;
        if (!decode_and_add(trust, &block, add, fault))
            return false;
    }
    if (answer == PEM_BROKEN)
        return fault_set(fault, "the PEM block in line %u does not end", block.line);
    return count > 0 || fault_not_pem(fault, file, wanted);
}

static bool has_ca(const struct client_trust *trust, struct bytes der)
{
    for (const mbedtls_x509_crt *ca = &trust->cas; ca && ca->raw.p; ca = ca->next)
        if (bytes_equal(client_x509_bytes(&ca->raw), der))
            return true;
    return false;
}

static const char *why_no_ca(const struct certificate *ca)
{
    switch (client_issuer_check(ca)) {
    case CHAIN_OK:
        break;
    case CHAIN_NAME_CONSTRAINTS:
        return "has name constraints, which sallyport does not evaluate: it cannot be trusted for clients";
    case CHAIN_NOT_FOR_CLIENTS:
        return "is a CA for other things than clients (its extendedKeyUsage says so)";
    default:
        return "is no CA (its basicConstraints or keyUsage do not make it one)";
    }
    return client_strength_check(ca, true) == CHAIN_OK ? NULL : "has a key that is too weak, too long or not supported";
}

/* Where the next CA comes from. */
static bool remember_file(struct client_trust *trust)
{
    size_t *files = memory_resize(trust->ca_files, (trust->ca_count + 1) * sizeof *files);

    if (!files)
        return false;
    trust->ca_files = files;
    files[trust->ca_count] = trust->ca_file_count;
    return true;
}

static bool add_ca(struct client_trust *trust, struct bytes der, unsigned line, struct crypto_fault *fault)
{
    struct certificate ca;
    struct crypto_fault detail = {""};
    const char *reason;

    if (!certificate_read(der, &ca, &detail))
        return fault_set(fault, "the certificate in line %u cannot be used: %s", line, detail.text);
    reason = why_no_ca(&ca);
    if (reason)
        return fault_set(fault, "the certificate in line %u %s", line, reason);
    if (has_ca(trust, der))
        return true;
    if (!remember_file(trust) || mbedtls_x509_crt_parse_der(&trust->cas, der.at, der.len) != 0)
        return fault_set(fault, "the certificate in line %u cannot be used, or memory ran out", line);
    trust->ca_count++;
    return add_to_digest(trust, "ca", der) || fault_set(fault, "the certificate in line %u cannot be hashed", line);
}

static bool has_crl(const struct client_trust *trust, struct bytes der)
{
    for (const struct client_crl *it = trust->crls; it; it = it->next)
        if (bytes_equal(client_x509_bytes(&it->crl.raw), der))
            return true;
    return false;
}

static bool add_crl(struct client_trust *trust, struct bytes der, unsigned line, struct crypto_fault *fault)
{
    struct client_crl **last = &trust->crls;

    if (has_crl(trust, der))
        return true;
    while (*last)
        last = &(*last)->next;
    *last = client_crl_new(der);
    if (!*last)
        return fault_set(fault,
                         "the CRL in line %u does not parse, has a critical extension that is not supported, or "
                         "memory ran out",
                         line);
    (*last)->file = trust->crl_file_count;
    return add_to_digest(trust, "crl", der) || fault_set(fault, "the CRL in line %u cannot be hashed", line);
}

static struct client_trust *new_empty(struct crypto_fault *fault)
{
    struct client_trust *trust = memory_new(sizeof *trust);

    if (!trust) {
        fault_set(fault, "out of memory");
        return NULL;
    }
    mbedtls_x509_crt_init(&trust->cas);
    return trust;
}

struct client_trust *client_trust_new(struct bytes ca_pem, struct crypto_fault *fault)
{
    struct client_trust *trust = new_empty(fault);

    if (trust && client_trust_add_ca(trust, ca_pem, fault))
        return trust;
    client_trust_free(trust);
    return NULL;
}

bool client_trust_add_ca(struct client_trust *trust, struct bytes ca_pem, struct crypto_fault *fault)
{
    bool is_ok = add_blocks(trust, ca_pem, "CERTIFICATE", "CA certificate", add_ca, fault);

    trust->ca_file_count++;
    client_trust_find_signers(trust);
    client_cache_wipe(&trust->cache);
    return is_ok;
}

bool client_trust_add_crl(struct client_trust *trust, struct bytes crl_pem, struct crypto_fault *fault)
{
    bool is_ok = add_blocks(trust, crl_pem, "X509 CRL", "CRL", add_crl, fault);

    trust->crl_file_count++;
    client_trust_find_signers(trust);
    client_cache_wipe(&trust->cache);
    return is_ok;
}

bool client_trust_check_crl(struct bytes crl_pem, struct crypto_fault *fault)
{
    struct client_trust *trust = new_empty(fault);
    bool is_ok = trust && client_trust_add_crl(trust, crl_pem, fault);

    client_trust_free(trust);
    return is_ok;
}

/* ---- looking at it */

const uint8_t *client_trust_digest(const struct client_trust *trust)
{
    return trust->digest;
}

uint64_t client_trust_cache_hits(const struct client_trust *trust)
{
    return trust->cache.hits;
}

bool client_trust_next_subject(const struct client_trust *trust, const void **at, struct bytes *name)
{
    const mbedtls_x509_crt *before = *at, *ca = before ? before->next : &trust->cas;

    if (!ca || !ca->raw.p)
        return false;
    *at = ca;
    *name = client_x509_bytes(&ca->subject_raw);
    return true;
}

struct review {
    struct client_trust *trust;
    int64_t now;
    void (*tell)(void *context, const struct client_trust_finding *finding);
    void *context;
};

enum { SOON = 30 * 24 * 3600, SOON_CRL = 24 * 3600 };

static void tell_name(const struct review *review, struct client_trust_finding finding, const mbedtls_x509_buf *name)
{
    struct crypto_fault text;
    char subject[MAX_NAME_TEXT_LEN];

    certificate_name_text(client_x509_bytes(name), subject);
    fault_set(&text, "%s '%.150s' %s", finding.is_of_crls ? "the CRL of" : "the CA", subject, finding.sentence);
    finding.sentence = text.text;
    review->tell(review->context, &finding);
}

static void tell_ca(const struct review *review, const mbedtls_x509_crt *ca, size_t index, const char *sentence)
{
    tell_name(review, (struct client_trust_finding){false, review->trust->ca_files[index], sentence}, &ca->subject_raw);
}

static void tell_crl(const struct review *review, const struct client_crl *crl, const char *sentence)
{
    tell_name(review, (struct client_trust_finding){true, crl->file, sentence}, &crl->crl.issuer_raw);
}

static bool has_crl_of(struct client_trust *trust, mbedtls_x509_crt *ca)
{
    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next)
        if (client_crl_is_of(crl, ca))
            return true;
    return false;
}

static void review_ca(const struct review *review, mbedtls_x509_crt *ca, size_t index)
{
    int64_t until = client_trust_seconds(&ca->valid_to);

    if (until < review->now)
        tell_ca(review, ca, index, "has expired: no client of it is believed any more");
    else if (until - review->now < SOON)
        tell_ca(review, ca, index, "expires within 30 days");
    if (review->trust->crls && !has_crl_of(review->trust, ca))
        tell_ca(review, ca, index,
                "has no CRL among those configured: no client of it is believed while there are any");
}

static bool is_good_until(const struct client_crl *crl, int64_t now, int64_t until)
{
    return client_trust_seconds(&crl->crl.this_update) <= now && client_trust_seconds(&crl->crl.next_update) >= until;
}

static bool is_ca_name(const struct client_trust *trust, const struct client_crl *crl)
{
    for (const mbedtls_x509_crt *ca = &trust->cas; ca && ca->raw.p; ca = ca->next)
        if (client_crl_has_name(crl, ca))
            return true;
    return false;
}

/* Another list by the same hand that will do. Of intermediates, which are not here, the name has to be enough. */
static bool has_better(const struct review *review, const struct client_crl *crl)
{
    for (const struct client_crl *other = review->trust->crls; other; other = other->next)
        if (other != crl && other->signer == crl->signer &&
            bytes_equal(client_x509_bytes(&other->crl.issuer_raw), client_x509_bytes(&crl->crl.issuer_raw)) &&
            is_good_until(other, review->now, review->now + SOON_CRL))
            return true;
    return false;
}

static void review_crl(const struct review *review, const struct client_crl *crl)
{
    if (!is_ca_name(review->trust, crl))
        tell_crl(review, crl, "belongs to no CA of client-ca; it counts for intermediates only");
    if (is_good_until(crl, review->now, review->now + SOON_CRL) || has_better(review, crl))
        return;
    if (client_trust_seconds(&crl->crl.this_update) > review->now)
        tell_crl(review, crl, "is not valid yet: until then no client of it is believed");
    else if (client_trust_seconds(&crl->crl.next_update) < review->now)
        tell_crl(review, crl, "is out of date: no client of it is believed any more");
    else
        tell_crl(review, crl, "is out of date within a day");
}

void client_trust_review(struct client_trust *trust, int64_t now,
                         void (*tell)(void *context, const struct client_trust_finding *finding), void *context)
{
    const struct review review = {trust, now, tell, context};
    size_t index = 0;

    for (mbedtls_x509_crt *ca = &trust->cas; ca && ca->raw.p; ca = ca->next)
        review_ca(&review, ca, index++);
    for (const struct client_crl *it = trust->crls; it; it = it->next)
        review_crl(&review, it);
}
