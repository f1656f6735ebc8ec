#include "tls/credential_encode.h"

#include "base/alloc.h"
#include "base/writer.h"

/* RFC 8446 4.4.2.1: the CertificateStatus of RFC 6066 8, as an extension of the leaf's entry. */
static void write_staple(struct writer *w, struct bytes staple)
{
    struct vector_mark extension, response;

    write_u16(w, EXTENSION_STATUS_REQUEST);
    extension = write_vec16_begin(w);
    write_u8(w, 1); /* ocsp */
    response = write_vec24_begin(w);
    write_bytes(w, staple);
    write_vec_end(w, response);
    write_vec_end(w, extension);
}

/* RFC 8446 4.4.2: certificate_request_context, empty in a handshake; CertificateEntry certificate_list<0..2^24-1>. */
static void write_certificate(struct writer *w, const struct certificate_chain *chain, struct bytes staple)
{
    struct vector_mark list, entry, extensions;

    write_u8(w, 0);
    list = write_vec24_begin(w);
    for (size_t i = 0; i < certificate_chain_count(chain); i++) {
        entry = write_vec24_begin(w);
        write_bytes(w, certificate_chain_der(chain, i));
        write_vec_end(w, entry);
        extensions = write_vec16_begin(w);
        if (i == 0 && staple.len > 0)
            write_staple(w, staple);
        write_vec_end(w, extensions);
    }
    write_vec_end(w, list);
}

static bool encode_certificate(struct encoded_body *out, const struct certificate_chain *chain, struct bytes staple)
{
    size_t len = 1 + 3 + staple.len + 8;
    struct writer w;

    for (size_t i = 0; i < certificate_chain_count(chain); i++)
        len += 3 + certificate_chain_der(chain, i).len + 2;
    out->at = memory_new(len);
    if (!out->at)
        return false;
    w = writer_of(out->at, len);
    write_certificate(&w, chain, staple);
    out->len = w.len;
    return writer_ok(&w);
}

/* RFC 8879 4: algorithm, uncompressed_length, compressed_certificate_message. What is not smaller is not kept. */
static bool compress(struct encoded_body *out, struct encoded_body from, const struct tls_compressor *compressor)
{
    enum { HEADER_LEN = 2 + 3 + 3 };
    size_t len = from.len > HEADER_LEN ? from.len - HEADER_LEN : 0;
    uint8_t *at = memory_new(from.len);
    struct writer w;

    if (!at)
        return false;
    if (!compressor->compress(bytes_of(from.at, from.len), at + HEADER_LEN, &len)) {
        memory_free(at);
        return true;
    }
    w = writer_of(at, HEADER_LEN);
    write_u16(&w, compressor->code);
    write_u24(&w, (uint32_t)from.len);
    write_u24(&w, (uint32_t)len);
    out->at = at;
    out->len = HEADER_LEN + len;
    return writer_ok(&w);
}

static bool encode(struct encoded_certificate *out, const struct tls_credential *credential,
                   const struct tls_policy *policy, struct bytes staple)
{
    if (!encode_certificate(&out->certificate, credential->chain, staple))
        return false;
    for (size_t i = 0; i < policy->compressor_count; i++)
        if (!compress(&out->compressed[i], out->certificate, policy->compressors[i]))
            return false;
    return true;
}

static void encoded_free(struct encoded_certificate *encoded)
{
    memory_free(encoded->certificate.at);
    for (size_t i = 0; i < ARRAY_LEN(encoded->compressed); i++)
        memory_free(encoded->compressed[i].at);
    *encoded = (struct encoded_certificate){0};
}

bool credential_encode(struct tls_credential *credential, const struct tls_policy *policy)
{
    return encode(&credential->encoded[0], credential, policy, bytes_of(NULL, 0));
}

bool credential_set_staple(struct tls_credential *credential, const struct tls_policy *policy, struct bytes response)
{
    memory_free(credential->staple);
    encoded_free(&credential->encoded[1]);
    credential->staple = memory_copy(response.at, response.len);
    credential->staple_len = credential->staple ? response.len : 0;
    return credential->staple && encode(&credential->encoded[1], credential, policy, response);
}

void credential_free(struct tls_credential *credential)
{
    memory_free(credential->label);
    certificate_chain_free(credential->chain);
    encoded_free(&credential->encoded[0]);
    encoded_free(&credential->encoded[1]);
    memory_free(credential->staple);
    memory_free(credential);
}
