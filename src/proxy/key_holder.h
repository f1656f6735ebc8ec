/*
 * key_holder.h: a keyring at work, in this process or in a keyholder's: struct tls_key_holder over it, and the age of
 * its ticket keys.
 */
#ifndef PROXY_KEY_HOLDER_H
#define PROXY_KEY_HOLDER_H

#include "proxy/keyring.h"
#include "tls/key_operation.h"

struct key_holder {
    struct tls_key_holder tls;
    int64_t last_time;
};

/* `keyring` outlives the holder, which stays where it is. */
void key_holder_init(struct key_holder *holder, const struct keyring *keyring, struct random_source random);

/* The ticket keys that the keyring has now, which a reload may have replaced. Before the questions of a turn. */
void key_holder_look_up(struct key_holder *holder);

/*
 * Wipes the ticket keys that are too old. Seconds after which to call it again, 0 when nothing will age before the
 * next ticket is sealed.
 */
uint32_t key_holder_drop_aged(struct key_holder *holder);

#endif
