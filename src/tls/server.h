/*
 * server.h: the first ClientHello, before there is a version.
 */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include "tls/handshake.h"

MUST_CHECK bool server_recv_client_hello(struct tls *tls, struct reader *body);

#endif
