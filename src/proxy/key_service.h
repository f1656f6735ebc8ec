/*
 * key_service.h: answers what connections ask of private keys.
 *
 * The local service has the keys, the remote one asks a keyholder over a socket; nobody who asks can tell which. Never
 * at once: a question is answered in a later turn of the loop, so that nothing comes to rely on a prompt answer.
 * Tickets go before what needs a private key; within each kind the oldest question goes first. A question names its
 * connection by slot and id, never by pointer: the answer for one that is gone is dropped by whoever receives it.
 */
#ifndef PROXY_KEY_SERVICE_H
#define PROXY_KEY_SERVICE_H

#include "crypto/random.h"
#include "proxy/keyring.h"
#include "tls/key_operation.h"

struct event_base;
struct key_service;

/* The id is never used twice in the life of the process; the slot only makes finding it quick. */
struct connection_ticket {
    uint64_t id;
    uint32_t slot;
};

typedef void key_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer);

/* Whether there is time for one more operation of a private key in this turn of the loop. */
typedef bool key_may_go(void *context);

/*
 * The local one answers a few each turn, so that signatures do not starve the relays. `keyring` stays the caller's and
 * outlives the service. NULL when out of memory.
 */
MUST_CHECK struct key_service *key_service_new(struct event_base *base, const struct keyring *keyring,
                                               struct random_source random, key_answer *answer, void *context);

/*
 * The remote one sends what was asked in one turn of the loop together, at its end, to the keyholder at the other end
 * of `socket` (SOCK_SEQPACKET, daemon/keyholder.h); the service closes it. -1: none yet, questions wait for
 * key_service_set_socket(). NULL when out of memory, then `socket` is closed too.
 */
MUST_CHECK struct key_service *key_service_new_remote(struct event_base *base, int socket, key_answer *answer,
                                                      void *context);

/*
 * Another keyholder, or the next one after a death: every question without an answer is asked again there. Takes over
 * `socket` also on failure (out of memory; it is as if there were none then). Of the remote service alone.
 */
MUST_CHECK bool key_service_set_socket(struct key_service *service, int socket);

/*
 * Called when the socket ended by itself or was closed because the keyholder broke the protocol, told in the log.
 * May call key_service_set_socket(); without this somebody else has to find out. Of the remote service alone.
 */
typedef void key_socket_lost(void *context);
void key_service_when_lost(struct key_service *service, key_socket_lost *lost, void *context);

/*
 * `may_go` is asked with the context of the answers; without it there is always time. The remote service asks nobody:
 * between this process and the keyholder the kernel divides the time.
 */
void key_service_set_gate(struct key_service *service, key_may_go *may_go);

void key_service_free(struct key_service *service); /* open questions are never answered; NULL is fine */

/*
 * Copies the question. False, and no answer, when there is no memory for it. Else it gets exactly one answer, never
 * before this call returned; `is_ok` is false when the key is unknown, the operation fails, it waited longer than
 * KEY_WAIT_TIMEOUT (KEY_SILENCE_TIMEOUT where nobody is answered), or MAX_KEY_QUEUE newer ones of its kind pushed it
 * out.
 */
enum key_patience {
    KEY_AT_ONCE,
    KEY_MAY_WAIT, /* for the next question that may not, key_service_hurry(), or KEY_PATIENCE: waking a keyholder costs
                     more than sealing a ticket, so tickets ride along */
};
MUST_CHECK bool key_service_ask(struct key_service *service, struct connection_ticket ticket,
                                const struct tls_key_request *request, enum key_patience patience);

/* Somebody waits for the answer to a question that could wait. */
void key_service_hurry(struct key_service *service);

/* While an answer is given: how many microseconds it took of this thread, and how many of a keyholder's. One is 0. */
uint64_t key_service_cost(const struct key_service *service);
uint64_t key_service_cost_elsewhere(const struct key_service *service);

/*
 * While an answer is given: how many microseconds its question waited, here or for another process; of one that seals a
 * ticket, which could wait, 0.
 */
uint64_t key_service_wait(const struct key_service *service);

size_t key_service_waiting(const struct key_service *service);              /* questions that have no answer yet */
size_t key_service_private_keys_waiting(const struct key_service *service); /* of these, those of private keys */

#endif
