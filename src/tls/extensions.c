#include "tls/extensions.h"

#include "tls/code_set.h"
#include "tls/iana.h"

bool extension_next(struct reader *block, struct extension *out)
{
    return read_u16(block, &out->type) && read_vec16(block, 0, UINT16_MAX, &out->data);
}

/* A list of uint16, `code list<2..max>` with a length field of two bytes. */
static bool parse_code_list(struct reader *r, struct bytes *list)
{
    return read_vec16(r, 2, 0xfffe, list) && list->len % 2 == 0 && read_end(r);
}

/* RFC 6066 3: HostName is <1..2^16-1>; LDH and `_` only, no trailing dot, no control byte ever reaches a log. */
static bool is_host_name(struct bytes name)
{
    if (name.len == 0 || name.len > 253)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        bool is_ldh = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (!is_ldh && c != '_' && c != '.')
            return false;
    }
    return name.at[0] != '.' && name.at[name.len - 1] != '.';
}

static bool parse_server_name(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes list, name;
    struct reader names;
    uint8_t name_type;

    if (!read_vec16(r, 1, UINT16_MAX, &list) || !read_end(r))
        return false;
    names = reader_of(list);
    /* RFC 6066 3 MUST: not more than one name of the same type, and host_name (0) is the only type. */
    if (!read_u8(&names, &name_type) || name_type != 0 || !read_vec16(&names, 1, UINT16_MAX, &name) ||
        !read_end(&names))
        return false;
    if (!is_host_name(name)) {
        *why = WHY_SNI_INVALID;
        return false;
    }
    ch->server_name = name;
    return true;
}

static bool parse_supported_groups(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return parse_code_list(r, &ch->supported_groups);
}

static bool parse_signature_algorithms(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return parse_code_list(r, &ch->signature_algorithms);
}

/* RFC 8446 4.2.3: SignatureSchemeList. Checked and passed over: there is one chain for a key, and 4.4.2.2 has it sent
 * also where its signatures are none of these. */
static bool parse_signature_algorithms_cert(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes list;

    (void)ch;
    (void)why;
    return parse_code_list(r, &list);
}

/* RFC 7301 3.1: ProtocolName<1..2^8-1>, protocol_name_list<2..2^16-1>. */
static bool parse_alpn(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes name;
    struct reader names;

    (void)why;
    if (!read_vec16(r, 2, UINT16_MAX, &ch->alpn) || !read_end(r))
        return false;
    names = reader_of(ch->alpn);
    while (!read_end(&names))
        if (!read_vec8(&names, 1, 255, &name))
            return false;
    return true;
}

/*
 * RFC 8446 4.2.11: identities<7..2^16-1>, binders<33..2^16-1>, one binder an identity. How long a binder must be
 * depends on its PSK: that is looked at when it is checked, so that a wrong length is a wrong binder.
 */
static bool parse_pre_shared_key(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes binder;
    struct reader identities, binders;
    size_t identity_count = 0, binder_count = 0;
    struct psk_identity identity;

    if (!read_vec16(r, 7, UINT16_MAX, &ch->psk_identities) || !read_vec16(r, 2, UINT16_MAX, &ch->psk_binders) ||
        !read_end(r))
        return false;
    identities = reader_of(ch->psk_identities);
    binders = reader_of(ch->psk_binders);
    while (!read_end(&identities)) {
        if (!psk_identity_next(&identities, &identity))
            return false;
        identity_count++;
    }
    while (!read_end(&binders)) {
        if (!read_vec8(&binders, 1, 255, &binder))
            return false;
        binder_count++;
    }
    *why = WHY_PSK_MALFORMED;
    return identity_count == binder_count;
}

static bool parse_early_data(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    ch->has_early_data = true;
    return read_end(r);
}

/* RFC 8446 4.2.1: versions<2..254>. */
static bool parse_supported_versions(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return read_vec8(r, 2, 254, &ch->supported_versions) && ch->supported_versions.len % 2 == 0 && read_end(r);
}

