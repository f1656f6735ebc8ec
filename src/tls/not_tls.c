#include "tls/not_tls.h"

struct opening {
    struct bytes bytes;
    enum why why;
};

#define OPENING(text, why)                                                                                             \
    {                                                                                                                  \
        {(const uint8_t *)(text), sizeof(text) - 1}, why                                                               \
    }

static const struct opening openings[] = {
    OPENING("GET ", WHY_NOT_TLS_HTTP),     OPENING("HEAD ", WHY_NOT_TLS_HTTP),
    OPENING("POST ", WHY_NOT_TLS_HTTP),    OPENING("PUT ", WHY_NOT_TLS_HTTP),
    OPENING("DELETE ", WHY_NOT_TLS_HTTP),  OPENING("OPTIONS ", WHY_NOT_TLS_HTTP),
    OPENING("CONNECT ", WHY_NOT_TLS_HTTP), OPENING("PATCH ", WHY_NOT_TLS_HTTP),
    OPENING("TRACE ", WHY_NOT_TLS_HTTP),   OPENING("PRI * HTTP/2", WHY_NOT_TLS_HTTP),
    OPENING("PROXY ", WHY_NOT_TLS_PROXY),  OPENING("\r\n\r\n\0\r\nQUIT\n", WHY_NOT_TLS_PROXY),
    OPENING("SSH-", WHY_NOT_TLS_SSH),
};

static bool begins_alike(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    return memcmp(a.at, b.at, len) == 0;
}

/* RFC 8446 D.5, RFC 5246 E.2: msg_length with its top bit set, msg_type 1, version; SSLv2 itself says 0.2. */
static bool is_sslv2(struct bytes first)
{
    return first.len >= 4 && (first.at[0] & 0x80) && first.at[2] == CLIENT_HELLO &&
           (first.at[3] == 3 || first.at[3] == 0);
}

bool not_tls_check(struct tls *tls, struct bytes first)
{
    if (first.len == 0 || (first.at[0] >= CONTENT_CHANGE_CIPHER_SPEC && first.at[0] <= CONTENT_APPLICATION_DATA))
        return true; /* the record layer judges it */
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        if (!begins_alike(first, openings[i].bytes))
            continue;
        /* Too short to be sure: wait, the deadline for the ClientHello runs. */
        return first.len < openings[i].bytes.len ? true : tls_fail(tls, openings[i].why);
    }
    if (first.len < 4 && (first.at[0] & 0x80))
        return true;
    return tls_fail(tls, is_sslv2(first) ? WHY_NOT_TLS_SSLV2 : WHY_NOT_TLS);
}
