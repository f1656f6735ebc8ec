#include "crypto/key_der.h"

#include "crypto/der.h"
#include "crypto/fault.h"

struct named_oid {
    struct bytes oid;
    const char *name;
};

static const struct bytes oid_rsa = BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct bytes oid_ec = BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct bytes oid_p256 = BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x03\x01\x07");
static const struct bytes oid_p384 = BYTES_OF_LITERAL("\x2b\x81\x04\x00\x22");
static const struct bytes oid_p521 = BYTES_OF_LITERAL("\x2b\x81\x04\x00\x23");

/* What people have in their files and we cannot use: to be named, not to be shown as a row of numbers. */
static const struct named_oid unsupported[] = {
    {BYTES_OF_LITERAL("\x2b\x65\x70"), "Ed25519"},
    {BYTES_OF_LITERAL("\x2b\x65\x71"), "Ed448"},
    {BYTES_OF_LITERAL("\x2b\x65\x6e"), "X25519"},
    {BYTES_OF_LITERAL("\x2b\x65\x6f"), "X448"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x38\x04\x01"), "DSA"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), "RSASSA-PSS"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01"), "Diffie-Hellman"},
    {BYTES_OF_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x03\x11"), "ML-DSA-44"},
    {BYTES_OF_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x03\x12"), "ML-DSA-65"},
    {BYTES_OF_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x03\x13"), "ML-DSA-87"},
    {BYTES_OF_LITERAL("\x2b\x81\x04\x00\x21"), "P-224 (secp224r1)"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x03\x01\x01"), "P-192 (secp192r1)"},
    {BYTES_OF_LITERAL("\x2b\x81\x04\x00\x0a"), "secp256k1"},
    {BYTES_OF_LITERAL("\x2b\x24\x03\x03\x02\x08\x01\x01\x07"), "brainpoolP256r1"},
    {BYTES_OF_LITERAL("\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"), "brainpoolP384r1"},
    {BYTES_OF_LITERAL("\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"), "brainpoolP512r1"},
};

static const char *oid_name(struct bytes oid, char *dotted, size_t dotted_len)
{
    for (size_t i = 0; i < ARRAY_LEN(unsupported); i++) {
        if (bytes_equal(oid, unsupported[i].oid))
            return unsupported[i].name;
    }
    der_oid_text(oid, dotted, dotted_len);
    return dotted;
}

static bool curve_of(struct bytes oid, struct key_material *material, struct crypto_fault *fault)
{
    char dotted[64];

    if (bytes_equal(oid, oid_p256)) {
        material->kind = KEY_KIND_ECDSA_P256;
        material->bits = 256;
        return true;
    }
    if (bytes_equal(oid, oid_p384)) {
        material->kind = KEY_KIND_ECDSA_P384;
        material->bits = 384;
        return true;
    }
    if (bytes_equal(oid, oid_p521)) { /* of clients alone: see key_is_ours() */
        material->kind = KEY_KIND_ECDSA_P521;
        material->bits = 521;
        return true;
    }
    return fault_set(fault, "the key is on the curve %s; sallyport uses P-256 and P-384",
                     oid_name(oid, dotted, sizeof dotted));
}

/* The parameters name the curve; a curve spelled out in numbers is refused, as RFC 5480 2.1.1 has it. */
static bool read_curve(struct reader *r, struct key_material *material, struct crypto_fault *fault)
{
    struct bytes oid;

    if (!der_read(r, DER_OID, &oid))
        return fault_set(fault, "the key does not name its curve (explicit parameters are not accepted)");
    return curve_of(oid, material, fault);
}

/* AlgorithmIdentifier, RFC 5280 4.1.1.2 */
static bool read_algorithm(struct reader *r, struct key_material *material, struct crypto_fault *fault)
{
    struct reader inner;
    struct bytes oid, none;
    char dotted[64];

    if (!der_enter(r, DER_SEQUENCE, &inner) || !der_read(&inner, DER_OID, &oid))
        return fault_set(fault, "the key is damaged: its algorithm cannot be read");
    if (bytes_equal(oid, oid_ec))
        return read_curve(&inner, material, fault);
    if (!bytes_equal(oid, oid_rsa))
        return fault_set(fault, "%s keys are not supported; sallyport uses RSA, ECDSA P-256 and ECDSA P-384",
                         oid_name(oid, dotted, sizeof dotted));
    material->kind = KEY_KIND_RSA;
    if (!der_read_optional(&inner, DER_NULL, &none) || !read_end(&inner))
        return fault_set(fault, "the key is damaged: its algorithm has parameters that do not belong to RSA");
    return true;
}

static size_t coordinate_len(const struct key_material *material)
{
    return (material->bits + 7) / 8;
}

/* RFC 5480 2.2. Compressed points are legal there, but no certificate has them and RFC 8422 5.1.1 forbids them. */
static bool take_point(struct bytes point, struct key_material *material)
{
    if (point.len != 1 + 2 * coordinate_len(material) || point.at[0] != 4)
        return false;
    memcpy(material->point, point.at, point.len);
    material->point_len = point.len;
    return true;
}

static unsigned bit_length(struct bytes magnitude)
{
    unsigned bits = (unsigned)magnitude.len * 8;

    if (magnitude.len == 0)
        return 0;
    for (unsigned mask = 0x80; !(magnitude.at[0] & mask); mask >>= 1)
        bits--;
    return bits;
}

static bool rsa_size_is_fine(struct key_material *material, struct crypto_fault *fault)
{
    material->bits = bit_length(material->n);
    if (material->bits < MIN_RSA_BITS)
        return fault_set(fault, "the RSA key has %u bits; %d are the least that clients accept", material->bits,
                         MIN_RSA_BITS);
    if (material->bits > MAX_RSA_BITS)
        return fault_set(fault, "the RSA key has %u bits; sallyport takes up to %d", material->bits, MAX_RSA_BITS);
    if (material->e.len == 0 || material->e.len > 8 || material->e.at[material->e.len - 1] % 2 == 0 ||
        bit_length(material->e) < 2)
        return fault_set(fault, "the RSA key has an unusable public exponent");
    if (material->n.at[material->n.len - 1] % 2 == 0)
        return fault_set(fault, "the RSA key is damaged: its modulus is even");
    return true;
}

/* RSAPrivateKey, RFC 8017 A.1.2, of two primes (version 0). */
bool key_read_pkcs1(struct bytes der, struct key_material *material, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), inner;
    uint8_t version;

    material->kind = KEY_KIND_RSA;
    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r) || !der_read_small(&inner, &version) || version != 0 ||
        !der_read_unsigned(&inner, &material->n) || !der_read_unsigned(&inner, &material->e) ||
        !der_read_unsigned(&inner, &material->d) || !der_read_unsigned(&inner, &material->p) ||
        !der_read_unsigned(&inner, &material->q) || !der_read_unsigned(&inner, &material->dp) ||
        !der_read_unsigned(&inner, &material->dq) || !der_read_unsigned(&inner, &material->qp) || !read_end(&inner))
        return fault_set(fault, "the RSA key is damaged: its numbers cannot be read");
    return rsa_size_is_fine(material, fault);
}

