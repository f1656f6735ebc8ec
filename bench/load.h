/*
 * load.h: a TLS load generator and meter of the server's cost, for 127.0.0.1.
 *
 * One process, one thread, edge-triggered epoll, OpenSSL as the client. It drives a TLS server (or, with --plain, a TCP
 * one) and reads the CPU time and the memory of that server's processes around a window in the middle of steady load:
 * the result is a cost per unit of work and not only a rate. Behind the server stands backend.c.
 *
 *     load.c          main: the four modes and what they print
 *     load_options.c  the command line
 *     load_meter.c    what the server's processes cost
 *     load_client.c   a connection's TLS
 *     load_unit.c     a connection's work, step by step
 *     load_loop.c     the event loop and the schedule
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    MAX_IO = 128 * 1024,    /* bytes of one read or write */
    MAX_MOVED = 512 * 1024, /* bytes that one connection may move a turn */
    MAX_ERRORS = 2000,      /* then there is nothing to measure */
    MAX_OPENING = 64,       /* idle, latency: as many handshakes at once */
    MAX_NEGOTIATED_LEN = 64,
};

enum load_mode { MODE_HANDSHAKE, MODE_BULK, MODE_IDLE, MODE_LATENCY };

struct load_options {
    enum load_mode mode;
    const char *mode_name;
    uint16_t port;
    size_t connections;
    bool is_plain, is_resuming, is_upload;
    int version; /* TLS1_2_VERSION or TLS1_3_VERSION; 0: either */
    const char *groups, *ciphers, *suites;
    uint64_t request;       /* handshake: bytes to GET or PUT before closing */
    uint64_t count;         /* handshake: stop after this many */
    uint64_t bytes;         /* bulk: bytes of one request */
    size_t message_len;     /* latency */
    double rate;            /* handshakes or messages a second in all; 0: as fast as it goes */
    double warmup, seconds; /* before and in the measured window */
    double settle;          /* idle: silence before the memory is read */
    pid_t server;           /* the root of the process tree that is metered; 0: none */
};

enum unit_state {
    UNIT_FREE, /* no socket */
    UNIT_CONNECTING,
    UNIT_HANDSHAKE,
    UNIT_SENDING,   /* the request and the body of an upload */
    UNIT_RECEIVING, /* the answer */
    UNIT_READY,     /* established, nothing outstanding */
};

struct load;

struct unit {
    struct load *load;
    int fd;
    enum unit_state state;
    SSL *ssl;
    SSL_SESSION *session;
    uint64_t started; /* when connect(2) was called */
    size_t moved;     /* bytes in this turn */
    char request[64];
    size_t request_len, request_sent;
    uint64_t body_left;   /* of an upload, to send */
    uint64_t answer_left; /* to receive */
    bool is_queued;
    uint64_t messages_due, messages_done; /* latency */
    struct unit *next;                    /* in the list of those that moved enough */
};

struct counters {
    uint64_t handshakes, resumed, done, bytes, errors;
};

struct load {
    struct load_options options;
    struct unit *units;
    struct unit *waiting; /* moved enough for one turn: to be run again without an event */
    SSL_CTX *tls;
    int epoll;
    struct counters counters;
    bool is_measuring;
    uint64_t window_start, window_end;
    uint64_t starts_left; /* connections still to open */
    uint64_t started;     /* connections opened */
    size_t next_unit;
    uint64_t schedule_start; /* 0: the schedule has not begun */
    uint64_t next_message;   /* latency */
    double *samples;         /* microseconds */
    size_t sample_count, sample_capacity;
    char version[MAX_NEGOTIATED_LEN], cipher[MAX_NEGOTIATED_LEN], group[MAX_NEGOTIATED_LEN],
        signature[MAX_NEGOTIATED_LEN]; /* what was agreed; "mixed" when not all agree */
};

/* Says why on standard error and ends the program with status 1. */
__attribute__((format(printf, 1, 2), noreturn)) void load_fail(const char *format, ...);
uint64_t load_now(void); /* nanoseconds */
void load_add_sample(struct load *load, double microseconds);

void options_parse(struct load_options *options, int argc, char **argv);

/* ---- load_meter.c */

struct cost {
    unsigned processes;
    double cpu; /* microseconds, exact, from each process's CPU clock, threads that ended included */
    double pss; /* bytes */
};
struct cost meter_read(pid_t root);
double meter_own_cpu(void); /* microseconds */

/* ---- load_client.c */

enum { CLIENT_AGAIN = -1, CLIENT_FAILED = -2 }; /* 0: the end of the stream */

SSL_CTX *client_new(const struct load_options *options);
void client_attach(struct unit *unit);   /* TLS on a connecting socket */
int client_handshake(struct unit *unit); /* 1: done */
ssize_t client_receive(struct unit *unit, void *at, size_t len);
ssize_t client_send(struct unit *unit, const void *at, size_t len);
void client_note(struct unit *unit); /* what was agreed */

/* ---- load_unit.c */

void unit_start(struct unit *unit);
void unit_run(struct unit *unit);     /* until it would block, ends, or has moved enough */
void unit_message(struct unit *unit); /* latency: one is due */

/* ---- load_loop.c */

/* Runs until a point in time, or until `is_done` says so. */
void loop_run(struct load *load, uint64_t until, bool (*is_done)(struct load *load));
size_t loop_count_ready(const struct load *load);
size_t loop_count_busy(const struct load *load);

#endif
