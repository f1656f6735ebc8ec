#include "config/address.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/un.h>

/* sun_path holds the final zero byte too. */
enum { MAX_PATH_LEN = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, MAX_HOST_LEN = 253 };

#define DIGITS "0123456789"
#define HOST_BYTES DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_"

struct parse {
    struct arena *arena;
    enum address_use use;
    struct config_address *out;
    char *fault;
};

static enum address_answer wrong(struct parse *parse, const char *format, ...) PRINTF_LIKE(2, 3);

static enum address_answer wrong(struct parse *parse, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parse->fault, ADDRESS_FAULT_LEN, format, args);
    va_end(args);
    return ADDRESS_WRONG;
}

static enum address_answer parse_unix(struct parse *parse, const char *path)
{
    if (path[0] != '/')
        return wrong(parse, "needs an absolute path: unix:/path");
    if (strlen(path) > MAX_PATH_LEN)
        return wrong(parse, "has a path of %zu bytes, a unix socket takes %d", strlen(path), MAX_PATH_LEN);
    parse->out->is_unix = true;
    parse->out->path = path;
    return ADDRESS_OK;
}

/* sd_listen_fds_with_names(3): a name has no colon. */
static enum address_answer parse_socket(struct parse *parse, const char *name)
{
    if (parse->use == ADDRESS_TO_CONNECT)
        return wrong(parse, "is a socket to listen on");
    if (*name == 0 || strlen(name) > CONFIG_MAX_SOCKET_NAME || strspn(name, HOST_BYTES) != strlen(name))
        return wrong(parse, "has no name of a socket, of up to %d letters, digits, '.', '-' and '_'",
                     CONFIG_MAX_SOCKET_NAME);
    parse->out->socket = name;
    return ADDRESS_OK;
}

static MUST_CHECK bool parse_port(const char *text, uint16_t *port)
{
    size_t len = strlen(text);
    unsigned long value = 0;

    if (len == 0 || len > 5 || strspn(text, DIGITS) != len)
        return false;
    for (; *text; text++)
        value = value * 10 + (unsigned long)(*text - '0');
    *port = (uint16_t)value;
    return value >= 1 && value <= 65535;
}

/* A zone, "fe80::1%eth0", is the system's to know. */
static bool is_ipv6(struct bytes host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    const uint8_t *zone = host.len ? memchr(host.at, '%', host.len) : NULL;
    size_t len = zone ? (size_t)(zone - host.at) : host.len;

    if (len >= sizeof text || (zone && len + 1 == host.len))
        return false;
    memcpy(text, host.at, len);
    text[len] = 0;
    return inet_pton(AF_INET6, text, &ignored) == 1;
}

static enum address_answer parse_bracketed(struct parse *parse, const char *text)
{
    const char *end = strchr(text, ']');
    struct bytes host = bytes_of(text + 1, end ? (size_t)(end - text - 1) : 0);

    if (!end || end[1] != ':')
        return wrong(parse, "is not [address]:port");
    if (!is_ipv6(host))
        return wrong(parse, "has no IPv6 address in its brackets");
    if (!parse_port(end + 2, &parse->out->port))
        return wrong(parse, "has no port from 1 to 65535");
    parse->out->host = arena_copy(parse->arena, host);
    return parse->out->host ? ADDRESS_OK : ADDRESS_NO_MEMORY;
}

static enum address_answer take_host(struct parse *parse, struct bytes host)
{
    struct in_addr ignored;
    const char *text = arena_copy(parse->arena, host);

    if (!text)
        return ADDRESS_NO_MEMORY;
    if (host.len > MAX_HOST_LEN || strspn(text, HOST_BYTES) != host.len)
        return wrong(parse, "has no host name before its port");
    if (strspn(text, DIGITS ".") == host.len && inet_pton(AF_INET, text, &ignored) != 1)
        return wrong(parse, "is no IPv4 address, which has four numbers up to 255");
    parse->out->host = text;
    return ADDRESS_OK;
}

static enum address_answer explain_missing_port(struct parse *parse, const char *text)
{
    uint16_t port;

    if (text[0] == '/')
        return wrong(parse, "is a path: unix:%.128s would be a socket", text);
    if (parse_port(text, &port) && parse->use == ADDRESS_TO_LISTEN)
        return wrong(parse, "is a port alone, did you mean ':%s'?", text);
    return wrong(parse, "has no port: host:port");
}

static enum address_answer parse_host_and_port(struct parse *parse, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct bytes host = bytes_of(text, colon ? (size_t)(colon - text) : 0);
    bool is_any = host.len == 0 || bytes_equal(host, BYTES_OF_LITERAL("*"));

    if (!colon)
        return explain_missing_port(parse, text);
    if (is_ipv6(bytes_of_string(text)) || strchr(text, ':') != colon)
        return wrong(parse, "has more than one ':'; an IPv6 address stands in brackets: [::1]:443");
    if (!parse_port(colon + 1, &parse->out->port))
        return wrong(parse, "has no port from 1 to 65535");
    if (is_any && parse->use == ADDRESS_TO_CONNECT)
        return wrong(parse, "has no host to connect to: host:port");
    return is_any ? ADDRESS_OK : take_host(parse, host);
}

enum address_answer address_parse(struct arena *arena, const char *text, enum address_use use,
                                  struct config_address *out, char fault[ADDRESS_FAULT_LEN])
{
    struct parse parse = {arena, use, out, fault};

    out->text = text;
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(&parse, text + 5);
    if (strncmp(text, "systemd:", 8) == 0)
        return parse_socket(&parse, text + 8);
    if (text[0] == '[')
        return parse_bracketed(&parse, text);
    return parse_host_and_port(&parse, text);
}

bool address_is_local(const struct config_address *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (address->is_unix)
        return true;
    if (!address->host)
        return false;
    if (inet_pton(AF_INET, address->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, address->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool is_ipv4(const char *host)
{
    struct in_addr ignored;
    return host && inet_pton(AF_INET, host, &ignored) == 1;
}

/* `*` takes every address of both families, 0.0.0.0 every address of its own. */
static bool covers(const char *a, const char *b)
{
    return !a || (strcmp(a, "0.0.0.0") == 0 && is_ipv4(b));
}

static bool is_same_host(const char *a, const char *b)
{
    struct in6_addr left, right;

    if (inet_pton(AF_INET6, a, &left) == 1 && inet_pton(AF_INET6, b, &right) == 1)
        return memcmp(&left, &right, sizeof left) == 0;
    return strcasecmp(a, b) == 0;
}

bool address_collides(const struct config_address *a, const struct config_address *b)
{
    if (a->socket || b->socket)
        return a->socket && b->socket && strcmp(a->socket, b->socket) == 0;
    if (a->is_unix || b->is_unix)
        return a->is_unix && b->is_unix && strcmp(a->path, b->path) == 0;
    if (a->port != b->port)
        return false;
    return covers(a->host, b->host) || covers(b->host, a->host) || is_same_host(a->host, b->host);
}
