/*
 * crypto_budget.h: how the one thread is divided between handshakes and relays when there is not enough of it.
 *
 * Normally handshakes go as they come, a little in each turn of the loop. Once some have waited OVERLOAD_WAIT the
 * worker is over its budget: then they get CRYPTO_SHARE of a hundred parts of the time, and more only while the relays
 * have nothing to do or the thread is idle. What another process computes for them counts as well: the processor that
 * it takes is one that relays want, wherever processes are as many as processors. One signature by RSA of 4096 bits
 * takes as long as the relay of a megabyte.
 */
#ifndef PROXY_CRYPTO_BUDGET_H
#define PROXY_CRYPTO_BUDGET_H

#include "base/attributes.h"
#include "base/bytes.h"

/* Microseconds: of the clock, and, where it says `spent`, of what this thread computed (proxy_spent()). Begins zeroed.
 */
struct crypto_budget {
    int64_t credit;                   /* what handshakes may take now; below 0 they took it in advance */
    uint64_t seen_spent;              /* up to when the time of all others is counted in `credit` */
    uint64_t looked_at, looked_spent; /* when idle time was last counted */
    int64_t elsewhere;                /* computed by others, which idle time is set off against */
    uint64_t relayed_at;              /* when a relay last moved something */
    uint64_t over_until;
    uint64_t step; /* what a handshake costs: relays that were quiet for half of it have nothing to do */
};

/* A step of a handshake took `cost`, up to now. */
void crypto_budget_spend(struct crypto_budget *budget, uint64_t cost, uint64_t spent);

/* So much of it was computed by another process. */
void crypto_budget_spend_elsewhere(struct crypto_budget *budget, uint64_t cost);

/* Somebody in line has waited so long. */
void crypto_budget_note_wait(struct crypto_budget *budget, uint64_t wait, uint64_t now);
MUST_CHECK bool crypto_budget_is_over(const struct crypto_budget *budget, uint64_t now);

/* Whether a step may be taken now. */
MUST_CHECK bool crypto_budget_allows(struct crypto_budget *budget, uint64_t now, uint64_t spent);

#endif
