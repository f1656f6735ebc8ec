#include "crypto/certificate_der.h"

#include <stdio.h>

#include "crypto/der.h"
#include "crypto/fault.h"

/* Extensions, RFC 5280 4.2.1 */
static const struct bytes oid_key_usage = BYTES_OF_LITERAL("\x55\x1d\x0f");
static const struct bytes oid_alt_name = BYTES_OF_LITERAL("\x55\x1d\x11");
static const struct bytes oid_basic_constraints = BYTES_OF_LITERAL("\x55\x1d\x13");
static const struct bytes oid_extended_key_usage = BYTES_OF_LITERAL("\x55\x1d\x25");
static const struct bytes oid_any_usage = BYTES_OF_LITERAL("\x55\x1d\x25\x00");
static const struct bytes oid_name_constraints = BYTES_OF_LITERAL("\x55\x1d\x1e");
static const struct bytes oid_client_auth = BYTES_OF_LITERAL("\x2b\x06\x01\x05\x05\x07\x03\x02");
static const struct bytes oid_server_auth = BYTES_OF_LITERAL("\x2b\x06\x01\x05\x05\x07\x03\x01");

static const struct weak_signature {
    struct bytes oid;
    const char *hash;
} weak_signatures[] = {
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"), "MD2"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), "MD5"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), "SHA-1"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x01"), "SHA-1"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x38\x04\x03"), "SHA-1"},
    {BYTES_OF_LITERAL("\x2b\x0e\x03\x02\x1d"), "SHA-1"},
};

/* RFC 5758 3.2, RFC 8017 A.2.4, RFC 3279 2.2 and RFC 8410 3, by the names that they and everybody else use. */
static const struct signature_name {
    struct bytes oid;
    const char *name;
} signature_names[] = {
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x02"), "ecdsa-with-SHA256"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x03"), "ecdsa-with-SHA384"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x04"), "ecdsa-with-SHA512"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "sha256WithRSAEncryption"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), "sha384WithRSAEncryption"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), "sha512WithRSAEncryption"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), "RSASSA-PSS"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), "sha1WithRSAEncryption"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x01"), "ecdsa-with-SHA1"},
    {BYTES_OF_LITERAL("\x2b\x65\x70"), "Ed25519"},
    {BYTES_OF_LITERAL("\x2b\x65\x71"), "Ed448"},
};

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool read_basic_constraints(struct bytes value, struct certificate *out)
{
    struct reader r = reader_of(value), inner;
    struct bytes ca, path_len;

    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r) || !der_read_optional(&inner, DER_BOOLEAN, &ca))
        return false;
    /* X.690 11.1: TRUE is 0xff in DER; 11.5: a default is left out, but FALSE is written by many. */
    if (ca.at && (ca.len != 1 || (ca.at[0] != 0xff && ca.at[0] != 0)))
        return false;
    out->is_ca = ca.at && ca.at[0] == 0xff;
    /* RFC 5280 4.2.1.9: a path length stands only beside cA. */
    if (read_end(&inner))
        return true;
    if (!out->is_ca || !der_read_unsigned(&inner, &path_len) || !read_end(&inner))
        return false;
    out->has_path_len = true;
    out->path_len = path_len.len == 0 ? 0 : path_len.len == 1 ? path_len.at[0] : 255;
    return true;
}

/* KeyUsage ::= BIT STRING; bit 0, the highest of the first byte, is digitalSignature, 2 keyEncipherment, 5 keyCertSign.
 */
static bool read_key_usage(struct bytes value, struct certificate *out)
{
    struct reader r = reader_of(value), inner;
    uint8_t unused, bits = 0;

    if (!der_enter(&r, DER_BIT_STRING, &inner) || !read_end(&r) || !read_u8(&inner, &unused) || unused > 7)
        return false;
    if (!read_end(&inner) && !read_u8(&inner, &bits))
        return false;
    out->has_key_usage = true;
    out->may_sign = bits & 0x80;
    out->may_encipher_keys = bits & 0x20;
    out->may_sign_certificates = bits & 0x04;
    return true;
}

