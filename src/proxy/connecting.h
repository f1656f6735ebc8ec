/*
 * connecting.h: from the verified Finished to a connected backend.
 */
#ifndef PROXY_CONNECTING_H
#define PROXY_CONNECTING_H

#include "proxy/connection.h"

/*
 * Tries the backend's servers in their order. Afterwards the connection is CONNECTING or RELAYING, or aborted when
 * there is none left to try: connecting_resume() takes it from there when the socket tells something, and
 * connecting_expire() when it does not in time.
 */
void connecting_begin(struct connection *connection);
void connecting_resume(struct connection *connection);
void connecting_expire(struct connection *connection);

/*
 * What somebody else connected (proxy->connector): a socket, or -1 and an errno of its own; 0 where the socket was lost
 * on its way, because no descriptor was free here. Only then would it help that a handshake here gives up its own.
 */
void connecting_answer(struct connection *connection, int fd, int error);

#endif
