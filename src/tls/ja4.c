#include "tls/ja4.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/hash.h"
#include "tls/extensions.h"
#include "tls/iana.h"
#include "tls/limits.h"

enum { PART_LEN = 12, MAX_CODES = MAX_CLIENT_HELLO_LEN / 2 };

struct codes {
    uint16_t at[MAX_CODES];
    size_t count;
};

static bool add_code(struct codes *codes, uint16_t code)
{
    if (tls_is_grease(code))
        return true;
    if (codes->count == MAX_CODES)
        return false;
    codes->at[codes->count++] = code;
    return true;
}

static bool read_list(struct bytes list, struct codes *out)
{
    struct reader r = reader_of(list);
    uint16_t code;

    out->count = 0;
    while (code_list_next(&r, &code))
        if (!add_code(out, code))
            return false;
    return true;
}

static bool read_extensions(const struct client_hello *ch, struct codes *out)
{
    struct reader r = reader_of(ch->extensions);
    struct extension extension;

    out->count = 0;
    while (extension_next(&r, &extension))
        if (!add_code(out, extension.type))
            return false;
    return true;
}

static int compare(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void sort(struct codes *codes)
{
    qsort(codes->at, codes->count, sizeof(uint16_t), compare);
}

/* Server name and protocols differ by where the client goes, not by which client it is. */
static bool is_of_destination(uint16_t extension)
{
    return extension == EXTENSION_SERVER_NAME || extension == EXTENSION_ALPN;
}

static void drop_destination(struct codes *extensions)
{
    size_t kept = 0;

    for (size_t i = 0; i < extensions->count; i++)
        if (!is_of_destination(extensions->at[i]))
            extensions->at[kept++] = extensions->at[i];
    extensions->count = kept;
}

/* "002f,0035" behind `separator`. */
static bool hash_codes(struct hash *hash, const struct codes *codes, const char *separator)
{
    for (size_t i = 0; i < codes->count; i++) {
        char text[8];
        int len = snprintf(text, sizeof text, "%s%04x", i ? "," : separator, codes->at[i]);

        if (!hash_update(hash, bytes_of(text, (size_t)len)))
            return false;
    }
    return true;
}

/* The first half of the digest of both lists; of nothing at all it is zeros. */
static bool write_part(const struct codes *first, const struct codes *second, char out[PART_LEN + 1])
{
    struct hash hash = {0};
    uint8_t digest[MAX_HASH_LEN];
    bool is_ok;

    snprintf(out, PART_LEN + 1, "%0*d", PART_LEN, 0);
    if (first->count == 0)
        return true;
    is_ok = hash_init(&hash, hash_find(HASH_SHA256)) && hash_codes(&hash, first, "") &&
            hash_codes(&hash, second, "_") && hash_peek(&hash, digest);
    hash_wipe(&hash);
    for (size_t i = 0; is_ok && i < PART_LEN / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return is_ok;
}

static const char *version_text(const struct client_hello *ch)
{
    struct reader r = reader_of(ch->supported_versions);
    uint16_t highest = 0, version;

    while (code_list_next(&r, &version))
        if (!tls_is_grease(version) && version > highest)
            highest = version;
    switch (ch->supported_versions.at ? highest : ch->legacy_version) {
    case TLS_1_3:
        return "13";
    case TLS_1_2:
        return "12";
    case TLS_1_1:
        return "11";
    case TLS_1_0:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    default:
        return "00";
    }
}

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* First and last character of the first protocol; where one of them is neither letter nor digit, of its hexadecimal. */
static void write_protocol(const struct client_hello *ch, char out[3])
{
    struct reader r = reader_of(ch->alpn);
    char hex[5];
    struct bytes name;
    uint8_t first, last;

    snprintf(out, 3, "00");
    if (!read_vec8(&r, 1, 255, &name))
        return;
    first = *name.at;
    last = *(name.at + name.len - 1);
    if (is_alphanumeric(first) && is_alphanumeric(last)) {
        snprintf(out, 3, "%c%c", first, last);
    } else {
        snprintf(hex, sizeof hex, "%02x%02x", first, last);
        snprintf(out, 3, "%c%c", hex[0], hex[3]);
    }
}

static unsigned two_digits(size_t count)
{
    return count < 99 ? (unsigned)count : 99;
}

bool ja4_write(const struct client_hello *ch, char out[JA4_LEN + 1])
{
    struct codes suites, extensions, schemes;
    static const struct codes nothing;
    char protocol[3], suite_part[PART_LEN + 1], extension_part[PART_LEN + 1];
    size_t extension_count;

    if (!read_list(ch->cipher_suites, &suites) || !read_extensions(ch, &extensions) ||
        !read_list(ch->signature_algorithms, &schemes))
        return false;
    extension_count = extensions.count;
    drop_destination(&extensions);
    sort(&suites);
    sort(&extensions);
    write_protocol(ch, protocol);
    if (!write_part(&suites, &nothing, suite_part) || !write_part(&extensions, &schemes, extension_part))
        return false;
    snprintf(out, JA4_LEN + 1, "t%s%c%02u%02u%s_%s_%s", version_text(ch), ch->server_name.at ? 'd' : 'i',
             two_digits(suites.count), two_digits(extension_count), protocol, suite_part, extension_part);
    return true;
}
