#include "proxy/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static void format_v4(const struct in_addr *address, in_port_t port, char text[ADDRESS_TEXT_LEN])
{
    char host[INET_ADDRSTRLEN] = "?";

    inet_ntop(AF_INET, address, host, sizeof host);
    snprintf(text, ADDRESS_TEXT_LEN, "%s:%u", host, ntohs(port));
}

static void format_v6(const struct sockaddr_in6 *address, char text[ADDRESS_TEXT_LEN])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
        struct in_addr v4;
        memcpy(&v4, address->sin6_addr.s6_addr + 12, sizeof v4);
        format_v4(&v4, address->sin6_port, text);
        return;
    }
    inet_ntop(AF_INET6, &address->sin6_addr, host, sizeof host);
    snprintf(text, ADDRESS_TEXT_LEN, "[%s]:%u", host, ntohs(address->sin6_port));
}

static void format_un(const struct sockaddr_un *address, socklen_t len, char text[ADDRESS_TEXT_LEN])
{
    size_t before = offsetof(struct sockaddr_un, sun_path);

    if (len <= before || address->sun_path[0] == 0)
        snprintf(text, ADDRESS_TEXT_LEN, "unix");
    else
        snprintf(text, ADDRESS_TEXT_LEN, "unix:%.*s", (int)(len - before), address->sun_path);
}

void address_format(const struct sockaddr *address, socklen_t len, char text[ADDRESS_TEXT_LEN])
{
    switch (address->sa_family) {
    case AF_INET:
        format_v4(&((const struct sockaddr_in *)address)->sin_addr, ((const struct sockaddr_in *)address)->sin_port,
                  text);
        return;
    case AF_INET6:
        format_v6((const struct sockaddr_in6 *)address, text);
        return;
    case AF_UNIX:
        format_un((const struct sockaddr_un *)address, len, text);
        return;
    default:
        snprintf(text, ADDRESS_TEXT_LEN, "unknown");
    }
}

static size_t resolve_unix(const struct config_address *address, struct socket_address *out, const char **fault)
{
    size_t len = strlen(address->path);

    if (len >= sizeof out->un.sun_path) {
        *fault = "the path of a unix socket may have at most 107 bytes";
        return 0;
    }
    memset(out, 0, sizeof *out);
    out->un.sun_family = AF_UNIX;
    memcpy(out->un.sun_path, address->path, len + 1);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return 1;
}

static size_t any_addresses(uint16_t port, enum address_use use, struct socket_address *out, size_t max)
{
    memset(out, 0, max * sizeof *out);
    out[0].v4.sin_family = AF_INET;
    out[0].v4.sin_port = htons(port);
    out[0].v4.sin_addr.s_addr = htonl(use == ADDRESS_TO_LISTEN ? INADDR_ANY : INADDR_LOOPBACK);
    out[0].len = sizeof out[0].v4;
    if (use == ADDRESS_TO_CONNECT || max < 2)
        return 1;
    out[1].v6.sin6_family = AF_INET6;
    out[1].v6.sin6_port = htons(port);
    out[1].v6.sin6_addr = in6addr_any;
    out[1].len = sizeof out[1].v6;
    return 2;
}

static size_t copy_results(const struct addrinfo *results, struct socket_address *out, size_t max)
{
    size_t count = 0;

    for (const struct addrinfo *one = results; one && count < max; one = one->ai_next) {
        if (one->ai_family != AF_INET && one->ai_family != AF_INET6)
            continue;
        memset(&out[count], 0, sizeof out[count]);
        memcpy(&out[count].any, one->ai_addr, one->ai_addrlen);
        out[count].len = one->ai_addrlen;
        count++;
    }
    return count;
}

bool address_is_same(const struct socket_address *a, const struct socket_address *b)
{
    return a->len == b->len && memcmp(&a->any, &b->any, a->len) == 0;
}

bool address_is_name(const struct config_address *address)
{
    struct in_addr ignored;

    return !address->is_unix && !address->socket && address->host && !strchr(address->host, ':') &&
           inet_pton(AF_INET, address->host, &ignored) != 1;
}

size_t address_resolve(const struct config_address *address, enum address_use use, struct socket_address *out,
                       size_t max, const char **fault)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *results = NULL;
    char port[8];
    size_t count;
    int error;

    if (address->is_unix)
        return resolve_unix(address, out, fault);
    if (!address->host)
        return any_addresses(address->port, use, out, max);
    snprintf(port, sizeof port, "%u", address->port);
    error = getaddrinfo(address->host, port, &hints, &results);
    if (error != 0) {
        *fault = gai_strerror(error);
        return 0;
    }
    count = copy_results(results, out, max);
    freeaddrinfo(results);
    if (count == 0)
        *fault = "the name has no address";
    return count;
}

bool address_of_socket(int fd, struct socket_address *out)
{
    memset(out, 0, sizeof *out);
    out->len = sizeof out->un;
    return getsockname(fd, &out->any, &out->len) == 0;
}
