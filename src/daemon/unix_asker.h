/*
 * unix_asker.h: the worker's side of backends behind unix sockets: asks the master, who sees their paths.
 *
 * It answers in the order of the questions. So many are out at a time, the rest wait here; a question whose connection
 * has ended or gone on meanwhile is never sent.
 */
#ifndef DAEMON_UNIX_ASKER_H
#define DAEMON_UNIX_ASKER_H

#include <sys/queue.h>

#include "daemon/control.h"
#include "proxy/proxy.h"

enum { MAX_UNIX_QUESTIONS_OUT = 32 }; /* what the socket holds of them, there and back */

struct unix_question;
TAILQ_HEAD(unix_question_queue, unix_question);

struct unix_asker {
    struct proxy *proxy;
    int control;
    struct unix_question_queue out, waiting; /* oldest first */
    size_t out_count;
};

/* From here on `proxy` connects to unix sockets by asking over `control`. */
void unix_asker_init(struct unix_asker *asker, struct proxy *proxy, int control);

/* CONTROL_CONNECTED came; takes over its descriptor. False: nobody asked for it, or the next cannot be asked. */
MUST_CHECK bool unix_asker_hear(struct unix_asker *asker, const struct control_message *message);

void unix_asker_free(struct unix_asker *asker);

#endif
