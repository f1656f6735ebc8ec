/*
 * log_limit.h: so many lines a second of one class of trouble, then silence, then how many were left out.
 */
#ifndef PROXY_LOG_LIMIT_H
#define PROXY_LOG_LIMIT_H

#include "base/attributes.h"
#include "base/bytes.h"

struct log_limit {
    uint64_t began_at; /* microseconds */
    uint32_t written;  /* since began_at */
    uint32_t suppressed;
};

/*
 * May a line be written now? `per_second` lines are let through in any `interval` microseconds. *suppressed tells
 * how many were left out before this one; it is 0 unless the answer is true.
 */
MUST_CHECK bool log_limit_allows(struct log_limit *limit, uint64_t now, uint32_t per_interval, uint64_t interval,
                                 uint32_t *suppressed);

/* How many lines were left out and not yet told; forgets them. */
uint32_t log_limit_take_suppressed(struct log_limit *limit);

#endif
