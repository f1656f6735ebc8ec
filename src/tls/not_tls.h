/*
 * not_tls.h: what else comes to a TLS port, told apart by its first bytes so that the log can say it.
 */
#ifndef TLS_NOT_TLS_H
#define TLS_NOT_TLS_H

#include "tls/tls_types.h"

/* Looks at the first bytes of a connection. False: they can become no TLS record, and the connection failed. */
MUST_CHECK bool not_tls_check(struct tls *tls, struct bytes first);

#endif
