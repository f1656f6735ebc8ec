/*
 * proxy.h: sockets on both sides of the engine.
 *
 * A listener accepts, a connection couples the client's socket with a struct tls and, once the client's Finished
 * was verified and never before, with a backend's socket; the relay pumps bytes between them for as long as anything
 * is ready. This folder owns no relay buffers: it reads into the engine's storage and writes from it, so that what
 * cannot be held is not asked for.
 *
 * It never looks into the relayed text, never parses TLS, never reads the configuration file, and never calls a
 * private key: that is asked of the key service and answered later. All of it runs in one thread, on plain
 * struct event.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <sys/queue.h>

#include "base/buffer.h"
#include "proxy/address.h"
#include "proxy/counters.h"
#include "proxy/crypto_budget.h"
#include "proxy/descriptor_places.h"
#include "proxy/handshake_turns.h"
#include "proxy/key_service.h"
#include "proxy/log_limit.h"
#include "proxy/sources.h"

struct connection;
struct event_base;

/* Times in microseconds. */
struct proxy_settings {
    size_t max_connections; /* 0: as many as RLIMIT_NOFILE and memory_limit carry */
    size_t memory_limit;    /* bytes, for connections and what they transfer; 0: none */
    uint64_t linger_timeout, write_stall_timeout;
    struct counters *counters; /* where this process counts, outlives the proxy; NULL: its own, seen by nobody else */
};

/* A connection that waits for somebody else to connect it: which one, and the how manieth time. */
struct proxy_question {
    struct connection_ticket ticket;
    uint32_t number; /* never 0 */
};

/* Who connects to unix sockets where this process does not see them; proxy_answer() tells what came of it, later. */
struct proxy_connector {
    bool (*ask)(void *context, const struct socket_address *address, struct proxy_question question); /* false: errno */
    void *context;
};

/* What all listeners of a process share. Its fields are for this folder, the counters for all. */
struct proxy {
    struct event_base *base;
    struct pool *pool;
    struct keyring *keyring;
    struct key_service *keys;
    struct handshake_turns turns;
    struct crypto_budget budget;
    struct sources sources;
    struct proxy_connector connector; /* ask NULL: this process connects by itself */
    uint32_t last_question;
    struct counters *counters, *own_counters; /* the latter: ours to free, or NULL */
    struct proxy_settings settings;

    struct descriptor_places places;
    struct connection **slots; /* NULL where free */
    uint32_t slot_count, next_slot;
    size_t connection_count;
    size_t most_connections; /* since memory was last given back */
    size_t left_of_storm;    /* how many there were then, an eighth of the storm at most; 0: none */
    size_t max_storage;      /* what the pool may hand out; 0: any amount */
    uint64_t last_id;
    struct connection_queue sheddable; /* unfinished handshakes, oldest first; before them what only lingers */

    struct log_limit limit_by_why[WHY_COUNT];
    struct log_limit limit_backend;
    struct event *suppressed_timer, *trim_timer;

    void (*on_empty)(void *context); /* the last connection ended; NULL: nobody waits for it */
    void *on_empty_context;
};

struct proxy_settings proxy_default_settings(void);

/* Takes over neither `base` nor `keyring`, which outlive it. NULL when out of memory. */
MUST_CHECK struct proxy *proxy_new(struct event_base *base, struct keyring *keyring, struct proxy_settings settings);

/* Counts there from now on, in memory that outlives it: before the first connection. */
void proxy_count_in(struct proxy *proxy, struct counters *counters);

/*
 * Questions of keys go to a keyholder from now on, not to `keyring`: before the first connection. Takes over `socket`
 * (key_service_new_remote()) also on failure: out of memory, and the keys are where they were.
 */
MUST_CHECK bool proxy_use_keyholder(struct proxy *proxy, int socket);

void proxy_use_connector(struct proxy *proxy, struct proxy_connector connector);

/* Whether the connection is still there and waits for just this. */
bool proxy_is_asking(const struct proxy *proxy, struct proxy_question question);

/*
 * The connected socket, which is taken over, or -1 and the errno of who connects, or -1 and 0 where it could not be
 * received: no descriptor was free here. Nobody has to wait for it any more.
 */
void proxy_answer(struct proxy *proxy, struct proxy_question question, int fd, int error);

/* Ends every connection at once, without a word to the peers. NULL is fine. */
void proxy_free(struct proxy *proxy);

/* Ends every connection with a word: WHY_SHUTDOWN and its alert. Answers how many there were. */
size_t proxy_cut_connections(struct proxy *proxy);

/* Raises the soft limit of descriptors to the hard one; answers how many connections that carries. */
size_t proxy_raise_descriptor_limit(void);

/* Of so many the part that a limit of memory (0: none) carries, with as much again for what they transfer. */
size_t proxy_connections_carried(size_t by_descriptors, size_t memory_limit);

/* From now on: what there is stays. `max_connections` is not 0. */
void proxy_set_limits(struct proxy *proxy, size_t max_connections, size_t memory_limit);

/* Calls `on_empty` whenever the last connection ended. */
void proxy_when_empty(struct proxy *proxy, void (*on_empty)(void *context), void *context);

/* For connection.c: a place in the table, and the way back from a ticket (NULL for one that is gone). */
MUST_CHECK bool proxy_enter(struct proxy *proxy, struct connection *connection, struct connection_ticket *ticket);
void proxy_leave(struct proxy *proxy, struct connection_ticket ticket);
struct connection *proxy_find(const struct proxy *proxy, struct connection_ticket ticket);

/* Makes room for a connection of this network that was just accepted. False: nothing is to be let go but that one. */
MUST_CHECK bool proxy_make_room(struct proxy *proxy, uint64_t network);

/* A step of a handshake began then, by proxy_spent(), and ends now: charges it to whom it was for. Answers what it
 * cost. */
uint64_t proxy_charge_step(struct proxy *proxy, uint64_t network, uint64_t began);

/* Whether the budget has time for a handshake now. */
MUST_CHECK bool proxy_may_spend(struct proxy *proxy);

/* Lets the oldest unfinished handshake go; false when there is none. */
MUST_CHECK bool proxy_shed_one(struct proxy *proxy);

/* Sees to it that suppressed lines are told of within a second or two. */
void proxy_tell_suppressed_later(struct proxy *proxy);
void proxy_tell_suppressed(struct proxy *proxy);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t proxy_now(void);

/* What this thread has computed so far, in microseconds: what a step costs, however busy the machine is with others. */
uint64_t proxy_spent(void);

#endif
