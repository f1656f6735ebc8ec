/* HelloRetryRequest: what RFC 8446 4.1.2 freezes stays frozen, field by field. */
#include "support/check_run.h"
#include "support/rig.h"

static struct rig rig;
static struct client13 client;

/* One hello is in, a retry is out; the client is about to send its second. */
static void begin_retried(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    client.hello.share_groups[0] = 0;
    client.hello.alpn = "h2";
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    rig_drain(&rig, NULL);
    client.out_len = 0;
    client.is_retried = true;
    ck_assert(hash_init(&client.transcript, hash_find(HASH_SHA256)));
    client.hello.share_groups[0] = 0x001d;
    ck_assert_int_eq(rig.tls->state, WAIT_CH2);
}

static enum why send_second(void)
{
    enum why why;

    client13_put_plain_record(&client, CONTENT_HANDSHAKE, client13_make_hello(&client));
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    why = tls_outcome(rig.tls)->why;
    ck_assert(why != WHY_NONE || rig.tls->state == WAIT_FINISHED || rig.tls->state == WAIT_KEY_OPERATION);
    client13_wipe(&client);
    rig_wipe(&rig);
    return why;
}

static void change_legacy_version(void)
{
    client.hello.legacy_version = TLS_1_1;
}
static void change_random(void)
{
    client.client_random[31] ^= 1;
}
static void change_session_id(void)
{
    client.session_id[0] ^= 1;
}
static void shorten_session_id(void)
{
    client.hello.session_id_len = 31;
}
static void drop_versions(void)
{
    client.hello.omit |= OMIT_SUPPORTED_VERSIONS;
}
static void drop_a_version(void)
{
    client.hello.versions[1] = 0;
}
static void add_a_version(void)
{
    client.hello.versions[2] = TLS_1_1;
}
static void swap_suites(void)
{
    client.hello.suites[0] = 0x1302;
    client.hello.suites[1] = 0x1301;
}
static void drop_suite(void)
{
    client.hello.suites[2] = 0;
}
static void add_suite(void)
{
    client.hello.suites[3] = 0xc02b;
}
static void repeat_suite(void)
{
    client.hello.suites[3] = 0x1301;
}
static void change_compression(void)
{
    client.hello.compression_methods = BYTES_OF_LITERAL("\0\0");
}
static void drop_group(void)
{
    client.hello.groups[2] = 0;
}
static void swap_groups(void)
{
    client.hello.groups[0] = 0x0017;
    client.hello.groups[1] = 0x001d;
}
static void drop_groups(void)
{
    client.hello.omit |= OMIT_GROUPS;
}
static void drop_scheme(void)
{
    client.hello.schemes[4] = 0;
}
static void drop_schemes(void)
{
    client.hello.omit |= OMIT_SCHEMES;
}
static void change_name(void)
{
    client.hello.sni = "bpp.example";
}
static void drop_name(void)
{
    client.hello.sni = NULL;
}
static void change_protocols(void)
{
    client.hello.alpn = "h3";
}
static void drop_protocols(void)
{
    client.hello.alpn = NULL;
}
static void add_unknown_extension(void)
{
    client.hello.extra = BYTES_OF_LITERAL("\x7a\x7a\0\0");
}
static void drop_psk_modes(void)
{
    client.hello.omit |= OMIT_PSK_MODES;
}
/* RFC 8446 4.1.2: a cookie only if one was provided; a pre_shared_key may be updated, not added. */
static void add_cookie(void)
{
    client.hello.has_cookie = true;
}
static void add_psk(void)
{
    client.hello.has_psk = true;
}

START_TEST(each_change_of_what_is_frozen_is_illegal_parameter)
{
    static void (*const changes[])(void) = {
        change_legacy_version,
        change_random,
        change_session_id,
        shorten_session_id,
        drop_versions,
        drop_a_version,
        add_a_version,
        swap_suites,
        drop_suite,
        add_suite,
        repeat_suite,
        drop_group,
        swap_groups,
        drop_groups,
        drop_scheme,
        drop_schemes,
        change_name,
        drop_name,
        change_protocols,
        drop_protocols,
        add_unknown_extension,
        drop_psk_modes,
        add_cookie,
        add_psk,
        change_compression,
    };

    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        enum why why;

        begin_retried();
        changes[i]();
        why = send_second();
        ck_assert_msg(why == WHY_RETRY_CHANGED, "change %zu: %s", i, why_name(why));
    }
}
END_TEST

START_TEST(what_may_change_may_change)
{
    begin_retried();
    ck_assert_int_eq(send_second(), WHY_NONE);
    begin_retried();
    client.hello.extra = BYTES_OF_LITERAL("\0\x15\0\4\0\0\0\0"); /* padding */
    ck_assert_int_eq(send_second(), WHY_NONE);
}
END_TEST

/* RFC 8446 4.1.2: a list with a single KeyShareEntry of the group that was asked for. */
START_TEST(the_second_hello_brings_one_share_the_one_asked_for)
{
    begin_retried();
    client.hello.share_groups[0] = 0x0017;
    ck_assert_int_eq(send_second(), WHY_RETRY_KEY_SHARE);
    begin_retried();
    client.hello.share_groups[1] = 0x0017; /* asked for, and another */
    ck_assert_int_eq(send_second(), WHY_RETRY_KEY_SHARE);
    begin_retried();
    client.hello.share_groups[0] = 0;
    ck_assert_int_eq(send_second(), WHY_RETRY_KEY_SHARE);
    begin_retried();
    client.hello.omit |= OMIT_KEY_SHARE;
    ck_assert_int_eq(send_second(), WHY_NO_KEY_SHARE);
}
END_TEST

/* RFC 8446 4.2.10: skipping ends with the second hello; what does not decrypt then is an error. */
START_TEST(early_data_is_not_skipped_after_the_second_hello)
{
    static const uint8_t noise[64] = {1};

    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    client.hello.share_groups[0] = 0;
    client.hello.has_early_data = client.hello.has_psk = true;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_retried && client.is_done);
    client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_ARRAY(noise));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    client13_wipe(&client);
    rig_wipe(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_change_of_what_is_frozen_is_illegal_parameter,
        what_may_change_may_change,
        the_second_hello_brings_one_share_the_one_asked_for,
        early_data_is_not_skipped_after_the_second_hello,
    };

    return check_run("retry", tests, ARRAY_LEN(tests));
}
