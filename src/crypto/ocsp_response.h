/*
 * ocsp_response.h: what an OCSP response says (RFC 6960 4.2.1), before it is stapled.
 *
 * Its signature is not verified here: the client does that, and believes nobody else. What is found out is whether
 * stapling it would do a client any good: whether it is for our certificate, says good, and is of today.
 */
#ifndef CRYPTO_OCSP_RESPONSE_H
#define CRYPTO_OCSP_RESPONSE_H

#include "crypto/certificate.h"

enum { MAX_OCSP_SINGLES = 8 };

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

/* What is said of one certificate. Views into the DER that was read. */
struct ocsp_single {
    enum ocsp_status status;
    int64_t this_update; /* seconds since 1970 */
    int64_t next_update; /* 0: none */
    struct bytes hash_oid;
    struct bytes issuer_name_hash;
    struct bytes issuer_key_hash;
    struct bytes serial; /* content of the INTEGER */
};

struct ocsp_response {
    size_t count; /* at least 1 */
    struct ocsp_single singles[MAX_OCSP_SINGLES];
};

/* False with the reason in `fault`: no DER of a response, PEM, no successful response, more singles than we take. */
MUST_CHECK bool ocsp_response_read(struct bytes der, struct ocsp_response *out, struct crypto_fault *fault);

/*
 * What it says of the leaf of `chain`; NULL: nothing. The serial number must be the leaf's, and the hashes those of the
 * issuer's name and, where the chain holds it, of its key. A hash that the library does not know is no match.
 */
const struct ocsp_single *ocsp_response_find(const struct ocsp_response *response,
                                             const struct certificate_chain *chain);
MUST_CHECK bool ocsp_response_is_for(const struct ocsp_response *response, const struct certificate_chain *chain);

/* False with the reason in `fault` why stapling it at `now` would do harm: not for it, revoked, unknown, expired. */
MUST_CHECK bool ocsp_response_is_useful(const struct ocsp_response *response, const struct certificate_chain *chain,
                                        int64_t now, struct crypto_fault *fault);

#endif
