/* What libevent keeps for a descriptor's number is made for many at a time (row D03 of the catalogue of faults). */
#include "proxy/descriptor_places.h"

#include <check.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check_run.h"

static unsigned allocations;
static struct event_base *base;
static struct descriptor_places places;

static void *take(size_t len)
{
    allocations++;
    return malloc(len);
}

static void on_log(int severity, const char *message)
{
    (void)severity;
    ck_abort_msg("%s", message);
}

static void begin(int flags)
{
    struct event_config *config = event_config_new();

    ck_assert_int_eq(event_config_set_flag(config, flags), 0);
    base = event_base_new_with_config(config);
    ck_assert_ptr_nonnull(base);
    event_config_free(config);
    places = (struct descriptor_places){0};
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
    char byte;
    (void)what;

    ck_assert_int_eq(read(fd, &byte, 1), 1);
    ++*(int *)context;
}

/* What the first event of this number takes. */
static unsigned cost_of_first(int fd)
{
    struct event event;
    unsigned before = allocations;

    ck_assert_int_eq(event_assign(&event, base, fd, EV_READ, on_event, NULL), 0);
    ck_assert_int_eq(event_add(&event, NULL), 0);
    ck_assert_int_eq(event_del(&event), 0);
    return allocations - before;
}

START_TEST(the_numbers_around_one_that_comes_have_their_places)
{
    unsigned before;

    begin(EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    descriptor_places_make(&places, base, 300);
    ck_assert_int_gt(places.count, 300);
    ck_assert_uint_eq(cost_of_first(300), 0);
    ck_assert_uint_eq(cost_of_first(places.count - 1), 0);
    before = allocations;
    descriptor_places_make(&places, base, places.count - 1);
    ck_assert_uint_eq(allocations, before);
    ck_assert_uint_gt(cost_of_first(places.count), 0); /* the control */
    event_base_free(base);
}
END_TEST

static void on_room(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    ++*(int *)context;
}

static void turn(void)
{
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

/* Of one that waits to read and one that waits to write, in epoll or only about to be, nothing is touched; and of
 * numbers that nobody has open epoll does not hear (which libevent would warn of). */
static void wait_beside_places(bool is_in_epoll)
{
    struct event reader, writer;
    int ends[2], reads = 0, writes = 0;

    begin(EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], "0123456789abcdef", 16) > 0)
        ;
    ck_assert_int_eq(event_assign(&reader, base, ends[0], EV_READ, on_event, &reads), 0);
    ck_assert_int_eq(event_assign(&writer, base, ends[1], EV_WRITE, on_room, &writes), 0);
    ck_assert_int_eq(event_add(&writer, NULL), 0);
    if (is_in_epoll)
        turn();
    ck_assert_int_eq(event_add(&reader, NULL), 0);
    descriptor_places_make(&places, base, ends[1]);
    turn();
    ck_assert_int_eq(reads, 1);
    ck_assert_int_eq(writes, 0);
    while (read(ends[0], &(char[4096]){0}, 4096) > 0)
        ;
    turn();
    ck_assert_int_eq(writes, 1);
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
}

START_TEST(who_waits_goes_on_waiting)
{
    wait_beside_places(false);
    wait_beside_places(true);
}
END_TEST

START_TEST(where_epoll_would_hear_of_it_nothing_is_made)
{
    begin(0);
    descriptor_places_make(&places, base, 300);
    ck_assert_int_eq(places.count, 0);
    event_base_free(base);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_numbers_around_one_that_comes_have_their_places,
        who_waits_goes_on_waiting,
        where_epoll_would_hear_of_it_nothing_is_made,
    };

    event_set_log_callback(on_log);
    event_set_mem_functions(take, realloc, free);
    return check_run("descriptor_places", tests, ARRAY_LEN(tests));
}
