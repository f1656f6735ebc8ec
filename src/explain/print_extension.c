#include "explain/print_hello.h"

#include "explain/text.h"
#include "tls/iana.h"

/* Each prints what it could read; false: that was not all, or not by the RFC's syntax. */
typedef bool print_data(FILE *out, struct reader *r);

static void comma(FILE *out, bool *is_first)
{
    if (!*is_first)
        fputs(", ", out);
    *is_first = false;
}

static bool print_codes16(FILE *out, struct reader *r, text_name *name)
{
    struct bytes list;

    if (!read_vec16(r, 0, UINT16_MAX, &list))
        return false;
    text_print_codes(out, list, name);
    return list.len % 2 == 0;
}

static bool print_codes8(FILE *out, struct reader *r, text_name *name)
{
    struct bytes list;

    if (!read_vec8(r, 0, UINT8_MAX, &list))
        return false;
    text_print_codes(out, list, name);
    return list.len % 2 == 0;
}

static bool print_groups(FILE *out, struct reader *r)
{
    return print_codes16(out, r, tls_group_name);
}

static bool print_schemes(FILE *out, struct reader *r)
{
    return print_codes16(out, r, tls_signature_scheme_name);
}

static bool print_versions(FILE *out, struct reader *r)
{
    return print_codes8(out, r, tls_version_name);
}

/* RFC 8879 7.3 */
static const char *compressor_name(uint16_t code)
{
    static const char *const names[] = {NULL, "zlib", "brotli", "zstd"};

    return code < ARRAY_LEN(names) ? names[code] : NULL;
}

static bool print_compressors(FILE *out, struct reader *r)
{
    return print_codes8(out, r, compressor_name);
}

static bool print_server_name(FILE *out, struct reader *r)
{
    struct bytes list, name;
    struct reader names;
    bool is_first = true;
    uint8_t type;

    if (!read_vec16(r, 0, UINT16_MAX, &list))
        return false;
    names = reader_of(list);
    while (read_u8(&names, &type) && read_vec16(&names, 0, UINT16_MAX, &name)) {
        comma(out, &is_first);
        if (type != 0)
            fprintf(out, "type %u ", type);
        text_print_quoted(out, name);
    }
    return read_end(&names);
}

/* RFC 8701 2: the reserved names are two bytes, as the reserved codes. */
static bool is_grease_name(struct bytes name)
{
    struct reader r = reader_of(name);
    uint16_t code;

    return read_u16(&r, &code) && read_end(&r) && tls_is_grease(code);
}

static bool print_alpn(FILE *out, struct reader *r)
{
    struct bytes list, name;
    struct reader names;
    bool is_first = true;

    if (!read_vec16(r, 0, UINT16_MAX, &list))
        return false;
    names = reader_of(list);
    while (read_vec8(&names, 0, UINT8_MAX, &name)) {
        comma(out, &is_first);
        text_print_quoted(out, name);
        if (is_grease_name(name))
            fputs(" GREASE", out);
    }
    return read_end(&names);
}

static bool print_fragment_length(FILE *out, struct reader *r)
{
    uint8_t code;

    if (!read_u8(r, &code))
        return false;
    if (code >= 1 && code <= 4)
        fprintf(out, "%u bytes", 256u << code);
    else
        fprintf(out, "unknown value %u", code);
    return true;
}

static bool print_record_limit(FILE *out, struct reader *r)
{
    uint16_t limit;

    if (!read_u16(r, &limit))
        return false;
    fprintf(out, "%u bytes", limit);
    return true;
}

static bool print_status_request(FILE *out, struct reader *r)
{
    struct bytes responders, extensions;
    uint8_t type;

    if (!read_u8(r, &type))
        return false;
    if (type != 1) {
        fprintf(out, "type %u", type);
        read_rest(r);
        return true;
    }
    fputs("an OCSP response", out);
    return read_vec16(r, 0, UINT16_MAX, &responders) && read_vec16(r, 0, UINT16_MAX, &extensions);
}

static bool print_point_formats(FILE *out, struct reader *r)
{
    static const char *const names[] = {"uncompressed", "ansiX962_compressed_prime", "ansiX962_compressed_char2"};
    struct bytes list;
    bool is_first = true;

    if (!read_vec8(r, 0, UINT8_MAX, &list))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        comma(out, &is_first);
        if (list.at[i] < ARRAY_LEN(names))
            fputs(names[list.at[i]], out);
        else
            fprintf(out, "%u", list.at[i]);
    }
    return true;
}

/* RFC 8701 2: 0x0b, 0x2a, 0x49, ... 0xe4 mean nothing. */
static bool is_grease_mode(uint8_t mode)
{
    return mode % 0x1f == 0x0b;
}

