/*
 * What makes the reasons of TLS 1.2, of tickets and of client certificates happen.
 */
#include <check.h>

#include "support/client_identity.h"
#include "why_scenarios.h"

static void speak12(void)
{
    client.hello.versions[0] = TLS_1_2;
    client.hello.versions[1] = 0;
    client.hello.suites[0] = 0xc02b;
    client.hello.suites[1] = 0;
    client.hello.has_extended_master_secret = true;
}

static void hello_with(struct bytes extra)
{
    client.hello.extra = extra;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
}

/* RFC 7507 3 MUST: inappropriate_fallback */
void provoke_INAPPROPRIATE_FALLBACK(void)
{
    speak12();
    client.hello.suites[1] = FALLBACK_SCSV;
    hello_with(bytes_of(NULL, 0));
}

/* RFC 6066 4 MUST: illegal_parameter for any other value */
void provoke_MAX_FRAGMENT_LENGTH(void)
{
    hello_with(BYTES_OF_LITERAL("\x00\x01\x00\x01\x05"));
}

/* RFC 8449 4 MUST: less than 64 is illegal_parameter */
void provoke_RECORD_SIZE_LIMIT(void)
{
    hello_with(BYTES_OF_LITERAL("\x00\x1c\x00\x02\x00\x3f"));
}

/* RFC 8422 5.1.2 MUST: a client that sends the extension lists the uncompressed format. */
void provoke_POINT_FORMATS(void)
{
    speak12();
    hello_with(BYTES_OF_LITERAL("\x00\x0b\x00\x02\x01\x01"));
}

/* RFC 5746 3.6 MUST: in an initial handshake renegotiated_connection is empty. */
void provoke_RENEGOTIATION_INFO(void)
{
    speak12();
    hello_with(BYTES_OF_LITERAL("\xff\x01\x00\x02\x01\x00"));
}

/* ---- tickets */

static struct ticket13 ticket;

static void come_back(uint16_t version)
{
    if (version == TLS_1_2)
        speak12();
    client.hello.has_session_ticket = true;
    ck_assert(rig_add_tickets(&rig, 1));
    rig_handshake(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    client13_wipe(&client);
    client13_init(&client, 11);
    if (version == TLS_1_2)
        speak12();
    client.hello.has_session_ticket = true;
    client.hello.ticket = &ticket;
    ck_assert(rig_connect(&rig));
}

/* RFC 7627 5.3 MUST: a session with an extended master secret is not resumed without one, but refused. */
void provoke_RESUMED_WITHOUT_EMS(void)
{
    come_back(TLS_1_2);
    client.hello.has_extended_master_secret = false;
    hello_with(bytes_of(NULL, 0));
}

/* RFC 8446 4.1.2: of the PSKs only those that do not fit may go after a HelloRetryRequest. */
void provoke_RETRY_WITHOUT_PSK(void)
{
    come_back(TLS_1_3);
    client.hello.share_groups[0] = 0;
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
    while (rig_answer_key(&rig))
        ;
    client.hello.ticket = NULL;
    rig_drain(&rig, &client); /* the retry; the client answers it */
    rig_pump(&rig, &client);
}

/* RFC 8446 4.2.11 MUST: abort */
void provoke_PSK_BINDER(void)
{
    come_back(TLS_1_3);
    client.hello.is_binder_wrong = true;
    hello_with(bytes_of(NULL, 0));
}

/* ---- client certificates */

static void ask_for_certificate(const char *crl)
{
    struct client_trust *trust = client_identity_trust("root", crl);

    ck_assert(trust != NULL);
    tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_REQUIRED, trust);
}

static void show(const char *names, const char *key_of)
{
    struct client_identity_files files = {0};

    client_identity_show(&client, &files, names, key_of, 0x0403);
    rig_handshake(&rig, &client);
    client_identity_free(&files);
    client.own_chain = NULL;
}

void provoke_CLIENT_CERTIFICATE_WITHOUT_EMS(void)
{
    ask_for_certificate(NULL);
    speak12();
    client.hello.has_extended_master_secret = false;
    hello_with(bytes_of(NULL, 0));
}

static void answer_with(uint8_t type, struct bytes body)
{
    ask_for_certificate(NULL);
    hello_with(bytes_of(NULL, 0));
    ck_assert(client.is_certificate_requested);
    client13_send_handshake(&client, type, body);
}

