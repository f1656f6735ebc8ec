/*
 * Client certificates in both versions: asked for, judged, proved, remembered in tickets.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/client_identity.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;
static struct client_identity_files files;
static struct ticket13 ticket;

static const uint16_t versions[] = {TLS_1_3, TLS_1_2};

static void make_client(uint16_t version)
{
    client13_init_version(&client, 11, version);
    if (version == TLS_1_2)
        client.hello.suites[0] = 0xc02c; /* SHA-384, while the signatures take other hashes */
}

static void begin(uint16_t version, enum tls_client_certificate mode, const char *crl)
{
    struct client_trust *trust;

    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    trust = client_identity_trust("root", crl);
    ck_assert(trust != NULL);
    tls_policy_set_client_certificates(rig.policy, mode, trust);
    ck_assert(rig_add_tickets(&rig, 1));
    ck_assert(rig_connect(&rig));
    make_client(version);
}

static void end(void)
{
    client_identity_free(&files);
    assert_rig_end(&rig, &client);
}

static void assert_connected(void)
{
    assert_rig_connected(&rig, &client);
}

static void assert_text_flows(void)
{
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
}

START_TEST(every_kind_of_key_proves_itself)
{
    static const struct {
        const char *names, *key;
        uint16_t scheme;
        bool is_12_alone;
    } rows[] = {
        {"client-P-256", "client-P-256", 0x0403, false},     {"client-P-384", "client-P-384", 0x0503, false},
        {"client-rsa2048", "client-rsa2048", 0x0804, false}, {"client-rsa2048", "client-rsa2048", 0x0806, false},
        {"client-rsa4096", "client-rsa4096", 0x0805, false}, {"alice,intermediate", "alice", 0x0403, false},
        {"client-rsa2048", "client-rsa2048", 0x0401, true},  {"client-rsa2048", "client-rsa2048", 0x0601, true},
        {"client-P-384", "client-P-384", 0x0403, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].is_12_alone && versions[_i] != TLS_1_2)
            continue;
        begin(versions[_i], TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
        client_identity_show(&client, &files, rows[i].names, rows[i].key, rows[i].scheme);
        rig_handshake(&rig, &client);
        assert_connected();
        assert_text_flows();
        ck_assert(tls_outcome(rig.tls)->client != NULL);
        ck_assert_str_eq(tls_outcome(rig.tls)->client->common_name, "alice");
        end();
    }
}
END_TEST

/* RFC 8446 4.3.2, RFC 5246 7.4.4: the CAs are named as a hint. */
START_TEST(the_request_names_the_cas)
{
    begin(versions[_i], TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_certificate_requested);
    ck_assert_uint_gt(rig.wire_len, 0);
    if (versions[_i] == TLS_1_2)
        ck_assert(memmem(rig.wire, rig.wire_len, "root", 4) != NULL);
    else
        ck_assert_uint_gt(client.authorities.len, 20);
    end();
}
END_TEST

START_TEST(who_shows_none_passes_where_it_is_optional)
{
    begin(versions[_i], TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->client == NULL);
    end();
}
END_TEST

/* Reliability X06: in `optional` a bad certificate is refused, never taken for none. */
START_TEST(who_shows_a_bad_one_is_refused_in_both_modes)
{
    static const enum tls_client_certificate modes[] = {TLS_CLIENT_CERTIFICATE_OPTIONAL,
                                                        TLS_CLIENT_CERTIFICATE_REQUIRED};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        begin(versions[_i], modes[i], NULL);
        client_identity_show(&client, &files, "nobody", "nobody", 0x0403);
        rig_handshake(&rig, &client);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CLIENT_CERTIFICATE_UNKNOWN_CA);
        ck_assert_uint_eq(client.alert, ALERT_UNKNOWN_CA);
        ck_assert_str_eq(tls_outcome(rig.tls)->client->common_name, "nobody"); /* the log can say who */
        end();
    }
}
END_TEST

/* Reliability X02: a certificate that is not proved is none. */
START_TEST(a_certificate_with_the_key_of_another_is_refused)
{
    begin(versions[_i], TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    client_identity_show(&client, &files, "client-P-256", "nobody", 0x0403);
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CERTIFICATE_VERIFY_SIGNATURE);
    end();
}
END_TEST

