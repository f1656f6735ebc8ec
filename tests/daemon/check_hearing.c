/*
 * What a child may say to its master, in which order and how often: whoever says more is ended, whatever it is.
 */
#include <sys/socket.h>

#include "daemon/master_rig.h"
#include "support/check_run.h"

static struct child *worker;

static void set_up(void)
{
    rig_begin();
    worker = rig_add(PROCESS_WORKER, 1);
}

static void say(enum control_type type)
{
    struct control_message message = {.type = type};

    if (type == CONTROL_READY || type == CONTROL_REFUSED)
        message.generation = 7;
    message.exit = type == CONTROL_REFUSED;
    message.report.role = PROCESS_WORKER;
    message.is_dropped = true;
    if (type == CONTROL_CONNECT)
        memcpy(message.path, "/a", 2);
    rig_say(worker, &message);
    children_hear(worker);
}

/* As children_offer() tells it. */
static void order_to_build(void)
{
    worker->building = 7;
    worker->words_due++;
}

START_TEST(what_came_of_its_rights_and_one_answer_to_each_order_are_heard)
{
    set_up();
    order_to_build();
    say(CONTROL_CONFINED);
    ck_assert(!worker->is_ready);
    say(CONTROL_READY);
    ck_assert(worker->is_ready);
    worker->building = 0; /* aborted, and its answer was on its way */
    worker->words_due++;
    say(CONTROL_READY);
    ck_assert(rig_is_heard(worker));
    rig_end();
}
END_TEST

struct order {
    enum control_type first, second;
    bool is_told_to_build, is_serving;
};

static const struct order bad_orders[] = {
    {CONTROL_CONFINED, CONTROL_CONFINED, true, false},
    {CONTROL_CONFINED, CONTROL_READY, false, false},
    {CONTROL_CONFINED, CONTROL_REFUSED, false, true},
    {CONTROL_CONFINED, CONTROL_CONNECT, true, false},
    {CONTROL_READY, 0, true, false},
    {CONTROL_REFUSED, 0, true, false},
    {CONTROL_CONNECT, 0, true, true},
    {CONTROL_COMMIT, 0, true, true},
    {CONTROL_CONFINED, CONTROL_STOP, true, true},
};

START_TEST(what_is_out_of_turn_ends_it)
{
    const struct order *order = &bad_orders[_i];

    set_up();
    if (order->is_told_to_build)
        order_to_build();
    worker->serving = order->is_serving ? 6 : 0;
    say(order->first);
    if (order->second) {
        ck_assert(rig_is_heard(worker));
        say(order->second);
    }
    ck_assert(rig_was_killed(worker));
    rig_end();
}
END_TEST

START_TEST(a_second_answer_to_one_order_ends_it)
{
    set_up();
    order_to_build();
    say(CONTROL_CONFINED);
    say(CONTROL_READY);
    ck_assert(rig_is_heard(worker));
    say(CONTROL_READY);
    ck_assert(rig_was_killed(worker));
    rig_end();
}
END_TEST

START_TEST(one_that_drains_is_ended_as_any_other)
{
    set_up();
    worker->is_leaving = true;
    say(CONTROL_CONFINED);
    say(CONTROL_CONFINED);
    ck_assert(rig_was_killed(worker));
    rig_end();
}
END_TEST

/* It has as many connections as the quota gives, which is of another test; here they are answered at all. */
START_TEST(one_that_serves_may_ask_for_connections)
{
    struct control_message answer;

    set_up();
    say(CONTROL_CONFINED);
    worker->serving = 7;
    say(CONTROL_CONNECT);
    ck_assert(rig_is_heard(worker));
    ck_assert_int_eq(control_receive(rig_other_end(worker), &answer), CONTROL_GOT);
    ck_assert_int_eq(answer.type, CONTROL_CONNECTED);
    rig_end();
}
END_TEST

/* The log would be full of it. */
START_TEST(of_the_last_words_of_a_dead_child_only_those_that_were_due_are_told)
{
    set_up();
    for (int i = 0; i < 20; i++)
        rig_say(worker, &(struct control_message){.type = CONTROL_CONFINED, .report.role = PROCESS_WORKER});
    children_hear_last(worker);
    ck_assert_uint_eq(rig_lines("event=rights"), 1);
    rig_end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_came_of_its_rights_and_one_answer_to_each_order_are_heard,
        a_second_answer_to_one_order_ends_it,
        one_that_drains_is_ended_as_any_other,
        one_that_serves_may_ask_for_connections,
        of_the_last_words_of_a_dead_child_only_those_that_were_due_are_told,
    };
    const TTest *const loops[] = {what_is_out_of_turn_ends_it};

    return check_run_loops("hearing", tests, ARRAY_LEN(tests), loops, 1, ARRAY_LEN(bad_orders));
}
