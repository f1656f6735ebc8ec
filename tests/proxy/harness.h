/*
 * harness.h: a listener, its client and its backend in one thread, over loopback, around the fake engine.
 *
 * The test plays both peers by hand and turns the loop until what it waits for has come. Times are short: a test
 * that waits for a timeout waits some 50 ms.
 */
#ifndef TESTS_PROXY_HARNESS_H
#define TESTS_PROXY_HARNESS_H

#include <event2/event.h>

#include "proxy/connection.h"
#include "proxy/fake_tls.h"
#include "proxy/listen_sockets.h"
#include "proxy/listener.h"
#include "proxy/proxy.h"

enum { HARNESS_PATIENCE_MS = 5000, HARNESS_LOG_LEN = 1 << 16 };

struct harness {
    struct event_base *base;
    struct keyring *keyring;
    struct proxy *proxy;
    struct listen_sockets *sockets; /* the listener works on duplicates of them */
    struct listener *listener;
    struct config_listen listen;
    struct config_backend backend;
    struct config_address address, servers[2];
    struct proxy_settings settings;
    int backend_listener; /* TCP, or a unix socket after harness_use_unix_backend() */
    int client, peer;     /* the client's socket, and the backend's end of its connection */
    int log_pipe[2];
    char log[HARNESS_LOG_LEN]; /* all lines so far */
    size_t log_len;
    char directory[64]; /* of unix sockets */
};

/* Defaults that a test may change before harness_start(): long timeouts, one TCP backend, on-truncation = reset. */
void harness_init(struct harness *h);
void harness_use_unix_backend(struct harness *h);
void harness_start(struct harness *h);

/* Ends everything and checks that no storage of the pool and no connection was left behind. */
void harness_free(struct harness *h);

/* One look at the sockets and timers, waiting up to `wait_ms` for something to happen. */
void harness_turn(struct harness *h, int wait_ms);

#define HARNESS_WAIT(h, condition)                                                                                     \
    do {                                                                                                               \
        uint64_t harness_end = proxy_now() + HARNESS_PATIENCE_MS * 1000;                                               \
        while (!(condition)) {                                                                                         \
            ck_assert_msg(proxy_now() < harness_end, "waited in vain for: %s", #condition);                            \
            harness_turn(h, 5);                                                                                        \
        }                                                                                                              \
    } while (0)

int harness_listen(uint16_t *port);                               /* a TCP socket on a free port of 127.0.0.1 */
int harness_connect(struct harness *h);                           /* a further client */
int harness_connect_from(struct harness *h, const char *address); /* one of 127/8 */
void harness_open_client(struct harness *h);                      /* h->client */
bool harness_accept(struct harness *h);                           /* h->peer; false while nobody came */
void harness_establish(struct harness *h);                        /* client, handshake, backend */

/* All of it, turning the loop as long as it takes. */
void harness_send(struct harness *h, int fd, const void *bytes, size_t len);
void harness_expect(struct harness *h, int fd, const void *bytes, size_t len);

enum harness_end { HARNESS_OPEN, HARNESS_EOF, HARNESS_RESET };

/* What a socket that was read empty has to say now; bytes still there fail the test. */
enum harness_end harness_end_of(int fd);
void harness_reset(int fd); /* closes with SO_LINGER 0 */

/* The log so far, NUL-terminated. */
const char *harness_log(struct harness *h);
void harness_expect_log(struct harness *h, const char *part);

#endif
