/*
 * crypto.h: the algorithms, as const objects over providers.
 *
 * The layers above name an algorithm by its enum and get one const object; which library or code of ours works
 * behind it is decided here and nowhere else (crypto_provider_name() tells it). This folder knows no TLS: code
 * points, labels and messages live in tls/. It is the only one that may name mbedtls_, psa_ or EVP_.
 *
 * Nothing here opens a file, reads a clock or keeps a global that changes after crypto_start(), but for what is left of
 * the kernel's random bytes (random.c).
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/attributes.h"
#include "base/bytes.h"

/* The answer of an operation that takes a peer's bytes: their fault and ours lead to different alerts. */
enum crypto_result {
    CRYPTO_OK,
    CRYPTO_BAD_INPUT, /* the peer's value is malformed or not acceptable */
    CRYPTO_FAILED,    /* memory, randomness or the library failed: ours */
};

enum { MAX_HASH_LEN = 48, MAX_HASH_BLOCK_LEN = 128, MAX_SIGNATURE_LEN = 1024, MAX_PUBLIC_SHARE_LEN = 1216 };

/* Once at start, before anything else: probes the processor and readies the providers. */
MUST_CHECK bool crypto_start(void);

/*
 * Whether whoever serves AES-GCM computes it from tables, for want of instructions of the processor or of code that uses
 * them: slower than ChaCha20-Poly1305 by far, and which entries are looked up, so the time, depends on the key.
 */
bool crypto_aes_is_table_based(void);

/*
 * Whether private-key operations of RSA are those of a library that is known to leak through their timing: mbedTLS
 * before 2.28.7 and 3.5.2 (CVE-2024-23170).
 */
bool crypto_rsa_leaks_time(void);

/* "libcrypto 3.0.22", "mbedTLS 2.28.3": who is asked first comes first. NULL past the last. */
const char *crypto_provider_name(size_t index);

/* One line for an algorithm and who serves it, for `-V`: "X25519" -> "mbedTLS 2.28.3". False past the last. */
struct crypto_service {
    const char *algorithm;
    const char *provider;
};
MUST_CHECK bool crypto_service_at(size_t index, struct crypto_service *out);

#endif
