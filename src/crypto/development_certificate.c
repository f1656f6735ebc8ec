#include <arpa/inet.h>
#include <time.h>

#include "base/alloc.h"
#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/key_der.h"
#include "crypto/key_exchange.h"
#include "crypto/pem.h"

enum { SERIAL_LEN = 16, MAX_CERTIFICATE_LEN = 4096, MAX_PART_LEN = 3072, MAX_ALT_NAMES_LEN = 2048 };

static const char subject_text[] = "sallyport development certificate (not for production)";

static const struct bytes oid_common_name = BYTES_OF_LITERAL("\x55\x04\x03");
static const struct bytes oid_ecdsa_with_sha256 = BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x02");
static const struct bytes oid_server_auth = BYTES_OF_LITERAL("\x2b\x06\x01\x05\x05\x07\x03\x01");

/* What goes into the certificate. */
struct draft {
    const char *const *names;
    size_t name_count;
    int64_t not_before;
    int64_t not_after;
    uint8_t serial[SERIAL_LEN];
    struct key_material key;
};

/* A part is composed in storage of its own and then wrapped: DER puts the length in front. */
struct part {
    uint8_t storage[MAX_PART_LEN];
    struct writer w;
};

static void part_begin(struct part *part)
{
    part->w = writer_of(part->storage, sizeof part->storage);
}

static void part_end(struct part *part, uint8_t tag, struct writer *w)
{
    if (!writer_ok(&part->w))
        writer_fail(w);
    der_write(w, tag, writer_view(&part->w));
}

/* AlgorithmIdentifier without parameters: RFC 5758 3.2 MUST for ECDSA. */
static void write_signature_algorithm(struct writer *w)
{
    struct part part;

    part_begin(&part);
    der_write(&part.w, DER_OID, oid_ecdsa_with_sha256);
    part_end(&part, DER_SEQUENCE, w);
}

static void write_name(struct writer *w)
{
    struct part pair, set, sequence;

    part_begin(&pair);
    der_write(&pair.w, DER_OID, oid_common_name);
    der_write(&pair.w, DER_UTF8_STRING, bytes_of_string(subject_text));
    part_begin(&set);
    part_end(&pair, DER_SEQUENCE, &set.w);
    part_begin(&sequence);
    part_end(&set, DER_SET, &sequence.w);
    part_end(&sequence, DER_SEQUENCE, w);
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
static void write_time(struct writer *w, int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm utc;
    char text[32];
    bool is_general;

    if (!gmtime_r(&when, &utc) || utc.tm_year < 50 || utc.tm_year > 9999 - 1900) {
        writer_fail(w);
        return;
    }
    is_general = utc.tm_year >= 150;
    strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &utc);
    if (is_general)
        der_write(w, DER_GENERALIZED_TIME, bytes_of_string(text));
    else
        der_write(w, DER_UTC_TIME, bytes_of_string(text + 2)); /* without the century */
}

static void write_validity(const struct draft *draft, struct writer *w)
{
    struct part part;

    part_begin(&part);
    write_time(&part.w, draft->not_before);
    write_time(&part.w, draft->not_after);
    part_end(&part, DER_SEQUENCE, w);
}

enum criticality { NOT_CRITICAL, CRITICAL };

static void write_extension(struct writer *w, struct bytes oid, enum criticality criticality, struct bytes value)
{
    struct part part;

    part_begin(&part);
    der_write(&part.w, DER_OID, oid);
    if (criticality == CRITICAL)
        der_write(&part.w, DER_BOOLEAN, BYTES_OF_LITERAL("\xff"));
    der_write(&part.w, DER_OCTET_STRING, value);
    part_end(&part, DER_SEQUENCE, w);
}

/* One GeneralName: iPAddress [7] for an address, dNSName [2] for everything else (RFC 5280 4.2.1.6). */
static void write_alt_name(struct writer *w, const char *name)
{
    uint8_t address[16];

    if (inet_pton(AF_INET, name, address) == 1)
        der_write(w, DER_CONTEXT | 7, bytes_of(address, 4));
    else if (inet_pton(AF_INET6, name, address) == 1)
        der_write(w, DER_CONTEXT | 7, bytes_of(address, 16));
    else
        der_write(w, DER_CONTEXT | 2, bytes_of_string(name));
}

static void write_alt_names(const struct draft *draft, struct writer *w)
{
    struct part list, value;

    part_begin(&list);
    for (size_t i = 0; i < draft->name_count; i++)
        write_alt_name(&list.w, draft->names[i]);
    part_begin(&value);
    part_end(&list, DER_SEQUENCE, &value.w);
    if (!writer_ok(&value.w))
        writer_fail(w);
    write_extension(w, BYTES_OF_LITERAL("\x55\x1d\x11"), NOT_CRITICAL, writer_view(&value.w));
}

static void write_extended_key_usage(struct writer *w)
{
    struct part list, value;

    part_begin(&list);
    der_write(&list.w, DER_OID, oid_server_auth);
    part_begin(&value);
    part_end(&list, DER_SEQUENCE, &value.w);
    write_extension(w, BYTES_OF_LITERAL("\x55\x1d\x25"), NOT_CRITICAL, writer_view(&value.w));
}

