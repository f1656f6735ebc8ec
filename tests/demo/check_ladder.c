#include "demo/ladder.h"
#include "demo/views.h"
#include "support/check_run.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 64 * 1024 };

static char svg[ROOM + 1];

static void draw(struct handshake_view view)
{
    struct flights flights;
    struct writer out = writer_of((uint8_t *)svg, ROOM);

    flights_read(&view, &flights);
    ladder_print(&out, &flights);
    ck_assert(writer_ok(&out));
    svg[writer_view(&out).len] = 0;
}

static size_t count(const char *text)
{
    size_t found = 0;
    for (const char *at = svg; (at = strstr(at, text)); at += strlen(text))
        found++;
    return found;
}

/* The first number behind `text`, searched from `*at`, which moves on; -1 when there is none. */
static int next_number(const char **at, const char *text)
{
    const char *found = strstr(*at, text);
    int number;

    if (!found || sscanf(found + strlen(text), "%d", &number) != 1)
        return -1;
    *at = found + strlen(text);
    return number;
}

START_TEST(every_message_is_an_arrow_with_name_size_and_time)
{
    draw(view_of_browser());
    ck_assert_uint_eq(count("class=\"time\""), 9);
    ck_assert_uint_eq(count("class=\"size\""), 9);
    ck_assert_uint_eq(count("class=\"wire "), 9 + 1); /* and the application data */
    ck_assert_ptr_nonnull(strstr(svg, ">ClientHello<tspan class=\"size\" dx=\"8\">1,754 B</tspan>"));
    ck_assert_ptr_nonnull(strstr(svg, ">412 µs</text>"));
    ck_assert_ptr_nonnull(strstr(svg, ">18.7 ms</text>"));
    ck_assert_ptr_nonnull(strstr(svg, "connected after 18.8 ms"));
}
END_TEST

START_TEST(arrows_point_from_the_sender_to_the_receiver)
{
    draw(view_of_browser());
    ck_assert_uint_eq(count("x1=\"0\""), 3 + 1 + 1); /* the client's, the connected line, the application data */
    ck_assert_uint_eq(count("x2=\"0\""), 6);
}
END_TEST

START_TEST(encrypted_messages_are_drawn_unlike_readable_and_meaningless_ones)
{
    draw(view_of_browser());
    ck_assert_uint_eq(count("\"wire open\""), 2);
    ck_assert_uint_eq(count("\"wire filler\""), 2);
    ck_assert_uint_eq(count("\"wire sealed\""), 5 + 1);
    ck_assert_uint_eq(count("class=\"band\""), 3);
    ck_assert_uint_eq(count("encrypted, handshake keys"), 2);
    ck_assert_uint_eq(count("encrypted, application keys"), 1);
}
END_TEST

START_TEST(between_flights_it_says_whose_move_it_was)
{
    draw(view_of_browser());
    ck_assert_ptr_nonnull(strstr(svg, ">412 µs: sallyport at work<"));
    ck_assert_ptr_nonnull(strstr(svg, ">17.4 ms: the network and your client<"));
    ck_assert_uint_eq(count("class=\"turn"), 2);
}
END_TEST

START_TEST(a_retry_shows_as_its_own_two_flights)
{
    draw(view_of_retry());
    ck_assert_uint_eq(count("HelloRetryRequest"), 1);
    ck_assert_uint_eq(count(">ClientHello<"), 2);
    ck_assert_uint_eq(count("again, with the share asked for"), 1);
    ck_assert(strstr(svg, "what it can do") < strstr(svg, "again, with the share asked for"));
    ck_assert_uint_eq(count(">ServerHello<"), 1);
    ck_assert_uint_eq(count("class=\"turn"), 4 + 1); /* and the answered KeyUpdate */
}
END_TEST

START_TEST(what_is_drawn_goes_downwards_and_ends_within_the_height)
{
    struct handshake_view views[] = {view_of_browser(), view_of_retry(), view_of_everything(), view_of_nothing()};

    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        const char *at = svg;
        int height, y, last = 0;

        draw(views[i]);
        height = next_number(&at, "height=\"");
        ck_assert_int_gt(height, 0);
        for (at = strstr(svg, "</defs>"); (y = next_number(&at, " y=\"")) >= 0;) {
            ck_assert_int_le(y, height);
            if (y < 20)
                continue;                   /* within the padlock */
            ck_assert_int_ge(y, last - 40); /* a note stands below the time of its row */
            last = y;
        }
    }
}
END_TEST

