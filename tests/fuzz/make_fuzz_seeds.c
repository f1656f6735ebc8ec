/*
 * make_fuzz_seeds.c: honest conversations as inputs of fuzz_server12 and fuzz_server13, and the sessions of their
 * tickets as inputs of fuzz_session. Usage: make_fuzz_seeds DIRECTORY, which holds server12/, server13/, server_real/
 * and session/. Linked with null crypto, so that what the client sends can be read.
 */
#include <stdio.h>

#include "fuzz/fuzz_server.h"
#include "support/client_identity.h"
#include "support/must.h"
#include "tls/session.h"
#include "tls/tls_types.h"

static const char *directory;
static uint8_t seed[70000];
static struct writer out;

static void save(const char *target, const char *name, struct bytes content)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s/seed-%s", directory, target, name);
    file = fopen(path, "wb");
    must(file && fwrite(content.at, 1, content.len, file) == content.len);
    fclose(file);
}

static void step(uint8_t type, struct bytes content)
{
    struct vector_mark mark;

    write_u8(&out, type);
    mark = write_vec16_begin(&out);
    write_bytes(&out, content);
    write_vec_end(&out, mark);
}

/* One record of the client as a step: its type and content, out of what is only dressed as ciphertext. */
static void note_record(const struct rig *rig, uint8_t type, struct bytes body)
{
    const struct protection *in = &rig->tls->in;
    bool is_sealed = in->aead && type != CONTENT_CHANGE_CIPHER_SPEC;

    if (!is_sealed) {
        step(type | (in->aead ? 0x80 : 0), body);
        return;
    }
    body = bytes_of(body.at + in->explicit_nonce_len, body.len - in->explicit_nonce_len - AEAD_TAG_LEN);
    if (rig->tls->outcome.version == TLS_1_3)
        type = body.at[--body.len];
    step(type, body);
}

/* What the client has to say goes to the engine record by record, and what comes back to the client. */
static void exchange(struct rig *rig, struct client13 *client)
{
    while (client->out_len > 0) {
        struct reader r = reader_of(bytes_of(client->out, client->out_len));
        uint8_t *owned = client->out, type;
        struct bytes body;
        uint16_t version;

        client->out = NULL;
        client->out_len = 0;
        while (read_u8(&r, &type) && read_u16(&r, &version) && read_vec16(&r, 0, UINT16_MAX, &body)) {
            note_record(rig, type, body);
            rig_feed(rig, bytes_of(body.at - RECORD_HEADER_LEN, body.len + RECORD_HEADER_LEN));
            while (rig_answer_key(rig))
                ;
            rig_drain(rig, client);
        }
        free(owned);
    }
}

static void talk(struct rig *rig, struct client13 *client)
{
    step(0x7b, bytes_of(NULL, 0));
    client13_send_text(client, BYTES_OF_LITERAL("ping"));
    exchange(rig, client);
    step(0x7e, BYTES_OF_LITERAL("pong"));
    if (!client->is_12) {
        client13_send_key_update(client, 1);
        exchange(rig, client);
        step(0x7e, BYTES_OF_LITERAL("more"));
    }
    step(0x7f, bytes_of(NULL, 0));
    client13_send_alert(client, 1, 0);
    exchange(rig, client);
}

static struct rig *begin(uint16_t version, uint8_t flags)
{
    out = writer_of(seed, sizeof seed);
    write_u8(&out, flags);
    write_u8(&out, 0);
    return fuzz_server_rig(version, flags);
}

static void converse(uint16_t version, uint8_t flags, struct client13 *client, const char *name)
{
    struct rig *rig = begin(version, flags);

    client13_send_hello(client);
    exchange(rig, client);
    if (!client->is_done)
        fprintf(stderr, "%s: %s\n", name, why_name(tls_outcome(rig->tls)->why));
    must(client->is_done && !client->fault);
    client13_send_finished(client);
    exchange(rig, client);
    if (!tls_is_connected(rig->tls))
        fprintf(stderr, "%s: %s\n", name, why_name(tls_outcome(rig->tls)->why));
    must(tls_is_connected(rig->tls));
    talk(rig, client);
    must(writer_ok(&out) && tls_outcome(rig->tls)->why == WHY_NONE);
    save(version == TLS_1_2 ? "server12" : "server13", name, writer_view(&out));
}

