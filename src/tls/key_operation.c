#include "tls/key_operation.h"

#include "base/writer.h"

/* RFC 8446 4.4.3: 64 spaces, the context string, a zero byte, the transcript hash. */
bool tls_certificate_verify_input(struct bytes transcript_hash, uint8_t out[MAX_CERTIFICATE_VERIFY_INPUT], size_t *len)
{
    struct writer w = writer_of(out, MAX_CERTIFICATE_VERIFY_INPUT);

    for (int i = 0; i < 64; i++)
        write_u8(&w, 0x20);
    write_bytes(&w, BYTES_OF_LITERAL("TLS 1.3, server CertificateVerify"));
    write_u8(&w, 0);
    write_bytes(&w, transcript_hash);
    *len = w.len;
    return writer_ok(&w);
}

bool tls_key_perform(const struct tls_key_request *request, const struct private_key *key, struct random_source random,
                     uint8_t *out, size_t *len)
{
    uint8_t input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t input_len;

    if (request->operation != TLS_KEY_SIGN_CERTIFICATE_VERIFY_13 || request->transcript_hash_len > MAX_HASH_LEN ||
        !signature_fits_key(request->signature, private_key_kind(key), private_key_bits(key)))
        return false;
    return tls_certificate_verify_input(bytes_of(request->transcript_hash, request->transcript_hash_len), input,
                                        &input_len) &&
           signature_make(key, request->signature, bytes_of(input, input_len), random, out, len);
}
