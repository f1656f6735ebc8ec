/*
 * inbox.h: what the master handed over for the next generation, until somebody builds from it.
 */
#ifndef DAEMON_INBOX_H
#define DAEMON_INBOX_H

#include "daemon/control.h"
#include "daemon/generation.h"

struct inbox {
    uint32_t number; /* 0: nothing is there */
    struct generation_files files;
    struct ticket_root root; /* issues 0: none came */
    struct inbox_socket {
        int fd; /* -1: a listener has it */
        uint16_t listen;
    } * sockets;
    size_t socket_count;
};

/*
 * The keys of session tickets: from the root, or from the files that the configuration names. NULL after telling why
 * not.
 */
MUST_CHECK struct ticket_keys *inbox_tickets(const struct inbox *inbox, const struct config_general *general,
                                             const struct supply *supply, struct config_findings findings);

MUST_CHECK bool inbox_add_sockets(struct inbox *inbox, const struct control_message *message);
void inbox_clear(struct inbox *inbox); /* closes what nobody took */

#endif
