/*
 * ticket_keys.h: the keys that seal session tickets. Held beside the private keys, never by the engine.
 *
 * Made from random bytes and rotated by time: the newest seals, older ones open until they are too old, then they are
 * wiped. Or made from a root (ticket_root.h), so that all keyholders of a machine have the same ones. Or given as
 * files, so that a fleet shares them: then the first one seals and all of them open.
 *
 * A ticket is: key name (16), nonce (12), AES-256-GCM of the session, tag (16). The additional data is the key name and
 * the binding, 32 bytes that say for whom the ticket is good; a ticket with another binding does not open.
 */
#ifndef TLS_TICKET_KEYS_H
#define TLS_TICKET_KEYS_H

#include "crypto/aead.h"
#include "crypto/random.h"

enum {
    TICKET_KEY_NAME_LEN = 16,
    TICKET_KEY_FILE_LEN = 48, /* name, key of 32 */
    TICKET_BINDING_LEN = 32,
    TICKET_OVERHEAD = TICKET_KEY_NAME_LEN + AEAD_NONCE_LEN + AEAD_TAG_LEN,
    MAX_TICKET_KEYS = 8,
    DEFAULT_TICKET_KEY_ISSUES = 4 * 3600, /* seconds */
    DEFAULT_TICKET_KEY_ACCEPTS = 8 * 3600,
};

struct ticket_keys;

/*
 * Keys of our own, made when first needed. `issues` and `accepts` are seconds from a key's birth during which it
 * seals and opens, accepts >= issues. NULL: no memory.
 */
MUST_CHECK struct ticket_keys *ticket_keys_new(struct random_source random, uint32_t issues, uint32_t accepts);

/*
 * Keys of a root, whose times and epochs are theirs; the root is copied, and the copy forgets its past as time goes on.
 * The key of the next epoch opens already, for the clocks of two processes may be read a moment apart. Before the
 * root's own epoch, or further behind it than MAX_TICKET_EPOCHS_SKIPPED, there are no keys. NULL: no memory.
 */
struct ticket_root;
MUST_CHECK struct ticket_keys *ticket_keys_from_root(struct random_source random, const struct ticket_root *root);

/*
 * Keys from files of TICKET_KEY_FILE_LEN bytes; the first seals. They do not age. NULL with a sentence in `fault`: no
 * key, too many, the wrong length, all bytes of the key equal, two with one name, no memory.
 */
struct ticket_keys_fault {
    const char *text; /* NULL: none */
    size_t file;      /* the one at fault, counted from 0 */
};
MUST_CHECK struct ticket_keys *ticket_keys_from_files(struct random_source random, const struct bytes *files,
                                                      size_t count, struct ticket_keys_fault *fault);
void ticket_keys_free(struct ticket_keys *keys); /* wipes; NULL is fine */

/* `out` takes session.len + TICKET_OVERHEAD bytes. `now` is in seconds and never runs back. */
MUST_CHECK bool ticket_seal(struct ticket_keys *keys, int64_t now, const uint8_t binding[TICKET_BINDING_LEN],
                            struct bytes session, uint8_t *out, size_t *len);

/* For how many seconds after `now` a ticket that was just sealed can be opened; UINT32_MAX: keys from files do not age.
 */
uint32_t ticket_keys_left(const struct ticket_keys *keys, int64_t now);

enum ticket_result {
    TICKET_OPENED,
    TICKET_OPENED_OLD, /* by a key that no longer seals: give the client a new one */
    TICKET_UNKNOWN,    /* a key we do not have (any more), or a form that is not ours */
    TICKET_INVALID,    /* our key's name, but it does not open: changed, or bound to something else */
    TICKET_FAILED,     /* ours */
};

/* `out` takes ticket.len bytes. */
MUST_CHECK enum ticket_result ticket_open(struct ticket_keys *keys, int64_t now,
                                          const uint8_t binding[TICKET_BINDING_LEN], struct bytes ticket, uint8_t *out,
                                          size_t *len);

/* Wipes the keys that are too old, as every seal and open does. Seconds until the next one is; 0 when none will be. */
int64_t ticket_keys_drop_aged(struct ticket_keys *keys, int64_t now);

/* How many keys are held, and the age in seconds of the one that seals (0 for files), for metrics and tests. */
size_t ticket_keys_count(const struct ticket_keys *keys);
int64_t ticket_keys_age(const struct ticket_keys *keys, int64_t now);

#endif
