#include "demo/facts.h"
#include "demo/page.h"
#include "demo/views.h"
#include "support/check_run.h"
#include "tls/iana.h"

#include <string.h>

static char page[MAX_PAGE_LEN + 1];
static size_t page_len;

static const char *print(struct handshake_view view)
{
    struct writer out = writer_of((uint8_t *)page, MAX_PAGE_LEN);

    page_print(&out, &view);
    ck_assert(writer_ok(&out));
    page_len = writer_view(&out).len;
    page[page_len] = 0;
    ck_assert_uint_eq(strlen(page), page_len);
    return page;
}

static void must_say(const char *text)
{
    ck_assert_msg(strstr(page, text) != NULL, "the page does not say: %s", text);
}

static void must_not_say(const char *text)
{
    ck_assert_msg(strstr(page, text) == NULL, "the page says: %s", text);
}

static size_t count(const char *text)
{
    size_t found = 0;
    for (const char *at = page; (at = strstr(at, text)); at += strlen(text))
        found++;
    return found;
}

START_TEST(every_fact_has_its_label_its_value_and_a_sentence)
{
    print(view_of_browser());
    for (size_t i = 0; i < FACT_COUNT; i++)
        must_say(facts[i].label);
    ck_assert_uint_eq(count("<dt>"), FACT_COUNT);
    ck_assert_uint_eq(count("<p class=\"value\">"), FACT_COUNT);
    ck_assert_uint_eq(count("<p class=\"value\"></p>"), 0);
    ck_assert_uint_eq(count("<p class=\"why\"></p>"), 0);
    must_say("TLS 1.3");
    must_say("TLS_AES_128_GCM_SHA256");
    must_say("The key was agreed with X25519");
    must_say("ecdsa_secp256r1_sha256");
    must_say(">localhost<");
    must_say(">development (self-signed)<");
    must_say("no second try");
}
END_TEST

START_TEST(the_sentences_follow_what_happened)
{
    print(view_of_retry());
    must_say("asked for one in P-384");
    must_say("Diffie-Hellman on the curve P-384");
    must_say("RSA-PSS over SHA-256");
    must_say("ChaCha20-Poly1305");
    must_say("named no host");
    must_say(">http/1.1<");
    must_say("HelloRetryRequest");
    must_not_say("no second try");
}
END_TEST

/* What is true of TLS 1.3 alone must not be said of TLS 1.2. */
static void must_not_speak_of_13(void)
{
    must_not_say("not agreed");
    must_not_say("already held a key share");
    must_not_say("what it can do, and a key share");
    must_not_say("what was chosen, and our key share");
    must_not_say("signed everything said so far");
}

START_TEST(of_tls_12_only_what_is_true_is_said)
{
    print(view_of_tls12());
    must_say(">TLS 1.2<");
    must_say("two round trips, and the certificate crosses the network in the open");
    must_say("The key was agreed with X25519");
    must_say(">not in TLS 1.2<");
    must_say("knows no second try");
    must_say("signed its key share and the random numbers of both sides with RSA-PSS over SHA-256");
    must_say("Chosen among the configured ones by the name your client asked for and the signatures");
    must_not_speak_of_13();
}
END_TEST

START_TEST(of_the_classic_rsa_exchange_only_what_is_true_is_said)
{
    print(view_of_rsa());
    ck_assert_uint_eq(count(">none (RSA key exchange)<"), 2); /* the group and the signature */
    must_say("sent it encrypted for the RSA key of the certificate");
    must_say("can be opened by whoever steals that key");
    must_say("could open the secret your client sent");
    must_say("one with an RSA key");
    must_say("a secret that only our key opens");
    must_not_say("the client&#39;s key share");
    must_not_say("the client's key share");
    must_not_say("stays closed");
    must_not_speak_of_13();
}
END_TEST