static void write_extensions(const struct draft *draft, struct writer *w)
{
    struct part list, sequence;

    part_begin(&list);
    write_extension(&list.w, BYTES_OF_LITERAL("\x55\x1d\x13"), CRITICAL, BYTES_OF_LITERAL("\x30\x00")); /* no CA */
    /* keyUsage digitalSignature: one bit, seven unused ones */
    write_extension(&list.w, BYTES_OF_LITERAL("\x55\x1d\x0f"), CRITICAL, BYTES_OF_LITERAL("\x03\x02\x07\x80"));
    write_extended_key_usage(&list.w);
    write_alt_names(draft, &list.w);
    part_begin(&sequence);
    part_end(&list, DER_SEQUENCE, &sequence.w);
    part_end(&sequence, DER_CONTEXT_CONSTRUCTED | 3, w);
}

/* TBSCertificate of version 3, RFC 5280 4.1. */
static void write_signed_part(const struct draft *draft, struct writer *w)
{
    struct part part;

    part_begin(&part);
    der_write(&part.w, DER_CONTEXT_CONSTRUCTED | 0, BYTES_OF_LITERAL("\x02\x01\x02"));
    der_write_unsigned(&part.w, BYTES_OF_ARRAY(draft->serial));
    write_signature_algorithm(&part.w);
    write_name(&part.w);
    write_validity(draft, &part.w);
    write_name(&part.w);
    key_write_spki(&draft->key, &part.w);
    write_extensions(draft, &part.w);
    part_end(&part, DER_SEQUENCE, w);
}

static bool write_certificate(const struct draft *draft, const struct private_key *key, struct random_source random,
                              struct writer *w)
{
    uint8_t signature[MAX_SIGNATURE_LEN];
    size_t signature_len;
    struct part part;

    part_begin(&part);
    write_signed_part(draft, &part.w);
    if (!writer_ok(&part.w) ||
        !signature_make(key, SIGNATURE_ECDSA_P256_SHA256, writer_view(&part.w), random, signature, &signature_len))
        return false;
    write_signature_algorithm(&part.w);
    der_write_bit_string(&part.w, bytes_of(signature, signature_len));
    part_end(&part, DER_SEQUENCE, w);
    return writer_ok(w);
}

/* PEM in memory of its own. */
static char *new_pem(const char *label, struct bytes der)
{
    size_t len = pem_encoded_len(label, der.len);
    char *text = memory_new(len + 1);
    struct writer w = writer_of((uint8_t *)text, text ? len : 0);

    if (!text)
        return NULL;
    pem_encode(&w, label, der);
    return text;
}

/* A key pair is a share and its secret value; it becomes PEM and is then read back like anybody's. */
static bool make_key(struct draft *draft, struct random_source random, char **key_pem)
{
    struct key_exchange_client pair = {.alg = NULL};
    uint8_t storage[256];
    struct writer w = writer_of(storage, sizeof storage);
    bool ok;

    draft->key = (struct key_material){.kind = KEY_KIND_ECDSA_P256, .bits = 256, .point_len = 65};
    if (!key_exchange_client_start(&pair, key_exchange_find(KEY_EXCHANGE_SECP256R1), random, draft->key.point))
        return false;
    draft->key.scalar = secret_view(&pair.private_value);
    ok = key_write_pkcs8(&draft->key, &w);
    draft->key.scalar = bytes_of(NULL, 0);
    if (ok)
        *key_pem = new_pem("PRIVATE KEY", writer_view(&w));
    secret_wipe(&pair.private_value);
    memory_wipe(storage, sizeof storage);
    return ok && *key_pem;
}

static bool make_certificate(struct draft *draft, const char *key_pem, struct random_source random,
                             char **certificate_pem)
{
    uint8_t der[MAX_CERTIFICATE_LEN];
    struct writer w = writer_of(der, sizeof der);
    struct crypto_fault fault;
    struct private_key *key = private_key_new(bytes_of_string(key_pem), random, &fault);

    if (!key)
        return false;
    if (random_fill(random, draft->serial, sizeof draft->serial)) {
        draft->serial[0] = (uint8_t)((draft->serial[0] & 0x3f) | 0x40); /* positive, and always of this length */
        if (write_certificate(draft, key, random, &w))
            *certificate_pem = new_pem("CERTIFICATE", writer_view(&w));
    }
    private_key_free(key);
    return *certificate_pem;
}

bool certificate_make_development(const char *const *names, size_t name_count, int64_t now, unsigned days,
                                  struct random_source random, char **certificate_pem, char **key_pem)
{
    struct draft draft = {.names = names, .name_count = name_count, .not_before = now - 3600};

    *certificate_pem = *key_pem = NULL;
    draft.not_after = now + (int64_t)days * 24 * 3600;
    if (make_key(&draft, random, key_pem) && make_certificate(&draft, *key_pem, random, certificate_pem))
        return true;
    if (*key_pem)
        memory_wipe(*key_pem, strlen(*key_pem));
    memory_free(*key_pem);
    *key_pem = NULL;
    return false;
}
