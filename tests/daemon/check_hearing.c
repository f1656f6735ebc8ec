/*
 * What a child may say to its master, in which order and how often: whoever says more is ended, whatever it is.
 */
#include <sys/socket.h>
#include <unistd.h>

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

START_TEST(that_it_is_alive_a_resolver_says_once_for_each_question)
{
    static const struct control_message alive = {.type = CONTROL_ALIVE};
    struct child *resolver;

    rig_begin();
    resolver = rig_add(PROCESS_RESOLVER, 1);
    resolver->pings = 1;
    rig_say(resolver, &alive);
    children_hear(resolver);
    ck_assert(rig_is_heard(resolver));
    rig_say(resolver, &alive);
    children_hear(resolver);
    ck_assert(rig_was_killed(resolver));
    rig_end();
}
END_TEST

/* ---- a worker that is told */

static void know_a_name(void)
{
    struct host_address address = {.family = 4, .bytes = {192, 0, 2, 1}};
    struct host_addresses addresses = {.count = 0}, before;
    struct names *names = &rig_master.resolving.names;
    const struct name *name;

    ck_assert(names_add(names, "a.test", NAME_TO_CONNECT));
    name = names_ask(names, master_now());
    ck_assert_ptr_nonnull(name);
    host_addresses_add(&addresses, &address);
    ck_assert_int_eq(names_take(names, name->question, HOST_OK, &addresses, master_now(), &name, &before),
                     NAMES_CHANGED);
}

/* The kernel's memory is not to be had out in a test: what is no socket takes no message, either. */
START_TEST(what_a_worker_cannot_be_told_now_it_is_told_later)
{
    struct control_message message;
    int control, nowhere[2];

    set_up();
    know_a_name();
    ck_assert_int_eq(pipe(nowhere), 0);
    control = worker->control;
    worker->control = nowhere[1];
    resolving_tell(worker);
    ck_assert(rig_master.resolving.is_told_later);
    worker->control = control;
    resolving_tell(worker);
    ck_assert_int_eq(control_receive(rig_other_end(worker), &message), CONTROL_GOT);
    ck_assert_int_eq(message.type, CONTROL_ADDRESSES);
    ck_assert_str_eq(message.host, "a.test");
    close(nowhere[0]);
    close(nowhere[1]);
    names_free(&rig_master.resolving.names);
    rig_end();
}
END_TEST

START_TEST(one_that_is_gone_is_not_told_again_and_again)
{
    set_up();
    know_a_name();
    ck_assert_int_eq(shutdown(rig_other_end(worker), SHUT_RDWR), 0);
    resolving_tell(worker);
    ck_assert(!rig_master.resolving.is_told_later);
    names_free(&rig_master.resolving.names);
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
        that_it_is_alive_a_resolver_says_once_for_each_question,
        what_a_worker_cannot_be_told_now_it_is_told_later,
        one_that_is_gone_is_not_told_again_and_again,
        of_the_last_words_of_a_dead_child_only_those_that_were_due_are_told,
    };
    const TTest *const loops[] = {what_is_out_of_turn_ends_it};

    return check_run_loops("hearing", tests, ARRAY_LEN(tests), loops, 1, ARRAY_LEN(bad_orders));
}
