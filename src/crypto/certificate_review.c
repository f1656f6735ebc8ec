#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "crypto/certificate_chain.h"
#include "crypto/provider.h"
#include "crypto/der.h"

enum { DAY = 24 * 3600, SOON_DAYS = 30 };

/* One review: its chain, and where the sentences go. Certificates are counted from 1 in the sentences. */
struct review {
    const struct certificate_chain *chain;
    certificate_tell *tell;
    void *context;
};

static void say(const struct review *review, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(const struct review *review, const char *format, ...)
{
    char sentence[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    review->tell(review->context, sentence);
}

struct name_text {
    char text[MAX_NAME_TEXT_LEN];
};

static struct name_text subject_of(const struct certificate *certificate)
{
    struct name_text name;

    certificate_name_text(certificate->subject, name.text);
    return name;
}

static struct name_text date_of(int64_t seconds)
{
    struct name_text date = {"an unknown date"};
    time_t when = (time_t)seconds;
    struct tm utc;

    if (gmtime_r(&when, &utc))
        strftime(date.text, sizeof date.text, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return date;
}

static void review_dates(const struct review *review, size_t index, int64_t now)
{
    const struct certificate *certificate = &review->chain->certificates[index];
    struct name_text subject = subject_of(certificate);

    if (now > certificate->not_after)
        say(review, "certificate %zu (%s) expired on %s", index + 1, subject.text,
            date_of(certificate->not_after).text);
    else if (now < certificate->not_before)
        say(review, "certificate %zu (%s) is not valid before %s", index + 1, subject.text,
            date_of(certificate->not_before).text);
    else if (certificate->not_after - now < (int64_t)SOON_DAYS * DAY)
        say(review, "certificate %zu (%s) expires in %" PRId64 " days, on %s", index + 1, subject.text,
            (certificate->not_after - now) / DAY, date_of(certificate->not_after).text);
}

static void review_leaf(const struct review *review)
{
    const struct certificate *leaf = &review->chain->certificates[0];
    size_t name_count = review->chain->name_count;

    if (!leaf->alt_names.at)
        say(review, "the certificate has no subjectAltName: clients of today take no name from its subject");
    else if (name_count == 0)
        say(review, "the subjectAltName of the certificate has no host name");
    if (!leaf->is_for_servers)
        say(review, "the extended key usage of the certificate does not allow servers (no serverAuth)");
    if (!leaf->may_sign)
        say(review, "the key usage of the certificate does not allow signatures, which TLS 1.3 needs");
}

/* dNSNames that certificate_host_name() refused: told, because the operator believes to be served under them. */
static void review_names(const struct review *review)
{
    const struct certificate *leaf = &review->chain->certificates[0];
    struct reader alt_names = reader_of(leaf->alt_names);
    uint8_t storage[256];
    struct bytes name;

    while (leaf->alt_names.at && certificate_next_dns_name(&alt_names, &name)) {
        struct writer text = writer_of(storage, sizeof storage);
        if (!certificate_host_name(name, &text)) {
            say(review, "a name in the certificate's subjectAltName is no host name and is passed over");
            return;
        }
    }
}

static void review_signature(const struct review *review, size_t index)
{
    const struct certificate *certificate = &review->chain->certificates[index];
    const char *hash;

    /* Nobody checks the signature that a certificate makes of itself. */
    if (!certificate_is_self_issued(certificate) && certificate_signed_with_weak_hash(certificate, &hash))
        say(review, "certificate %zu (%s) is signed with %s, which clients refuse", index + 1,
            subject_of(certificate).text, hash);
}

static bool has_issued(const struct certificate *issuer, const struct certificate *subject)
{
    return issuer != subject && bytes_equal(issuer->subject, subject->issuer);
}

/* Whether `certificate` issued another one of the chain, and which. */
static bool issued_some(const struct review *review, const struct certificate *certificate, size_t *which)
{
    for (size_t i = 0; i < review->chain->count; i++) {
        if (has_issued(certificate, &review->chain->certificates[i])) {
            *which = i;
            return true;
        }
    }
    return false;
}

/* The name fits; does the key? A new CA key under the old name is a common accident. */
static void review_issuer_key(const struct review *review, size_t index)
{
    const struct certificate *issuer = &review->chain->certificates[index];
    const struct certificate *issued = &review->chain->certificates[index - 1];

    if (provider_mbedtls.check_issued(issuer->spki, issued->signature_oid, issued->signed_part, issued->signature) ==
        CRYPTO_BAD_INPUT)
        say(review,
            "certificate %zu (%s) has the right name but the wrong key: the signature of certificate %zu does not fit",
            index + 1, subject_of(issuer).text, index);
}

/* Certificate `index`, one behind the leaf: did it issue the one before it? */
static void review_place(const struct review *review, size_t index)
{
    const struct certificate *certificate = &review->chain->certificates[index];
    struct name_text subject = subject_of(certificate);
    size_t other;

    if (has_issued(certificate, &review->chain->certificates[index - 1])) {
        review_issuer_key(review, index);
        if (certificate_is_self_issued(certificate))
            say(review, "certificate %zu (%s) is a root: clients have it or do not trust it, it is sent for nothing",
                index + 1, subject.text);
    } else if (issued_some(review, certificate, &other)) {
        say(review, "the certificates are out of order: certificate %zu (%s) belongs right behind certificate %zu",
            index + 1, subject.text, other + 1);
    } else {
        say(review, "certificate %zu (%s) does not belong to the chain: it issued none of the others", index + 1,
            subject.text);
    }
    if (!certificate->is_ca || !certificate->may_sign_certificates)
        say(review, "certificate %zu (%s) is not one of a CA: clients refuse what it issued", index + 1, subject.text);
}

static void review_order(const struct review *review)
{
    const struct certificate_chain *chain = review->chain;
    size_t other;

    if (chain->count == 1 && !certificate_is_self_issued(&chain->certificates[0]))
        say(review,
            "the file has only the server's certificate: clients that do not know its issuer (%s) will refuse "
            "it, so append the intermediate certificates",
            chain->issuer);
    if (issued_some(review, &chain->certificates[0], &other)) {
        say(review,
            "the certificates are out of order: certificate 1 (%s) issued certificate %zu, but the server's own comes "
            "first",
            chain->subject, other + 1);
        return;
    }
    for (size_t i = 1; i < chain->count; i++)
        review_place(review, i);
}

void certificate_chain_review(const struct certificate_chain *chain, int64_t now, certificate_tell *tell, void *context)
{
    struct review review = {chain, tell, context};
    size_t other;

    for (size_t i = 0; i < chain->count; i++) {
        review_dates(&review, i, now);
        review_signature(&review, i);
    }
    if (!issued_some(&review, &chain->certificates[0], &other)) { /* else it is no leaf: that is told instead */
        review_leaf(&review);
        review_names(&review);
    }
    review_order(&review);
}
