#include "daemon/key_share.h"

struct key_share key_share_new(uint64_t now)
{
    return (struct key_share){KEY_SHARE_BURST, now};
}

/* What does not make a whole microsecond stays for the next time. */
void key_share_fill(struct key_share *share, uint64_t now, size_t workers)
{
    uint64_t part = (now - share->filled_at) / workers;

    share->filled_at += part * workers;
    share->balance = part >= 2 * KEY_SHARE_BURST ? KEY_SHARE_BURST : share->balance + (int64_t)part;
    if (share->balance > KEY_SHARE_BURST)
        share->balance = KEY_SHARE_BURST;
}

void key_share_charge(struct key_share *share, uint64_t spent)
{
    share->balance = spent >= 2 * KEY_SHARE_BURST ? -KEY_SHARE_BURST : share->balance - (int64_t)spent;
    if (share->balance < -KEY_SHARE_BURST)
        share->balance = -KEY_SHARE_BURST;
}

bool key_share_has_some(const struct key_share *share)
{
    return share->balance > 0;
}