/* ECPrivateKey, RFC 5915 3. Within PKCS#8 the curve is named outside, and `material` has it already. */
static bool read_ec_private(struct bytes der, bool has_curve, struct key_material *material, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), inner, parameters, public_key;
    struct key_material named = {.bits = 0};
    struct bytes curve, point_field, point;
    uint8_t version;

    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r) || !der_read_small(&inner, &version) || version != 1 ||
        !der_read(&inner, DER_OCTET_STRING, &material->scalar) ||
        !der_read_optional(&inner, DER_CONTEXT_CONSTRUCTED | 0, &curve) ||
        !der_read_optional(&inner, DER_CONTEXT_CONSTRUCTED | 1, &point_field) || !read_end(&inner))
        return fault_set(fault, "the EC key is damaged: its fields cannot be read");
    parameters = reader_of(curve);
    if ((curve.at || !has_curve) && !read_curve(&parameters, &named, fault))
        return false;
    if (!has_curve) {
        material->kind = named.kind;
        material->bits = named.bits;
    } else if (curve.at && named.kind != material->kind) {
        return fault_set(fault, "the EC key is damaged: it names two curves");
    }
    if (material->scalar.len != coordinate_len(material))
        return fault_set(fault, "the EC key is damaged: its secret has the wrong length");
    public_key = reader_of(point_field);
    if (point_field.at &&
        (!der_read_bit_string(&public_key, &point) || !read_end(&public_key) || !take_point(point, material)))
        return fault_set(fault, "the EC key is damaged: its public key is not an uncompressed point");
    return true;
}

bool key_read_sec1(struct bytes der, struct key_material *material, struct crypto_fault *fault)
{
    return read_ec_private(der, false, material, fault);
}

/* PrivateKeyInfo, RFC 5208 5; OneAsymmetricKey, RFC 5958 2, adds version 1 and fields we pass over. */
bool key_read_pkcs8(struct bytes der, struct key_material *material, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), inner;
    struct bytes key;
    uint8_t version;

    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r) || !der_read_small(&inner, &version) || version > 1)
        return fault_set(fault, "the key is damaged: it is no PKCS#8 PrivateKeyInfo");
    if (!read_algorithm(&inner, material, fault))
        return false;
    if (!der_read(&inner, DER_OCTET_STRING, &key))
        return fault_set(fault, "the key is damaged: it is no PKCS#8 PrivateKeyInfo");
    return material->kind == KEY_KIND_RSA ? key_read_pkcs1(key, material, fault)
                                          : read_ec_private(key, true, material, fault);
}

