/*
 * key_client.h: one worker as its keyholder sees it: a socket, the questions that were read from it, and the replies
 * that have not left.
 *
 * Of a worker at most KEY_BATCH questions are held that have no reply on its way. It knows that: what it sends beyond
 * stays in the socket until there is room, or ends it where it cannot be left there. The worker is taken for hostile:
 * what is no question ends it, too.
 */
#ifndef DAEMON_KEY_CLIENT_H
#define DAEMON_KEY_CLIENT_H

#include "daemon/key_share.h"
#include "proxy/key_batch.h"
#include "proxy/key_holder.h"
#include "proxy/key_questions.h"

struct key_client {
    int fd;
    uint32_t worker; /* its process id */
    struct key_line lines[KEY_HASTES];
    struct key_batch *replies;
    struct key_share share;
};

/* Takes over `fd`, also on failure. NULL: out of memory. */
MUST_CHECK struct key_client *key_client_new(int fd, uint32_t worker);
void key_client_free(struct key_client *client); /* closes and wipes; NULL is fine */

size_t key_client_room(const struct key_client *client); /* how many questions may be read now */
bool key_client_has_replies(const struct key_client *client);

enum key_client_state { KEY_CLIENT_FINE, KEY_CLIENT_GONE, KEY_CLIENT_VIOLATED, KEY_CLIENT_NO_MEMORY };

/* Reads what waits, in one call, by way of `incoming`, which is empty before and after. */
MUST_CHECK enum key_client_state key_client_receive(struct key_client *client, struct key_batch *incoming);

/* Answers the oldest question of its kind; there is one. The time that it took is charged. */
void key_client_answer(struct key_client *client, enum key_haste haste, struct key_holder *holder);

/* What does not leave now stays. */
MUST_CHECK enum key_client_state key_client_send(struct key_client *client);

#endif
