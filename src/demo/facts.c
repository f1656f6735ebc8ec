#include "demo/facts.h"

#include "demo/print.h"
#include "tls/iana.h"

static const char not_agreed[] = "not agreed";

/* ---- short names; an algorithm that came after these tables goes by its registered name */

static const char *const ciphers[] = {
    [AEAD_AES_128_GCM] = "AES-128-GCM",
    [AEAD_AES_256_GCM] = "AES-256-GCM",
    [AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

static const char *const hashes[] = {
    [HASH_SHA256] = "SHA-256",
    [HASH_SHA384] = "SHA-384",
};

static const char *const groups[] = {
    [KEY_EXCHANGE_X25519] = "X25519",
    [KEY_EXCHANGE_SECP256R1] = "P-256",
    [KEY_EXCHANGE_SECP384R1] = "P-384",
    [KEY_EXCHANGE_X25519MLKEM768] = "X25519 with ML-KEM-768",
};

static const char *const agreements[] = {
    [KEY_EXCHANGE_X25519] = "X25519",
    [KEY_EXCHANGE_SECP256R1] = "Diffie-Hellman on the curve P-256",
    [KEY_EXCHANGE_SECP384R1] = "Diffie-Hellman on the curve P-384",
    [KEY_EXCHANGE_X25519MLKEM768] = "X25519 and, against the quantum computers of one day, ML-KEM-768",
};

static const char *const shares[] = {
    [KEY_EXCHANGE_X25519] = "one fresh value of 32 bytes",
    [KEY_EXCHANGE_SECP256R1] = "one fresh point, 65 bytes",
    [KEY_EXCHANGE_SECP384R1] = "one fresh point, 97 bytes",
    [KEY_EXCHANGE_X25519MLKEM768] =
        ("one fresh value of 32 bytes, with it your client a fresh key of 1184 bytes and the "
         "server a secret locked by that key in 1088"),
};

static const struct {
    const char *name, *in_words;
} signatures[] = {
    [SIGNATURE_RSA_PSS_SHA256] = {"RSA-PSS", "RSA-PSS over SHA-256"},
    [SIGNATURE_RSA_PSS_SHA384] = {"RSA-PSS", "RSA-PSS over SHA-384"},
    [SIGNATURE_RSA_PSS_SHA512] = {"RSA-PSS", "RSA-PSS over SHA-512"},
    [SIGNATURE_ECDSA_P256_SHA256] = {"ECDSA P-256", "ECDSA on the curve P-256, over SHA-256"},
    [SIGNATURE_ECDSA_P384_SHA384] = {"ECDSA P-384", "ECDSA on the curve P-384, over SHA-384"},
    [SIGNATURE_ECDSA_P521_SHA512] = {"ECDSA P-521", "ECDSA on the curve P-521, over SHA-512"},
    [SIGNATURE_ECDSA_SHA256] = {"ECDSA", "ECDSA over SHA-256"},
    [SIGNATURE_ECDSA_SHA384] = {"ECDSA", "ECDSA over SHA-384"},
    [SIGNATURE_ECDSA_SHA512] = {"ECDSA", "ECDSA over SHA-512"},
    [SIGNATURE_RSA_PKCS1_SHA256] = {"RSA", "RSA (PKCS #1 v1.5) over SHA-256"},
    [SIGNATURE_RSA_PKCS1_SHA384] = {"RSA", "RSA (PKCS #1 v1.5) over SHA-384"},
    [SIGNATURE_RSA_PKCS1_SHA512] = {"RSA", "RSA (PKCS #1 v1.5) over SHA-512"},
};

static const char *pick(const char *const *names, size_t count, size_t id, const char *otherwise)
{
    return id < count && names[id] ? names[id] : otherwise;
}

const char *fact_version(const struct tls_outcome *outcome)
{
    switch (outcome->version) {
    case TLS_1_3:
        return "TLS 1.3";
    case TLS_1_2:
        return "TLS 1.2";
    default:
        return NULL;
    }
}

const char *fact_cipher(const struct tls_outcome *outcome)
{
    const struct tls_suite *suite = outcome->suite;
    return suite ? pick(ciphers, ARRAY_LEN(ciphers), suite->aead, suite->name) : NULL;
}

const char *fact_group(const struct tls_outcome *outcome)
{
    const struct tls_group *group = outcome->group;
    return group ? pick(groups, ARRAY_LEN(groups), group->key_exchange, group->name) : NULL;
}

/* TLS 1.2 leaves the curve of ECDSA open, and PKCS #1 v1.5 is there alone. */
static enum signature_id signature_of(const struct tls_outcome *outcome)
{
    const struct tls_signature_scheme *scheme = outcome->scheme;

    return outcome->version == TLS_1_2 || scheme->signature == SIGNATURE_IDS ? scheme->signature12 : scheme->signature;
}

static bool is_known_signature(const struct tls_outcome *outcome)
{
    enum signature_id id = signature_of(outcome);

    return id < ARRAY_LEN(signatures) && signatures[id].name;
}

const char *fact_signature(const struct tls_outcome *outcome)
{
    const struct tls_signature_scheme *scheme = outcome->scheme;

    if (!scheme)
        return NULL;
    return is_known_signature(outcome) ? signatures[signature_of(outcome)].name : scheme->name;
}

/* ---- version */

/* What stands in place of a value that this kind of handshake does not have. */
static const char *missing(const struct tls_outcome *outcome)
{
    if (outcome->is_resumed)
        return "none (resumed)";
    return flights_is_rsa_exchange(outcome) ? "none (RSA key exchange)" : not_agreed;
}

static void print_version(struct writer *out, const struct handshake_view *view)
{
    const char *name = fact_version(&view->outcome);
    print_text(out, name ? name : not_agreed);
}

static void tell_version(struct writer *out, const struct handshake_view *view)
{
    bool is_resumed = view->outcome.is_resumed;

    switch (view->outcome.version) {
    case TLS_1_3:
        print_format(out,
                     "The current version of the protocol: one round trip, and everything after the ServerHello%s "
                     "is encrypted.",
                     is_resumed ? "" : ", the certificate too,");
        break;
    case TLS_1_2:
        print_format(out, "Still widespread: %s.",
                     is_resumed ? "one round trip with a ticket, two without"
                                : "two round trips, and the certificate crosses the network in the open");
        break;
    default:
        print_text(out, "No version of the protocol was agreed.");
    }
}

/* ---- resumption */

static void print_resumption(struct writer *out, const struct handshake_view *view)
{
    print_text(out, view->outcome.is_resumed ? "resumed" : "full handshake");
}

static void tell_resumption(struct writer *out, const struct handshake_view *view)
{
    if (!view->outcome.is_resumed)
        print_text(out, "Your client came without a ticket of an earlier connection, or with one that is of no use "
                        "any more.");
    else
        print_format(out,
                     "Your client came back with the ticket of an earlier connection, which proves both sides: no "
                     "certificate had to be sent, and nothing to be signed. %s",
                     view->outcome.group ? "A fresh key was agreed all the same." : "It saved a round trip as well.");
}

/* ---- suite */

static void print_suite(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->outcome.suite ? view->outcome.suite->name : not_agreed);
}

static void tell_suite(struct writer *out, const struct handshake_view *view)
{
    const struct tls_suite *suite = view->outcome.suite;

    if (!suite) {
        print_text(out, "No cipher suite was agreed.");
        return;
    }
    print_format(out,
                 "All that is sent is sealed with %s, which hides it and notices every changed bit. "
                 "The keys are derived with %s.",
                 fact_cipher(&view->outcome), pick(hashes, ARRAY_LEN(hashes), suite->hash, "the hash of the suite"));
}

/* ---- group */

static void print_group(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->outcome.group ? view->outcome.group->name : missing(&view->outcome));
}

