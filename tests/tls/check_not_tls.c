/* What else comes to a TLS port, told apart by its first bytes. */
#include "tls/not_tls.h"

#include "support/check_run.h"
#include "support/record_peer.h"

static bool passes(struct bytes first)
{
    bool is_ok;

    begin();
    is_ok = not_tls_check(tls, first);
    ck_assert(is_ok == (tls->outcome.why == WHY_NONE));
    return is_ok;
}

static void is_told(struct bytes first, enum why why)
{
    ck_assert(!passes(first));
    ck_assert_str_eq(why_name(tls->outcome.why), why_name(why));
    end();
}

static void waits(struct bytes first)
{
    ck_assert_msg(passes(first), "%.*s is %s", (int)first.len, (const char *)first.at, why_name(tls->outcome.why));
    end();
}

static const struct {
    struct bytes text;
    size_t told_at; /* bytes that make it sure */
    enum why why;
} openings[] = {
    {BYTES_OF_LITERAL("GET / HTTP/1.1\r\n"), 4, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("HEAD / HTTP/1.1\r\n"), 5, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("POST / HTTP/1.1\r\n"), 5, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("PUT / HTTP/1.1\r\n"), 4, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("PATCH / HTTP/1.1\r\n"), 6, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("DELETE / HTTP/1.1\r\n"), 7, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("OPTIONS * HTTP/1.1\r\n"), 8, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("CONNECT a:1 HTTP/1.1\r\n"), 8, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("TRACE / HTTP/1.1\r\n"), 6, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 12, WHY_NOT_TLS_HTTP},
    {BYTES_OF_LITERAL("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), 6, WHY_NOT_TLS_PROXY},
    {BYTES_OF_LITERAL("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"), 12, WHY_NOT_TLS_PROXY},
    {BYTES_OF_LITERAL("SSH-2.0-OpenSSH_9.2\r\n"), 4, WHY_NOT_TLS_SSH},
    {BYTES_OF_LITERAL("\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10"), 4, WHY_NOT_TLS_SSLV2},
    {BYTES_OF_LITERAL("\x80\x2e\x01\0\x02\0\x15\0\0\0\x10"), 4, WHY_NOT_TLS_SSLV2},
    {BYTES_OF_LITERAL("\xff\xff\x01\x03\x03\0\x15\0\0\0\x10"), 4, WHY_NOT_TLS_SSLV2},
};

START_TEST(each_opening_is_told_as_soon_as_it_is_sure_and_not_before)
{
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        for (size_t len = 0; len < openings[i].told_at; len++)
            waits(bytes_of(openings[i].text.at, len));
        for (size_t len = openings[i].told_at; len <= openings[i].text.len; len++)
            is_told(bytes_of(openings[i].text.at, len), openings[i].why);
    }
}
END_TEST

START_TEST(one_byte_off_an_opening_is_just_no_tls)
{
    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        uint8_t text[64];

        if (openings[i].why == WHY_NOT_TLS_SSLV2)
            continue;
        memcpy(text, openings[i].text.at, openings[i].told_at);
        text[openings[i].told_at - 1] ^= 0x40;
        is_told(bytes_of(text, openings[i].told_at), WHY_NOT_TLS);
    }
    is_told(BYTES_OF_LITERAL("\x80\x2e\x02\x03\x01"), WHY_NOT_TLS); /* no ClientHello */
    is_told(BYTES_OF_LITERAL("\x80\x2e\x01\x04\x01"), WHY_NOT_TLS); /* no version */
    is_told(BYTES_OF_LITERAL("get / http/1.1"), WHY_NOT_TLS);
}
END_TEST

/* Whatever begins with a content type of TLS is for the record layer to judge; nothing else passes for long. */
START_TEST(the_first_byte_alone_sorts_out_the_rest)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[] = {(uint8_t)first, 0xfe, 0xfe, 0xfe, 0xfe};
        bool is_content_type = first >= 20 && first <= 23;

        ck_assert_msg(passes(BYTES_OF_ARRAY(bytes)) == is_content_type, "%02x", first);
        end();
    }
    waits(bytes_of(NULL, 0));
    waits(BYTES_OF_LITERAL("\x16"));
    waits(BYTES_OF_LITERAL("\x16\x03\x01\x02\0\x01"));
    waits(BYTES_OF_LITERAL("\x15GET / HTTP/1.1"));
}
END_TEST

/* RFC 8446 5: unexpected_message; those who would only read an alert as noise get none. */
START_TEST(only_what_might_speak_tls_gets_an_alert)
{
    static const uint8_t unexpected_message[] = {21, 3, 3, 0, 2, 2, 10}, protocol_version[] = {21, 3, 3, 0, 2, 2, 70};

    ck_assert(!passes(BYTES_OF_LITERAL("hello, is this a chat?")));
    ck_assert(bytes_equal(buffer_view(&tls->wire_out), BYTES_OF_ARRAY(unexpected_message)));
    end();
    ck_assert(!passes(BYTES_OF_LITERAL("\x80\x2e\x01\x03\x01")));
    ck_assert(bytes_equal(buffer_view(&tls->wire_out), BYTES_OF_ARRAY(protocol_version)));
    end();
    ck_assert(!passes(BYTES_OF_LITERAL("GET / HTTP/1.1")));
    ck_assert_uint_eq(buffer_len(&tls->wire_out), 0);
    end();
}
END_TEST

START_TEST(the_record_layer_asks_first_and_only_at_the_start)
{
    begin();
    tls->outcome.stage = TLS_STAGE_START;
    is_refused(BYTES_OF_LITERAL("GET / HTTP/1.1"), WHY_NOT_TLS_HTTP);
    end();

    begin(); /* later it is a record of an unknown type like any other */
    is_refused(BYTES_OF_LITERAL("GET / HTTP/1.1"), WHY_RECORD_TYPE);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_opening_is_told_as_soon_as_it_is_sure_and_not_before,
        one_byte_off_an_opening_is_just_no_tls,
        the_first_byte_alone_sorts_out_the_rest,
        only_what_might_speak_tls_gets_an_alert,
        the_record_layer_asks_first_and_only_at_the_start,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("not_tls", tests, ARRAY_LEN(tests));
}
