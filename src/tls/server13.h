/*
 * server13.h: the handlers of the TLS 1.3 map, in its order. Each parses, checks, commits, answers.
 */
#ifndef TLS_SERVER13_H
#define TLS_SERVER13_H

#include "tls/handshake.h"

MUST_CHECK bool server13_recv_client_hello(struct tls *tls, const struct client_hello *ch);
MUST_CHECK bool server13_recv_second_client_hello(struct tls *tls, struct reader *body);
MUST_CHECK bool server13_recv_certificate(struct tls *tls, struct reader *body);
MUST_CHECK bool server13_recv_certificate_verify(struct tls *tls, struct reader *body);
MUST_CHECK bool server13_recv_finished(struct tls *tls, struct reader *body);
MUST_CHECK bool server13_recv_key_update(struct tls *tls, struct reader *body);

/* Sends KeyUpdate and changes our key (RFC 8446 4.6.3). */
enum key_update_request { UPDATE_NOT_REQUESTED = 0, UPDATE_REQUESTED = 1 };
MUST_CHECK bool server13_send_key_update(struct tls *tls, enum key_update_request request);

#endif
