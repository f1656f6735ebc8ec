/*
 * listener.h: one [listen] section at work: its sockets, what it agrees to and where it relays to.
 *
 * Accepting never stops for long: at the limit of connections the oldest unfinished handshake is let go for the new
 * client, and when descriptors run out it pauses for a tenth of a second and says so once in ten.
 */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "config/config.h"
#include "proxy/backend.h"
#include "proxy/proxy.h"
#include "tls/policy.h"

struct listener;

/*
 * `config` and `proxy` outlive the listener. Takes over `policy` and `backend`, also on failure. It has no sockets
 * yet. NULL when out of memory.
 */
MUST_CHECK struct listener *listener_new(struct proxy *proxy, const struct config_listen *config,
                                         struct tls_policy *policy, struct backend *backend);

/* Its connections must have ended. NULL is fine. */
void listener_free(struct listener *listener);

/* Takes over a listening socket, bound elsewhere (listen_sockets.h). False when out of memory: it stays the caller's.
 */
MUST_CHECK bool listener_add_socket(struct listener *listener, int fd);

/* Begins to accept. */
MUST_CHECK bool listener_start(struct listener *listener);

/*
 * Accepts no more; connections go on. In the next turn of the loop the sockets are closed, after taking in who waits,
 * for which it may need some turns more, though never more than a full queue does: closing a socket whose last holder
 * we are resets those connections, although their clients did nothing wrong. Where others go on accepting from the
 * same sockets they are left to them.
 */
enum listener_waiting { LISTENER_TAKES_WAITING, LISTENER_LEAVES_WAITING };
void listener_stop(struct listener *listener, enum listener_waiting waiting);

/* Connections hold on to the listener that accepted them, with its policy and backend, also after it was stopped. */
void listener_enter(struct listener *listener);
void listener_leave(struct listener *listener);

/* Its sockets are closed and its connections have ended: it may be freed, but not from within `on_idle`. */
bool listener_is_idle(const struct listener *listener);
void listener_when_idle(struct listener *listener, void (*on_idle)(void *context), void *context);

/* Which of the MAX_COUNTED_LISTENERS of counters.h counts what happens here; 0 at first. */
void listener_count_as(struct listener *listener, uint16_t index);
uint16_t listener_counted_as(const struct listener *listener);

/* Which of the MAX_COUNTED_PROTOCOLS counts the `protocol`-th of the `alpn` lines; the last one at first. */
void listener_count_protocol_as(struct listener *listener, size_t protocol, uint8_t index);
uint8_t listener_protocol_counted_as(const struct listener *listener, struct bytes protocol);

size_t listener_socket_count(const struct listener *listener);
int listener_socket(const struct listener *listener, size_t index); /* its descriptor */

/* For connections. */
const struct config_listen *listener_config(const struct listener *listener);
struct tls_policy *listener_policy(const struct listener *listener);
struct backend *listener_backend(const struct listener *listener);
uint64_t listener_network_of(const struct listener *listener, const struct sockaddr *client); /* see sources.h */

#endif
