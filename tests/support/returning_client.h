/*
 * returning_client.h: a server with tickets and a client that comes back with one of them, in either version. For Check
 * programs alone, as it stands on their asserts.
 */
#ifndef SUPPORT_RETURNING_CLIENT_H
#define SUPPORT_RETURNING_CLIENT_H

#include "support/assert_rig.h"

extern struct rig rig;
extern struct client13 client;
extern struct ticket13 ticket; /* the one that it got last */

void make_client(uint16_t version);
void begin(uint16_t version); /* both are there, and connected */
void end(void);

void first_handshake(uint16_t version); /* begins; a full one, and its tickets */
void come_back(uint16_t version);       /* the same client, with its ticket: it has said nothing yet */

void assert_connected(void);
void assert_text_flows(void); /* both ways */

#endif
