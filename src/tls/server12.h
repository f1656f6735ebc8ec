/*
 * server12.h: the handlers of the TLS 1.2 map, in its order. Each parses, checks, commits, answers.
 */
#ifndef TLS_SERVER12_H
#define TLS_SERVER12_H

#include "tls/handshake.h"

MUST_CHECK bool server12_recv_client_hello(struct tls *tls, const struct client_hello *ch);
MUST_CHECK bool server12_recv_certificate(struct tls *tls, struct reader *body);
MUST_CHECK bool server12_recv_client_key_exchange(struct tls *tls, struct reader *body);
MUST_CHECK bool server12_recv_certificate_verify(struct tls *tls, struct reader *body);
MUST_CHECK bool server12_recv_change_cipher_spec(struct tls *tls, struct reader *nothing);
MUST_CHECK bool server12_recv_finished(struct tls *tls, struct reader *body);

/* A ClientHello after the handshake: refused. */
MUST_CHECK bool server12_recv_renegotiation(struct tls *tls, struct reader *body);

#endif
