#include "proxy/counters.h"

#include <stdio.h>

#include "base/log.h"

static void log_if_any(struct log_line *line, const char *name, uint64_t value)
{
    if (value != 0)
        log_number(line, name, (int64_t)value);
}

void counters_log(const struct counters *counters)
{
    struct log_line line;
    char name[64];

    log_begin(&line, LOG_LEVEL_NOTICE, "counters");
#define X(name) log_if_any(&line, #name, counters->name);
#include "proxy/counters.def"
#undef X
    for (int why = 1; why < WHY_COUNT; why++) {
        snprintf(name, sizeof name, "why_%s", why_name((enum why)why));
        log_if_any(&line, name, counters->ended_by_why[why]);
    }
    log_if_any(&line, "lines_lost", log_lost_lines());
    log_end(&line);
}
