#include "daemon/backoff.h"

uint32_t backoff_next(struct backoff *backoff, uint64_t lived)
{
    if (lived >= BACKOFF_LIVED)
        backoff->wait = 0;
    else if (backoff->wait == 0)
        backoff->wait = BACKOFF_FIRST;
    else
        backoff->wait = backoff->wait < BACKOFF_MOST / 2 ? 2 * backoff->wait : BACKOFF_MOST;
    return backoff->wait;
}

bool backoff_is_loop(const struct backoff *backoff)
{
    return backoff->wait > BACKOFF_FIRST;
}
