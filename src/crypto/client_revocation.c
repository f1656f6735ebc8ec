#include "base/alloc.h"
#include "crypto/client_trust_types.h"
#include "crypto/mbedtls_compat.h"

/*
 * Revocation (RFC 5280 6.3.3). The library reads the CRLs; who they are of and what they say is judged here: it gives
 * up at the first CRL of an issuer's name that the issuer's key did not sign, and so would refuse every client of a CA
 * that changed its key while both keys are in use.
 */

void client_span_narrow(struct client_span *span, int64_t from, int64_t until)
{
    span->from = from > span->from ? from : span->from;
    span->until = until < span->until ? until : span->until;
}

/* ---- a CRL */

static void hash_signed_part(struct client_crl *crl)
{
    mbedtls_md_type_t type = crl->crl.MBEDTLS_PRIVATE(sig_md);
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);

    if (md && (MBEDTLS_X509_ID_FLAG(type) & CLIENT_DIGESTS) &&
        mbedtls_md(md, crl->crl.tbs.p, crl->crl.tbs.len, crl->digest) == 0)
        crl->digest_len = mbedtls_md_get_size(md);
}

struct client_crl *client_crl_new(struct bytes der)
{
    struct client_crl *crl = memory_new(sizeof *crl);

    if (!crl)
        return NULL;
    mbedtls_x509_crl_init(&crl->crl);
    if (mbedtls_x509_crl_parse_der(&crl->crl, der.at, der.len) == 0) {
        hash_signed_part(crl);
        return crl;
    }
    client_crl_free(crl);
    return NULL;
}

void client_crl_free(struct client_crl *crl)
{
    while (crl) {
        struct client_crl *next = crl->next;
        mbedtls_x509_crl_free(&crl->crl);
        memory_free(crl);
        crl = next;
    }
}

static bool has_name(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
    return bytes_equal(bytes_of(crl->issuer_raw.p, crl->issuer_raw.len),
                       bytes_of(issuer->subject_raw.p, issuer->subject_raw.len));
}

static bool is_signed_by(const struct client_crl *crl, mbedtls_x509_crt *issuer)
{
    const mbedtls_x509_crl *it = &crl->crl;

    return crl->digest_len > 0 &&
           mbedtls_pk_verify_ext(it->MBEDTLS_PRIVATE(sig_pk), it->MBEDTLS_PRIVATE(sig_opts), &issuer->pk,
                                 it->MBEDTLS_PRIVATE(sig_md), crl->digest, crl->digest_len, it->MBEDTLS_PRIVATE(sig).p,
                                 it->MBEDTLS_PRIVATE(sig).len) == 0;
}

bool client_crl_is_of(const struct client_crl *crl, mbedtls_x509_crt *issuer)
{
    return has_name(&crl->crl, issuer) && mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
           is_signed_by(crl, issuer);
}

/* ---- a path */

/*
 * Fail closed: a current CRL of the issuer must be there (one without nextUpdate says nothing of today), and none of
 * its CRLs, current or not, may name the certificate: what was revoked stays so.
 */
static enum chain_result check_one(const struct client_trust *trust, const mbedtls_x509_crt *certificate,
                                   mbedtls_x509_crt *issuer, int64_t now, struct client_span *span)
{
    bool is_covered = false;

    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next) {
        int64_t from = client_trust_seconds(&crl->crl.this_update);
        int64_t until = client_trust_seconds(&crl->crl.next_update);

        if (!client_crl_is_of(crl, issuer))
            continue;
        if (mbedtls_x509_crt_is_revoked(certificate, &crl->crl))
            return CHAIN_REVOKED;
        if (from > now || now > until)
            continue;
        client_span_narrow(span, from, until);
        is_covered = true;
    }
    return is_covered ? CHAIN_OK : CHAIN_CRL_STALE;
}

enum chain_result client_revocation_check(const struct client_trust *trust, const struct client_path *path, int64_t now,
                                          struct client_span *span)
{
    enum chain_result result = CHAIN_OK;

    if (!trust->crls)
        return CHAIN_OK;
    for (size_t i = 0; i + 1 < path->count && result != CHAIN_REVOKED; i++) {
        enum chain_result one = check_one(trust, path->certificates[i], path->certificates[i + 1], now, span);
        result = one == CHAIN_OK ? result : one;
    }
    return result;
}
