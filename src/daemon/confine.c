#include "daemon/confine.h"

#include <unistd.h>

#include "base/log.h"
#include "daemon/control.h"
#include "daemon/master.h"
#include "daemon/rights.h"

bool confine_wait(int control, struct control_message *start)
{
    enum control_result result = control_wait(control, start);

    if (result == CONTROL_GONE)
        return false;
    if (result == CONTROL_GOT && start->type == CONTROL_START) {
        log_configure((enum log_format)start->log_format, (enum log_level)start->log_level, STDERR_FILENO);
        return true;
    }
    log_message(LOG_LEVEL_ERROR, "the master's first word is not what to give up: stopping");
    return false;
}

bool confine_now(enum process_role role, int control, const struct control_message *start)
{
    struct control_message answer = {.type = CONTROL_CONFINED};

    answer.is_dropped = rights_drop(role, &start->rights, &answer.report);
    return control_send(control, &answer) && answer.is_dropped;
}

bool confine_process(enum process_role role, int control)
{
    struct control_message start;

    return confine_wait(control, &start) && confine_now(role, control, &start);
}

static bool has_applied(const struct rights_report *report, enum rights_step step)
{
    return report->steps[step].state == RIGHTS_APPLIED || report->steps[step].state == RIGHTS_INHERITED;
}

bool confine_master(struct master *master)
{
    struct rights_settings settings = master->next->rights[PROCESS_MASTER];
    struct rights_report report;

    if (master->is_confined)
        return true;
    settings.is_reexecuted = master->is_filtered;
    master->is_confined = rights_drop(PROCESS_MASTER, &settings, &report);
    master->is_filtered = has_applied(&report, RIGHTS_LANDLOCK) || has_applied(&report, RIGHTS_SECCOMP);
    rights_log(&report, master->is_confined);
    return master->is_confined;
}