void provoke_CERTIFICATE_MALFORMED(void)
{
    answer_with(CERTIFICATE, BYTES_OF_LITERAL("\x00\x00\x00\x03\x00\x00\x00"));
}
/* RFC 8446 4.4.2: certificate_request_context is empty in a handshake. */
void provoke_CERTIFICATE_CONTEXT(void)
{
    answer_with(CERTIFICATE, BYTES_OF_LITERAL("\x01\x00\x00\x00\x00"));
}
/* RFC 8446 4.4.2 MUST: only what the CertificateRequest asked for. */
void provoke_CERTIFICATE_EXTENSION(void)
{
    answer_with(CERTIFICATE, BYTES_OF_LITERAL("\x00\x00\x00\x0a\x00\x00\x01\x30\x00\x04\x00\x12\x00\x00"));
}
void provoke_CLIENT_CERTIFICATE_MISSING(void)
{
    ask_for_certificate(NULL);
    rig_handshake(&rig, &client);
}
void provoke_CLIENT_CERTIFICATE_MISSING_12(void)
{
    ask_for_certificate(NULL);
    speak12();
    rig_handshake(&rig, &client);
}
void provoke_CLIENT_CERTIFICATE_BAD(void)
{
    answer_with(CERTIFICATE, BYTES_OF_LITERAL("\x00\x00\x00\x06\x00\x00\x01\x30\x00\x00"));
}
void provoke_CLIENT_CERTIFICATE_UNKNOWN_CA(void)
{
    ask_for_certificate(NULL);
    show("nobody", "nobody");
}
void provoke_CLIENT_CERTIFICATE_EXPIRED(void)
{
    ask_for_certificate(NULL);
    show("expired", "nobody");
}
void provoke_CLIENT_CERTIFICATE_REVOKED(void)
{
    ask_for_certificate("root-revokes");
    show("client-P-256", "client-P-256");
}
void provoke_CLIENT_CERTIFICATE_CRL_STALE(void)
{
    ask_for_certificate("root-stale");
    show("client-P-256", "client-P-256");
}
void provoke_CLIENT_CERTIFICATE_UNSUPPORTED(void)
{
    ask_for_certificate(NULL);
    show("server-only", "nobody");
}

/* A good certificate, and what comes then. */
static void verify_with(struct bytes body)
{
    struct client_identity_files files = {0};
    uint8_t storage[2048];
    struct writer w = writer_of(storage, sizeof storage);
    struct bytes der;

    ask_for_certificate(NULL);
    hello_with(bytes_of(NULL, 0));
    client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
    der = certificate_chain_der(files.chain, 0);
    write_u8(&w, 0);
    write_u24(&w, (uint32_t)der.len + 5);
    write_u24(&w, (uint32_t)der.len);
    write_bytes(&w, der);
    write_u16(&w, 0);
    client13_send_handshake(&client, CERTIFICATE, writer_view(&w));
    client13_send_handshake(&client, CERTIFICATE_VERIFY, body);
    client_identity_free(&files);
    client.own_chain = NULL;
}

void provoke_CERTIFICATE_VERIFY_MALFORMED(void)
{
    verify_with(BYTES_OF_LITERAL("\x04\x03\x00"));
}
/* RFC 8446 4.4.3 MUST: an algorithm of our list that fits the certificate's key */
void provoke_CERTIFICATE_VERIFY_SCHEME(void)
{
    verify_with(BYTES_OF_LITERAL("\x08\x04\x00\x01\x00"));
}
/* RFC 8446 4.4.3 MUST: decrypt_error */
void provoke_CERTIFICATE_VERIFY_SIGNATURE(void)
{
    ask_for_certificate(NULL);
    client.is_verify_wrong = true;
    show("client-P-256", "client-P-256");
}

/* ---- TLS 1.2 */

void provoke_CLIENT_KEY_EXCHANGE_MALFORMED(void)
{
    speak12();
    hello_with(bytes_of(NULL, 0));
    client13_send_handshake(&client, CLIENT_KEY_EXCHANGE, BYTES_OF_LITERAL("\x02\x04"));
}
void provoke_RENEGOTIATION(void)
{
    speak12();
    rig_handshake(&rig, &client);
    client13_put_record(&client, CONTENT_HANDSHAKE, client13_make_hello(&client));
}
