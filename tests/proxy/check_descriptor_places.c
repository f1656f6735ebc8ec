/* What libevent keeps for a descriptor's number is made for many at a time (row D03 of the catalogue of faults). */
#include "proxy/descriptor_places.h"

#include <check.h>
#include <event2/event.h>
#include <event2/event_struct.h>
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

/* Neither what is waited for already nor a number that nobody has open is touched. */
START_TEST(who_waits_goes_on_waiting)
{
    struct event event;
    int ends[2], count = 0;

    begin(EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(event_assign(&event, base, ends[0], EV_READ | EV_PERSIST, on_event, &count), 0);
    ck_assert_int_eq(event_add(&event, NULL), 0);
    descriptor_places_make(&places, base, ends[0]);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    ck_assert_int_eq(count, 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    ck_assert_int_eq(count, 1);
    event_del(&event);
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
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

    event_set_mem_functions(take, realloc, free);
    return check_run("descriptor_places", tests, ARRAY_LEN(tests));
}
