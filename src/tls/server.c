#include "tls/server.h"

#include "base/spare.h"
#include "tls/resumption.h"
#include "tls/server12.h"
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
    struct tls_offered *offered = tls->offered ? tls->offered : spare_take(sizeof *offered);

    if (!offered)
        return tls_fail(tls, WHY_NO_MEMORY);
    tls->offered = offered;
    tls->decisions = tls->decisions ? tls->decisions : spare_take(sizeof *tls->decisions);
    if (!tls->decisions)
        return tls_fail(tls, WHY_NO_MEMORY);
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
    tls->sni = spare_take(sni.len);
    if (!tls->sni)
        return tls_fail(tls, WHY_NO_MEMORY);
    memcpy(tls->sni, sni.at, sni.len);
    tls->outcome.sni = bytes_of(tls->sni, sni.len);
    return true;
}

bool server_admit(struct tls *tls, const struct choice *choice)
{
    return choice->is_resumed || tls->full_handshakes == TLS_FULL_HANDSHAKES_TAKEN ||
           tls_fail(tls, WHY_OVERLOADED_SOURCE);
}

void server_commit_choice(struct tls *tls, const struct choice *choice)
{
    struct handshake *hs = tls->handshake;

    hs->choice = *choice;
    hs->choice.share = bytes_of(NULL, 0); /* a view that dies with the message */
    tls->record_limit = choice->record_limit;
    tls->is_fragment_limit = choice->fragment_length != 0;
    tls->outcome.suite = choice->suite;
    tls->outcome.group = choice->group;
    tls->outcome.scheme = choice->scheme;
    tls->outcome.credential = choice->credential;
    tls->outcome.alpn = choice->alpn;
    tls->outcome.is_resumed = choice->is_resumed;
}

bool server_take_identity(struct tls *tls)
{
    const struct session *session = &tls->handshake->session;

    if (tls->client)
        return tls_fail(tls, WHY_INTERNAL); /* nobody is two */
    if (!session->has_client)
        return true;
    tls->client = spare_take(sizeof *tls->client);
    if (!tls->client)
        return tls_fail(tls, WHY_NO_MEMORY);
    *tls->client = session->client;
    tls->outcome.client = tls->client;
    return true;
}

/* RFC 6066 3: a server that used the name says so with an empty extension. RFC 6066 3 MUST NOT: when it resumes. */
void server_write_name_extension(struct writer *w, const struct choice *choice)
{
    if (!choice->is_sni_used || choice->is_resumed)
        return;
    write_u16(w, EXTENSION_SERVER_NAME);
    write_u16(w, 0);
}

/* RFC 7301 3.1: a list of exactly one name. */
void server_write_alpn_extension(struct writer *w, const struct choice *choice)
{
    struct vector_mark extension, list, name;

    if (choice->alpn.len == 0)
        return;
    write_u16(w, EXTENSION_ALPN);
    extension = write_vec16_begin(w);
    list = write_vec16_begin(w);
    name = write_vec8_begin(w);
    write_bytes(w, choice->alpn);
    write_vec_end(w, name);
    write_vec_end(w, list);
    write_vec_end(w, extension);
}

/* RFC 8449 4: our own limit, the protocol's, inner type included in TLS 1.3. RFC 6066 4 MUST: the client's value. */
void server_write_size_extension(struct writer *w, const struct choice *choice)
{
    if (choice->has_size_limit) {
        write_u16(w, EXTENSION_RECORD_SIZE_LIMIT);
        write_u16(w, 2);
        write_u16(w, choice->version == TLS_1_3 ? MAX_PLAINTEXT_LEN + 1 : MAX_PLAINTEXT_LEN);
    }
    if (!choice->fragment_length)
        return;
    write_u16(w, EXTENSION_MAX_FRAGMENT_LENGTH);
    write_u16(w, 1);
    write_u8(w, choice->fragment_length);
}

/* Negotiation, and all after it, with what is known of the client's ticket. */
static bool negotiate_and_answer(struct tls *tls, const struct client_hello *ch)
{
    return tls->outcome.version == TLS_1_3 ? server13_recv_client_hello(tls, ch) : server12_recv_client_hello(tls, ch);
}

static bool go_on(struct tls *tls, const struct client_hello *ch)
{
    bool is_full = !tls->handshake->offered.session;

    if (is_full && tls->full_handshakes == TLS_FULL_HANDSHAKES_HELD)
        return resumption_hold(tls);
    return negotiate_and_answer(tls, ch);
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
    if (!negotiate_version(&ch, tls->policy, &version, tls->decisions, &why))
        return tls_fail(tls, why);
    tls->outcome.version = version;
    tls->map = version == TLS_1_3 ? server13_map : server12_map;
    return resumption_has_ticket(tls, &ch) ? resumption_open(tls, &ch, go_on) : go_on(tls, &ch);
}

bool server_release(struct tls *tls)
{
    tls->is_held = false;
    return resumption_with_kept_hello(tls, negotiate_and_answer);
}
