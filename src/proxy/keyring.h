/*
 * keyring.h: the private keys of the process, by key id, and the keys of its session tickets.
 *
 * A key belongs to no listener and no certificate: whoever knows its id (the SHA-256 of the SubjectPublicKeyInfo)
 * may ask for an operation with it. Connections never hold a key, not even a pointer to one.
 */
#ifndef PROXY_KEYRING_H
#define PROXY_KEYRING_H

#include "crypto/signature.h"
#include "tls/ticket_keys.h"

struct keyring;

MUST_CHECK struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring); /* wipes every key, not those of joined rings; NULL is fine */

/* Takes over `key`, also on failure. A second key with the same id replaces nothing and is freed. */
MUST_CHECK bool keyring_add(struct keyring *keyring, struct private_key *key);

/*
 * What a reload brings is a ring of its own: `other`, which stays the caller's, is searched as well until it leaves, so
 * that handshakes which began under an earlier configuration find their key. Nothing can fail here.
 */
void keyring_join(struct keyring *keyring, struct keyring *other);
void keyring_part(struct keyring *keyring, struct keyring *other);

/* Takes over `tickets`; those it had are wiped. */
void keyring_set_tickets(struct keyring *keyring, struct ticket_keys *tickets);
struct ticket_keys *keyring_tickets(const struct keyring *keyring); /* NULL: none */

/* NULL when there is none. Valid until the keyring is freed. */
const struct private_key *keyring_find(const struct keyring *keyring, const uint8_t key_id[KEY_ID_LEN]);
size_t keyring_count(const struct keyring *keyring);

#endif
