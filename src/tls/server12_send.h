/*
 * server12_send.h: what a TLS 1.2 server sends, as straight code in the order of RFC 5246 Figures 1 and 2.
 *
 * False: the connection failed.
 */
#ifndef TLS_SERVER12_SEND_H
#define TLS_SERVER12_SEND_H

#include "tls/tls_types.h"

/*
 * ServerHello to ServerHelloDone. With ECDHE the flight stops before the signature of ServerKeyExchange
 * (WAIT_KEY_OPERATION) and leaves with the key port's answer.
 */
MUST_CHECK bool server12_send_first_flight(struct tls *tls);

/*
 * Figure 1, after the client's Finished: NewSessionTicket where due, once it is sealed, ChangeCipherSpec, Finished.
 * Then the state is CONNECTED.
 */
MUST_CHECK bool server12_send_last_flight(struct tls *tls);

/* Figure 2: ServerHello, NewSessionTicket where due, ChangeCipherSpec, Finished; then the client's are awaited. */
MUST_CHECK bool server12_send_resumed_flight(struct tls *tls);

#endif
