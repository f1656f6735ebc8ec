/*
 * certificate_chain.h: the inside of a chain, for certificate.c and certificate_review.c.
 */
#ifndef CRYPTO_CERTIFICATE_CHAIN_H
#define CRYPTO_CERTIFICATE_CHAIN_H

#include "crypto/certificate.h"
#include "crypto/certificate_der.h"

struct certificate_chain {
    size_t count;
    struct certificate certificates[MAX_CHAIN_CERTIFICATES]; /* views into `der` */
    uint8_t *der;
    enum key_kind key_kind;
    unsigned key_bits;
    uint8_t key_id[KEY_ID_LEN];
    uint8_t fingerprint[32];
    char subject[MAX_NAME_TEXT_LEN];
    char issuer[MAX_NAME_TEXT_LEN];
    char signature[SIGNATURE_TEXT_LEN];
    size_t name_count;
    struct bytes *names; /* views into `name_text` */
    uint8_t *name_text;
};

#endif
