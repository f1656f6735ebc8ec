/*
 * How the bytes of a conversation are cut on their way is nobody's business: whole, byte by byte or at random, the
 * engine answers the same bytes and hands on the same text. Of client certificates, resumption and the classic RSA
 * exchange, alone and together.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/client_identity.h"

static struct rig rig;
static struct client13 client;
static struct client_identity_files files;

struct conversation {
    uint16_t version;
    bool is_client_known, is_resumed, is_retried, is_rsa_exchange, is_without_ems;
};

static const struct conversation conversations[] = {
    {.version = TLS_1_3, .is_client_known = true},
    {.version = TLS_1_2, .is_client_known = true},
    {.version = TLS_1_3, .is_client_known = true, .is_retried = true},
    {.version = TLS_1_3, .is_resumed = true},
    {.version = TLS_1_2, .is_resumed = true},
    {.version = TLS_1_3, .is_resumed = true, .is_retried = true},
    {.version = TLS_1_3, .is_resumed = true, .is_client_known = true},
    {.version = TLS_1_2, .is_resumed = true, .is_client_known = true},
    {.version = TLS_1_2, .is_rsa_exchange = true},
    {.version = TLS_1_2, .is_rsa_exchange = true, .is_without_ems = true},
    {.version = TLS_1_2, .is_rsa_exchange = true, .is_client_known = true},
    {.version = TLS_1_2, .is_rsa_exchange = true, .is_resumed = true},
};
static const struct conversation *conversation;

static void make_client(const struct ticket13 *ticket)
{
    client13_init_version(&client, 11, conversation->version);
    client.hello.ticket = ticket;
    client.hello.has_extended_master_secret = !conversation->is_without_ems;
    if (conversation->is_rsa_exchange)
        client.hello.suites[0] = 0x009c;
    if (conversation->is_retried)
        client.hello.share_groups[0] = 0;
    if (conversation->is_client_known)
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
}

static void drop_client(void)
{
    client_identity_free(&files);
    client13_wipe(&client);
}

static void prepare(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, conversation->is_rsa_exchange ? "rsa2048" : "p256"));
    ck_assert(rig_add_tickets(&rig, 1));
    if (conversation->is_rsa_exchange)
        ck_assert(rig_add_rsa_exchange(&rig));
    if (conversation->is_client_known)
        tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_REQUIRED,
                                           client_identity_trust("root", NULL));
    ck_assert(rig_connect(&rig));
}

/* The handshake, text both ways, the end. */
static void converse(void)
{
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    for (int i = 0; i < 3; i++)
        client13_send_text(&client, BYTES_OF_LITERAL("a text that is longer than one byte"));
    rig_pump(&rig, &client);
    rig_send(&rig, BYTES_OF_LITERAL("and its answer"));
    rig_drain(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert(client.has_close_notify);
}

/* What a resumption needs first, always in one piece. */
static void get_ticket(struct ticket13 *ticket)
{
    make_client(NULL);
    converse();
    ck_assert_uint_gt(client.ticket.len, 0);
    *ticket = client.ticket;
    drop_client();
    rig.wire_len = rig.received_len = 0;
    ck_assert(rig_connect(&rig));
}

static void run(struct cut cut)
{
    static struct ticket13 ticket;

    prepare();
    if (conversation->is_resumed)
        get_ticket(&ticket);
    make_client(conversation->is_resumed ? &ticket : NULL);
    rig.cut = cut;
    converse();
    ck_assert(tls_outcome(rig.tls)->is_resumed == conversation->is_resumed);
    ck_assert(tls_outcome(rig.tls)->is_hello_retried == conversation->is_retried);
    ck_assert(conversation->is_client_known == (tls_outcome(rig.tls)->client != NULL));
    ck_assert_uint_eq(rig.received_before_finished, 0);
}

static void stop(void)
{
    drop_client();
    rig_wipe(&rig);
}

static void assert_same_bytes(const char *what, uint64_t seed, struct bytes got, struct bytes expected)
{
    ck_assert_msg(bytes_equal(got, expected), "the %s of cut %lu differs: %zu bytes, %zu in one piece", what,
                  (unsigned long)seed, got.len, expected.len);
}

START_TEST(the_engine_answers_the_same_bytes_however_it_is_cut)
{
    static uint8_t wire[65536], text[4096];
    size_t wire_len, text_len;

    conversation = &conversations[_i];
    run((struct cut){0, 0});
    wire_len = rig.wire_len;
    text_len = rig.received_len;
    ck_assert_uint_le(wire_len, sizeof wire);
    ck_assert_uint_le(text_len, sizeof text);
    memcpy(wire, rig.wire, wire_len);
    memcpy(text, rig.received, text_len);
    ck_assert_uint_eq(text_len, 3 * strlen("a text that is longer than one byte"));
    stop();
    for (uint64_t seed = 0; seed < 12; seed++) {
        run(seed == 0 ? (struct cut){1, 0} : (struct cut){0, seed});
        assert_same_bytes("wire", seed, bytes_of(rig.wire, rig.wire_len), bytes_of(wire, wire_len));
        assert_same_bytes("text", seed, bytes_of(rig.received, rig.received_len), bytes_of(text, text_len));
        stop();
    }
}
END_TEST

int main(void)
{
    const TTest *const loops[] = {the_engine_answers_the_same_bytes_however_it_is_cut};

    return check_run_loops("cuts", NULL, 0, loops, ARRAY_LEN(loops), (int)ARRAY_LEN(conversations));
}
