/*
 * Which worker asks which keyholder: who drains, whom descriptors were not there for, who is of another binary; and
 * what a keyholder may report, of whom.
 */
#include "daemon/keyholder.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/master_rig.h"
#include "proxy/key_wire.h"
#include "support/check_run.h"

static struct child *worker, *keyholder;
static struct deployment next;

static struct child *add(enum process_role role, uint16_t number, uint32_t generation)
{
    struct child *child = rig_add(role, number);

    child->generation = role == PROCESS_KEYHOLDER ? generation : 0;
    child->serving = generation;
    child->key_wire = KEY_WIRE_VERSION;
    return child;
}

/* Both serve generation 7, and do not know each other. */
static void set_up(void)
{
    rig_begin();
    worker = add(PROCESS_WORKER, 1, 7);
    keyholder = add(PROCESS_KEYHOLDER, 1, 7);
}

/* The keyholder was handed the socket of that process. */
static bool was_ordered(const struct child *to, const struct child *of)
{
    struct keyholder_order order;

    return recv(rig_other_end(to), &order, sizeof order, MSG_DONTWAIT) == sizeof order &&
           order.type == KEYHOLDER_ATTACH && order.worker == (uint32_t)of->pid;
}

static bool was_told(const struct child *of)
{
    struct control_message message;

    if (control_receive(rig_other_end(of), &message) != CONTROL_GOT)
        return false;
    ck_assert_int_eq(message.type, CONTROL_KEYHOLDER);
    close(message.fds[0]);
    return true;
}

static bool are_joined(void)
{
    bool is_ordered = was_ordered(keyholder, worker), is_told = was_told(worker);

    ck_assert(is_ordered == is_told);
    return is_ordered;
}

/* ---- who is joined */

START_TEST(a_worker_that_serves_is_joined_to_the_keyholder_of_its_generation)
{
    set_up();
    keyholders_attach_worker(worker);
    ck_assert(are_joined());
    ck_assert_uint_eq(worker->asks, 7);
    rig_end();
}
END_TEST

/* It was dismissed by a reload to fewer workers: its connections go on under a generation that is over. */
START_TEST(one_that_drains_is_joined_to_a_keyholder_that_took_the_place_of_a_dead_one)
{
    set_up();
    worker->serving = 6;
    worker->is_leaving = true;
    keyholders_attach_all(&rig_master, 7); /* at the commit of the next one */
    ck_assert(are_joined());
    keyholders_attach_keyholder(keyholder);
    ck_assert(are_joined());
    rig_end();
}
END_TEST

START_TEST(one_whose_keyholder_was_dead_at_the_commit_is_joined_to_the_next)
{
    int control;

    set_up();
    worker->serving = 6;
    worker->is_leaving = true;
    control = keyholder->control;
    keyholder->control = -1;
    keyholders_attach_all(&rig_master, 7);
    ck_assert(!are_joined());
    keyholder->control = control;
    keyholders_attach_keyholder(keyholder);
    ck_assert(are_joined());
    rig_end();
}
END_TEST

START_TEST(one_that_comes_while_its_keyholder_is_not_there_is_joined_when_it_is)
{
    pid_t pid;

    set_up();
    pid = keyholder->pid;
    keyholder->pid = 0;
    keyholders_attach_worker(worker);
    ck_assert(!are_joined());
    keyholder->pid = pid;
    keyholders_attach_keyholder(keyholder);
    ck_assert(are_joined());
    rig_end();
}
END_TEST

START_TEST(without_descriptors_it_is_tried_again_until_there_are_some)
{
    struct rlimit limit, none;

    set_up();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){3, limit.rlim_max}; /* standard ones: poll(2) needs a limit, too */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    keyholders_attach_worker(worker);
    keyholders_try_again(&rig_master);
    keyholders_try_again(&rig_master);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert(!are_joined());
    ck_assert_uint_eq(rig_lines("cannot be joined"), 1);
    keyholders_try_again(&rig_master);
    ck_assert(are_joined());
    keyholders_try_again(&rig_master); /* once is enough */
    ck_assert(!are_joined());
    rig_end();
}
END_TEST

/* ---- after an upgrade */

START_TEST(a_worker_of_another_binary_makes_room_for_one_that_a_new_keyholder_understands)
{
    set_up();
    worker->key_wire = KEY_WIRE_VERSION - 1;
    worker->asks = 7;
    keyholders_attach_keyholder(keyholder);
    ck_assert(rig_was_killed(worker));
    ck_assert(rig_is_heard(keyholder));
    ck_assert(!was_ordered(keyholder, worker));
    rig_end();
}
END_TEST

START_TEST(a_keyholder_of_another_binary_makes_room_for_one_that_a_new_worker_understands)
{
    set_up();
    keyholder->key_wire = KEY_WIRE_VERSION + 1;
    keyholders_attach_worker(worker);
    ck_assert(rig_was_killed(keyholder));
    ck_assert(rig_is_heard(worker));
    rig_end();
}
END_TEST

