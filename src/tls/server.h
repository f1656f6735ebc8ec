/*
 * server.h: the first ClientHello, before there is a version, and what both versions do alike.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "tls/handshake.h"

MUST_CHECK bool server_recv_client_hello(struct tls *tls, struct reader *body);

/* The full handshake that was held goes on, or fails. False: the connection failed. */
MUST_CHECK bool server_release(struct tls *tls);

/* What the proxy has time for, asked before anything is computed. False: the connection failed. */
MUST_CHECK bool server_admit(struct tls *tls, const struct choice *choice);

/* What outlives the ClientHello: the choice and, for the log, the outcome. */
void server_commit_choice(struct tls *tls, const struct choice *choice);

/* Of a resumed session: who the client proved to be when it began. False: the connection failed. */
MUST_CHECK bool server_take_identity(struct tls *tls);

/* Extensions of ServerHello or EncryptedExtensions; each writes itself where it is due, or nothing. */
void server_write_name_extension(struct writer *w, const struct choice *choice);
void server_write_alpn_extension(struct writer *w, const struct choice *choice);
void server_write_size_extension(struct writer *w, const struct choice *choice);

#endif
