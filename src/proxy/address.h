/*
 * address.h: socket addresses, from the words of the configuration and into words for people.
 */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/config.h"

enum { ADDRESS_TEXT_LEN = 128 };

struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    };
    socklen_t len;
};

/* The client's end of a connection: small, as there is one in every connection. A unix peer is just that. */
struct peer_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* "192.0.2.1:443", "[2001:db8::1]:443", "unix:/run/app.sock", "unix". An IPv4-mapped address is shown as IPv4. */
void address_format(const struct sockaddr *address, socklen_t len, char text[ADDRESS_TEXT_LEN]);

/* Somebody has to be asked what stands behind it: it is neither a number, nor `*`, nor a path. */
MUST_CHECK bool address_is_name(const struct config_address *address);

enum address_use { ADDRESS_TO_LISTEN, ADDRESS_TO_CONNECT };

/*
 * All addresses that the configured one stands for, at most `max`: `*` is IPv6 and IPv4 to listen on, loopback to
 * connect to. Answers how many; 0 with the reason in `fault`, a string that is never freed.
 */
MUST_CHECK size_t address_resolve(const struct config_address *address, enum address_use use,
                                  struct socket_address *out, size_t max, const char **fault);

MUST_CHECK bool address_is_same(const struct socket_address *a, const struct socket_address *b);

/* An accepted or connected socket's own end and its peer; false when the kernel will not tell. */
MUST_CHECK bool address_of_socket(int fd, struct socket_address *out);

#endif
