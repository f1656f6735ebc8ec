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

bool client_crl_has_name(const struct client_crl *crl, const mbedtls_x509_crt *issuer)
{
    return bytes_equal(client_x509_bytes(&crl->crl.issuer_raw), client_x509_bytes(&issuer->subject_raw));
}

static bool is_signed_by(const struct client_crl *crl, mbedtls_x509_crt *issuer)
{
    const mbedtls_x509_crl *it = &crl->crl;

    return crl->digest_len > 0 &&
           mbedtls_pk_verify_ext(it->MBEDTLS_PRIVATE(sig_pk), it->MBEDTLS_PRIVATE(sig_opts), &issuer->pk,
                                 it->MBEDTLS_PRIVATE(sig_md), crl->digest, crl->digest_len, it->MBEDTLS_PRIVATE(sig).p,
                                 it->MBEDTLS_PRIVATE(sig).len) == 0;
}

static bool has_key_of(const mbedtls_x509_crt *one, const mbedtls_x509_crt *other)
{
    return bytes_equal(client_x509_bytes(&one->pk_raw), client_x509_bytes(&other->pk_raw));
}

bool client_crl_is_of(const struct client_crl *crl, mbedtls_x509_crt *issuer)
{
    return client_crl_has_name(crl, issuer) &&
           mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
           (crl->signer ? has_key_of(crl->signer, issuer) : is_signed_by(crl, issuer));
}

void client_trust_find_signers(struct client_trust *trust)
{
    for (struct client_crl *crl = trust->crls; crl; crl = crl->next)
        for (mbedtls_x509_crt *ca = &trust->cas; ca && ca->raw.p && !crl->signer; ca = ca->next)
            if (client_crl_is_of(crl, ca))
                crl->signer = ca;
}

/* The last of those that the CA signed; 0: none names an end, so none is ever current. */
static int64_t last_crl_of(const struct client_trust *trust, const mbedtls_x509_crt *ca)
{
    int64_t last = 0;

    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next) {
        int64_t until = client_trust_seconds(&crl->crl.next_update);
        if (crl->signer == ca && until > last)
            last = until;
    }
    return last;
}

bool client_trust_crl_end(const struct client_trust *trust, int64_t *end)
{
    *end = INT64_MAX;
    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next) {
        int64_t until = crl->signer ? last_crl_of(trust, crl->signer) : INT64_MAX;
        if (until < *end)
            *end = until;
    }
    return *end != INT64_MAX;
}

/* ---- a path */

/*
 * RFC 5280 6.3.3: whoever revoked it under the issuer's name counts, also a CA of ours with another key, and however
 * old the list: what was revoked stays so. A CA that changed its key revokes with the new one what it issued with the
 * old.
 */
static bool is_revoked(const struct client_trust *trust, const mbedtls_x509_crt *certificate, mbedtls_x509_crt *issuer)
{
    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next)
        if (client_crl_has_name(crl, issuer) && mbedtls_x509_crt_is_revoked(certificate, &crl->crl) &&
            (crl->signer || client_crl_is_of(crl, issuer)))
            return true;
    return false;
}

/*
 * Fail closed: the issuer's key itself must have signed a current list; one without nextUpdate says nothing of today.
 * Of several the one that lasts longest counts.
 */
static bool is_covered(const struct client_trust *trust, mbedtls_x509_crt *issuer, int64_t now,
                       struct client_span *span)
{
    struct client_span best = {0, INT64_MIN};

    for (const struct client_crl *crl = trust->crls; crl; crl = crl->next) {
        int64_t from = client_trust_seconds(&crl->crl.this_update);
        int64_t until = client_trust_seconds(&crl->crl.next_update);

        if (from <= now && now <= until && until > best.until && client_crl_is_of(crl, issuer))
            best = (struct client_span){from, until};
    }
    if (best.until == INT64_MIN)
        return false;
    client_span_narrow(span, best.from, best.until);
    return true;
}

enum chain_result client_revocation_check(const struct client_trust *trust, const struct client_path *path, int64_t now,
                                          struct client_span *span)
{
    bool is_all_covered = true;

    if (!trust->crls)
        return CHAIN_OK;
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (is_revoked(trust, path->certificates[i], path->certificates[i + 1]))
            return CHAIN_REVOKED;
        is_all_covered = is_covered(trust, path->certificates[i + 1], now, span) && is_all_covered;
    }
    return is_all_covered ? CHAIN_OK : CHAIN_CRL_STALE;
}