START_TEST(a_wrong_signature_is_refused)
{
    begin(versions[_i], TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL);
    client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
    client.is_verify_wrong = true;
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CERTIFICATE_VERIFY_SIGNATURE);
    ck_assert_uint_eq(client.alert, ALERT_DECRYPT_ERROR);
    end();
}
END_TEST

/* RFC 8446 4.4.3 MUST, RFC 5246 7.4.8 MUST: one of the schemes that the CertificateRequest named, however good others.
 */
START_TEST(a_scheme_that_the_listener_does_not_name_is_refused)
{
    static const struct {
        const char *name;
        uint16_t scheme, named;
    } rows[] = {
        {"client-P-256", 0x0403, 0x0804},   {"client-P-256", 0x0403, 0x0503},   {"client-P-384", 0x0503, 0x0403},
        {"client-rsa2048", 0x0804, 0x0805}, {"client-rsa2048", 0x0806, 0x0804}, {"client-rsa2048", 0x0804, 0x0403},
    };

    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        bool is_named = i % 2;
        const struct tls_signature_scheme *schemes[2] = {tls_signature_scheme_find(rows[i / 2].named),
                                                         tls_signature_scheme_find(rows[i / 2].scheme)};

        begin(versions[_i], TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
        ck_assert(tls_policy_set_client_schemes(rig.policy, schemes, is_named ? 2 : 1));
        client_identity_show(&client, &files, rows[i / 2].name, rows[i / 2].name, rows[i / 2].scheme);
        rig_handshake(&rig, &client);
        ck_assert_msg(tls_is_connected(rig.tls) == is_named, "row %zu", i / 2);
        if (!is_named) {
            ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CERTIFICATE_VERIFY_SCHEME);
            ck_assert_uint_eq(client.alert, ALERT_ILLEGAL_PARAMETER);
        }
        end();
    }
}
END_TEST

/* RFC 8446 4.4.2.2, 4.4.3: PKCS #1 v1.5 is named for TLS 1.2 and no scheme of TLS 1.3, whatever the list says. */
START_TEST(a_scheme_of_the_other_version_is_refused)
{
    begin(TLS_1_3, TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    client_identity_show(&client, &files, "client-rsa2048", "client-rsa2048", 0x0804);
    client.own_scheme = &(struct tls_signature_scheme){.code = 0x0401, .signature = client.own_scheme->signature};
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CERTIFICATE_VERIFY_SCHEME);
    end();
}
END_TEST

