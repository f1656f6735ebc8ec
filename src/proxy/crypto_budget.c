#include "proxy/crypto_budget.h"

#include "proxy/limits.h"

static int64_t bounded(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value < most ? value : most;
}

/* What all others took since, the loop itself included, earns handshakes their part. */
static void earn(struct crypto_budget *budget, uint64_t spent)
{
    uint64_t others = spent > budget->seen_spent ? spent - budget->seen_spent : 0;

    others = others < MAX_CRYPTO_DEBT ? others : MAX_CRYPTO_DEBT;
    budget->seen_spent = spent;
    budget->credit = bounded(budget->credit + (int64_t)(others * CRYPTO_SHARE / (100 - CRYPTO_SHARE)), -MAX_CRYPTO_DEBT,
                             MAX_CRYPTO_CREDIT);
}

void crypto_budget_spend(struct crypto_budget *budget, uint64_t cost, uint64_t spent)
{
    earn(budget, spent - cost);
    budget->credit = bounded(budget->credit - (int64_t)cost, -MAX_CRYPTO_DEBT, MAX_CRYPTO_CREDIT);
    budget->seen_spent = spent;
}

void crypto_budget_spend_elsewhere(struct crypto_budget *budget, uint64_t cost)
{
    cost = cost < MAX_CRYPTO_DEBT ? cost : MAX_CRYPTO_DEBT;
    budget->elsewhere += (int64_t)cost;
    budget->credit = bounded(budget->credit - (int64_t)cost, -MAX_CRYPTO_DEBT, MAX_CRYPTO_CREDIT);
}

/*
 * Time in which this thread had nothing to do is taken from no relay. What was computed elsewhere meanwhile may be why
 * it did nothing, on a processor that both share, so that much of it does not count.
 */
static void earn_idle(struct crypto_budget *budget, uint64_t now, uint64_t spent)
{
    int64_t idle = (int64_t)(now - budget->looked_at) - (int64_t)(spent - budget->looked_spent) - budget->elsewhere;

    if (now <= budget->looked_at)
        return;
    budget->looked_at = now;
    budget->looked_spent = spent;
    budget->elsewhere = bounded(-idle, 0, MAX_CRYPTO_DEBT);
    budget->credit = bounded(budget->credit + bounded(idle, 0, MAX_CRYPTO_DEBT), -MAX_CRYPTO_DEBT, MAX_CRYPTO_CREDIT);
}

void crypto_budget_note_wait(struct crypto_budget *budget, uint64_t wait, uint64_t now)
{
    if (wait >= OVERLOAD_WAIT)
        budget->over_until = now + OVERLOAD_MEMORY;
}

bool crypto_budget_is_over(const struct crypto_budget *budget, uint64_t now)
{
    return now < budget->over_until;
}

/* Between two answers of its peers a relay that works all the time has nothing to do for a moment. */
static bool are_relays_quiet(const struct crypto_budget *budget, uint64_t now)
{
    uint64_t quiet = budget->step / 2 < RELAY_QUIET ? budget->step / 2 : RELAY_QUIET;

    return now >= budget->relayed_at + quiet;
}

bool crypto_budget_allows(struct crypto_budget *budget, uint64_t now, uint64_t spent)
{
    earn(budget, spent);
    earn_idle(budget, now, spent);
    return !crypto_budget_is_over(budget, now) || budget->credit >= 0 || are_relays_quiet(budget, now);
}