START_TEST(an_unfinished_handshake_claims_no_connection)
{
    struct handshake_view view = view_of_browser();

    view.outcome.stage = TLS_STAGE_CLIENT_FINISHED;
    view.timeline.count = 7;
    draw(view);
    ck_assert_ptr_null(strstr(svg, "connected after"));
    ck_assert_ptr_null(strstr(svg, "application data"));
}
END_TEST

START_TEST(a_full_timeline_says_that_more_followed)
{
    draw(view_of_everything());
    ck_assert_ptr_nonnull(strstr(svg, "more followed that was not kept"));
    ck_assert_uint_eq(count("class=\"time\""), MAX_TIMELINE);
}
END_TEST

START_TEST(a_message_name_is_escaped)
{
    struct handshake_view view = view_of_browser();

    view.timeline.entries[3].what = "<b>\"&";
    draw(view);
    ck_assert_ptr_null(strstr(svg, "<b>"));
    ck_assert_ptr_nonnull(strstr(svg, "&lt;b&gt;&quot;&amp;"));
}
END_TEST

/* RFC 5246 7.1: there it is what switches the encryption on, so it must not be called meaningless. */
START_TEST(in_tls_12_a_change_cipher_spec_has_a_meaning)
{
    struct handshake_view view = view_of_browser();

    view.outcome.version = 0x0303;
    draw(view);
    ck_assert_uint_eq(count("\"wire filler\""), 0);
    ck_assert_uint_eq(count("from here on encrypted"), 2);
    ck_assert_uint_eq(count("means nothing"), 0);
}
END_TEST

START_TEST(what_a_message_is_for_follows_the_version_and_the_kind_of_handshake)
{
    draw(view_of_tls12());
    ck_assert_uint_eq(count(">what it can do<"), 1);
    ck_assert_uint_eq(count(">what was chosen<"), 1);
    ck_assert_uint_eq(count(">its issuer says: not revoked<"), 1);
    ck_assert_uint_eq(count(">the client's key share<"), 1);
    ck_assert_uint_eq(count(">an empty one: it does not say who it is<"), 1);
    draw(view_of_rsa());
    ck_assert_uint_eq(count(">a secret that only our key opens<"), 1);
    ck_assert_uint_eq(count("key share"), 0);
    draw(view_of_ticket12());
    ck_assert_uint_eq(count(">what it can do, and a ticket<"), 1);
    ck_assert_uint_eq(count("key share"), 0);
    draw(view_of_ticket13());
    ck_assert_uint_eq(count(">what it can do, a key share, a ticket<"), 1);
    draw(view_of_client());
    ck_assert_uint_eq(count(">the certificate, made smaller<"), 1);
    ck_assert_uint_eq(count(">who this is, and who vouches for it<"), 1);
}
END_TEST

/* A row without a word would be a message that somebody added and forgot here. */
START_TEST(every_message_has_a_note)
{
    struct handshake_view views[] = {view_of_browser(),  view_of_retry(),    view_of_tls12(), view_of_rsa(),
                                     view_of_ticket13(), view_of_ticket12(), view_of_client()};

    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        draw(views[i]);
        ck_assert_uint_eq(count("class=\"note\""), views[i].timeline.count + 1); /* and the application data */
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_message_is_an_arrow_with_name_size_and_time,
        arrows_point_from_the_sender_to_the_receiver,
        encrypted_messages_are_drawn_unlike_readable_and_meaningless_ones,
        between_flights_it_says_whose_move_it_was,
        a_retry_shows_as_its_own_two_flights,
        what_is_drawn_goes_downwards_and_ends_within_the_height,
        an_unfinished_handshake_claims_no_connection,
        a_full_timeline_says_that_more_followed,
        a_message_name_is_escaped,
        in_tls_12_a_change_cipher_spec_has_a_meaning,
        what_a_message_is_for_follows_the_version_and_the_kind_of_handshake,
        every_message_has_a_note,
    };
    return check_run("ladder", tests, ARRAY_LEN(tests));
}
