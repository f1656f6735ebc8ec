#include "proxy/log_limit.h"

bool log_limit_allows(struct log_limit *limit, uint64_t now, uint32_t per_interval, uint64_t interval,
                      uint32_t *suppressed)
{
    *suppressed = 0;
    if (limit->written == 0 || now - limit->began_at >= interval) {
        limit->began_at = now;
        limit->written = 0;
    }
    if (limit->written >= per_interval) {
        limit->suppressed++;
        return false;
    }
    limit->written++;
    *suppressed = log_limit_take_suppressed(limit);
    return true;
}

uint32_t log_limit_take_suppressed(struct log_limit *limit)
{
    uint32_t count = limit->suppressed;
    limit->suppressed = 0;
    return count;
}
