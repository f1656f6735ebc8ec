#include "config/network.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { V4_BITS = 32, V6_BITS = 128 };

static unsigned bits_of(const struct config_network *network)
{
    return network->is_v6 ? V6_BITS : V4_BITS;
}

/* The address before the slash, if there is one. */
static MUST_CHECK bool parse_host(const char *text, size_t len, struct config_network *out)
{
    char host[INET6_ADDRSTRLEN];

    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = 0;
    memset(out->address, 0, sizeof out->address);
    out->is_v6 = memchr(text, ':', len) != NULL;
    return inet_pton(out->is_v6 ? AF_INET6 : AF_INET, host, out->address) == 1;
}

static MUST_CHECK bool parse_prefix(const char *text, struct config_network *out)
{
    size_t len = strlen(text);
    unsigned value = 0;

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return false;
    for (; *text; text++)
        value = value * 10 + (unsigned)(*text - '0');
    out->prefix_len = (uint8_t)value;
    return value <= bits_of(out);
}

/* Answers whether there were any: then it was a network meant, or one host of it. */
static bool clear_host_bits(struct config_network *network)
{
    bool had_some = false;

    for (unsigned bit = network->prefix_len; bit < bits_of(network); bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        had_some |= (network->address[bit / 8] & mask) != 0;
        network->address[bit / 8] &= (uint8_t)~mask;
    }
    return had_some;
}

static const char *explain_host_bits(const struct config_network *network, char fault[NETWORK_FAULT_LEN])
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(network->is_v6 ? AF_INET6 : AF_INET, network->address, text, sizeof text);
    snprintf(fault, NETWORK_FAULT_LEN, "has bits behind its prefix: did you mean %s/%u?", text, network->prefix_len);
    return fault;
}

const char *network_parse(const char *text, struct config_network *out, char fault[NETWORK_FAULT_LEN])
{
    const char *slash = strchr(text, '/');

    out->text = text;
    if (!parse_host(text, slash ? (size_t)(slash - text) : strlen(text), out))
        return "is no network: an IPv4 or IPv6 address, '/' and how many bits count, as 10.0.0.0/8 or 2001:db8::/32";
    out->prefix_len = (uint8_t)bits_of(out);
    if (!slash)
        return NULL;
    if (!parse_prefix(slash + 1, out)) {
        snprintf(fault, NETWORK_FAULT_LEN, "has no prefix from 0 to %u behind its '/'", bits_of(out));
        return fault;
    }
    return clear_host_bits(out) ? explain_host_bits(out, fault) : NULL;
}

bool config_network_has(const struct config_network *network, bool is_v6, const uint8_t *address)
{
    size_t whole = network->prefix_len / 8;
    uint8_t mask = (uint8_t)(0xff00 >> network->prefix_len % 8);

    if (network->is_v6 != is_v6 || memcmp(network->address, address, whole) != 0)
        return false;
    return mask == 0 || ((network->address[whole] ^ address[whole]) & mask) == 0;
}
