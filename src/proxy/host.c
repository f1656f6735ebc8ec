#include "proxy/host.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

const char *host_fault_words(enum host_fault fault)
{
    static const char *const words[HOST_FAULT_COUNT] = {
#define X(constant, words) [constant] = words,
        HOST_FAULTS(X)
#undef X
    };

    return fault < HOST_FAULT_COUNT ? words[fault] : "?";
}

/* ---- sets of addresses */

static int compare(const struct host_address *a, const struct host_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool has(const struct host_addresses *addresses, const struct host_address *address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (compare(&addresses->items[i], address) == 0)
            return true;
    return false;
}

static struct host_address *highest_of(struct host_addresses *addresses)
{
    struct host_address *highest = &addresses->items[0];

    for (size_t i = 1; i < addresses->count; i++)
        if (compare(&addresses->items[i], highest) > 0)
            highest = &addresses->items[i];
    return highest;
}

void host_addresses_add(struct host_addresses *addresses, const struct host_address *address)
{
    struct host_address *highest;

    if (has(addresses, address))
        return;
    if (addresses->count < ARRAY_LEN(addresses->items)) {
        addresses->items[addresses->count++] = *address;
        return;
    }
    highest = highest_of(addresses);
    if (compare(address, highest) < 0)
        *highest = *address;
}

bool host_address_of_socket(const struct socket_address *from, struct host_address *out)
{
    *out = (struct host_address){.family = 0};
    if (from->any.sa_family == AF_INET) {
        out->family = 4;
        memcpy(out->bytes, &from->v4.sin_addr, 4);
    } else if (from->any.sa_family == AF_INET6) {
        out->family = 6;
        memcpy(out->bytes, &from->v6.sin6_addr, 16);
        out->scope = from->v6.sin6_scope_id;
    }
    return out->family != 0;
}

bool host_addresses_are_same(const struct host_addresses *a, const struct host_addresses *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!has(b, &a->items[i]))
            return false;
    return a->count == b->count;
}

void host_addresses_format(const struct host_addresses *addresses, char text[HOST_TEXT_LEN])
{
    char one[INET6_ADDRSTRLEN] = "?";
    size_t len = 0;

    text[0] = 0;
    for (size_t i = 0; i < addresses->count; i++) {
        const struct host_address *address = &addresses->items[i];
        (void)!inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, one, sizeof one);
        len += (size_t)snprintf(text + len, HOST_TEXT_LEN - len, "%s%s", i > 0 ? "," : "", one);
    }
}

static void with_port(const struct host_address *address, uint16_t port, struct socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == 4) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        memcpy(&out->v4.sin_addr, address->bytes, sizeof out->v4.sin_addr);
        out->len = sizeof out->v4;
        return;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    memcpy(&out->v6.sin6_addr, address->bytes, sizeof out->v6.sin6_addr);
    out->v6.sin6_scope_id = address->scope;
    out->len = sizeof out->v6;
}

size_t host_addresses_with_port(const struct host_addresses *addresses, uint16_t port, struct socket_address *out,
                                size_t max)
{
    size_t count = addresses->count < max ? addresses->count : max;

    for (size_t i = 0; i < count; i++)
        with_port(&addresses->items[i], port, &out[i]);
    return count;
}

/* ---- asking */

static void take(const struct addrinfo *result, struct host_addresses *out)
{
    struct socket_address from = {.len = result->ai_addrlen};
    struct host_address address;

    if (result->ai_addrlen > sizeof from.un)
        return;
    memcpy(&from.any, result->ai_addr, result->ai_addrlen);
    if (host_address_of_socket(&from, &address))
        host_addresses_add(out, &address);
}

static enum host_fault fault_of(int error)
{
    switch (error) {
    case EAI_NONAME:
        return HOST_UNKNOWN;
#ifdef EAI_NODATA
    case EAI_NODATA:
        return HOST_WITHOUT_ADDRESS;
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
        return HOST_WITHOUT_ADDRESS;
#endif
    case EAI_AGAIN:
        return HOST_NO_SERVER;
    default:
        return HOST_FAILED;
    }
}

enum host_fault host_look_up(const char *name, struct host_addresses *out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *results = NULL;
    int error = getaddrinfo(name, NULL, &hints, &results);

    memset(out, 0, sizeof *out);
    if (error != 0)
        return fault_of(error);
    for (const struct addrinfo *one = results; one; one = one->ai_next)
        take(one, out);
    freeaddrinfo(results);
    return out->count > 0 ? HOST_OK : HOST_WITHOUT_ADDRESS;
}
