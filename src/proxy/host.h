/*
 * host.h: the addresses behind a name, apart from any port.
 *
 * They are asked for as the system is set up to (nsswitch.conf: files, DNS, mDNS ...), which may take long, so a
 * process that serves never does: it is told what another one found (daemon/resolver.h).
 */
#ifndef PROXY_HOST_H
#define PROXY_HOST_H

#include "proxy/address.h"
#include "proxy/limits.h"

enum { MAX_HOST_NAME = 253, HOST_TEXT_LEN = MAX_SERVER_ADDRESSES * (INET6_ADDRSTRLEN + 1) };

struct host_address {
    uint8_t family;    /* 4 or 6 */
    uint8_t bytes[16]; /* of IPv4 the first four, then zeros */
    uint32_t scope;    /* of a link-local IPv6 address: its interface, else 0 */
};

/* Each is there once, in the order to try them. */
struct host_addresses {
    size_t count;
    struct host_address items[MAX_SERVER_ADDRESSES];
};

/* X(constant, words): why a name has no addresses, as the end of a sentence. */
#define HOST_FAULTS(X)                                                                                                 \
    X(HOST_OK, "it has addresses")                                                                                     \
    X(HOST_UNKNOWN, "there is no such name")                                                                           \
    X(HOST_WITHOUT_ADDRESS, "the name has no address")                                                                 \
    X(HOST_NO_SERVER, "no name server answers")                                                                        \
    X(HOST_FAILED, "looking it up failed")                                                                             \
    X(HOST_LATE, "there is no answer yet")

enum host_fault {
#define X(constant, words) constant,
    HOST_FAULTS(X)
#undef X
        HOST_FAULT_COUNT
};

const char *host_fault_words(enum host_fault fault);

/* Asks, and waits. Safe in threads. With anything but HOST_OK there are no addresses. */
MUST_CHECK enum host_fault host_look_up(const char *name, struct host_addresses *out);

/*
 * Adds what is there not yet and has room. A name with more addresses than that keeps the lowest, so that it has the
 * same ones each time, in whatever order a name server tells them.
 */
void host_addresses_add(struct host_addresses *addresses, const struct host_address *address);

/* False: of another family. */
MUST_CHECK bool host_address_of_socket(const struct socket_address *from, struct host_address *out);

/* In whatever order. */
MUST_CHECK bool host_addresses_are_same(const struct host_addresses *a, const struct host_addresses *b);
void host_addresses_format(const struct host_addresses *addresses, char text[HOST_TEXT_LEN]);

/* As sockets want them, at most `max`; answers how many. */
size_t host_addresses_with_port(const struct host_addresses *addresses, uint16_t port, struct socket_address *out,
                                size_t max);

#endif
