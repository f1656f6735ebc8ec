#include "crypto/ocsp_response.h"

#include "crypto/certificate_chain.h"
#include "crypto/der.h"
#include "crypto/fault.h"
#include "crypto/provider.h"

enum { DER_ENUMERATED = 0x0a };

static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01}; /* id-pkix-ocsp-basic */

/* RFC 6960 4.2.1, OCSPResponseStatus */
static const char *const unsuccessful[] = {
    [1] = "malformedRequest", [2] = "internalError", [3] = "tryLater", [5] = "sigRequired", [6] = "unauthorized",
};

/* ---- reading */

/* RFC 6960 4.2.2.1: GeneralizedTime, in the form that RFC 5280 4.1.2.5.2 gives it. */
static bool read_time(struct reader *r, int64_t *seconds)
{
    struct reader ahead = *r;
    struct der_item item;

    return der_read_item(&ahead, &item) && item.tag == DER_GENERALIZED_TIME && der_read_time(r, seconds);
}

static bool read_certificate_id(struct reader *r, struct ocsp_single *single)
{
    struct reader id, algorithm;

    return der_enter(r, DER_SEQUENCE, &id) && der_enter(&id, DER_SEQUENCE, &algorithm) &&
           der_read(&algorithm, DER_OID, &single->hash_oid) &&
           der_read(&id, DER_OCTET_STRING, &single->issuer_name_hash) &&
           der_read(&id, DER_OCTET_STRING, &single->issuer_key_hash) && der_read(&id, DER_INTEGER, &single->serial) &&
           single->serial.len > 0 && read_end(&id);
}

static bool read_status(struct reader *r, struct ocsp_single *single)
{
    struct der_item item;

    if (!der_read_item(r, &item))
        return false;
    single->status = item.tag == DER_CONTEXT                     ? OCSP_GOOD
                     : item.tag == (DER_CONTEXT_CONSTRUCTED | 1) ? OCSP_REVOKED
                                                                 : OCSP_UNKNOWN;
    return single->status == OCSP_REVOKED ||
           ((item.tag == DER_CONTEXT || item.tag == (DER_CONTEXT | 2)) && item.content.len == 0);
}

static bool read_single(struct reader *r, struct ocsp_single *single)
{
    struct reader inner, next;
    struct bytes next_update, extensions;

    *single = (struct ocsp_single){.status = OCSP_UNKNOWN};
    if (!der_enter(r, DER_SEQUENCE, &inner) || !read_certificate_id(&inner, single) || !read_status(&inner, single) ||
        !read_time(&inner, &single->this_update) ||
        !der_read_optional(&inner, DER_CONTEXT_CONSTRUCTED | 0, &next_update) ||
        !der_read_optional(&inner, DER_CONTEXT_CONSTRUCTED | 1, &extensions) || !read_end(&inner))
        return false;
    next = reader_of(next_update);
    return !next_update.at || (read_time(&next, &single->next_update) && read_end(&next));
}

static bool read_singles(struct reader r, struct ocsp_response *out, struct crypto_fault *fault)
{
    if (read_end(&r))
        return fault_set(fault, "it says nothing of any certificate");
    while (!read_end(&r)) {
        if (out->count == MAX_OCSP_SINGLES)
            return fault_set(fault, "it is about more than %d certificates", MAX_OCSP_SINGLES);
        if (!read_single(&r, &out->singles[out->count++]))
            return fault_set(fault, "what it says of certificate %zu is malformed", out->count);
    }
    return true;
}

/* ResponseData */
static bool read_data(struct reader r, struct ocsp_response *out, struct crypto_fault *fault)
{
    struct bytes version, extensions;
    struct der_item responder;
    struct reader singles;
    int64_t produced_at;

    if (!der_read_optional(&r, DER_CONTEXT_CONSTRUCTED | 0, &version) || !der_read_item(&r, &responder) ||
        (responder.tag != (DER_CONTEXT_CONSTRUCTED | 1) && responder.tag != (DER_CONTEXT_CONSTRUCTED | 2)) ||
        !read_time(&r, &produced_at) || !der_enter(&r, DER_SEQUENCE, &singles) ||
        !der_read_optional(&r, DER_CONTEXT_CONSTRUCTED | 1, &extensions) || !read_end(&r))
        return fault_set(fault, "its response data are malformed");
    return read_singles(singles, out, fault);
}

/* BasicOCSPResponse. The signature and the certificates are the client's to look at. */
static bool read_basic(struct bytes der, struct ocsp_response *out, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), outer, data;
    struct bytes algorithm, signature, certificates;

    if (!der_enter(&r, DER_SEQUENCE, &outer) || !read_end(&r) || !der_enter(&outer, DER_SEQUENCE, &data) ||
        !der_read(&outer, DER_SEQUENCE, &algorithm) || !der_read_bit_string(&outer, &signature) ||
        !der_read_optional(&outer, DER_CONTEXT_CONSTRUCTED | 0, &certificates) || !read_end(&outer))
        return fault_set(fault, "its basic response is malformed");
    return read_data(data, out, fault);
}

