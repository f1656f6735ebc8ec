#include "demo/json.h"
#include "demo/page.h"
#include "demo/views.h"
#include "support/check_run.h"

#include <string.h>

static char json[MAX_PAGE_LEN + 1];

static void print(struct handshake_view view)
{
    struct writer out = writer_of((uint8_t *)json, MAX_PAGE_LEN);

    json_print(&out, &view);
    ck_assert(writer_ok(&out));
    json[writer_view(&out).len] = 0;
}

static void must_say(const char *text)
{
    ck_assert_msg(strstr(json, text) != NULL, "missing: %s in %s", text, json);
}

START_TEST(the_facts_of_the_page_are_fields)
{
    print(view_of_browser());
    must_say("\"connection\": 7,");
    must_say("\"client\": \"192.0.2.17:51234\",");
    must_say("\"version\": \"TLSv1.3\",");
    must_say("\"suite\": \"TLS_AES_128_GCM_SHA256\",");
    must_say("\"group\": \"x25519\",");
    must_say("\"signature\": \"ecdsa_secp256r1_sha256\",");
    must_say("\"sni\": \"localhost\",");
    must_say("\"alpn\": null,");
    must_say("\"certificate\": \"development\",");
    must_say("\"is_development_certificate\": true,");
    must_say("\"is_hello_retried\": false,");
    must_say("\"handshake_us\": 18790,");
    must_say("\"server_us\": 1372,");
    must_say(
        "{\"at_us\": 0, \"from\": \"client\", \"message\": \"ClientHello\", \"bytes\": 1754, \"encrypted\": \"none\"}");
    must_say("\"message\": \"Finished\", \"bytes\": 36, \"encrypted\": \"handshake keys\"}");
    must_say("\"groups\": [\"GREASE\", \"X25519MLKEM768\", \"x25519\", \"secp256r1\", \"secp384r1\"]");
}
END_TEST

START_TEST(a_retry_and_what_followed_the_handshake_are_told)
{
    print(view_of_retry());
    must_say("\"is_hello_retried\": true,");
    must_say("\"message\": \"HelloRetryRequest\"");
    must_say("\"message\": \"KeyUpdate\", \"bytes\": 5, \"encrypted\": \"application keys\"}");
    must_say("\"sni\": null,");
    must_say("\"alpn\": \"http/1.1\",");
    must_say("\"offered\": null");
}
END_TEST

START_TEST(a_resumed_connection_and_the_client_it_goes_back_to_are_told)
{
    print(view_of_ticket12());
    must_say("\"is_resumed\": true,");
    must_say("\"client_certificate\": \"CN=alice,O=Example\",");
    must_say("\"is_client_verified\": true,");
    must_say("\"certificate\": null,");
    must_say("\"group\": null,");
    print(view_of_tls12());
    must_say("\"is_resumed\": false,");
    must_say("\"client_certificate\": null,");
    must_say("\"is_client_verified\": false,");
    must_say("\"message\": \"CertificateStatus\", \"bytes\": 480, \"encrypted\": \"none\"}");
}
END_TEST

START_TEST(what_was_not_agreed_is_null)
{
    print(view_of_nothing());
    must_say("\"version\": null,");
    must_say("\"suite\": null,");
    must_say("\"group\": null,");
    must_say("\"signature\": null,");
    must_say("\"certificate\": null,");
    must_say("\"timeline\": [],");
}
END_TEST

/* Outside of strings there is nothing but what json.c wrote; inside, no quote and no control character. */
START_TEST(nothing_of_a_peer_leaves_its_string)
{
    print(view_of_hostility("\",\"suite\":\"x\\\n\x01\x80"));
    must_say("\"sni\": \"\\\",\\\"suite\\\":\\\"x\\\\\\\\\\\\x0a\\\\x01\\\\x80\",");
    for (const char *c = json; *c; c++)
        ck_assert(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
}
END_TEST

START_TEST(the_largest_answer_fits)
{
    print(view_of_everything());
    must_say("18446744073709551615");
    ck_assert_uint_lt(strlen(json), MAX_PAGE_LEN / 2);
}
END_TEST

START_TEST(an_error_is_an_object_too)
{
    struct writer out = writer_of((uint8_t *)json, MAX_PAGE_LEN);

    json_print_error(&out, "say \"please\"");
    ck_assert(writer_ok(&out));
    json[writer_view(&out).len] = 0;
    ck_assert_str_eq(json, "{\"error\": \"say \\\"please\\\"\"}\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_facts_of_the_page_are_fields,
        a_retry_and_what_followed_the_handshake_are_told,
        a_resumed_connection_and_the_client_it_goes_back_to_are_told,
        what_was_not_agreed_is_null,
        nothing_of_a_peer_leaves_its_string,
        the_largest_answer_fits,
        an_error_is_an_object_too,
    };
    return check_run("json", tests, ARRAY_LEN(tests));
}