static void make_client(struct client13 *client, uint16_t version)
{
    client13_init_version(client, 11, version);
    client->hello.alpn = "h2,http/1.1";
    if (version == TLS_1_3)
        return;
    client->hello.suites[1] = 0xc02c;
    client->hello.suites[2] = 0xcca9;
}

enum variant {
    PLAIN,
    CERTIFICATE_SHOWN,
    RESUMED,
    RETRIED,
    CHACHA,
    RSA,
    RSA_CERTIFICATE,
    RESUMED_CLIENT,
    HYBRID,
    HYBRID_RETRIED,
    VARIANTS
};
static const char *const names[VARIANTS] = {"plain", "certificate",     "resumed",        "retried", "chacha",
                                            "rsa",   "rsa-certificate", "resumed-client", "hybrid",  "hybrid-retried"};

static struct ticket13 make_ticket(uint16_t version, uint8_t flags, bool has_client)
{
    struct session session = {.version = version, .authenticated_at = 1799999000, .expires_at = 1800003600};
    struct ticket13 ticket = {.version = version};

    session.suite = ticket.suite = version == TLS_1_2 ? 0xc02b : 0x1301;
    session.has_client = has_client;
    session.client.not_after = 1900000000;
    strcpy(session.client.subject, "CN=alice");
    must(secret_resize(&session.secret, version == TLS_1_2 ? 48 : 32));
    memset(session.secret.bytes, 0x33, session.secret.len);
    ticket.secret = session.secret;
    must(session_write(&session, ticket.bytes, &ticket.len));
    save("session",
         flags & FUZZ_SERVER_MODE ? "client"
         : version == TLS_1_2     ? "12"
                                  : "13",
         bytes_of(ticket.bytes, ticket.len));
    return ticket;
}

/* RFC 5246 7.4.7.1: what does not decrypt becomes a random premaster secret, and no MAC is compared here. */
static void choose_rsa(struct client13 *client)
{
    static uint8_t ciphertext[256];

    ciphertext[255] = 2;
    memset(client->hello.suites, 0, sizeof client->hello.suites);
    client->hello.suites[0] = 0x009c;
    client->ciphertext = BYTES_OF_ARRAY(ciphertext);
    must(secret_resize(&client->premaster, 48));
}

static void make_one(uint16_t version, enum variant variant)
{
    static struct client13 client;
    static struct ticket13 ticket;
    struct client_identity_files files = {0};
    uint8_t flags = FUZZ_SERVER_TICKETS | FUZZ_SERVER_ALPN;

    make_client(&client, version);
    if (variant == CERTIFICATE_SHOWN || variant == RSA_CERTIFICATE) {
        flags |= TLS_CLIENT_CERTIFICATE_REQUIRED;
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
    }
    if (variant == RESUMED) {
        ticket = make_ticket(version, flags, false);
        client.hello.ticket = &ticket;
    }
    if (variant == RETRIED)
        client.hello.share_groups[0] = 0; /* RFC 8446 4.2.8: an empty list asks for HelloRetryRequest */
    if (variant == HYBRID || variant == HYBRID_RETRIED) {
        client.hello.groups[0] = 0x11ec;
        client.hello.groups[1] = client.hello.share_groups[1] = 0x001d;
        client.hello.groups[2] = 0x0017; /* the curve of the certificate in TLS 1.2 */
        client.hello.share_groups[0] = variant == HYBRID ? 0x11ec : 0;
    }
    if (variant == CHACHA) {
        client.hello.suites[0] = version == TLS_1_2 ? 0xcca9 : 0x1303;
        client.hello.suites[1] = 0;
    }
    if (variant == RSA || variant == RSA_CERTIFICATE)
        choose_rsa(&client);
    if (variant == RSA_CERTIFICATE)
        client.record_len = MAX_PLAINTEXT_LEN; /* all in one record */
    if (variant == RESUMED_CLIENT) {
        flags |= TLS_CLIENT_CERTIFICATE_REQUIRED;
        ticket = make_ticket(version, flags, true);
        client.hello.ticket = &ticket;
    }
    converse(version, flags, &client, names[variant]);
    client_identity_free(&files);
    client13_wipe(&client);
}

