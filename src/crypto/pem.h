/*
 * pem.h: the blocks of a PEM file (RFC 7468). Private to src/crypto.
 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/reader.h"
#include "base/writer.h"

struct pem_block {
    struct bytes label; /* "CERTIFICATE" */
    struct bytes body;  /* base64 text between the lines */
    bool is_encrypted;  /* by the headers of RFC 1421: "Proc-Type: 4,ENCRYPTED" */
    unsigned line;      /* of the BEGIN line, from 1 */
};

enum pem_answer { PEM_BLOCK, PEM_END, PEM_BROKEN /* a BEGIN without its END; block->line tells where */ };

struct pem_reader {
    struct reader rest;
    unsigned line;
};

struct pem_reader pem_reader_of(struct bytes file);
MUST_CHECK enum pem_answer pem_next(struct pem_reader *pem, struct pem_block *block);
MUST_CHECK bool pem_label_is(const struct pem_block *block, const char *label);

/* An upper bound for what pem_decode() writes. */
size_t pem_decoded_len(const struct pem_block *block);
/* False for what is not base64, with or without spaces, ending in its padding. Takes the same time for all keys. */
MUST_CHECK bool pem_decode(const struct pem_block *block, struct writer *w);

/* Bytes that pem_encode() writes, without a NUL. It takes the same time for all keys, too. */
size_t pem_encoded_len(const char *label, size_t der_len);
void pem_encode(struct writer *w, const char *label, struct bytes der);

#endif