static bool parse_cookie(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes cookie;

    (void)ch;
    (void)why;
    return read_vec16(r, 1, UINT16_MAX, &cookie) && read_end(r);
}

static bool parse_psk_modes(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return read_vec8(r, 1, 255, &ch->psk_modes) && read_end(r);
}

/* RFC 8446 4.2.8: KeyShareEntry client_shares<0..2^16-1>, key_exchange<1..2^16-1>. */
static bool parse_key_share(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct key_share share;
    struct reader shares;

    (void)why;
    if (!read_vec16(r, 0, UINT16_MAX, &ch->key_shares) || !read_end(r))
        return false;
    shares = reader_of(ch->key_shares);
    while (!read_end(&shares))
        if (!key_share_next(&shares, &share))
            return false;
    return true;
}

/* RFC 8422 5.1.2: ECPointFormat ec_point_format_list<1..2^8-1>. */
static bool parse_point_formats(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return read_vec8(r, 1, 255, &ch->point_formats) && read_end(r);
}

/* RFC 6066 8: a status type we do not know is no error, we then just do not answer it. */
static bool parse_status_request(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes responders, extensions;
    uint8_t status_type;

    (void)why;
    if (!read_u8(r, &status_type))
        return false;
    if (status_type != 1) {
        (void)read_rest(r);
        return true;
    }
    ch->has_status_request = true;
    return read_vec16(r, 0, UINT16_MAX, &responders) && read_vec16(r, 0, UINT16_MAX, &extensions) && read_end(r);
}

static bool parse_max_fragment_length(struct reader *r, struct client_hello *ch, enum why *why)
{
    if (!read_u8(r, &ch->max_fragment_length) || !read_end(r))
        return false;
    *why = WHY_MAX_FRAGMENT_LENGTH; /* RFC 6066 4 MUST: illegal_parameter for any other value */
    return ch->max_fragment_length >= 1 && ch->max_fragment_length <= 4;
}

static bool parse_record_size_limit(struct reader *r, struct client_hello *ch, enum why *why)
{
    if (!read_u16(r, &ch->record_size_limit) || !read_end(r))
        return false;
    *why = WHY_RECORD_SIZE_LIMIT; /* RFC 8449 4 MUST: less than 64 is illegal_parameter */
    return ch->record_size_limit >= 64;
}

/* RFC 7627 5.1: extension_data is empty. */
static bool parse_extended_master_secret(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    ch->has_extended_master_secret = true;
    return read_end(r);
}

/* RFC 5077 3.2: the ticket is all there is, without a length of its own. */
static bool parse_session_ticket(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    ch->session_ticket = read_rest(r);
    return true;
}

/* RFC 5746 3.2: opaque renegotiated_connection<0..255>. */
static bool parse_renegotiation_info(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return read_vec8(r, 0, 255, &ch->renegotiation) && read_end(r);
}

/* RFC 8879 3: CertificateCompressionAlgorithm algorithms<2..2^8-2>. */
static bool parse_compress_certificate(struct reader *r, struct client_hello *ch, enum why *why)
{
    (void)why;
    return read_vec8(r, 2, 254, &ch->compress_certificate) && ch->compress_certificate.len % 2 == 0 && read_end(r);
}

/* RFC 8446 4.2.4: DistinguishedName authorities<3..2^16-1>, each <1..2^16-1>. Checked and passed over: we have no
 * choice of chains for one key. */
static bool parse_certificate_authorities(struct reader *r, struct client_hello *ch, enum why *why)
{
    struct bytes list, name;
    struct reader names;

    (void)ch;
    (void)why;
    if (!read_vec16(r, 3, UINT16_MAX, &list) || !read_end(r))
        return false;
    names = reader_of(list);
    while (!read_end(&names))
        if (!read_vec16(&names, 1, UINT16_MAX, &name))
            return false;
    return true;
}

/* The table of RFC 8446 4.2, its column ClientHello; what has no parser is known but not ours to read. */
enum place { IN_CLIENT_HELLO, NOT_IN_CLIENT_HELLO };