static void tell_group(struct writer *out, const struct handshake_view *view)
{
    const struct tls_group *group = view->outcome.group;

    if (flights_is_rsa_exchange(&view->outcome)) {
        print_text(out, "Your client made up the secret alone and sent it encrypted for the RSA key of the "
                        "certificate. What was recorded today can be opened by whoever steals that key one day.");
        return;
    }
    if (!group && view->outcome.is_resumed) {
        print_text(out, "No new key was agreed: your client came back with a ticket, and the keys are derived from the "
                        "secret inside it and fresh random numbers.");
        return;
    }
    if (!group) {
        print_text(out, "No group for the key exchange was agreed.");
        return;
    }
    print_format(out,
                 "The key was agreed with %s: either side sent %s, and only these two can compute the key from both. "
                 "The secret halves are forgotten right after, so what was recorded today stays closed, "
                 "even should the certificate&#39;s key be stolen one day.",
                 pick(agreements, ARRAY_LEN(agreements), group->key_exchange, group->name),
                 pick(shares, ARRAY_LEN(shares), group->key_exchange, "a fresh public value"));
}

static void print_retry(struct writer *out, const struct handshake_view *view)
{
    if (view->outcome.version == TLS_1_2)
        print_text(out, "not in TLS 1.2");
    else
        print_text(out, view->outcome.is_hello_retried ? "once" : "not needed");
}

static void tell_retry(struct writer *out, const struct handshake_view *view)
{
    const char *group = fact_group(&view->outcome);

    if (view->outcome.version == TLS_1_2)
        print_text(out, "TLS 1.2 knows no second try: what the first message offers has to do, or the handshake "
                        "fails.");
    else if (view->outcome.is_hello_retried)
        print_format(out,
                     "Your client&#39;s first message held no key share that sallyport can use, so it was asked for "
                     "one in %s. That took one round trip more.",
                     group ? group : "another group");
    else
        print_text(out, "Your client&#39;s first message already held a key share that fits: no second try, "
                        "no extra round trip.");
}

