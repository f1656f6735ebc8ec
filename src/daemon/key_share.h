/*
 * key_share.h: what a worker may take of a keyholder's time: a token bucket, filled by time, emptied by key work.
 *
 * A bucket gets its share of all time that passes, one part in as many as there are workers, and holds little, so that
 * one who was idle does not come in first for long, and one who took more does not pay for it for ever. It decides who
 * goes first, not who goes: time that nobody with tokens wants is for those without.
 */
#ifndef DAEMON_KEY_SHARE_H
#define DAEMON_KEY_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_SHARE_BURST = 20 * 1000 }; /* microseconds: the most it holds, and the most it owes */

struct key_share {
    int64_t balance; /* microseconds of key time */
    uint64_t filled_at;
};

struct key_share key_share_new(uint64_t now); /* full */
void key_share_fill(struct key_share *share, uint64_t now, size_t workers);
void key_share_charge(struct key_share *share, uint64_t spent);
bool key_share_has_some(const struct key_share *share);

#endif
