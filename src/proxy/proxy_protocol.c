#include "proxy/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "crypto/client_trust.h"
#include "tls/iana.h"
#include "tls/policy.h"

enum {
    VERSION_2 = 0x20,
    COMMAND_LOCAL = 0x00,
    COMMAND_PROXY = 0x01,
    FAMILY_UNSPEC = 0x00,
    FAMILY_TCP4 = 0x11,
    FAMILY_TCP6 = 0x21,
    FAMILY_UNIX = 0x31,
    UNIX_PATH_LEN = 108,

    TLV_ALPN = 0x01,
    TLV_AUTHORITY = 0x02,
    TLV_CRC32C = 0x03,
    TLV_SSL = 0x20,
    TLV_SSL_VERSION = 0x21,
    TLV_SSL_CN = 0x22,
    TLV_SSL_CIPHER = 0x23,
    TLV_SSL_KEY_ALG = 0x25,
    TLV_SSL_GROUP = 0x26,
    TLV_SSL_SIG_SCHEME = 0x27,

    CLIENT_SSL = 0x01, /* the client came over TLS */
    CLIENT_CERT_CONN = 0x02,
    CLIENT_CERT_SESS = 0x04,
    CERTIFICATE_VERIFIED = 0,
    NO_CERTIFICATE_VERIFIED = 1 /* "verify": zero only if the client presented a certificate that verified */
};

static const uint8_t signature_v2[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* The family that both ends share; an IPv4-mapped IPv6 address counts as what it is on the wire: IPv6. */
static int common_family(const struct proxy_protocol_facts *facts)
{
    if (!facts->client || !facts->server || facts->client->sa_family != facts->server->sa_family)
        return AF_UNSPEC;
    return facts->client->sa_family;
}

static const struct sockaddr_in *v4(const struct sockaddr *address)
{
    return (const struct sockaddr_in *)address;
}

static const struct sockaddr_in6 *v6(const struct sockaddr *address)
{
    return (const struct sockaddr_in6 *)address;
}

static struct bytes host_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return bytes_of(&v4(address)->sin_addr, 4);
    return bytes_of(&v6(address)->sin6_addr, 16);
}

static uint16_t port_of(const struct sockaddr *address)
{
    return ntohs(address->sa_family == AF_INET ? v4(address)->sin_port : v6(address)->sin6_port);
}

void proxy_protocol_write_v1(const struct proxy_protocol_facts *facts, struct writer *out)
{
    int family = common_family(facts);
    char client[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN], line[108];
    int len;

    if (family != AF_INET && family != AF_INET6) {
        write_bytes(out, BYTES_OF_LITERAL("PROXY UNKNOWN\r\n"));
        return;
    }
    if (!inet_ntop(family, host_of(facts->client).at, client, sizeof client) ||
        !inet_ntop(family, host_of(facts->server).at, server, sizeof server)) {
        writer_fail(out);
        return;
    }
    len = snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n", family == AF_INET ? "TCP4" : "TCP6", client, server,
                   port_of(facts->client), port_of(facts->server));
    write_bytes(out, bytes_of(line, (size_t)len));
}

static void write_unix_path(struct writer *out, const struct sockaddr *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    size_t len = strnlen(un->sun_path, UNIX_PATH_LEN);
    uint8_t *space = write_space(out, UNIX_PATH_LEN);

    if (space) {
        memset(space, 0, UNIX_PATH_LEN);
        memcpy(space, un->sun_path, len);
    }
}

static void write_addresses(const struct proxy_protocol_facts *facts, struct writer *out)
{
    switch (common_family(facts)) {
    case AF_INET:
    case AF_INET6:
        write_bytes(out, host_of(facts->client));
        write_bytes(out, host_of(facts->server));
        write_u16(out, port_of(facts->client));
        write_u16(out, port_of(facts->server));
        return;
    case AF_UNIX:
        /* The client of a unix socket has no name of its own: the server's stands in the second place alone. */
        write_bytes(out, bytes_of((const uint8_t[UNIX_PATH_LEN]){0}, UNIX_PATH_LEN));
        write_unix_path(out, facts->server);
        return;
    default:
        return;
    }
}

