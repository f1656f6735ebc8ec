#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/provider.h"

enum { MAX_ALT_NAMES_LEN = 4096 };

/* One GeneralName: iPAddress [7] for an address, dNSName [2] for everything else (RFC 5280 4.2.1.6). */
static void write_alt_name(struct writer *w, const char *name)
{
    uint8_t address[16];

    if (inet_pton(AF_INET, name, address) == 1)
        der_write(w, DER_CONTEXT | 7, bytes_of(address, 4));
    else if (inet_pton(AF_INET6, name, address) == 1)
        der_write(w, DER_CONTEXT | 7, bytes_of(address, 16));
    else
        der_write(w, DER_CONTEXT | 2, bytes_of_string(name));
}

static bool write_alt_names(const char *const *names, size_t name_count, struct writer *w)
{
    uint8_t storage[MAX_ALT_NAMES_LEN - 4];
    struct writer list = writer_of(storage, sizeof storage);

    for (size_t i = 0; i < name_count; i++)
        write_alt_name(&list, names[i]);
    der_write(w, DER_SEQUENCE, writer_view(&list));
    return writer_ok(&list) && writer_ok(w);
}

/* "YYYYMMDDhhmmss" */
static bool format_time(int64_t seconds, char text[15])
{
    time_t when = (time_t)seconds;
    struct tm utc;

    return gmtime_r(&when, &utc) && utc.tm_year + 1900 <= 9999 && utc.tm_year + 1900 >= 1950 &&
           strftime(text, 15, "%Y%m%d%H%M%S", &utc) == 14;
}

bool certificate_make_development(const char *const *names, size_t name_count, int64_t now, unsigned days,
                                  struct random_source random, char **certificate_pem, char **key_pem)
{
    uint8_t alt_names[MAX_ALT_NAMES_LEN];
    struct writer w = writer_of(alt_names, sizeof alt_names);
    struct self_signed wanted = {.subject = "CN=sallyport development certificate (not for production)"};
    struct random_stream stream;
    bool ok;

    *certificate_pem = *key_pem = NULL;
    if (!write_alt_names(names, name_count, &w) || !format_time(now - 3600, wanted.not_before) ||
        !format_time(now + (int64_t)days * 24 * 3600, wanted.not_after))
        return false;
    if (!random_stream_begin(&stream, random))
        return false;
    wanted.alt_names = writer_view(&w);
    ok = provider_at(0)->make_self_signed(&wanted, random_stream_source(&stream), certificate_pem, key_pem);
    random_stream_wipe(&stream);
    return ok;
}
