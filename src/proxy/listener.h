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
 * `config` and `proxy` outlive the listener. Takes over `policy` and `backend`, also on failure. Nothing is bound
 * yet. NULL when out of memory.
 */
MUST_CHECK struct listener *listener_new(struct proxy *proxy, const struct config_listen *config,
                                         struct tls_policy *policy, struct backend *backend);

/* Its connections must have ended. NULL is fine. */
void listener_free(struct listener *listener);

/* Binds every address of the section, or tells what is in the way of which ("address in use"). */
MUST_CHECK bool listener_bind(struct listener *listener, struct config_findings findings);

/* Begins to accept. */
MUST_CHECK bool listener_start(struct listener *listener);

/* Takes in who already waits: closing a socket resets those connections, although their clients did nothing wrong. */
void listener_accept_waiting(struct listener *listener);

/* Closes the sockets; connections go on. A unix socket's file is removed. */
void listener_stop(struct listener *listener);

/* One line: where it listens, what it serves, where it relays to. */
void listener_log_start(const struct listener *listener);

size_t listener_socket_count(const struct listener *listener);
int listener_socket(const struct listener *listener, size_t index); /* its descriptor */

/* For connections. */
const struct config_listen *listener_config(const struct listener *listener);
struct tls_policy *listener_policy(const struct listener *listener);
struct backend *listener_backend(const struct listener *listener);
uint64_t listener_network_of(const struct listener *listener, const struct sockaddr *client); /* see sources.h */

#endif
