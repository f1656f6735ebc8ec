/*
 * server13_send.h: what a TLS 1.3 server sends, as straight code in the order of RFC 8446 Figure 1.
 */
#ifndef TLS_SERVER13_SEND_H
#define TLS_SERVER13_SEND_H

#include "tls/tls_types.h"

/* Asks for a share of handshake->retry_group. False: the connection failed, as for all here. */
MUST_CHECK bool server13_send_hello_retry_request(struct tls *tls);

/*
 * ServerHello to Certificate, then the request to the key port: WAIT_KEY_OPERATION. With its answer the rest of the
 * flight leaves, CertificateVerify and Finished.
 */
MUST_CHECK bool server13_send_until_signature(struct tls *tls);

/* ServerHello, EncryptedExtensions, Finished: the PSK stands for the certificate. */
MUST_CHECK bool server13_send_resumed_flight(struct tls *tls);

#endif
