/*
 * key_service.h: answers what connections ask of private keys.
 *
 * In this process for now, but never at once: a question is queued and answered in a later turn of the loop, a few
 * each turn, so that signatures do not starve the relays and so that nothing comes to rely on a prompt answer. Tickets
 * are sealed and opened before what needs a private key; within each kind the oldest question goes first. A
 * question names its connection by slot and id, never by pointer: the answer for one that is gone is dropped by
 * whoever receives it.
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

/* `keyring` stays the caller's and outlives the service. NULL when out of memory. */
MUST_CHECK struct key_service *key_service_new(struct event_base *base, const struct keyring *keyring,
                                               struct random_source random, key_answer *answer, void *context);
/* `may_go` is asked with the context of the answers; without it there is always time. */
void key_service_set_gate(struct key_service *service, key_may_go *may_go);

void key_service_free(struct key_service *service); /* open questions are never answered; NULL is fine */

/*
 * Copies the question. False, and no answer, when there is no memory for it. Else it gets exactly one answer, never
 * before this call returned; `is_ok` is false when the key is unknown, the operation fails, it waited longer than
 * KEY_WAIT_TIMEOUT, or MAX_KEY_QUEUE newer ones of its kind pushed it out.
 */
MUST_CHECK bool key_service_ask(struct key_service *service, struct connection_ticket ticket,
                                const struct tls_key_request *request);

/* While an answer is given: how many microseconds it took of this thread; 0 when another process did it. */
uint64_t key_service_cost(const struct key_service *service);

/* While an answer is given: how many microseconds its question waited here. */
uint64_t key_service_wait(const struct key_service *service);

size_t key_service_waiting(const struct key_service *service); /* questions that have no answer yet */

#endif
