/*
 * ticket_root.h: one secret from which everybody who has it makes the same ticket keys at the same time.
 *
 * Time is cut into epochs of `issues` seconds since 1970. Each has a chain secret; from that come, by HKDF (RFC 5869),
 * the ticket key of the epoch and the chain secret of the next one, and there is no way back: who has forgotten the
 * secrets of the past cannot open its tickets any more, nor can whoever finds what is left. So keyholders that were
 * given one root, at whatever time, open each other's tickets without a word between them, and what is handed to a new
 * one is the root brought up to date by ticket_root_advance(), which forgets what no ticket needs any more.
 */
#ifndef TLS_TICKET_ROOT_H
#define TLS_TICKET_ROOT_H

#include "crypto/random.h"
#include "tls/ticket_keys.h"

enum {
    TICKET_ROOT_LEN = 32 + 8 + 4 + 4, /* as bytes: secret, epoch, issues, accepts */

    /* Epochs that are skipped at most, a second or two of work: two years of minutes. A clock that leaps further
     * finds no keys; make a new root then. */
    MAX_TICKET_EPOCHS_SKIPPED = 1 << 20,
};

struct ticket_root {
    uint8_t secret[32]; /* of `epoch` */
    uint64_t epoch;
    uint32_t issues, accepts; /* seconds, as in ticket_keys_new() */
};

/* A root of random bytes whose first epoch is that of `now`, in seconds since 1970. False: no random bytes. */
MUST_CHECK bool ticket_root_new(struct ticket_root *root, struct random_source random, int64_t now, uint32_t issues,
                                uint32_t accepts);

/*
 * Forgets what is older than the oldest key that opens tickets at `now`. A clock that runs back changes nothing. False:
 * beyond MAX_TICKET_EPOCHS_SKIPPED, or a failure of the hash; the root is as before.
 */
MUST_CHECK bool ticket_root_advance(struct ticket_root *root, int64_t now);

/* As bytes and back. False: not of TICKET_ROOT_LEN bytes, or with times that are none (issues 0, or above accepts). */
void ticket_root_write(const struct ticket_root *root, uint8_t out[TICKET_ROOT_LEN]);
MUST_CHECK bool ticket_root_read(struct bytes from, struct ticket_root *root);
void ticket_root_wipe(struct ticket_root *root);

/* For ticket_keys.c: name and key of the root's epoch, laid out as in a file; then on to the next one. */
MUST_CHECK bool ticket_root_key(const struct ticket_root *root, uint8_t out[TICKET_KEY_FILE_LEN]);
MUST_CHECK bool ticket_root_step(struct ticket_root *root);
MUST_CHECK bool ticket_root_skip(struct ticket_root *root, uint64_t epoch); /* to a later one */
uint64_t ticket_root_epoch(const struct ticket_root *root, int64_t now);

#endif