/* CVE-2022-25640: CertificateVerify left out. */
START_TEST(a_certificate_without_certificate_verify_is_refused)
{
    enum why why;

    begin(versions[_i], TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
    if (versions[_i] == TLS_1_2) {
        client13_send_certificate(&client);
        client12_send_key_exchange(&client);
        client12_send_change_cipher_spec(&client);
        client12_send_finished(&client);
    } else {
        client.own_scheme = NULL;
        struct bytes der = certificate_chain_der(files.chain, 0);
        uint8_t storage[2048];
        struct writer w = writer_of(storage, sizeof storage);
        write_u8(&w, 0);
        write_u24(&w, (uint32_t)der.len + 5);
        write_u24(&w, (uint32_t)der.len);
        write_bytes(&w, der);
        write_u16(&w, 0);
        client13_send_handshake(&client, CERTIFICATE, writer_view(&w));
        client13_put_record(&client, CONTENT_HANDSHAKE, client13_make_finished(&client));
    }
    rig_pump(&rig, &client);
    why = tls_outcome(rig.tls)->why;
    ck_assert_msg(why == WHY_UNEXPECTED_HANDSHAKE || why == WHY_CCS_UNEXPECTED, "%s", why_name(why));
    ck_assert(!tls_is_connected(rig.tls));
    end();
}
END_TEST

/* ---- resumption (reliability X01, X08) */

static void first_handshake(uint16_t version)
{
    begin(version, TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
    rig_handshake(&rig, &client);
    assert_connected();
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
}

static bool resumes(uint16_t version)
{
    client13_wipe(&client);
    make_client(version);
    client.hello.ticket = &ticket;
    client.own_chain = files.chain;
    client.own_key = files.key;
    client.own_scheme = tls_signature_scheme_find(0x0403);
    ck_assert(rig_connect(&rig));
    rig_handshake(&rig, &client);
    return tls_is_connected(rig.tls) && tls_outcome(rig.tls)->is_resumed;
}

START_TEST(a_ticket_carries_the_identity)
{
    first_handshake(versions[_i]);
    ck_assert(resumes(versions[_i]));
    assert_connected();
    ck_assert(!client.is_certificate_requested);
    ck_assert(tls_outcome(rig.tls)->client != NULL);
    ck_assert_str_eq(tls_outcome(rig.tls)->client->subject, "CN=alice, O=Example");
    assert_text_flows();
    end();
}
END_TEST

static void change_trust(enum tls_client_certificate mode, const char *ca, const char *crl)
{
    struct tls_policy *old = rig.policy;

    rig.policy = tls_policy_new(old->random, old->now, old->now_context);
    ck_assert(rig.policy != NULL);
    tls_policy_set_time(rig.policy, old->time);
    tls_policy_set_client_certificates(rig.policy, mode, client_identity_trust(ca, crl));
    ck_assert(tls_policy_set_tickets(rig.policy, BYTES_OF_LITERAL("web"), 1, 8 * 3600));
    ck_assert(rig_add_certificate(&rig, "p256"));
    tls_policy_unref(old);
}

START_TEST(another_mode_ca_or_crl_ends_the_ticket)
{
    first_handshake(versions[_i]);
    change_trust(TLS_CLIENT_CERTIFICATE_REQUIRED, "root", NULL);
    ck_assert(resumes(versions[_i])); /* nothing changed */
    change_trust(TLS_CLIENT_CERTIFICATE_OPTIONAL, "root", NULL);
    ck_assert(!resumes(versions[_i]));
    change_trust(TLS_CLIENT_CERTIFICATE_REQUIRED, "root", "root");
    ck_assert(!resumes(versions[_i]));
    ck_assert(tls_is_connected(rig.tls)); /* by a full handshake */
    change_trust(TLS_CLIENT_CERTIFICATE_REQUIRED, "root", "root-revokes");
    ck_assert(!resumes(versions[_i]));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CLIENT_CERTIFICATE_REVOKED);
    change_trust(TLS_CLIENT_CERTIFICATE_REQUIRED, "other-root", NULL);
    ck_assert(!resumes(versions[_i]));
    ck_assert(!tls_is_connected(rig.tls));
    end();
}
END_TEST

/* ---- a first ClientHello proves nothing: whoever saw one can send it again, binder and all */

static struct ticket13 own_ticket;

/* In the second hello: a PSK that is none. */
static void offer_garbage(void)
{
    client.hello.ticket = NULL;
    client.hello.has_psk = true;
}

static void offer_garbage_and_show(void)
{
    offer_garbage();
    client.own_chain = files.chain;
    client.own_key = files.key;
    client.own_scheme = tls_signature_scheme_find(0x0503);
}

/* In the second hello: another session, of which this client does have the secret. */
static void offer_own(void)
{
    client.hello.ticket = &own_ticket;
}

/* The ticket of "client-P-256" in the first hello, which is answered with a HelloRetryRequest; `second` makes the
 * other. */
static void replay_first_hello(void (*second)(void))
{
    client13_wipe(&client);
    make_client(TLS_1_3);
    client.hello.ticket = &ticket;
    client.hello.share_groups[0] = 0;
    ck_assert(rig_connect(&rig));
    client13_send_hello(&client);
    rig.before_client = second; /* the client's next turn is its second hello */
    rig_pump(&rig, &client);
    rig.before_client = NULL;
    ck_assert(client.is_done);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_hello_retried);
}

static uint8_t last_fingerprint[32];

static void take_ticket_of(const char *name, uint16_t scheme, struct ticket13 *out)
{
    client_identity_free(&files);
    client13_wipe(&client);
    make_client(TLS_1_3);
    ck_assert(rig_connect(&rig));
    client_identity_show(&client, &files, name, name, scheme);
    rig_handshake(&rig, &client);
    assert_connected();
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    *out = client.ticket;
    memcpy(last_fingerprint, tls_outcome(rig.tls)->client->fingerprint, sizeof last_fingerprint);
}

