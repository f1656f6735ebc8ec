/* The root of the ticket keys over reloads: what is refused changes nothing, what is in force needs no other. */
#include "daemon/master_rig.h"
#include "support/check_run.h"

static struct config configs[2];
static struct deployment current, next;

static void set_up(void)
{
    rig_begin();
    rig_master.base = event_base_new();
    ck_assert_ptr_nonnull(rig_master.base);
    rig_master.ticket_turn = evtimer_new(rig_master.base, NULL, NULL);
    ck_assert_ptr_nonnull(rig_master.ticket_turn);
    memset(configs, 0, sizeof configs);
    for (int i = 0; i < 2; i++) {
        configs[i].general.ticket_key_issues = 3600 * UINT64_C(1000000);
        configs[i].general.ticket_key_accepts = 7200 * UINT64_C(1000000);
    }
    current.config = &configs[0];
    next.config = &configs[1];
    rig_master.next = &current;
    ck_assert(tickets_prepare(&rig_master));
    rig_master.current = &current;
    tickets_take_over(&rig_master);
    rig_master.next = &next;
}

static void tear_down(void)
{
    rig_master.current = rig_master.next = NULL;
    event_free(rig_master.ticket_turn);
    event_base_free(rig_master.base);
    rig_end();
}

static void put_to_work(void)
{
    rig_master.current = &next;
    tickets_take_over(&rig_master);
    rig_master.next = NULL;
}

static bool is_same(const struct ticket_root *a, const struct ticket_root *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_turned(void)
{
    return evtimer_pending(rig_master.ticket_turn, NULL);
}

START_TEST(other_times_are_a_new_root_which_what_is_refused_takes_with_it)
{
    struct ticket_root before;

    set_up();
    before = *tickets_of(&rig_master, &current);
    ck_assert_uint_eq(before.issues, 3600);
    configs[1].general.ticket_key_issues = 1800 * UINT64_C(1000000);
    ck_assert(tickets_prepare(&rig_master));
    ck_assert_uint_eq(tickets_of(&rig_master, &next)->issues, 1800);
    ck_assert(is_same(tickets_of(&rig_master, &current), &before));
    tickets_give_up(&rig_master);
    ck_assert(is_same(tickets_of(&rig_master, &current), &before));
    ck_assert(is_turned());
    tear_down();
}
END_TEST

START_TEST(what_is_in_force_goes_on_and_new_times_come_with_the_commit)
{
    struct ticket_root before;

    set_up();
    before = *tickets_of(&rig_master, &current);
    ck_assert(tickets_prepare(&rig_master));
    put_to_work();
    ck_assert(is_same(tickets_of(&rig_master, &next), &before));
    rig_master.next = &current;
    configs[0].general.ticket_key_issues = 1800 * UINT64_C(1000000);
    ck_assert(tickets_prepare(&rig_master));
    rig_master.current = &current;
    tickets_take_over(&rig_master);
    ck_assert_uint_eq(tickets_of(&rig_master, &current)->issues, 1800);
    ck_assert_uint_eq(rig_master.tickets.next.issues, 0);
    ck_assert(is_turned());
    tear_down();
}
END_TEST

/* Else all that was sealed since its epoch could be opened by whoever finds it later. */
START_TEST(where_keys_come_from_files_none_is_kept_and_until_then_it_is_turned)
{
    struct config_value file = {.text = "/nowhere"};

    set_up();
    configs[1].general.ticket_keys = (struct config_list){&file, 1};
    ck_assert(tickets_prepare(&rig_master));
    ck_assert_ptr_null(tickets_of(&rig_master, &next));
    ck_assert_ptr_nonnull(tickets_of(&rig_master, &current));
    ck_assert(is_turned());
    put_to_work();
    ck_assert(is_same(&rig_master.tickets.in_force, &(struct ticket_root){.issues = 0}));
    ck_assert(!is_turned());
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        other_times_are_a_new_root_which_what_is_refused_takes_with_it,
        what_is_in_force_goes_on_and_new_times_come_with_the_commit,
        where_keys_come_from_files_none_is_kept_and_until_then_it_is_turned,
    };

    return check_run("tickets", tests, ARRAY_LEN(tests));
}
