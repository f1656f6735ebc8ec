#include "tls/key_operation.h"

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/rsa_premaster.h"
#include "tls/key_schedule12.h"
#include "tls/ticket_keys.h"

/* RFC 8446 4.4.3: 64 spaces, the context string, a zero byte, the transcript hash. */
bool tls_certificate_verify_input(enum tls_certificate_verify_role role, struct bytes transcript_hash,
                                  uint8_t out[MAX_CERTIFICATE_VERIFY_INPUT], size_t *len)
{
    bool is_server = role == TLS_SERVER_CERTIFICATE_VERIFY;
    struct writer w = writer_of(out, MAX_CERTIFICATE_VERIFY_INPUT);

    for (int i = 0; i < 64; i++)
        write_u8(&w, 0x20);
    write_bytes(&w, is_server ? BYTES_OF_LITERAL("TLS 1.3, server CertificateVerify")
                              : BYTES_OF_LITERAL("TLS 1.3, client CertificateVerify"));
    write_u8(&w, 0);
    write_bytes(&w, transcript_hash);
    *len = w.len;
    return writer_ok(&w);
}

static bool sign_certificate_verify(const struct tls_key_request *request, const struct private_key *key,
                                    const struct tls_key_holder *holder, uint8_t *out, size_t *len)
{
    uint8_t input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t input_len;

    return request->transcript_hash_len <= MAX_HASH_LEN &&
           tls_certificate_verify_input(TLS_SERVER_CERTIFICATE_VERIFY,
                                        bytes_of(request->transcript_hash, request->transcript_hash_len), input,
                                        &input_len) &&
           signature_make(key, request->signature, bytes_of(input, input_len), holder->random, out, len);
}

/* RFC 8422 5.4: ServerECDHParams, 3 named_curve, 2 curve, vec8 point. Nothing else is ever signed for TLS 1.2. */
static bool is_ecdh_params(struct bytes params)
{
    struct reader r = reader_of(params);
    struct bytes point;
    uint8_t curve_type;
    uint16_t curve;

    return read_u8(&r, &curve_type) && curve_type == 3 && read_u16(&r, &curve) && read_vec8(&r, 1, 255, &point) &&
           read_end(&r);
}

static bool sign_server_key_exchange(const struct tls_key_request *request, const struct private_key *key,
                                     const struct tls_key_holder *holder, uint8_t *out, size_t *len)
{
    struct bytes params = bytes_of(request->payload, request->payload_len);
    uint8_t input[32 + 32 + 1 + 2 + 1 + 255];
    struct writer w = writer_of(input, sizeof input);

    if (request->payload_len > MAX_KEY_PAYLOAD_LEN || !is_ecdh_params(params))
        return false;
    write_bytes(&w, BYTES_OF_ARRAY(request->client_random));
    write_bytes(&w, BYTES_OF_ARRAY(request->server_random));
    write_bytes(&w, params);
    return writer_ok(&w) && signature_make(key, request->signature, writer_view(&w), holder->random, out, len);
}

/*
 * The premaster secret never leaves this function. RFC 5246 7.4.7.1 MUST: when what the client sent is none (bad
 * padding, another version) the handshake goes on with 48 random bytes, and a master secret the client does not have.
 */
static bool derive_master_secret(const struct tls_key_request *request, const struct private_key *key,
                                 const struct tls_key_holder *holder, uint8_t *out, size_t *len)
{
    uint8_t fallback[PREMASTER_LEN], premaster[PREMASTER_LEN];
    struct secret master = {0};
    bool is_ok = request->seed_len <= sizeof request->seed && request->payload_len <= MAX_KEY_PAYLOAD_LEN &&
                 random_fill(holder->random, fallback, sizeof fallback) &&
                 rsa_premaster_open(key, bytes_of(request->payload, request->payload_len), request->client_version,
                                    fallback, holder->random, premaster) &&
                 master_secret12(hash_find(request->prf_hash), BYTES_OF_ARRAY(premaster), request->is_extended,
                                 bytes_of(request->seed, request->seed_len), &master);

    if (is_ok)
        memcpy(out, master.bytes, master.len);
    *len = master.len;
    memory_wipe(fallback, sizeof fallback);
    memory_wipe(premaster, sizeof premaster);
    secret_wipe(&master);
    return is_ok;
}

static bool seal_ticket(const struct tls_key_request *request, const struct tls_key_holder *holder, uint8_t *out,
                        size_t *len)
{
    enum { LEFT_LEN = 4 };
    struct writer w = writer_of(out, LEFT_LEN);
    size_t ticket_len;
    int64_t now;

    _Static_assert(LEFT_LEN + MAX_KEY_PAYLOAD_LEN + TICKET_OVERHEAD <= MAX_KEY_ANSWER_LEN, "the answer is too short");
    if (!holder->tickets || request->payload_len > MAX_KEY_PAYLOAD_LEN)
        return false;
    now = holder->time(holder->time_context);
    if (!ticket_seal(holder->tickets, now, request->binding, bytes_of(request->payload, request->payload_len),
                     out + LEFT_LEN, &ticket_len))
        return false;
    write_u32(&w, ticket_keys_left(holder->tickets, now));
    *len = LEFT_LEN + ticket_len;
    return true;
}

static bool open_ticket(const struct tls_key_request *request, const struct tls_key_holder *holder, uint8_t *out,
                        size_t *len)
{
    size_t session_len = 0;
    enum ticket_result result;

    if (!holder->tickets || request->payload_len > MAX_KEY_PAYLOAD_LEN)
        return false;
    result = ticket_open(holder->tickets, holder->time(holder->time_context), request->binding,
                         bytes_of(request->payload, request->payload_len), out + 1, &session_len);
    out[0] = (uint8_t)result;
    *len = 1 + (result == TICKET_OPENED || result == TICKET_OPENED_OLD ? session_len : 0);
    return true;
}

static bool perform_with_key(const struct tls_key_request *request, const struct tls_key_holder *holder, uint8_t *out,
                             size_t *len)
{
    const struct private_key *key = holder->find(holder->keyring, request->key_id);

    if (!key)
        return false;
    if (request->operation == TLS_KEY_DERIVE_MASTER_SECRET_12)
        return derive_master_secret(request, key, holder, out, len);
    if (!signature_fits_key(request->signature, private_key_kind(key), private_key_bits(key)))
        return false;
    return request->operation == TLS_KEY_SIGN_CERTIFICATE_VERIFY_13
               ? sign_certificate_verify(request, key, holder, out, len)
               : sign_server_key_exchange(request, key, holder, out, len);
}

bool tls_key_perform(const struct tls_key_request *request, const struct tls_key_holder *holder, uint8_t *out,
                     size_t *len)
{
    bool is_ok = false;

    *len = 0;
    switch (request->operation) {
    case TLS_KEY_SIGN_CERTIFICATE_VERIFY_13:
    case TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12:
    case TLS_KEY_DERIVE_MASTER_SECRET_12:
        is_ok = perform_with_key(request, holder, out, len);
        break;
    case TLS_KEY_SEAL_TICKET:
        is_ok = seal_ticket(request, holder, out, len);
        break;
    case TLS_KEY_OPEN_TICKET:
        is_ok = open_ticket(request, holder, out, len);
        break;
    case TLS_KEY_OPERATIONS:
        break;
    }
    if (is_ok)
        return true;
    memory_wipe(out, MAX_KEY_ANSWER_LEN);
    *len = 0;
    return false;
}