START_TEST(at_an_upgrade_who_is_not_understood_keeps_the_keyholder_that_it_has)
{
    set_up();
    worker->key_wire = KEY_WIRE_VERSION - 1;
    worker->serving = worker->asks = 6;
    next = (struct deployment){.number = 7, .is_upgrade = true};
    rig_master.next = &next;
    keyholders_attach_all(&rig_master, 7);
    ck_assert(!are_joined());
    ck_assert(rig_is_heard(worker) && rig_is_heard(keyholder));
    ck_assert_uint_eq(worker->asks, 6);
    worker->key_wire = KEY_WIRE_VERSION;
    keyholders_attach_all(&rig_master, 7);
    ck_assert(are_joined());
    rig_end();
}
END_TEST

/* Its handshakes need the keyholder that it has as long as they may go on, whatever the next configuration says. */
START_TEST(a_keyholder_may_leave_as_slowly_as_the_slowest_that_drains)
{
    set_up();
    worker->drain_timeout = 600 * 1000000ULL;
    worker->is_leaving = true;
    keyholder->drain_timeout = 1000000;
    keyholder->is_leaving = true;
    hung_spare_leaving(keyholder);
    ck_assert_uint_gt(keyholder->leave_by, master_now() + 590 * 1000000ULL);
    rig_end();
}
END_TEST

/* ---- reports */

static void report(uint32_t type, uint32_t pid)
{
    struct keyholder_report message = {type, pid};

    ck_assert_int_eq(send(rig_other_end(keyholder), &message, sizeof message, 0), sizeof message);
    keyholders_hear(keyholder);
}

static void set_up_joined(void)
{
    set_up();
    keyholders_attach_worker(worker);
    ck_assert(are_joined());
}

START_TEST(a_worker_that_violated_is_killed_also_while_it_drains)
{
    set_up_joined();
    worker->is_leaving = true;
    report(KEYHOLDER_WORKER_VIOLATED, (uint32_t)worker->pid);
    ck_assert(rig_was_killed(worker));
    ck_assert(rig_is_heard(keyholder));
    rig_end();
}
END_TEST

/* The one before it, with the same number, violated and was gone before the master heard of it. */
START_TEST(a_report_of_a_process_that_is_gone_harms_nobody_in_its_place)
{
    set_up_joined();
    report(KEYHOLDER_WORKER_VIOLATED, worker->number);
    ck_assert(rig_is_heard(worker) && rig_is_heard(keyholder));
    rig_end();
}
END_TEST

START_TEST(a_worker_that_is_refused_is_killed_for_another_or_joined_again_where_it_drains)
{
    set_up_joined();
    worker->is_leaving = true;
    report(KEYHOLDER_WORKER_REFUSED, (uint32_t)worker->pid);
    ck_assert(rig_is_heard(worker));
    keyholders_try_again(&rig_master);
    ck_assert(are_joined());
    worker->is_leaving = false;
    report(KEYHOLDER_WORKER_REFUSED, (uint32_t)worker->pid);
    ck_assert(rig_was_killed(worker));
    rig_end();
}
END_TEST

START_TEST(a_keyholder_reports_no_more_often_than_it_was_handed_workers)
{
    set_up_joined();
    report(KEYHOLDER_WORKER_VIOLATED, 1);
    ck_assert(rig_is_heard(keyholder));
    report(KEYHOLDER_WORKER_VIOLATED, (uint32_t)worker->pid);
    ck_assert(rig_was_killed(keyholder));
    ck_assert(rig_is_heard(worker));
    rig_end();
}
END_TEST

START_TEST(what_is_no_report_ends_a_keyholder)
{
    set_up_joined();
    report(77, (uint32_t)worker->pid);
    ck_assert(rig_was_killed(keyholder));
    ck_assert(rig_is_heard(worker));
    rig_end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_worker_that_serves_is_joined_to_the_keyholder_of_its_generation,
        one_that_drains_is_joined_to_a_keyholder_that_took_the_place_of_a_dead_one,
        one_whose_keyholder_was_dead_at_the_commit_is_joined_to_the_next,
        one_that_comes_while_its_keyholder_is_not_there_is_joined_when_it_is,
        without_descriptors_it_is_tried_again_until_there_are_some,
        a_worker_of_another_binary_makes_room_for_one_that_a_new_keyholder_understands,
        a_keyholder_of_another_binary_makes_room_for_one_that_a_new_worker_understands,
        at_an_upgrade_who_is_not_understood_keeps_the_keyholder_that_it_has,
        a_keyholder_may_leave_as_slowly_as_the_slowest_that_drains,
        a_worker_that_violated_is_killed_also_while_it_drains,
        a_report_of_a_process_that_is_gone_harms_nobody_in_its_place,
        a_worker_that_is_refused_is_killed_for_another_or_joined_again_where_it_drains,
        a_keyholder_reports_no_more_often_than_it_was_handed_workers,
        what_is_no_report_ends_a_keyholder,
    };
    return check_run("keyholders", tests, ARRAY_LEN(tests));
}