/* ---- signature and certificate */

static void print_signature(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->outcome.scheme ? view->outcome.scheme->name : missing(&view->outcome));
}

static void tell_unsigned(struct writer *out, const struct tls_outcome *outcome)
{
    if (outcome->is_resumed)
        print_text(out, "Nothing had to be signed: your client came back with a ticket, and the key inside it proves "
                        "both sides.");
    else if (flights_is_rsa_exchange(outcome))
        print_text(out, "Nothing was signed: that sallyport could open the secret your client sent is the proof that "
                        "it holds the private key of the certificate.");
    else
        print_text(out, "Nothing was signed.");
}

static void tell_signature(struct writer *out, const struct handshake_view *view)
{
    const struct tls_signature_scheme *scheme = view->outcome.scheme;

    if (!scheme) {
        tell_unsigned(out, &view->outcome);
        return;
    }
    /* RFC 8446 4.4.3: the transcript; RFC 5246 7.4.3: the parameters of ServerKeyExchange and the randoms. */
    print_format(out, "sallyport signed %s with %s: the proof that it holds the private key of the certificate.",
                 view->outcome.version == TLS_1_2 ? "its key share and the random numbers of both sides"
                                                  : "everything said so far",
                 is_known_signature(&view->outcome) ? signatures[signature_of(&view->outcome)].in_words : scheme->name);
}

static void print_certificate(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->certificate[0] ? view->certificate : view->outcome.is_resumed ? "none (resumed)" : "none");
    if (view->is_development_certificate)
        print_text(out, " (self-signed)");
}

static void tell_certificate(struct writer *out, const struct handshake_view *view)
{
    if (view->is_development_certificate)
        print_text(out, "sallyport made it for itself at its first start, and nobody vouches for it. That is why your "
                        "client warned you, or had to be told to accept it.");
    else if (view->outcome.is_resumed)
        print_text(out, "No certificate was sent: the ticket goes back to a handshake in which one was.");
    else if (flights_is_rsa_exchange(&view->outcome))
        print_text(out, "Chosen among the configured ones by the name your client asked for: one with an RSA key, for "
                        "this key exchange needs it.");
    else if (view->certificate[0])
        print_text(out, "Chosen among the configured ones by the name your client asked for and the signatures it "
                        "understands.");
    else
        print_text(out, "No certificate was sent.");
}

static void print_client(struct writer *out, const struct handshake_view *view)
{
    if (!view->is_client_verified)
        print_text(out, "none");
    else
        print_html(out, view->client_certificate[0] ? view->client_certificate : "one without a name");
}

static void tell_client(struct writer *out, const struct handshake_view *view)
{
    if (!view->is_client_verified)
        print_text(out, "Your client did not prove who it is: it was not asked to, or showed no certificate.");
    else if (view->outcome.is_resumed)
        print_text(out, "Who your client proved to be in the handshake that its ticket goes back to.");
    else
        print_text(out, "Who your client proved to be: it signed with the key of a certificate that an authority "
                        "trusted here vouches for.");
}

/* ---- names */

static void print_sni(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->sni[0] ? view->sni : "none");
}

static void tell_sni(struct writer *out, const struct handshake_view *view)
{
    if (view->sni[0] && view->outcome.is_resumed)
        print_text(out, "The name your client asked for, as when it was given its ticket: that is good for this name "
                        "alone. It crossed the network readable, before there was any key.");
    else if (view->sni[0])
        print_text(out, "The name your client asked for. It crossed the network readable, before there was any key, "
                        "so that the right certificate could be chosen.");
    else
        print_format(out, "Your client named no host (an address is never sent as a name)%s.",
                     view->outcome.is_resumed ? "" : ", so the default certificate was served");
}

static void print_alpn(struct writer *out, const struct handshake_view *view)
{
    print_html(out, view->alpn[0] ? view->alpn : "none");
}

static void tell_alpn(struct writer *out, const struct handshake_view *view)
{
    if (view->alpn[0])
        print_text(out, "What is spoken inside the tunnel was agreed on the way, without a further round trip.");
    else
        print_text(out, "Nothing was agreed about what to speak inside the tunnel: your client just began with HTTP.");
}

const struct fact facts[FACT_COUNT] = {
    {"Version", print_version, tell_version},
    {"Resumption", print_resumption, tell_resumption},
    {"Cipher suite", print_suite, tell_suite},
    {"Key exchange group", print_group, tell_group},
    {"HelloRetryRequest", print_retry, tell_retry},
    {"Signature", print_signature, tell_signature},
    {"Certificate", print_certificate, tell_certificate},
    {"Client certificate", print_client, tell_client},
    {"Server name (SNI)", print_sni, tell_sni},
    {"Application protocol (ALPN)", print_alpn, tell_alpn},
};
