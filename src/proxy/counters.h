/*
 * counters.h: what the proxy counts: rows of counters.def for the process, and more for each listener and server.
 *
 * A struct counters has one writer, the process that serves, and may lie in memory shared with those that only read
 * (counters_map.h). It holds no pointer and has a fixed size: listeners and servers are known by their index, which
 * somebody else gives a name (admin/board.h). All of it only ever grows but the gauges.
 */
#ifndef PROXY_COUNTERS_H
#define PROXY_COUNTERS_H

#include "proxy/count.h"
#include "proxy/histogram.h"
#include "tls/key_operation.h"
#include "tls/ticket_keys.h"
#include "tls/tls.h"

enum {
    MAX_COUNTED_LISTENERS = 64, /* the last one stands for all that found no place of their own */
    MAX_COUNTED_SERVERS = 256,  /* likewise */
    MAX_COUNTED_SUITES = 16,
    MAX_COUNTED_GROUPS = 16,
    MAX_COUNTED_SCHEMES = 16,
    MAX_COUNTED_PROTOCOLS =
        16, /* of ALPN; COUNTED_NO_PROTOCOL, those that are configured, and the last for all others */
    COUNTED_NO_PROTOCOL = 0,
    COUNTED_ALERTS = 256,
    COUNTED_STAGES = TLS_STAGE_CONNECTED + 1,
    COUNTED_TICKET_RESULTS = TICKET_FAILED + 1,
    COUNTED_STATES = 4, /* of enum connection_state */
};

enum counted_version { COUNTED_TLS_1_2, COUNTED_TLS_1_3, COUNTED_VERSIONS };
/* What this process itself computes for handshakes; what a keyholder does is its own. */
enum counted_work { COUNTED_PROTOCOL_WORK, COUNTED_KEY_WORK, COUNTED_WORKS };
enum counted_kind { COUNTED_FULL, COUNTED_RESUMED, COUNTED_KINDS };

struct listener_counters {
    uint64_t accepted;
    uint64_t silent;                             /* left without a byte */
    uint64_t hellos;                             /* first ClientHellos that were understood */
    uint64_t offered_groups[MAX_COUNTED_GROUPS]; /* of these, those that offer it: rows of iana.h */
    uint64_t handshakes[COUNTED_VERSIONS][COUNTED_KINDS];
    struct histogram handshake[COUNTED_KINDS]; /* from the whole ClientHello to the verified Finished */
    uint64_t failures[COUNTED_STAGES][WHY_COUNT];
    uint64_t ends[WHY_COUNT]; /* of connections that were served; WHY_NONE: in order */
    uint64_t suites[MAX_COUNTED_SUITES], groups[MAX_COUNTED_GROUPS], schemes[MAX_COUNTED_SCHEMES]; /* rows of iana.h */
    uint64_t protocols[MAX_COUNTED_PROTOCOLS]; /* of ALPN, as listener_count_protocol_as() says */
    uint64_t bytes_in, bytes_out;              /* text from and to clients, as it flows */
};

/* Of one operation of the key service. */
struct key_counters {
    uint64_t done, failed;
    struct histogram wait; /* from the question to the answer, good or bad */
};

struct server_counters {
    uint64_t connects, refused, timeouts; /* attempts */
    struct histogram connect;             /* of those that succeeded */
    uint64_t worked_at, failed_at; /* the last attempt of each kind: CLOCK_MONOTONIC in microseconds; 0: none yet */
};

/* What is open now. Apart from the rest, so that emptying them touches no page of a sparse file but these. */
struct gauges {
    uint64_t connections[MAX_COUNTED_LISTENERS][COUNTED_STATES];
    uint64_t relayed[MAX_COUNTED_SERVERS]; /* connections that a server has now */
    uint64_t beat; /* when the process was last seen at work: CLOCK_MONOTONIC in microseconds; 0: not yet */
};

struct counters {
#define X(name, help) uint64_t name;
#include "proxy/counters.def"
#undef X
    uint64_t ended_by_why[WHY_COUNT];
    uint64_t cpu[COUNTED_WORKS];     /* microseconds */
    uint64_t alerts[COUNTED_ALERTS]; /* fatal ones that clients sent, by their code */
    struct gauges gauges;
    struct key_counters keys[TLS_KEY_OPERATIONS];
    uint64_t tickets_opened[COUNTED_TICKET_RESULTS]; /* what became of tickets that clients brought */
    struct listener_counters listeners[MAX_COUNTED_LISTENERS];
    struct server_counters servers[MAX_COUNTED_SERVERS];
};

/* The n-th row of counters.def that is shown by itself; false past the last. */
struct counters_row {
    const char *name, *help;
    size_t offset; /* of its uint64_t in struct counters */
};
MUST_CHECK bool counters_row_at(size_t index, struct counters_row *row);

/* A new writer takes over: what the one before had open is closed, what it counted stays. */
void counters_reset_gauges(struct counters *counters);

/* Adds what counters_log() tells of `from`, which another process may be writing. */
void counters_add(struct counters *sum, const struct counters *from);

/* One line event=counters with everything that is not zero. */
void counters_log(const struct counters *counters);

#endif