static const struct extension_row {
    uint16_t type;
    enum place place;
    bool (*parse)(struct reader *, struct client_hello *, enum why *);
} rows[] = {
    {EXTENSION_SERVER_NAME, IN_CLIENT_HELLO, parse_server_name},
    {EXTENSION_MAX_FRAGMENT_LENGTH, IN_CLIENT_HELLO, parse_max_fragment_length},
    {EXTENSION_STATUS_REQUEST, IN_CLIENT_HELLO, parse_status_request},
    {EXTENSION_SUPPORTED_GROUPS, IN_CLIENT_HELLO, parse_supported_groups},
    {EXTENSION_EC_POINT_FORMATS, IN_CLIENT_HELLO, parse_point_formats},
    {EXTENSION_SIGNATURE_ALGORITHMS, IN_CLIENT_HELLO, parse_signature_algorithms},
    {EXTENSION_SIGNATURE_ALGORITHMS_CERT, IN_CLIENT_HELLO, parse_signature_algorithms_cert},
    {EXTENSION_ALPN, IN_CLIENT_HELLO, parse_alpn},
    {EXTENSION_EXTENDED_MASTER_SECRET, IN_CLIENT_HELLO, parse_extended_master_secret},
    {EXTENSION_COMPRESS_CERTIFICATE, IN_CLIENT_HELLO, parse_compress_certificate},
    {EXTENSION_RECORD_SIZE_LIMIT, IN_CLIENT_HELLO, parse_record_size_limit},
    {EXTENSION_SESSION_TICKET, IN_CLIENT_HELLO, parse_session_ticket},
    {EXTENSION_PRE_SHARED_KEY, IN_CLIENT_HELLO, parse_pre_shared_key},
    {EXTENSION_EARLY_DATA, IN_CLIENT_HELLO, parse_early_data},
    {EXTENSION_SUPPORTED_VERSIONS, IN_CLIENT_HELLO, parse_supported_versions},
    {EXTENSION_COOKIE, IN_CLIENT_HELLO, parse_cookie},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, IN_CLIENT_HELLO, parse_psk_modes},
    {EXTENSION_KEY_SHARE, IN_CLIENT_HELLO, parse_key_share},
    {EXTENSION_CERTIFICATE_AUTHORITIES, IN_CLIENT_HELLO, parse_certificate_authorities},
    {EXTENSION_RENEGOTIATION_INFO, IN_CLIENT_HELLO, parse_renegotiation_info},
    {EXTENSION_OID_FILTERS, NOT_IN_CLIENT_HELLO, NULL},
};

static bool parse_one(const struct extension *extension, struct client_hello *ch, enum why *why)
{
    struct reader r = reader_of(extension->data);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type != extension->type)
            continue;
        /* RFC 8446 4.2 MUST: an extension that is known but not specified for this message is illegal_parameter. */
        *why = WHY_EXTENSION_MISPLACED;
        if (rows[i].place == NOT_IN_CLIENT_HELLO)
            return false;
        *why = WHY_EXTENSION_MALFORMED;
        return rows[i].parse(&r, ch, why);
    }
    return true; /* RFC 8446 4.1.2 MUST: servers ignore unrecognized extensions */
}

bool extensions_parse(struct bytes block, struct client_hello *ch, enum why *why)
{
    struct reader r = reader_of(block);
    struct extension extension;
    struct code_set seen = {0};

    while (!read_end(&r)) {
        *why = WHY_CLIENT_HELLO_MALFORMED;
        if (!extension_next(&r, &extension))
            return false;
        *why = WHY_EXTENSION_DUPLICATE; /* RFC 8446 4.2 MUST: not more than one of the same type */
        if (!code_set_add(&seen, extension.type) || !parse_one(&extension, ch, why))
            return false;
        ch->is_psk_last = extension.type == EXTENSION_PRE_SHARED_KEY;
    }
    return true;
}
