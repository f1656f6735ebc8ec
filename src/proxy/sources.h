/*
 * sources.h: how much of the time for handshakes each network of clients takes.
 *
 * A source is what one customer usually has: an IPv4 address, or the /64 of an IPv6 one. Each has a bucket of tokens,
 * microseconds of handshakes, that fills at its part of a fixed share of the time: with twice as many sources each gets
 * half. What its handshakes cost is taken out. Nobody is turned away for an empty bucket: his new handshakes only stand
 * behind those of others, so that one source alone, a gateway with thousands of clients behind it, has all the time
 * there is (handshake_turns.h).
 *
 * The table is of a fixed size and keyed (SipHash): whoever comes from a million networks finds no place that all of
 * them fall into, costs no more memory, and pushes out others at random. A source that was pushed out begins anew.
 */
#ifndef PROXY_SOURCES_H
#define PROXY_SOURCES_H

#include <sys/socket.h>

#include "base/siphash.h"
#include "crypto/random.h"

struct source;

/* Times in microseconds. */
struct sources {
    struct siphash_key key;
    struct source *places;
    uint64_t evictions;
    uint64_t counted_at; /* when `active` was counted */
    uint64_t active;     /* sources that cost something lately; at least 1 */
    uint64_t typical;    /* what a full handshake costs, a running mean */
};

MUST_CHECK bool sources_init(struct sources *sources, struct random_source random);
void sources_free(struct sources *sources); /* of what was init'ed or is zero */

/* The network that a client belongs to. NO_SOURCE: a unix socket's, which is in nobody's way. */
enum { NO_SOURCE = 0 };
uint64_t source_network(const struct sockaddr *client);

/* Whether there are tokens left for one more handshake, beside those of this source that wait already. */
MUST_CHECK bool sources_has_share(struct sources *sources, uint64_t network, uint64_t now);

/* It cost so much. */
void sources_charge(struct sources *sources, uint64_t network, uint64_t cost, uint64_t now);

/* A full handshake of anybody's did, in all. */
void sources_note_typical(struct sources *sources, uint64_t cost);

/* How many of its handshakes are held or wait for a private key, and how many are unfinished, that included. */
enum source_count { SOURCE_WAITING, SOURCE_UNFINISHED, SOURCE_COUNTS };
void sources_count_up(struct sources *sources, enum source_count what, uint64_t network, uint64_t now);
void sources_count_down(struct sources *sources, enum source_count what, uint64_t network);
uint32_t sources_count(const struct sources *sources, enum source_count what, uint64_t network);

#endif
