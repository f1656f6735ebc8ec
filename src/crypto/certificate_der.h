/*
 * certificate_der.h: what one certificate says (RFC 5280 4.1), as views into its DER. Private to src/crypto.
 *
 * Only its own words: nothing here decides whether somebody may be trusted. The reader is strict where the
 * libraries were found lenient: mbedTLS before 3.6.7 takes `basicConstraints SEQUENCE { INTEGER }` for a CA
 * (reproduced on 2.28.3). The check of client certificates must go through is_ca of this file, not the library's.
 */
#ifndef CRYPTO_CERTIFICATE_DER_H
#define CRYPTO_CERTIFICATE_DER_H

#include "base/writer.h"
#include "crypto/signature.h"

struct certificate {
    struct bytes der;
    struct bytes signed_part; /* tbsCertificate, whole */
    struct bytes signature_oid;
    struct bytes signature;
    struct bytes serial;  /* content of the INTEGER */
    struct bytes issuer;  /* Name, whole */
    struct bytes subject; /* Name, whole */
    struct bytes spki;    /* whole */
    int64_t not_before;   /* seconds since 1970 */
    int64_t not_after;
    struct bytes alt_names; /* content of GeneralNames; at == NULL without a subjectAltName */
    bool is_ca;             /* basicConstraints says so */
    bool has_key_usage;
    bool may_sign;              /* digitalSignature; true without a key usage */
    bool may_encipher_keys;     /* keyEncipherment; true without a key usage */
    bool may_sign_certificates; /* keyCertSign; true without a key usage */
    bool is_for_servers;        /* serverAuth or anyExtendedKeyUsage; true without an extended key usage */
    bool is_for_clients;        /* clientAuth; true without an extended key usage */
    bool is_for_anything;       /* anyExtendedKeyUsage; true without an extended key usage */
    bool has_name_constraints;
    bool has_path_len;
    unsigned path_len; /* at most 255: more is as good as none */
};

/* `fault` gets what does not parse. */
MUST_CHECK bool certificate_read(struct bytes der, struct certificate *out, struct crypto_fault *fault);

bool certificate_is_self_issued(const struct certificate *certificate);
MUST_CHECK bool certificate_signed_with_weak_hash(const struct certificate *certificate, const char **hash_name);

enum { SIGNATURE_TEXT_LEN = 64 };

/* "ecdsa-with-SHA256"; dotted numbers where there is no name for it here. */
void certificate_signature_text(const struct certificate *certificate, char text[SIGNATURE_TEXT_LEN]);

enum { MAX_NAME_TEXT_LEN = 256 };

/*
 * A Name as "CN=app.example, O=Example", in the order of the certificate. Printable ASCII only: every other byte,
 * NUL included, is shown as \XX, and so are the separators within a value. Cut with "..." when too long.
 */
void certificate_name_text(struct bytes name, char text[MAX_NAME_TEXT_LEN]);

/* The last commonName of a Name, where it is a string of ASCII or UTF-8 (UTF8String, PrintableString, IA5String). */
MUST_CHECK bool certificate_common_name(struct bytes name, struct bytes *value);

/*
 * A host name as certificates may have it: letters, digits, hyphens, underscores and dots, and for a wildcard a
 * first label that is "*" alone (RFC 6125 6.4.3). `text` gets it in lower case, without a final dot.
 */
MUST_CHECK bool certificate_host_name(struct bytes name, struct writer *text);

/* The next dNSName of GeneralNames; false past the last. */
struct reader;
MUST_CHECK bool certificate_next_dns_name(struct reader *alt_names, struct bytes *name);

#endif