/* SubjectPublicKeyInfo, RFC 5280 4.1.2.7 */
bool key_read_spki(struct bytes der, struct key_material *material, struct crypto_fault *fault)
{
    struct reader r = reader_of(der), inner, key, numbers;
    struct bytes bits;

    if (!der_enter(&r, DER_SEQUENCE, &inner) || !read_end(&r))
        return fault_set(fault, "the public key is damaged");
    if (!read_algorithm(&inner, material, fault))
        return false;
    if (!der_read_bit_string(&inner, &bits) || !read_end(&inner))
        return fault_set(fault, "the public key is damaged");
    if (material->kind != KEY_KIND_RSA) {
        if (!take_point(bits, material))
            return fault_set(fault, "the public key is not an uncompressed point of its curve");
        return true;
    }
    key = reader_of(bits);
    if (!der_enter(&key, DER_SEQUENCE, &numbers) || !read_end(&key) || !der_read_unsigned(&numbers, &material->n) ||
        !der_read_unsigned(&numbers, &material->e) || !read_end(&numbers))
        return fault_set(fault, "the RSA public key is damaged");
    return rsa_size_is_fine(material, fault);
}

static struct bytes curve_oid(enum key_kind kind)
{
    if (kind == KEY_KIND_ECDSA_P521)
        return oid_p521;
    return kind == KEY_KIND_ECDSA_P256 ? oid_p256 : oid_p384;
}

bool key_is_ours(const struct key_material *material, struct crypto_fault *fault)
{
    return material->kind != KEY_KIND_ECDSA_P521 ||
           fault_set(fault, "the key is on the curve P-521 (secp521r1); sallyport uses P-256 and P-384");
}

static void write_algorithm(const struct key_material *material, struct writer *w)
{
    uint8_t storage[32];
    struct writer inner = writer_of(storage, sizeof storage);

    der_write(&inner, DER_OID, material->kind == KEY_KIND_RSA ? oid_rsa : oid_ec);
    if (material->kind == KEY_KIND_RSA)
        der_write(&inner, DER_NULL, bytes_of(NULL, 0));
    else
        der_write(&inner, DER_OID, curve_oid(material->kind));
    der_write(w, DER_SEQUENCE, writer_view(&inner));
}

static void write_public_key(const struct key_material *material, struct writer *w)
{
    uint8_t storage[MAX_SPKI_LEN], outer_storage[MAX_SPKI_LEN];
    struct writer numbers = writer_of(storage, sizeof storage);
    struct writer sequence = writer_of(outer_storage, sizeof outer_storage);

    if (material->kind != KEY_KIND_RSA) {
        der_write_bit_string(w, bytes_of(material->point, material->point_len));
        return;
    }
    der_write_unsigned(&numbers, material->n);
    der_write_unsigned(&numbers, material->e);
    der_write(&sequence, DER_SEQUENCE, writer_view(&numbers));
    der_write_bit_string(w, writer_view(&sequence));
    if (!writer_ok(&numbers) || !writer_ok(&sequence))
        writer_fail(w);
}

void key_write_spki(const struct key_material *material, struct writer *w)
{
    uint8_t storage[MAX_SPKI_LEN];
    struct writer inner = writer_of(storage, sizeof storage);

    write_algorithm(material, &inner);
    write_public_key(material, &inner);
    der_write(w, DER_SEQUENCE, writer_view(&inner));
    if (!writer_ok(&inner))
        writer_fail(w);
}

/* Written anew, not taken from a file, so that a key and its certificate agree whatever form they came in. */
bool key_material_id(const struct key_material *material, uint8_t id[KEY_ID_LEN])
{
    uint8_t storage[MAX_SPKI_LEN];
    struct writer w = writer_of(storage, sizeof storage);

    key_write_spki(material, &w);
    return writer_ok(&w) && hash_once(hash_find(HASH_SHA256), writer_view(&w), id);
}

/* ECPrivateKey (RFC 5915 3) with its public key, the curve being named outside. */
static void write_ec_private(const struct key_material *material, struct writer *w)
{
    static const uint8_t version_one[] = {1};
    uint8_t point_storage[MAX_POINT_LEN + 4], storage[2 * MAX_POINT_LEN];
    struct writer point = writer_of(point_storage, sizeof point_storage);
    struct writer inner = writer_of(storage, sizeof storage);

    der_write_unsigned(&inner, BYTES_OF_ARRAY(version_one));
    der_write(&inner, DER_OCTET_STRING, material->scalar);
    der_write_bit_string(&point, bytes_of(material->point, material->point_len));
    der_write(&inner, DER_CONTEXT_CONSTRUCTED | 1, writer_view(&point));
    der_write(w, DER_SEQUENCE, writer_view(&inner));
    if (!writer_ok(&point) || !writer_ok(&inner))
        writer_fail(w);
    memory_wipe(storage, sizeof storage);
}

bool key_write_pkcs8(const struct key_material *material, struct writer *w)
{
    uint8_t key_storage[3 * MAX_POINT_LEN], storage[3 * MAX_POINT_LEN];
    struct writer key = writer_of(key_storage, sizeof key_storage);
    struct writer inner = writer_of(storage, sizeof storage);

    write_ec_private(material, &key);
    der_write_unsigned(&inner, bytes_of(NULL, 0)); /* version 0 */
    write_algorithm(material, &inner);
    der_write(&inner, DER_OCTET_STRING, writer_view(&key));
    der_write(w, DER_SEQUENCE, writer_view(&inner));
    memory_wipe(key_storage, sizeof key_storage);
    memory_wipe(storage, sizeof storage);
    return writer_ok(&key) && writer_ok(&inner) && writer_ok(w);
}
