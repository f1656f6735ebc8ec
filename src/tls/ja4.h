/*
 * ja4.h: the JA4 fingerprint of a ClientHello that came over TCP: what a client offers, whatever its order and GREASE.
 *
 * As its authors describe it: "t13d1516h2_8daaf6152771_e5627efa2ab1".
 */
#ifndef TLS_JA4_H
#define TLS_JA4_H

#include "tls/client_hello.h"

enum { JA4_LEN = 10 + 1 + 12 + 1 + 12 };

/* False when the hash fails, or the hello is longer than the engine takes. */
MUST_CHECK bool ja4_write(const struct client_hello *ch, char out[JA4_LEN + 1]);

#endif
