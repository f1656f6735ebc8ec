#include "proxy/counters.h"

#include <stdio.h>

#include "base/log.h"

static const struct counters_row shown[] = {
#define X(name, help) {#name, help, offsetof(struct counters, name)},
#include "proxy/counters.def"
#undef X
};

bool counters_row_at(size_t index, struct counters_row *row)
{
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        if (!shown[i].help || index-- > 0)
            continue;
        *row = shown[i];
        return true;
    }
    return false;
}

void counters_reset_gauges(struct counters *counters)
{
    struct gauges *gauges = &counters->gauges;

    for (size_t i = 0; i < MAX_COUNTED_LISTENERS; i++)
        for (size_t state = 0; state < COUNTED_STATES; state++)
            count_set(&gauges->connections[i][state], 0);
    for (size_t i = 0; i < MAX_COUNTED_SERVERS; i++)
        count_set(&gauges->relayed[i], 0);
    count_set(&gauges->beat, 0);
}

void counters_add(struct counters *sum, const struct counters *from)
{
#define X(name, help) count_more(&sum->name, count_read(&from->name));
#include "proxy/counters.def"
#undef X
    for (int why = 0; why < WHY_COUNT; why++)
        count_more(&sum->ended_by_why[why], count_read(&from->ended_by_why[why]));
}

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
#define X(name, help) log_if_any(&line, #name, counters->name);
#include "proxy/counters.def"
#undef X
    for (int why = 1; why < WHY_COUNT; why++) {
        snprintf(name, sizeof name, "why_%s", why_name((enum why)why));
        log_if_any(&line, name, counters->ended_by_why[why]);
    }
    log_if_any(&line, "lines_lost", log_lost_lines());
    log_end(&line);
}
