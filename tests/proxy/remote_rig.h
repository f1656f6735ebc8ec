/*
 * remote_rig.h: a remote key service and the other end of its socket, where the test plays the keyholder by hand.
 */
#ifndef TESTS_PROXY_REMOTE_RIG_H
#define TESTS_PROXY_REMOTE_RIG_H

#include <sys/types.h>

#include "proxy/key_batch.h"
#include "proxy/key_service.h"
#include "proxy/limits.h"

enum { REMOTE_MOST = 4 * MAX_KEY_QUEUE };

/* A question as it came. */
struct question {
    uint64_t number;
    struct tls_key_request request;
};

extern struct remote_rig {
    struct event_base *base;
    struct key_service *service;
    int keyholder; /* the test's end */
    struct key_batch *batch;
    unsigned answers, good_answers, lost, answers_of[REMOTE_MOST + 1]; /* by the id of the connection */
    uint64_t last_id, last_cost, last_cost_elsewhere, last_wait;
    uint32_t reply_cost; /* of the replies to come */
    struct bytes last_answer;
    uint8_t last_bytes[MAX_KEY_ANSWER_LEN];
    struct question questions[KEY_BATCH]; /* of the last remote_take_questions() */
} remote;

/* `socket` is of remote_new_pair(), or -1; `answer` calls remote_take_answer() or is it. */
int remote_new_pair(void); /* a new end for remote.keyholder, and the service's */
void remote_begin(int socket, key_answer *answer);
void remote_start(void);
void remote_end(void);
void remote_take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer);

struct tls_key_request remote_request(uint64_t id, enum tls_key_operation operation);
void remote_ask(uint64_t id, enum tls_key_operation operation);
void remote_turn(void); /* all that can be done without waiting */

/* What a keyholder does. */
size_t remote_take_questions(void);
size_t remote_write_reply(const struct question *question, bool is_ok, uint8_t *out);
void remote_reply(const struct question *question, bool is_ok);

/* One datagram of so many messages, all of them the same; as send(2). */
ssize_t remote_send_messages(const uint8_t *message, size_t len, size_t messages);

#endif