/* ---- conversations that end with a refusal which mutations hardly come to */

static const uint8_t zeros[MAX_PLAINTEXT_LEN + 1];

static void end(struct rig *rig, struct client13 *client, uint16_t version, const char *name)
{
    must(writer_ok(&out));
    save(version == TLS_1_2 ? "server12" : "server13", name, writer_view(&out));
    tls_free(rig->tls);
    rig->tls = NULL;
    client13_wipe(client);
}

/* RFC 8446 5.4, RFC 5246 6.2.1 */
static void make_overlong(uint16_t version)
{
    static struct client13 client;
    struct rig *rig = begin(version, 0);

    make_client(&client, version);
    client13_send_hello(&client);
    exchange(rig, &client);
    client13_send_finished(&client);
    exchange(rig, &client);
    must(tls_is_connected(rig->tls));
    step(CONTENT_APPLICATION_DATA, BYTES_OF_ARRAY(zeros));
    end(rig, &client, version, "overlong");
}

/* RFC 8446 4.2.10: before the second ClientHello, more than a server may be asked to pass over. */
static void make_early_data(void)
{
    static struct client13 client;
    struct rig *rig = begin(TLS_1_3, 0);

    make_client(&client, TLS_1_3);
    client.hello.has_early_data = true;
    client.hello.share_groups[0] = 0;
    client13_send_hello(&client);
    note_record(rig, client.out[0], bytes_of(client.out + RECORD_HEADER_LEN, client.out_len - RECORD_HEADER_LEN));
    step(0x80 | CONTENT_APPLICATION_DATA, bytes_of(zeros, MAX_PLAINTEXT_LEN));
    step(0x80 | CONTENT_APPLICATION_DATA, bytes_of(zeros, MAX_PLAINTEXT_LEN));
    end(rig, &client, TLS_1_3, "early-data");
}

/* RFC 8446 4.4.3: a CertificateVerify of an algorithm that was offered, and for another kind of key. */
static void make_foreign_scheme(uint16_t version)
{
    static struct client13 client;
    struct tls_signature_scheme foreign;
    struct client_identity_files files = {0};
    struct rig *rig = begin(version, TLS_CLIENT_CERTIFICATE_REQUIRED);

    make_client(&client, version);
    client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
    foreign = *client.own_scheme;
    foreign.code = 0x0804; /* rsa_pss_rsae_sha256 */
    client.own_scheme = &foreign;
    client13_send_hello(&client);
    exchange(rig, &client);
    client13_send_finished(&client);
    exchange(rig, &client);
    must(tls_outcome(rig->tls)->why == WHY_CERTIFICATE_VERIFY_SCHEME);
    end(rig, &client, version, "foreign-scheme");
    client_identity_free(&files);
}

/* ---- fuzz_server_real */

/* Every honest conversation of fuzz_server_real, and one of each with what is done to a record in turn. */
static void make_real(uint8_t traits)
{
    uint8_t input[] = {traits, 0, traits % 8, traits % 16 < 8 ? traits / 8 : 0x80 | traits / 8, 0x40, 0x17};
    char name[32];

    snprintf(name, sizeof name, "honest-%02x", traits);
    save("server_real", name, bytes_of(input, 2));
    snprintf(name, sizeof name, "spoilt-%02x", traits);
    save("server_real", name, BYTES_OF_ARRAY(input));
}

int main(int argc, char **argv)
{
    must(argc == 2);
    directory = argv[1];
    for (int variant = PLAIN; variant < VARIANTS; variant++) {
        if (variant != RSA && variant != RSA_CERTIFICATE)
            make_one(TLS_1_3, (enum variant)variant);
        if (variant != RETRIED && variant != HYBRID_RETRIED)
            make_one(TLS_1_2, (enum variant)variant);
    }
    make_ticket(TLS_1_3, TLS_CLIENT_CERTIFICATE_REQUIRED, true);
    make_early_data();
    for (uint16_t version = TLS_1_2; version <= TLS_1_3; version++) {
        make_overlong(version);
        make_foreign_scheme(version);
    }
    for (uint8_t traits = 0; traits < 128; traits++)
        make_real(traits);
    return 0;
}