static bool read_extended_key_usage(struct bytes value, struct certificate *out)
{
    struct reader r = reader_of(value), inner;
    struct bytes usage;

    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r))
        return false;
    out->is_for_servers = out->is_for_clients = out->is_for_anything = false;
    while (!read_end(&inner)) {
        if (!der_read(&inner, DER_OID, &usage))
            return false;
        out->is_for_servers |= bytes_equal(usage, oid_server_auth) || bytes_equal(usage, oid_any_usage);
        out->is_for_clients |= bytes_equal(usage, oid_client_auth);
        out->is_for_anything |= bytes_equal(usage, oid_any_usage);
    }
    return true;
}

static bool read_alt_names(struct bytes value, struct certificate *out)
{
    struct reader r = reader_of(value), items;
    struct der_item item;

    if (!der_read(&r, DER_SEQUENCE, &out->alt_names) || !read_end(&r))
        return false;
    items = reader_of(out->alt_names);
    while (!read_end(&items)) {
        if (!der_read_item(&items, &item))
            return false;
    }
    return true;
}

/* What it says is not evaluated, so that it is there is all we need to know. */
static bool read_name_constraints(struct bytes value, struct certificate *out)
{
    (void)value;
    out->has_name_constraints = true;
    return true;
}

static const struct extension {
    const struct bytes *oid;
    const char *name;
    bool (*read)(struct bytes value, struct certificate *out);
} extensions[] = {
    {&oid_key_usage, "keyUsage", read_key_usage},
    {&oid_alt_name, "subjectAltName", read_alt_names},
    {&oid_basic_constraints, "basicConstraints", read_basic_constraints},
    {&oid_extended_key_usage, "extendedKeyUsage", read_extended_key_usage},
    {&oid_name_constraints, "nameConstraints", read_name_constraints},
};

/* RFC 5280 4.2: no extension twice. Only those we read are watched, for only they could say two things. */
static bool read_extension(struct bytes oid, struct bytes value, unsigned *seen, struct certificate *out,
                           struct crypto_fault *fault)
{
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        if (!bytes_equal(oid, *extensions[i].oid))
            continue;
        if (*seen & 1U << i)
            return fault_set(fault, "it has the extension %s twice", extensions[i].name);
        *seen |= 1U << i;
        if (!extensions[i].read(value, out))
            return fault_set(fault, "its extension %s is malformed", extensions[i].name);
    }
    return true;
}

static bool read_extensions(struct bytes content, struct certificate *out, struct crypto_fault *fault)
{
    struct reader r = reader_of(content), list, extension;
    struct bytes oid, critical, value;
    unsigned seen = 0;

    if (!der_enter(&r, DER_SEQUENCE, &list) || !read_end(&r))
        return fault_set(fault, "its extensions are malformed");
    while (!read_end(&list)) {
        if (!der_enter(&list, DER_SEQUENCE, &extension) || !der_read(&extension, DER_OID, &oid) ||
            !der_read_optional(&extension, DER_BOOLEAN, &critical) || !der_read(&extension, DER_OCTET_STRING, &value) ||
            !read_end(&extension))
            return fault_set(fault, "its extensions are malformed");
        if (!read_extension(oid, value, &seen, out, fault))
            return false;
    }
    return true;
}

static bool read_whole(struct reader *r, uint8_t tag, struct bytes *whole)
{
    struct der_item item;

    if (!der_read_item(r, &item) || item.tag != tag)
        return false;
    *whole = item.whole;
    return true;
}

static bool read_validity(struct reader *r, struct certificate *out)
{
    struct reader inner;

    return der_enter(r, DER_SEQUENCE, &inner) && der_read_time(&inner, &out->not_before) &&
           der_read_time(&inner, &out->not_after) && read_end(&inner);
}