START_TEST(of_a_resumed_connection_of_13_only_what_is_true_is_said)
{
    print(view_of_ticket13());
    must_say("<li>resumed</li>");
    must_say(">resumed<");
    must_say("A fresh key was agreed all the same.");
    must_say("everything after the ServerHello is encrypted");
    must_say("no second try");
    must_say("Nothing had to be signed");
    must_say("the ticket goes back to a handshake in which one was");
    must_say("that is good for this name alone");
    ck_assert_uint_eq(count(">none (resumed)<"), 2); /* the signature and the certificate */
    must_say("This is the demo backend.</b> What is missing is");
    must_not_say("not agreed");
    must_not_say("the certificate too");
    must_not_say("The certificate is yours already");
    must_not_say("so the default certificate was served");
}
END_TEST

START_TEST(of_a_resumed_connection_of_12_only_what_is_true_is_said)
{
    print(view_of_ticket12());
    must_say("one round trip with a ticket, two without");
    must_say("It saved a round trip as well.");
    must_say("No new key was agreed");
    ck_assert_uint_eq(count(">none (resumed)<"), 3);
    must_say("CN=alice,O=Example");
    must_say("in the handshake that its ticket goes back to");
    must_not_say("RSA key exchange"); /* its suite's, which did not take place */
    must_not_say("crosses the network in the open");
    must_not_speak_of_13();
}
END_TEST

START_TEST(the_client_is_named_by_its_certificate)
{
    struct handshake_view view = view_of_client();

    print(view);
    must_say(">CN=alice,O=Example<");
    must_say("that an authority trusted here vouches for");
    must_say(">full handshake<");
    must_not_say("<li>resumed</li>");
    view.client_certificate[0] = 0;
    print(view);
    must_say(">one without a name<");
    print(view_of_browser());
    must_say("did not prove who it is");
}
END_TEST

START_TEST(every_algorithm_of_this_build_has_words_of_its_own)
{
    struct handshake_view view = view_of_browser();

    for (const struct tls_suite *suite = tls_suites; suite->code; suite++) {
        view.outcome.suite = suite;
        ck_assert_str_ne(fact_cipher(&view.outcome), suite->name);
        print(view);
        must_not_say("the hash of the suite");
    }
    for (const struct tls_group *group = tls_groups; group->code; group++) {
        view.outcome.group = group;
        ck_assert_str_ne(fact_group(&view.outcome), group->name);
        print(view);
        must_not_say("a fresh public value");
    }
    for (const struct tls_signature_scheme *scheme = tls_signature_schemes; scheme->code; scheme++) {
        view.outcome.scheme = scheme;
        ck_assert_str_ne(fact_signature(&view.outcome), scheme->name);
    }
}
END_TEST

START_TEST(an_algorithm_without_words_goes_by_its_registered_name)
{
    const struct tls_suite suite = {.code = 0x1399, .name = "TLS_NEW_SUITE", .aead = 77, .hash = 77};
    const struct tls_group group = {.code = 0x9999, .name = "newgroup", .key_exchange = 77};
    const struct tls_signature_scheme scheme = {.code = 0x9999, .name = "newscheme", .signature = 77};
    struct handshake_view view = view_of_browser();

    view.outcome.suite = &suite;
    view.outcome.group = &group;
    view.outcome.scheme = &scheme;
    print(view);
    must_say("sealed with TLS_NEW_SUITE");
    must_say("agreed with newgroup");
    must_say("with newscheme");
}
END_TEST

START_TEST(the_page_says_that_it_is_a_demo_and_how_to_go_on)
{
    print(view_of_browser());
    must_say("This is the demo backend behind the development certificate.");
    must_say("[listen web]");
    must_say("certificate = ");
    must_say("key = ");
    must_say("server = 127.0.0.1:8080");
    must_say("sallyport -f :8443 -b 127.0.0.1:8080 --cert ");
    print(view_of_retry());
    must_say("This is the demo backend.");
    must_not_say("behind the development certificate");
}
END_TEST