static bool print_psk_modes(FILE *out, struct reader *r)
{
    static const char *const names[] = {"psk_ke", "psk_dhe_ke"};
    struct bytes list;
    bool is_first = true;

    if (!read_vec8(r, 0, UINT8_MAX, &list))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        comma(out, &is_first);
        if (list.at[i] < ARRAY_LEN(names))
            fputs(names[list.at[i]], out);
        else
            fprintf(out, is_grease_mode(list.at[i]) ? "GREASE (0x%02x)" : "0x%02x", list.at[i]);
    }
    return true;
}

static bool print_key_shares(FILE *out, struct reader *r)
{
    struct bytes list;
    struct reader shares;
    struct key_share share;
    bool is_first = true;

    if (!read_vec16(r, 0, UINT16_MAX, &list))
        return false;
    shares = reader_of(list);
    while (key_share_next(&shares, &share)) {
        comma(out, &is_first);
        text_print_code(out, share.group, tls_group_name);
        fprintf(out, " (%zu bytes)", share.key_exchange.len);
    }
    if (is_first)
        fputs("none", out);
    return read_end(&shares);
}

static bool print_psk(FILE *out, struct reader *r)
{
    struct bytes list, binders;
    struct reader identities;
    struct psk_identity identity;
    bool is_first = true;

    if (!read_vec16(r, 0, UINT16_MAX, &list))
        return false;
    identities = reader_of(list);
    while (psk_identity_next(&identities, &identity)) {
        comma(out, &is_first);
        fprintf(out, "a ticket of %zu bytes", identity.identity.len);
    }
    return read_end(&identities) && read_vec16(r, 0, UINT16_MAX, &binders);
}

static bool print_ticket(FILE *out, struct reader *r)
{
    struct bytes ticket = read_rest(r);

    if (ticket.len)
        fprintf(out, "a ticket of %zu bytes", ticket.len);
    else
        fputs("takes tickets, has none", out);
    return true;
}

static bool print_renegotiation(FILE *out, struct reader *r)
{
    struct bytes earlier;

    if (!read_vec8(r, 0, UINT8_MAX, &earlier))
        return false;
    fputs(earlier.len ? "speaks of an earlier handshake" : "a first handshake", out);
    return true;
}

/* RFC 9849 5: inner or outer; all the rest is for the one it was sealed for. */
static bool print_ech(FILE *out, struct reader *r)
{
    uint8_t type;

    if (!read_u8(r, &type))
        return false;
    fprintf(out, "%s, %zu bytes", type == 0 ? "outer" : type == 1 ? "inner" : "of an unknown type", reader_left(r));
    read_rest(r);
    return true;
}

static bool print_flag(FILE *out, struct reader *r)
{
    fputs("yes", out);
    return read_end(r);
}

static bool print_len(FILE *out, struct reader *r)
{
    fprintf(out, "%zu bytes", read_rest(r).len);
    return true;
}

static const struct {
    uint16_t type;
    print_data *print;
} rows[] = {
    {EXTENSION_SERVER_NAME, print_server_name},
    {EXTENSION_MAX_FRAGMENT_LENGTH, print_fragment_length},
    {EXTENSION_STATUS_REQUEST, print_status_request},
    {EXTENSION_SUPPORTED_GROUPS, print_groups},
    {EXTENSION_EC_POINT_FORMATS, print_point_formats},
    {EXTENSION_SIGNATURE_ALGORITHMS, print_schemes},
    {EXTENSION_SIGNATURE_ALGORITHMS_CERT, print_schemes},
    {EXTENSION_DELEGATED_CREDENTIAL, print_schemes},
    {EXTENSION_ALPN, print_alpn},
    {EXTENSION_SIGNED_CERTIFICATE_TIMESTAMP, print_flag},
    {EXTENSION_ENCRYPT_THEN_MAC, print_flag},
    {EXTENSION_EXTENDED_MASTER_SECRET, print_flag},
    {EXTENSION_COMPRESS_CERTIFICATE, print_compressors},
    {EXTENSION_RECORD_SIZE_LIMIT, print_record_limit},
    {EXTENSION_SESSION_TICKET, print_ticket},
    {EXTENSION_PRE_SHARED_KEY, print_psk},
    {EXTENSION_EARLY_DATA, print_flag},
    {EXTENSION_SUPPORTED_VERSIONS, print_versions},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, print_psk_modes},
    {EXTENSION_POST_HANDSHAKE_AUTH, print_flag},
    {EXTENSION_KEY_SHARE, print_key_shares},
    {EXTENSION_ENCRYPTED_CLIENT_HELLO, print_ech},
    {EXTENSION_RENEGOTIATION_INFO, print_renegotiation},
};

static print_data *printer_of(uint16_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].type == type)
            return rows[i].print;
    return print_len;
}

void print_extension(FILE *out, const struct extension *extension)
{
    struct reader r = reader_of(extension->data);

    if (!printer_of(extension->type)(out, &r) || !read_end(&r))
        fprintf(out, " [does not parse: %zu bytes in all]", extension->data.len);
}
