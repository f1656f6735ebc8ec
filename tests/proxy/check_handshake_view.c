/*
 * The demo backend finds its handshake by the port it is called from, as long as that connection lives.
 */
#include "proxy/handshake_view.h"

#include <check.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct handshake_view view;

static struct handshake_entry *entry_at(uint16_t port, uint64_t id)
{
    struct handshake_entry *entry = handshake_entry_new();

    ck_assert_ptr_nonnull(entry);
    entry->view.connection_id = id;
    handshake_entry_publish(entry, port);
    return entry;
}

START_TEST(an_entry_is_found_by_its_port_until_it_is_freed)
{
    struct handshake_entry *a = entry_at(1000, 1), *b = entry_at(1256, 2), *c = entry_at(1512, 3); /* one bucket */

    ck_assert(handshake_view_find(1256, &view));
    ck_assert_uint_eq(view.connection_id, 2);
    handshake_entry_free(b);
    ck_assert(!handshake_view_find(1256, &view));
    ck_assert(handshake_view_find(1000, &view));
    ck_assert_uint_eq(view.connection_id, 1);
    ck_assert(handshake_view_find(1512, &view));
    ck_assert_uint_eq(view.connection_id, 3);
    handshake_entry_free(a);
    handshake_entry_free(c);
    ck_assert(!handshake_view_find(1000, &view));
}
END_TEST

START_TEST(an_entry_that_is_published_again_is_found_at_its_new_port_only)
{
    struct handshake_entry *entry = entry_at(1000, 1);

    handshake_entry_publish(entry, 2000);
    ck_assert(!handshake_view_find(1000, &view));
    ck_assert(handshake_view_find(2000, &view));
    handshake_entry_free(entry);
    ck_assert(!handshake_view_find(2000, &view));
}
END_TEST

START_TEST(an_entry_that_was_never_published_is_freed_without_a_trace)
{
    handshake_entry_free(handshake_entry_new());
    handshake_entry_free(NULL);
    ck_assert(!handshake_view_find(0, &view));
}
END_TEST

static struct harness h;

static uint16_t peer_port(void)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;

    ck_assert_int_eq(getpeername(h.peer, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

START_TEST(the_demo_backend_finds_the_connection_that_calls_it_and_no_longer_when_it_has_ended)
{
    uint16_t port;

    harness_init(&h);
    harness_start(&h);
    listener_backend(h.listener)->is_demo = true;
    harness_establish(&h);
    port = peer_port();
    ck_assert(handshake_view_find(port, &view));
    ck_assert_uint_eq(view.connection_id, 1);
    ck_assert_int_eq(view.outcome.stage, TLS_STAGE_CONNECTED);
    ck_assert_uint_eq(view.outcome.version, 0x0304);
    ck_assert_ptr_null(view.outcome.credential);
    ck_assert_str_eq(view.sni, "");
    ck_assert(!view.is_client_verified);
    ck_assert_str_eq(view.client_certificate, "");
    ck_assert_msg(strncmp(view.client, "127.0.0.1:", 10) == 0, "%s", view.client);
    ck_assert_uint_ge(view.connected_at, view.accepted_at);
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert(!handshake_view_find(port, &view));
    harness_free(&h);
}
END_TEST

/* Whoever looks at it may do so after the connection: nothing in it may point there. */
START_TEST(a_view_holds_copies_of_what_dies_with_the_connection)
{
    harness_init(&h);
    harness_start(&h);
    listener_backend(h.listener)->is_demo = true;
    harness_open_client(&h);
    harness_send(&h, h.client, "A", 1);
    harness_expect(&h, h.client, "S", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    ck_assert(handshake_view_find(peer_port(), &view));
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert(view.is_client_verified);
    ck_assert_str_eq(view.client_certificate, FAKE_CLIENT);
    ck_assert_str_eq(view.sni, FAKE_SNI);
    ck_assert_str_eq(view.alpn, FAKE_ALPN);
    ck_assert_ptr_null(view.outcome.client);
    ck_assert_ptr_null(view.outcome.credential);
    ck_assert_ptr_null(view.outcome.sni.at);
    ck_assert_ptr_null(view.outcome.alpn.at);
    harness_free(&h);
}
END_TEST

START_TEST(connections_to_other_backends_are_not_in_the_registry)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    ck_assert(!handshake_view_find(peer_port(), &view));
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_entry_is_found_by_its_port_until_it_is_freed,
        an_entry_that_is_published_again_is_found_at_its_new_port_only,
        an_entry_that_was_never_published_is_freed_without_a_trace,
        the_demo_backend_finds_the_connection_that_calls_it_and_no_longer_when_it_has_ended,
        a_view_holds_copies_of_what_dies_with_the_connection,
        connections_to_other_backends_are_not_in_the_registry,
    };
    return check_run("handshake_view", tests, ARRAY_LEN(tests));
}
