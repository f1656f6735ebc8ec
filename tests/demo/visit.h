/*
 * visit.h: a client for servers that run on the same event base: it turns the loop while it waits.
 */
#ifndef TESTS_DEMO_VISIT_H
#define TESTS_DEMO_VISIT_H

#include <event2/event.h>

#include "base/bytes.h"

enum { VISIT_REPLY_LEN = 128 * 1024 };

/* Connects to 127.0.0.1:`port`, from `from` ("127.0.0.2") and `from_port` where given; -1 when refused. */
int visit_open(const char *from, uint16_t from_port, uint16_t port);
uint16_t visit_source_port(int visitor);
void visit_say(int visitor, const char *request);

/* What came until the server closed, until `until` was seen (NULL: never) or `milliseconds` were over. */
const char *visit_hear(struct event_base *base, int visitor, const char *until, unsigned milliseconds);
bool visit_was_closed(void); /* the last visit_hear() saw the end */

void visit_turn(struct event_base *base, unsigned milliseconds); /* lets the server run */

#endif
