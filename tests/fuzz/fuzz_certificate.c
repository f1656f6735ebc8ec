/*
 * fuzz_certificate.c: what an operator's file may hold: a certificate chain with its review and names, and a key.
 *
 * Besides what the sanitizers see: texts and names are printable whatever was in the file, and a refusal has words.
 *
 * An input is the text of a file; or, so that the fuzzer reaches the DER below the base64, 'D' and certificates, each
 * a vector with two bytes of length; or 'K', a number for the label, and the DER of a key.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crypto/certificate.h"
#include "crypto/pem.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        require(text[i] >= 0x20 && text[i] < 0x7f);
}

static void hear(void *context, const char *sentence)
{
    unsigned *count = context;

    require(strlen(sentence) > 0 && ++*count < 200);
    require_printable(sentence, strlen(sentence));
}

static void read_chain(struct bytes file)
{
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(file, &fault);
    unsigned sentences = 0;

    require((chain == NULL) == (fault.text[0] != 0));
    if (!chain) {
        require_printable(fault.text, strlen(fault.text));
        return;
    }
    require_printable(certificate_chain_subject(chain), strlen(certificate_chain_subject(chain)));
    require_printable(certificate_chain_issuer(chain), strlen(certificate_chain_issuer(chain)));
    for (size_t i = 0; i < certificate_chain_name_count(chain); i++) {
        struct bytes name = certificate_chain_name(chain, i);
        require(name.len > 0 && name.len <= 253);
        require_printable((const char *)name.at, name.len);
    }
    for (size_t i = 0; i < certificate_chain_count(chain); i++)
        require(certificate_chain_der(chain, i).len > 0);
    certificate_chain_review(chain, 1781524800, hear, &sentences);
    certificate_chain_free(chain);
}

static void read_key(struct bytes file)
{
    struct crypto_fault fault;
    struct private_key *key = private_key_new(file, random_system(), &fault);

    require((key == NULL) == (fault.text[0] != 0));
    if (!key)
        require_printable(fault.text, strlen(fault.text));
    private_key_free(key);
}

/* The chain of certificates in `r`, as PEM. */
static void encode_certificates(struct reader *r, struct writer *w)
{
    struct bytes der;

    while (read_vec16(r, 0, 0xffff, &der))
        pem_encode(w, "CERTIFICATE", der);
}

static void encode_key(struct reader *r, struct writer *w)
{
    static const char *const labels[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"};
    uint8_t which;

    if (read_u8(r, &which))
        pem_encode(w, labels[which % ARRAY_LEN(labels)], read_rest(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool has_started;
    size_t capacity = 64 * size + 64; /* an empty vector of two bytes becomes two lines */
    uint8_t *text = malloc(capacity);
    struct writer w = writer_of(text, capacity);
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t form = 0;

    require(text && (has_started || crypto_start()));
    has_started = true;
    if (read_u8(&r, &form) && form == 'D')
        encode_certificates(&r, &w);
    else if (form == 'K')
        encode_key(&r, &w);
    else
        write_bytes(&w, bytes_of(data, size));
    require(writer_ok(&w));
    read_chain(writer_view(&w));
    read_key(writer_view(&w));
    free(text);
    return 0;
}
