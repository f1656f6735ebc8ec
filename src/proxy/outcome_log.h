/*
 * outcome_log.h: one line a connection, at its end.
 *
 * event=connection for one that was connected, event=handshake_failed for one that was not, with the reason's stable
 * name, its sentence, how far it got, what was offered, what is allowed and, where we know, what to do about it.
 * Connections without a byte (health checks) are told at debug level.
 */
#ifndef PROXY_OUTCOME_LOG_H
#define PROXY_OUTCOME_LOG_H

#include <sys/socket.h>

#include "config/config.h"
#include "proxy/log_limit.h"
#include "tls/policy.h"
#include "tls/tls.h"

/* Everything a line tells; views and pointers are only read during the call. Times in microseconds from accept. */
struct outcome_report {
    uint64_t id;
    const struct sockaddr *client;
    const struct config_listen *listen;
    const struct tls_policy *policy;
    const struct tls_outcome *outcome;
    const struct tls_offered *offered; /* NULL: no ClientHello was understood */
    bool is_connected;                 /* the handshake succeeded */
    bool is_truncated; /* the client left without close_notify while there was more to come from the backend */
    const char *backend, *server;          /* NULL: none was tried */
    uint64_t bytes_in, bytes_out;          /* text from and to the client */
    uint64_t hello_after, handshake_after; /* 0: it did not come to that */
    uint64_t backend_took;                 /* from the first attempt until one was connected; 0: none was */
    uint64_t total;
};

/* Nothing came from the client: a health check, a scanner, a browser connecting ahead. */
MUST_CHECK bool outcome_is_silent(const struct tls_outcome *outcome);

/* Writes the line unless it is one of trouble and `limit` (of the reason's class; NULL: none) says there were too many
 * of them lately. */
enum outcome_logged { OUTCOME_LOGGED, OUTCOME_SUPPRESSED };
enum outcome_logged outcome_log_write(const struct outcome_report *report, struct log_limit *limit, uint64_t now);

/* Keys by the classic RSA key exchange. */
bool outcome_is_rsa_exchange(const struct tls_outcome *outcome);

/* It ended for the certificate that the client showed, or because it showed none. */
bool outcome_is_client_refused(const struct tls_outcome *outcome);

#endif
