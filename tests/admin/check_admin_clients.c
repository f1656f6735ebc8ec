/* Who keeps a descriptor of the admin process for too long, and who makes room when there are none. */
#include "admin/admin_clients.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check_run.h"

enum { WAIT = MAX_ADMIN_CLIENT_WAIT, SECOND = 1000 * 1000, MANY = 100 };

static struct admin_clients clients;
static int client[MANY], here[MANY]; /* both ends */

static void come(int i)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    client[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, MAX_ADMIN_DESCRIPTORS); /* not of this process, as it were */
    here[i] = ends[1];
    ck_assert_int_ge(client[i], 0);
    close(ends[0]);
}

static bool is_ended(int i)
{
    struct pollfd end = {.fd = client[i], .events = POLLIN | POLLRDHUP};

    return poll(&end, 1, 0) > 0;
}

static void go(int i)
{
    close(client[i]);
    close(here[i]);
}

START_TEST(who_asks_for_nothing_is_ended_when_he_has_waited_long)
{
    admin_clients_begin(&clients);
    come(0);
    come(1);
    admin_clients_end_late(&clients, SECOND);
    admin_clients_asked(&clients, here[1], 20 * SECOND);
    admin_clients_end_late(&clients, SECOND + WAIT - 1);
    ck_assert(!is_ended(0) && !is_ended(1));
    admin_clients_end_late(&clients, SECOND + WAIT);
    ck_assert(is_ended(0) && !is_ended(1));
    admin_clients_end_late(&clients, 20 * SECOND + WAIT);
    ck_assert(is_ended(1));
    go(0);
    go(1);
}
END_TEST

START_TEST(another_client_at_the_same_descriptor_has_its_own_time)
{
    int before;

    admin_clients_begin(&clients);
    come(0);
    before = here[0];
    admin_clients_end_late(&clients, SECOND);
    go(0);
    come(0);
    ck_assert_int_eq(here[0], before);
    admin_clients_end_late(&clients, SECOND + WAIT);
    ck_assert(!is_ended(0));
    admin_clients_end_late(&clients, SECOND + 2 * WAIT);
    ck_assert(is_ended(0));
    go(0);
}
END_TEST

START_TEST(what_was_open_from_the_start_is_no_client)
{
    come(0);
    admin_clients_begin(&clients);
    admin_clients_end_late(&clients, SECOND);
    admin_clients_end_late(&clients, SECOND + 10 * (uint64_t)WAIT);
    admin_clients_make_room(&clients, SECOND + 11 * (uint64_t)WAIT);
    admin_clients_asked(&clients, -1, SECOND);
    admin_clients_asked(&clients, MAX_ADMIN_DESCRIPTORS, SECOND);
    ck_assert(!is_ended(0));
    go(0);
}
END_TEST

START_TEST(those_who_have_waited_longest_make_room)
{
    int ended = 0;

    admin_clients_begin(&clients);
    for (int i = 0; i < MANY; i++) {
        come(i);
        admin_clients_end_late(&clients, (uint64_t)(1 + i) * 1000);
    }
    admin_clients_asked(&clients, here[0], SECOND); /* the oldest has asked just now */
    admin_clients_make_room(&clients, 2 * SECOND);
    for (int i = 0; i < MANY; i++)
        ended += is_ended(i);
    ck_assert_int_eq(ended, ADMIN_CLIENTS_LET_GO);
    ck_assert(!is_ended(0) && is_ended(1) && is_ended(ADMIN_CLIENTS_LET_GO) && !is_ended(ADMIN_CLIENTS_LET_GO + 1));
    for (int i = 0; i < MANY; i++)
        go(i);
}
END_TEST

START_TEST(who_has_just_come_stays)
{
    admin_clients_begin(&clients);
    come(0);
    admin_clients_make_room(&clients, SECOND);
    ck_assert(!is_ended(0));
    admin_clients_make_room(&clients, SECOND + 1);
    ck_assert(is_ended(0));
    go(0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_asks_for_nothing_is_ended_when_he_has_waited_long,
        another_client_at_the_same_descriptor_has_its_own_time,
        what_was_open_from_the_start_is_no_client,
        those_who_have_waited_longest_make_room,
        who_has_just_come_stays,
    };

    return check_run("admin_clients", tests, ARRAY_LEN(tests));
}
