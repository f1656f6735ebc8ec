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

static bool has_name(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
    return bytes_equal(bytes_of(crl->issuer_raw.p, crl->issuer_raw.len),
                       bytes_of(issuer->subject_raw.p, issuer->subject_raw.len));
}

static bool is_signed_by(const mbedtls_x509_crl *crl, mbedtls_x509_crt *issuer)
{
    mbedtls_md_type_t type = crl->MBEDTLS_PRIVATE(sig_md);
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];

    return md && (MBEDTLS_X509_ID_FLAG(type) & CLIENT_DIGESTS) &&
           mbedtls_md(md, crl->tbs.p, crl->tbs.len, digest) == 0 &&
           mbedtls_pk_verify_ext(crl->MBEDTLS_PRIVATE(sig_pk), crl->MBEDTLS_PRIVATE(sig_opts), &issuer->pk, type,
                                 digest, mbedtls_md_get_size(md), crl->MBEDTLS_PRIVATE(sig).p,
                                 crl->MBEDTLS_PRIVATE(sig).len) == 0;
}

bool client_crl_is_of(const mbedtls_x509_crl *crl, mbedtls_x509_crt *issuer)
{
    return has_name(crl, issuer) && mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
           is_signed_by(crl, issuer);
}

/*
 * Fail closed: a current CRL of the issuer must be there (one without nextUpdate says nothing of today), and none of
 * its CRLs, current or not, may name the certificate: what was revoked stays so.
 */
static enum chain_result check_one(const struct client_trust *trust, const mbedtls_x509_crt *certificate,
                                   mbedtls_x509_crt *issuer, int64_t now, struct client_span *span)
{
    bool is_covered = false;

    for (const mbedtls_x509_crl *crl = &trust->crls; crl && crl->raw.p; crl = crl->next) {
        int64_t from = client_trust_seconds(&crl->this_update), until = client_trust_seconds(&crl->next_update);
        if (!client_crl_is_of(crl, issuer))
            continue;
        if (mbedtls_x509_crt_is_revoked(certificate, crl))
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

    if (trust->crl_count == 0)
        return CHAIN_OK;
    for (size_t i = 0; i + 1 < path->count && result != CHAIN_REVOKED; i++) {
        enum chain_result one = check_one(trust, path->certificates[i], path->certificates[i + 1], now, span);
        result = one == CHAIN_OK ? result : one;
    }
    return result;
}