START_TEST(nothing_of_a_peer_becomes_markup)
{
    static const char hostile[] =
        "</title></style><script>alert(1)</script>\"'><img src=x onerror=a&b \x01\x80\xfe\r\n";

    print(view_of_hostility(hostile));
    must_not_say("<script");
    must_not_say("<img");
    must_not_say("\x01");
    must_not_say("\x80");
    must_not_say("\r");
    must_say("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img");
    must_say("a&amp;b \\x01\\x80\\xfe\\x0d\\x0a");
    ck_assert_uint_eq(count("&lt;/title&gt;"), 6); /* sni, both alpn, certificate, client and its certificate */
    ck_assert_uint_eq(count("</title>"), 1);
}
END_TEST

/* The policy default-src 'none' would stop them anyway; the page does not even ask. */
START_TEST(the_page_needs_no_script_and_nothing_from_elsewhere)
{
    print(view_of_browser());
    must_not_say("<script");
    must_not_say("<link");
    must_not_say("<img");
    must_not_say("src=");
    must_not_say("url(http");
    must_not_say("@import");
    must_not_say(" style=");
    ck_assert_uint_eq(count("http://"), 1); /* the name of SVG's namespace */
    must_not_say("https://");
}
END_TEST

START_TEST(light_and_dark_and_phones_are_provided_for)
{
    print(view_of_browser());
    must_say("prefers-color-scheme:dark");
    must_say("name=\"viewport\"");
    must_say("max-width:520px");
}
END_TEST

START_TEST(an_empty_view_is_a_whole_page_too)
{
    print(view_of_nothing());
    must_say("not agreed");
    must_say("No timeline was kept");
    must_not_say("<svg class=\"ladder\"");
    must_not_say("What your client offered");
    must_say("</html>");
}
END_TEST

START_TEST(what_was_offered_is_listed_and_what_was_chosen_is_marked)
{
    print(view_of_browser());
    must_say("<li class=\"chosen\">TLS_AES_128_GCM_SHA256</li>");
    must_say("<li class=\"chosen\">x25519</li>");
    must_say("<li class=\"chosen\">TLSv1.3</li>");
    must_say("<li>X25519MLKEM768</li>");
    must_say("<li>GREASE</li>");
    must_say("<li>0xfe4d</li>");
    must_say("h2,http/1.1");
    ck_assert_uint_eq(count("<li class=\"chosen\">"), 4);
}
END_TEST

START_TEST(the_largest_page_fits_with_a_quarter_to_spare)
{
    print(view_of_everything());
    ck_assert_uint_lt(page_len, MAX_PAGE_LEN / 4 * 3);
    must_say("</html>");
}
END_TEST

START_TEST(a_writer_that_is_too_small_fails_and_is_not_overrun)
{
    struct handshake_view view = view_of_everything();

    print(view);
    for (size_t capacity = 0; capacity < page_len; capacity += 97) {
        uint8_t *storage = malloc(capacity + 1); /* one for a malloc(0) that answers NULL */
        struct writer out = writer_of(storage, capacity);

        page_print(&out, &view);
        ck_assert(!writer_ok(&out));
        ck_assert_uint_le(writer_view(&out).len, capacity);
        free(storage);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_fact_has_its_label_its_value_and_a_sentence,
        the_sentences_follow_what_happened,
        of_tls_12_only_what_is_true_is_said,
        of_the_classic_rsa_exchange_only_what_is_true_is_said,
        of_a_resumed_connection_of_13_only_what_is_true_is_said,
        of_a_resumed_connection_of_12_only_what_is_true_is_said,
        the_client_is_named_by_its_certificate,
        every_algorithm_of_this_build_has_words_of_its_own,
        an_algorithm_without_words_goes_by_its_registered_name,
        the_page_says_that_it_is_a_demo_and_how_to_go_on,
        nothing_of_a_peer_becomes_markup,
        the_page_needs_no_script_and_nothing_from_elsewhere,
        light_and_dark_and_phones_are_provided_for,
        an_empty_view_is_a_whole_page_too,
        what_was_offered_is_listed_and_what_was_chosen_is_marked,
        the_largest_page_fits_with_a_quarter_to_spare,
        a_writer_that_is_too_small_fails_and_is_not_overrun,
    };
    return check_run("page", tests, ARRAY_LEN(tests));
}