/* TBSCertificate; `algorithm` is the outer one, which RFC 5280 4.1.1.2 wants repeated inside. */
static bool read_signed_part(struct bytes content, struct bytes algorithm, struct certificate *out,
                             struct crypto_fault *fault)
{
    struct reader r = reader_of(content);
    struct bytes version, inner_algorithm, unique_id, extension_field;

    if (!der_read_optional(&r, DER_CONTEXT_CONSTRUCTED | 0, &version) || !der_read(&r, DER_INTEGER, &out->serial))
        return fault_set(fault, "its serial number is malformed");
    if (!read_whole(&r, DER_SEQUENCE, &inner_algorithm) || !bytes_equal(inner_algorithm, algorithm))
        return fault_set(fault, "it names two different signature algorithms");
    if (!read_whole(&r, DER_SEQUENCE, &out->issuer))
        return fault_set(fault, "its issuer is malformed");
    if (!read_validity(&r, out))
        return fault_set(fault, "its validity is malformed");
    if (!read_whole(&r, DER_SEQUENCE, &out->subject))
        return fault_set(fault, "its subject is malformed");
    if (!read_whole(&r, DER_SEQUENCE, &out->spki))
        return fault_set(fault, "its public key is malformed");
    if (!der_read_optional(&r, DER_CONTEXT | 1, &unique_id) || !der_read_optional(&r, DER_CONTEXT | 2, &unique_id) ||
        !der_read_optional(&r, DER_CONTEXT_CONSTRUCTED | 3, &extension_field) || !read_end(&r))
        return fault_set(fault, "something follows its public key that does not belong there");
    return !extension_field.at || read_extensions(extension_field, out, fault);
}

bool certificate_read(struct bytes der, struct certificate *out, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), outer, algorithm_inner;
    struct der_item signed_part, algorithm;

    *out = (struct certificate){
        .der = der,
        .may_sign = true,
        .may_encipher_keys = true,
        .may_sign_certificates = true,
        .is_for_servers = true,
        .is_for_clients = true,
        .is_for_anything = true,
    };
    if (!der_enter(&r, DER_SEQUENCE, &outer) || !read_end(&r) || !der_read_item(&outer, &signed_part) ||
        signed_part.tag != DER_SEQUENCE || !der_read_item(&outer, &algorithm) || algorithm.tag != DER_SEQUENCE ||
        !der_read_bit_string(&outer, &out->signature) || !read_end(&outer))
        return fault_set(fault, "it is no DER of a certificate");
    algorithm_inner = reader_of(algorithm.content);
    if (!der_read(&algorithm_inner, DER_OID, &out->signature_oid))
        return fault_set(fault, "its signature algorithm is malformed");
    out->signed_part = signed_part.whole;
    return read_signed_part(signed_part.content, algorithm.whole, out, fault);
}

bool certificate_is_self_issued(const struct certificate *certificate)
{
    return bytes_equal(certificate->issuer, certificate->subject);
}

bool certificate_signed_with_weak_hash(const struct certificate *certificate, const char **hash_name)
{
    for (size_t i = 0; i < ARRAY_LEN(weak_signatures); i++) {
        if (bytes_equal(certificate->signature_oid, weak_signatures[i].oid)) {
            *hash_name = weak_signatures[i].hash;
            return true;
        }
    }
    return false;
}

void certificate_signature_text(const struct certificate *certificate, char text[SIGNATURE_TEXT_LEN])
{
    for (size_t i = 0; i < ARRAY_LEN(signature_names); i++) {
        if (bytes_equal(certificate->signature_oid, signature_names[i].oid)) {
            snprintf(text, SIGNATURE_TEXT_LEN, "%s", signature_names[i].name);
            return;
        }
    }
    der_oid_text(certificate->signature_oid, text, SIGNATURE_TEXT_LEN);
}
