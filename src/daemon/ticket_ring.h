/*
 * ticket_ring.h: the ticket keys that all processes of a daemon share, where the configuration names no files.
 *
 * The master makes one when the newest has sealed for long enough, gives it to whoever seals and opens tickets, and
 * keeps it, for processes that are started later, until it is too old to open any: then it is wiped.
 */
#ifndef DAEMON_TICKET_RING_H
#define DAEMON_TICKET_RING_H

#include "config/config.h"
#include "crypto/random.h"
#include "daemon/control.h"

struct ticket_ring {
    struct control_ticket_key keys[MAX_TICKET_KEYS]; /* the oldest first */
    uint8_t count;
};

/* `now`: seconds since 1970. True when the newest is new, so that it has to be given out. */
bool ticket_ring_turn(struct ticket_ring *ring, struct random_source random, const struct config_general *general,
                      int64_t now);

/* Seconds from `now` until the next turn has something to do; at least 1. */
int64_t ticket_ring_wait(const struct ticket_ring *ring, const struct config_general *general, int64_t now);

/* A CONTROL_TICKET_KEYS with all of them; the caller wipes it. */
void ticket_ring_write(const struct ticket_ring *ring, struct control_message *message);
void ticket_ring_wipe(struct ticket_ring *ring);

#endif
