/*
 * server13_send.h: what a TLS 1.3 server sends, as straight code in the order of RFC 8446 Figure 1.
 */
#ifndef TLS_SERVER13_SEND_H
#define TLS_SERVER13_SEND_H

#include "tls/tls_types.h"

/* Asks for a share of handshake->retry_group. False: the connection failed, as for all here. */
MUST_CHECK bool server13_send_hello_retry_request(struct tls *tls);

/* ServerHello to Certificate, then the request to the key port: WAIT_KEY_OPERATION. */
MUST_CHECK bool server13_send_until_signature(struct tls *tls);

/* CertificateVerify and Finished; the flight leaves. */
MUST_CHECK bool server13_send_from_signature(struct tls *tls, struct bytes signature);

#endif
