/*
 * views.h: handshakes for the tests of the demo's pages, from a plain one to the worst there can be.
 */
#ifndef TESTS_DEMO_VIEWS_H
#define TESTS_DEMO_VIEWS_H

#include "proxy/handshake_view.h"

struct handshake_view view_of_browser(void); /* complete, development certificate, SNI, no ALPN */
struct handshake_view view_of_retry(void);   /* a HelloRetryRequest, a configured certificate, no SNI, ALPN */
struct handshake_view view_of_nothing(void); /* all zeros */
struct handshake_view view_of_hostility(const char *text); /* every text of a peer is `text` */
struct handshake_view view_of_everything(void); /* every list full, every text as long as it can be and all escapes */

/* By name, for the test program; false for an unknown one. */
MUST_CHECK bool view_by_name(const char *name, struct handshake_view *out);

void view_add(struct handshake_view *view, bool is_from_client, const char *what, size_t len, uint64_t at);

#endif
