/*
 * views.h: handshakes for the tests of the demo's pages, from a plain one to the worst there can be.
 */
#ifndef TESTS_DEMO_VIEWS_H
#define TESTS_DEMO_VIEWS_H

#include "proxy/handshake_view.h"

struct handshake_view view_of_browser(void); /* complete, development certificate, SNI, no ALPN */
struct handshake_view view_of_retry(void);   /* a HelloRetryRequest, a configured certificate, no SNI, ALPN */
struct handshake_view view_of_tls12(void);   /* ECDHE, an OCSP staple, a ticket; the client shows no certificate */
struct handshake_view view_of_rsa(void);     /* the classic RSA key exchange */
struct handshake_view view_of_ticket13(void);
struct handshake_view view_of_ticket12(void);              /* of a client that once showed a certificate */
struct handshake_view view_of_client(void);                /* a full handshake with a client certificate */
struct handshake_view view_of_nothing(void);               /* all zeros */
struct handshake_view view_of_hostility(const char *text); /* every text of a peer is `text` */
struct handshake_view view_of_everything(void); /* every list full, every text as long as it can be and all escapes */

/* By name, for the test program; false for an unknown one. */
MUST_CHECK bool view_by_name(const char *name, struct handshake_view *out);

void view_add(struct handshake_view *view, bool is_from_client, const char *what, size_t len, uint64_t at);

#endif
