/*
 * limits.h: every bound the engine sets to what a client can make grow or repeat.
 */
#ifndef TLS_LIMITS_H
#define TLS_LIMITS_H

enum {
    RECORD_HEADER_LEN = 5,
    MAX_PLAINTEXT_LEN = 1 << 14,                                   /* RFC 8446 5.1 */
    MAX_CIPHERTEXT_LEN = MAX_PLAINTEXT_LEN + 256,                  /* RFC 8446 5.2 */
    MAX_CIPHERTEXT12_LEN = MAX_PLAINTEXT_LEN + 2048,               /* RFC 5246 6.2.3 */
    EXPLICIT_NONCE_LEN = 8,                                        /* of AES-GCM in TLS 1.2, RFC 5288 3 */
    RECORD_OVERHEAD = RECORD_HEADER_LEN + EXPLICIT_NONCE_LEN + 16, /* header, nonce or inner type, tag */
    MAX_SEALED_LEN = MAX_PLAINTEXT_LEN + RECORD_OVERHEAD,
    MESSAGE_HEADER_LEN = 4,
    MAX_CLIENT_HELLO_LEN = 1 << 14,
    MAX_SHORT_MESSAGE_LEN = 64, /* Finished, KeyUpdate */
    MAX_CERTIFICATE_MESSAGE_LEN = 1 << 16,
    MAX_CERTIFICATE_VERIFY_LEN = 4 + 1024,
    MAX_CLIENT_KEY_EXCHANGE_LEN = 2 + 1024, /* RSA of 8192 bits */
    MAX_TICKETS_TRIED = 4,                  /* of one ClientHello */

    MAX_EMPTY_RECORDS = 32,      /* in a row */
    MAX_WARNING_ALERTS = 4,      /* between application data */
    MAX_CHANGE_CIPHER_SPECS = 2, /* a client sends one, RFC 8446 D.4 */
    MAX_HANDSHAKE_MESSAGES = 32, /* after the handshake, between application data */

    MAX_EARLY_DATA_SKIPPED = 1 << 14, /* bytes of ciphertext; we issue no ticket that allows any */

    MAX_PLAIN_SPANS = 6,
    SHORT_TEXT_LEN = 1024, /* shorter texts are moved together */

    /* Dynamic record sizes: at first and after a pause a record fits into one segment, so that none waits for another.
     */
    FIRST_RECORD_LEN = 1360,
    FIRST_RECORDS_BYTES = 40 * 1024,
    RECORD_PAUSE = 1000 * 1000, /* microseconds */

    /* RFC 8446 5.5: 2^24.5 full records under AES-GCM; we change the key well before. */
    REKEY_AFTER_RECORDS = 1 << 24,
};

#endif
