#include "tls/server.h"

#include "base/alloc.h"
#include "tls/server13.h"

/* Copies up to MAX_OFFERED code points of a list. */
static uint8_t copy_codes(struct bytes list, uint16_t codes[MAX_OFFERED])
{
    struct reader r = reader_of(list);
    uint8_t count = 0;

    while (count < MAX_OFFERED && code_list_next(&r, &codes[count]))
        count++;
    return count;
}

/* "h2,http/1.1"; a name that does not fit any more is left out with all behind it. */
static void copy_alpn(struct bytes list, char *out, size_t size)
{
    struct reader r = reader_of(list);
    struct writer w = writer_of((uint8_t *)out, size - 1);
    struct bytes name;

    while (read_vec8(&r, 1, 255, &name) && w.len + 1 + name.len < size) {
        if (w.len > 0)
            write_u8(&w, ',');
        write_bytes(&w, name);
    }
    out[w.len] = 0;
}

/* For the words of a failure: what the client offered, kept until the handshake has succeeded. */
static bool keep_offered(struct tls *tls, const struct client_hello *ch)
{
    struct tls_offered *offered = tls->offered ? tls->offered : memory_new(sizeof *offered);

    if (!offered)
        return tls_fail(tls, WHY_NO_MEMORY);
    tls->offered = offered;
    offered->version_count = copy_codes(ch->supported_versions, offered->versions);
    if (!ch->supported_versions.at) {
        offered->versions[0] = ch->legacy_version;
        offered->version_count = 1;
    }
    offered->suite_count = copy_codes(ch->cipher_suites, offered->suites);
    offered->group_count = copy_codes(ch->supported_groups, offered->groups);
    offered->scheme_count = copy_codes(ch->signature_algorithms, offered->schemes);
    copy_alpn(ch->alpn, offered->alpn, sizeof offered->alpn);
    return true;
}

static bool keep_sni(struct tls *tls, struct bytes sni)
{
    if (sni.len == 0)
        return true;
    tls->sni = memory_copy(sni.at, sni.len);
    if (!tls->sni)
        return tls_fail(tls, WHY_NO_MEMORY);
    tls->outcome.sni = bytes_of(tls->sni, sni.len);
    return true;
}

bool server_recv_client_hello(struct tls *tls, struct reader *body)
{
    struct client_hello ch;
    uint16_t version;
    enum why why;

    if (!client_hello_parse(body, &ch, &why))
        return tls_fail(tls, why);
    if (!keep_offered(tls, &ch) || !keep_sni(tls, ch.server_name))
        return false;
    if (!negotiate_version(&ch, tls->policy, &version, &why))
        return tls_fail(tls, why);
    tls->outcome.version = version;
    tls->map = server13_map;
    return server13_recv_client_hello(tls, &ch);
}
