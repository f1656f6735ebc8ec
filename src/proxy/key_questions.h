/*
 * key_questions.h: questions of private keys that wait, in two lines, and whose question was pushed out.
 *
 * Tickets are symmetric work of microseconds, private keys take a thousand times as long. Behind the signatures of a
 * busy server a ticket would come after its connection has ended: nothing would ever be resumed, and each client would
 * cost one more signature. So tickets have a line of their own, which goes first.
 *
 * The payload of a ticket's question is a session, its secret included: what leaves a line is wiped there.
 */
#ifndef PROXY_KEY_QUESTIONS_H
#define PROXY_KEY_QUESTIONS_H

#include "proxy/key_service.h"

enum key_haste { KEY_HASTE_TICKETS, KEY_HASTE_PRIVATE_KEYS, KEY_HASTES };

enum key_haste key_haste_of(enum tls_key_operation operation);

struct key_question {
    struct connection_ticket ticket;
    struct tls_key_request request;
    uint64_t asked_at; /* proxy_now() */
};

/* A ring that grows with the load up to MAX_KEY_QUEUE: most processes never have more than a few questions open. */
struct key_line {
    size_t first, count, capacity; /* questions[first] is the oldest */
    struct key_question *questions;
};

/* Room at the end of the line, for the caller to fill in; NULL when it is full, or out of memory. */
MUST_CHECK struct key_question *key_line_add(struct key_line *line);
struct key_question *key_line_oldest(const struct key_line *line); /* NULL: none; until the line changes */
void key_line_remove_oldest(struct key_line *line);
void key_line_free(struct key_line *line); /* wipes */

struct key_questions {
    struct key_line lines[KEY_HASTES];
    struct key_dropped {
        size_t first, count, capacity;
        struct connection_ticket *tickets;
    } dropped;
};

/* Copies the question; the oldest of its line makes room when there is none. False: out of memory. */
MUST_CHECK bool key_questions_add(struct key_questions *questions, struct connection_ticket ticket,
                                  const struct tls_key_request *request);
size_t key_questions_count(const struct key_questions *questions); /* those that were dropped and not told, too */

/* Tells some of those whose question was pushed out, never while they ask. The more there are the more are told. */
void key_questions_tell_dropped(struct key_questions *questions, key_answer *answer, void *context);
void key_questions_free(struct key_questions *questions);

#endif