static uint8_t family_byte(const struct proxy_protocol_facts *facts)
{
    switch (common_family(facts)) {
    case AF_INET:
        return FAMILY_TCP4;
    case AF_INET6:
        return FAMILY_TCP6;
    case AF_UNIX:
        return FAMILY_UNIX;
    default:
        return FAMILY_UNSPEC;
    }
}

static void write_tlv(struct writer *out, uint8_t type, struct bytes value)
{
    struct vector_mark mark;

    if (value.len == 0)
        return;
    write_u8(out, type);
    mark = write_vec16_begin(out);
    write_bytes(out, value);
    write_vec_end(out, mark);
}

static void write_tlv_text(struct writer *out, uint8_t type, const char *text)
{
    if (text)
        write_tlv(out, type, bytes_of_string(text));
}

/* As the specification has it in its example: "RSA2048", "EC256". */
static void write_key_alg(const struct tls_outcome *outcome, struct writer *out)
{
    const struct certificate_chain *chain;
    char text[16];

    if (!outcome->credential)
        return;
    chain = tls_credential_chain(outcome->credential);
    snprintf(text, sizeof text, "%s%u", certificate_chain_key_kind(chain) == KEY_KIND_RSA ? "RSA" : "EC",
             certificate_chain_key_bits(chain));
    write_tlv_text(out, TLV_SSL_KEY_ALG, text);
}

/* CERT_CONN: shown in this connection; CERT_SESS: in the one that the session goes back to. */
static uint8_t client_bits(const struct tls_outcome *outcome)
{
    if (!outcome->client)
        return CLIENT_SSL;
    return CLIENT_SSL | CLIENT_CERT_SESS | (outcome->is_resumed ? 0 : CLIENT_CERT_CONN);
}

static void write_ssl(const struct tls_outcome *outcome, struct writer *out)
{
    struct vector_mark mark;

    write_u8(out, TLV_SSL);
    mark = write_vec16_begin(out);
    write_u8(out, client_bits(outcome));
    write_u32(out, outcome->client ? CERTIFICATE_VERIFIED : NO_CERTIFICATE_VERIFIED);
    write_tlv_text(out, TLV_SSL_VERSION, tls_version_name(outcome->version));
    if (outcome->client)
        write_tlv_text(out, TLV_SSL_CN, outcome->client->common_name);
    write_tlv_text(out, TLV_SSL_CIPHER, outcome->suite ? outcome->suite->name : NULL);
    write_key_alg(outcome, out);
    write_tlv_text(out, TLV_SSL_GROUP, outcome->group ? outcome->group->name : NULL);
    write_tlv_text(out, TLV_SSL_SIG_SCHEME, outcome->scheme ? outcome->scheme->name : NULL);
    write_vec_end(out, mark);
}

/* CRC32C (RFC 3720 B.4: polynomial 0x1edc6f41, reflected), bit by bit: once a connection, over some 200 bytes. */
static uint32_t crc32c(struct bytes data)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < data.len; i++) {
        crc ^= data.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

/* The checksum covers the whole header with its own four bytes as zero, so it goes in last. */
static void write_checksum(struct writer *out, size_t header_start, uint8_t *place)
{
    struct writer checksum = writer_of(place, 4);
    struct bytes header = writer_view(out);

    write_u32(&checksum, crc32c(bytes_of(header.at + header_start, header.len - header_start)));
}

void proxy_protocol_write_v2(const struct proxy_protocol_facts *facts, struct writer *out)
{
    size_t start = writer_view(out).len;
    struct vector_mark mark;
    uint8_t *place;

    write_bytes(out, BYTES_OF_ARRAY(signature_v2));
    write_u8(out, VERSION_2 | (facts->client ? COMMAND_PROXY : COMMAND_LOCAL));
    write_u8(out, family_byte(facts));
    mark = write_vec16_begin(out);
    write_addresses(facts, out);
    if (facts->client && facts->outcome) {
        write_tlv(out, TLV_ALPN, facts->outcome->alpn);
        write_tlv(out, TLV_AUTHORITY, facts->outcome->sni);
        write_ssl(facts->outcome, out);
    }
    write_u8(out, TLV_CRC32C);
    write_u16(out, 4);
    place = write_space(out, 4);
    if (place)
        memset(place, 0, 4);
    write_vec_end(out, mark);
    if (writer_ok(out) && place)
        write_checksum(out, start, place);
}