static bool is_the_last_one(void)
{
    return memcmp(tls_outcome(rig.tls)->client->fingerprint, last_fingerprint, sizeof last_fingerprint) == 0;
}

/* RFC 8446 4.2.11, reliability X01, X02: who the session belongs to counts once its PSK is the one that is used. */
START_TEST(a_first_hello_sent_again_brings_nobody_in)
{
    begin(TLS_1_3, TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL);
    take_ticket_of("client-P-256", 0x0403, &ticket);
    replay_first_hello(offer_garbage);
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    ck_assert(client.is_certificate_requested);
    ck_assert(tls_outcome(rig.tls)->client == NULL);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ticket = client.ticket; /* nor does what this client gets for next time */
    ck_assert(resumes(TLS_1_3));
    ck_assert(tls_outcome(rig.tls)->client == NULL);
    end();
}
END_TEST

START_TEST(of_two_sessions_offered_in_turn_the_one_resumed_says_who_it_is)
{
    begin(TLS_1_3, TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    take_ticket_of("client-P-256", 0x0403, &ticket);
    take_ticket_of("client-P-384", 0x0503, &own_ticket);
    replay_first_hello(offer_own);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    ck_assert(is_the_last_one());
    end();
}
END_TEST

START_TEST(after_a_retry_a_certificate_counts_and_the_session_given_up_does_not)
{
    begin(TLS_1_3, TLS_CLIENT_CERTIFICATE_REQUIRED, NULL);
    take_ticket_of("client-P-256", 0x0403, &ticket);
    take_ticket_of("client-P-384", 0x0503, &own_ticket);
    replay_first_hello(offer_garbage_and_show);
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    ck_assert(is_the_last_one());
    end();
}
END_TEST

/* Reliability X08: the ticket ends with the certificate at the latest. */
START_TEST(a_ticket_does_not_outlive_the_certificate)
{
    first_handshake(versions[_i]);
    rig.time = 3944678400 - 10; /* ten seconds before everything of this client ends */
    ck_assert(rig_connect(&rig));
    client13_wipe(&client);
    make_client(versions[_i]);
    client_identity_free(&files);
    client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
    rig_handshake(&rig, &client);
    assert_connected();
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_le(client.ticket.lifetime, 10);
    ticket = client.ticket;
    ck_assert(resumes(versions[_i]));
    rig.time += 11;
    ck_assert(!resumes(versions[_i]));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CLIENT_CERTIFICATE_EXPIRED);
    end();
}
END_TEST

START_TEST(the_handshake_works_however_it_is_cut)
{
    for (uint64_t seed = 0; seed < 8; seed++) {
        begin(versions[_i], TLS_CLIENT_CERTIFICATE_REQUIRED, "root");
        client_identity_show(&client, &files, "client-P-256", "client-P-256", 0x0403);
        rig.cut = seed == 0 ? (struct cut){1, 0} : (struct cut){0, seed};
        rig_handshake(&rig, &client);
        assert_connected();
        end();
    }
}
END_TEST

int main(void)
{
    const TTest *const loops[] = {
        every_kind_of_key_proves_itself,
        the_request_names_the_cas,
        who_shows_none_passes_where_it_is_optional,
        who_shows_a_bad_one_is_refused_in_both_modes,
        a_certificate_with_the_key_of_another_is_refused,
        a_wrong_signature_is_refused,
        a_scheme_that_the_listener_does_not_name_is_refused,
        a_certificate_without_certificate_verify_is_refused,
        a_ticket_carries_the_identity,
        another_mode_ca_or_crl_ends_the_ticket,
        a_ticket_does_not_outlive_the_certificate,
        the_handshake_works_however_it_is_cut,
    };

    const TTest *const once[] = {
        a_scheme_of_the_other_version_is_refused,
        a_first_hello_sent_again_brings_nobody_in,
        of_two_sessions_offered_in_turn_the_one_resumed_says_who_it_is,
        after_a_retry_a_certificate_counts_and_the_session_given_up_does_not,
    };

    return check_run_loops("client_certificate", once, ARRAY_LEN(once), loops, ARRAY_LEN(loops),
                           (int)ARRAY_LEN(versions));
}
