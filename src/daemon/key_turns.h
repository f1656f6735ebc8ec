/*
 * key_turns.h: whose question a keyholder answers next.
 *
 * Whoever has tokens goes before those who have none (key_share.h), a ticket before what needs a private key, and
 * otherwise it goes turn and turn about. Somebody's question is answered as long as there is one.
 */
#ifndef DAEMON_KEY_TURNS_H
#define DAEMON_KEY_TURNS_H

#include "daemon/key_client.h"

struct key_turns {
    size_t next; /* modulo the number of workers */
};

/* NULL: nobody asks. Else there is a question of that kind. */
struct key_client *key_turns_take(struct key_turns *turns, struct key_client *const *clients, size_t count,
                                  enum key_haste *haste);

#endif