static bool fault_status(struct crypto_fault *fault, struct bytes status)
{
    uint8_t code = status.at[0];
    const char *name = code < ARRAY_LEN(unsuccessful) ? unsuccessful[code] : NULL;

    return fault_set(fault, "it is no successful response (%s)", name ? name : "an unknown status");
}

static bool fault_no_response(struct crypto_fault *fault, struct bytes der)
{
    if (der.len == 0)
        return fault_set(fault, "the file is empty");
    if (der.at[0] == '-')
        return fault_set(fault, "it is PEM, and a response is given in DER, as `openssl ocsp -respout` writes it");
    return fault_set(fault, "it is no DER of an OCSP response");
}

bool ocsp_response_read(struct bytes der, struct ocsp_response *out, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), outer, wrapped, inner;
    struct bytes status, type, basic;

    fault->text[0] = 0;
    *out = (struct ocsp_response){.count = 0};
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !read_end(&r) || !der_read(&outer, DER_ENUMERATED, &status) ||
        status.len != 1)
        return fault_no_response(fault, der);
    if (status.at[0] != 0)
        return fault_status(fault, status);
    if (!der_enter(&outer, DER_CONTEXT_CONSTRUCTED | 0, &wrapped) || !read_end(&outer) ||
        !der_enter(&wrapped, DER_SEQUENCE, &inner) || !read_end(&wrapped) || !der_read(&inner, DER_OID, &type) ||
        !der_read(&inner, DER_OCTET_STRING, &basic) || !read_end(&inner))
        return fault_no_response(fault, der);
    if (!bytes_equal(type, BYTES_OF_ARRAY(oid_basic)))
        return fault_set(fault, "it is of a type that is not id-pkix-ocsp-basic");
    return read_basic(basic, out, fault);
}

/* ---- whom it is for */

static bool read_public_key(struct bytes spki, struct bytes *bits)
{
    struct reader r = reader_of(spki), inner;
    struct bytes algorithm;

    return der_enter(&r, DER_SEQUENCE, &inner) && der_read(&inner, DER_SEQUENCE, &algorithm) &&
           der_read_bit_string(&inner, bits);
}

static bool hashes_to(struct bytes hash_oid, struct bytes data, struct bytes digest)
{
    uint8_t own[MAX_HASH_BY_OID_LEN];
    size_t len = provider_mbedtls.hash_by_oid(hash_oid, data, own);

    return len > 0 && bytes_equal(bytes_of(own, len), digest);
}

/* The issuer is the next in the chain, or the leaf itself when it is self-issued, or not there. */
static const struct certificate *issuer_of_leaf(const struct certificate_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (bytes_equal(chain->certificates[i].subject, chain->certificates[0].issuer))
            return &chain->certificates[i];
    }
    return NULL;
}

/*
 * RFC 6960 4.1.1: serial numbers are an issuer's own; issuerNameHash is over the DER of the issuer's name in the
 * certificate, issuerKeyHash over the value of the issuer's public key, without tag, length and unused bits.
 */
static bool is_by_issuer(const struct ocsp_single *single, const struct certificate_chain *chain)
{
    const struct certificate *issuer = issuer_of_leaf(chain);
    struct bytes key;

    return hashes_to(single->hash_oid, chain->certificates[0].issuer, single->issuer_name_hash) &&
           (!issuer ||
            (read_public_key(issuer->spki, &key) && hashes_to(single->hash_oid, key, single->issuer_key_hash)));
}

const struct ocsp_single *ocsp_response_find(const struct ocsp_response *response,
                                             const struct certificate_chain *chain)
{
    struct bytes serial = chain->certificates[0].serial;

    for (size_t i = 0; i < response->count; i++) {
        if (bytes_equal(serial, response->singles[i].serial) && is_by_issuer(&response->singles[i], chain))
            return &response->singles[i];
    }
    return NULL;
}

bool ocsp_response_is_for(const struct ocsp_response *response, const struct certificate_chain *chain)
{
    return ocsp_response_find(response, chain) != NULL;
}

bool ocsp_response_is_useful(const struct ocsp_response *response, const struct certificate_chain *chain, int64_t now,
                             struct crypto_fault *fault)
{
    const struct ocsp_single *single = ocsp_response_find(response, chain);

    fault->text[0] = 0;
    if (!single)
        return fault_set(fault, "the response is for another certificate");
    if (single->status != OCSP_GOOD)
        return fault_set(fault, "the response says %s", single->status == OCSP_REVOKED ? "revoked" : "unknown");
    if (single->this_update > now)
        return fault_set(fault, "the response is not valid yet");
    if (single->next_update != 0 && single->next_update <= now)
        return fault_set(fault, "the response has expired");
    return true;
}
