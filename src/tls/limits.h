/*
 * limits.h: every bound the engine sets to what a client can make grow or repeat.
 */
#ifndef TLS_LIMITS_H
#define TLS_LIMITS_H

enum {
    RECORD_HEADER_LEN = 5,
    MAX_PLAINTEXT_LEN = 1 << 14,                  /* RFC 8446 5.1 */
    MAX_CIPHERTEXT_LEN = MAX_PLAINTEXT_LEN + 256, /* RFC 8446 5.2 */
    RECORD_OVERHEAD = RECORD_HEADER_LEN + 1 + 16, /* header, inner type, tag */
    MAX_SEALED_LEN = MAX_PLAINTEXT_LEN + RECORD_OVERHEAD,
    MESSAGE_HEADER_LEN = 4,
    MAX_CLIENT_HELLO_LEN = 1 << 14,
    MAX_SHORT_MESSAGE_LEN = 64, /* Finished, KeyUpdate */

    MAX_EMPTY_RECORDS = 32, /* in a row */
    MAX_WARNING_ALERTS = 4,
    MAX_CHANGE_CIPHER_SPECS = 2, /* a client sends one, RFC 8446 D.4 */
    MAX_HANDSHAKE_MESSAGES = 32, /* after the handshake, between application data */

    MAX_EARLY_DATA_SKIPPED = 1 << 14, /* bytes of ciphertext; we issue no ticket that allows any */

    MAX_PLAIN_SPANS = 6,
    SHORT_TEXT_LEN = 1024, /* shorter texts are moved together */

    /* RFC 8446 5.5: 2^24.5 full records under AES-GCM; we change the key well before. */
    REKEY_AFTER_RECORDS = 1 << 24,
};

#endif
