/* How the thread is divided between handshakes and relays (row D02 of the catalogue of faults). */
#include "proxy/crypto_budget.h"

#include <check.h>

#include "proxy/limits.h"
#include "support/check_run.h"

enum { START = 1000000000 };

static struct crypto_budget budget;
static uint64_t now, spent;

/* The same time goes by on both clocks: the thread never sleeps. */
static void let_pass(uint64_t time)
{
    now += time;
    spent += time;
}

static void relay(uint64_t time)
{
    let_pass(time);
    budget.relayed_at = now;
}

static void step(uint64_t cost)
{
    let_pass(cost);
    crypto_budget_spend(&budget, cost, spent);
}

static void begin(void)
{
    now = START;
    spent = 1;
    budget = (struct crypto_budget){.step = 2 * RELAY_QUIET, .looked_at = now, .looked_spent = spent};
    relay(1);
}

static void step_elsewhere(uint64_t cost)
{
    crypto_budget_spend_elsewhere(&budget, cost);
}

/* Of the time that goes by while relays always have something to do, or are idle a while between their turns. */
static uint64_t percent_of_steps(uint64_t cost, uint64_t idle, uint64_t turn, void (*take)(uint64_t cost))
{
    uint64_t steps = 0, began = now;

    while (now - began < 10 * 1000 * 1000) {
        crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
        if (crypto_budget_allows(&budget, now, spent)) {
            take(cost);
            steps += cost;
        }
        now += idle; /* the thread slept */
        relay(turn);
    }
    return steps * 100 / (now - began);
}

START_TEST(as_long_as_nobody_waits_handshakes_go_as_they_come)
{
    begin();
    for (int i = 0; i < 1000; i++) {
        ck_assert(crypto_budget_allows(&budget, now, spent));
        step(10000);
        crypto_budget_note_wait(&budget, OVERLOAD_WAIT - 1, now);
        relay(10);
    }
    ck_assert(!crypto_budget_is_over(&budget, now));
}
END_TEST

START_TEST(over_the_budget_handshakes_get_their_share_whatever_a_step_costs)
{
    static const uint64_t costs[] = {50, 300, 1500, 6000, 20000};

    for (size_t i = 0; i < ARRAY_LEN(costs); i++) {
        uint64_t percent;
        begin();
        percent = percent_of_steps(costs[i], 0, 200, step);
        ck_assert_msg(percent + 6 >= CRYPTO_SHARE || costs[i] < 67, "%lu us: %lu %%", costs[i], percent);
        ck_assert_msg(percent <= CRYPTO_SHARE + 1, "%lu us: %lu %%", costs[i], percent);
    }
}
END_TEST

/* A third of what relays take, as if both were of one thread. */
START_TEST(what_another_process_computes_for_them_counts_as_well)
{
    uint64_t percent;

    begin();
    percent = percent_of_steps(6000, 0, 200, step_elsewhere);
    ck_assert_msg(percent >= 30 && percent <= 35, "%lu %%", percent);
    budget.credit = 0;
    step_elsewhere(UINT64_C(1) << 63);
    ck_assert_int_eq(budget.credit, -MAX_CRYPTO_DEBT);
}
END_TEST

/* A fifth of the time is for relays, and the rest nobody wants. Half of it is for handshakes, as what is computed
 * elsewhere may be on this processor: more than a third of what relays take. */
START_TEST(idle_time_is_for_handshakes)
{
    uint64_t percent;

    begin();
    percent = percent_of_steps(6000, 160, 40, step_elsewhere);
    ck_assert_msg(percent >= 35 && percent <= 50, "%lu %%", percent);
}
END_TEST

/* What was owed before there was too little time is owed to nobody. */
START_TEST(debts_of_quiet_times_are_forgotten)
{
    begin();
    step_elsewhere(MAX_CRYPTO_DEBT);
    now += 2 * MAX_CRYPTO_DEBT; /* the thread slept */
    relay(1);
    crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
    ck_assert(crypto_budget_allows(&budget, now, spent));
}
END_TEST

START_TEST(relays_that_have_nothing_to_do_leave_all_of_the_time)
{
    begin();
    crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
    step(20000);
    relay(1);
    ck_assert(!crypto_budget_allows(&budget, now, spent));
    now += RELAY_QUIET - 1; /* the thread slept */
    ck_assert(!crypto_budget_allows(&budget, now, spent));
    now++;
    ck_assert(crypto_budget_allows(&budget, now, spent));
}
END_TEST

/* Else handshakes that cost little would wait ten times as long as they take. */
START_TEST(the_cheaper_a_handshake_the_sooner_relays_count_as_quiet)
{
    begin();
    budget.step = 300;
    crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
    step(20000);
    relay(1);
    now += 149;
    ck_assert(!crypto_budget_allows(&budget, now, spent));
    now++;
    ck_assert(crypto_budget_allows(&budget, now, spent));
}
END_TEST

START_TEST(it_ends_when_nobody_has_waited_for_a_while)
{
    begin();
    crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
    ck_assert(crypto_budget_is_over(&budget, now + OVERLOAD_MEMORY - 1));
    ck_assert(!crypto_budget_is_over(&budget, now + OVERLOAD_MEMORY));
}
END_TEST

/* After an hour without handshakes no hour of them is due, and after a storm on an idle machine no hour of relays. */
START_TEST(neither_credit_nor_debt_grows_without_bound)
{
    begin();
    crypto_budget_note_wait(&budget, OVERLOAD_WAIT, now);
    relay(UINT64_C(3600000000));
    ck_assert(crypto_budget_allows(&budget, now, spent));
    ck_assert_int_le(budget.credit, MAX_CRYPTO_CREDIT);
    step(UINT64_C(3600000000));
    ck_assert_int_ge(budget.credit, -MAX_CRYPTO_DEBT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        as_long_as_nobody_waits_handshakes_go_as_they_come,
        over_the_budget_handshakes_get_their_share_whatever_a_step_costs,
        what_another_process_computes_for_them_counts_as_well,
        idle_time_is_for_handshakes,
        debts_of_quiet_times_are_forgotten,
        relays_that_have_nothing_to_do_leave_all_of_the_time,
        the_cheaper_a_handshake_the_sooner_relays_count_as_quiet,
        it_ends_when_nobody_has_waited_for_a_while,
        neither_credit_nor_debt_grows_without_bound,
    };

    return check_run("crypto_budget", tests, ARRAY_LEN(tests));
}
