/*
 * receive.h: records become handshake messages, alerts, text. The one loop that moves a connection forward.
 */
#ifndef TLS_RECEIVE_H
#define TLS_RECEIVE_H

#include "tls/tls_types.h"

/* Handles every whole record of wire_in, until the key port is asked, the connection ends, or bytes run out. */
void receive_records(struct tls *tls);

#endif
