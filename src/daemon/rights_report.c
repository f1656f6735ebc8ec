#include "daemon/rights.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const char *const role_names[PROCESS_ROLES] = {
    [PROCESS_MASTER] = "master", [PROCESS_WORKER] = "worker",     [PROCESS_KEYHOLDER] = "keyholder",
    [PROCESS_ADMIN] = "admin",   [PROCESS_RESOLVER] = "resolver",
};

static const char *const step_names[RIGHTS_STEPS] = {
    [RIGHTS_NO_NEW_PRIVS] = "no_new_privs", [RIGHTS_ROOT] = "root",       [RIGHTS_IDS] = "ids",
    [RIGHTS_LANDLOCK] = "landlock",         [RIGHTS_SECCOMP] = "seccomp",
};

static const char *const state_words[] = {
#define X(constant, words) words,
    RIGHTS_STATES(X)
#undef X
};

const char *rights_role_name(enum process_role role)
{
    return role < PROCESS_ROLES ? role_names[role] : "?";
}

/* A report may have come from another process, and hold anything. */
static enum rights_state state_of(const struct rights_report *report, int step)
{
    int state = report->steps[step].state;

    return 0 <= state && state < (int)ARRAY_LEN(state_words) ? (enum rights_state)state : RIGHTS_FAILED;
}

static void log_step(struct log_line *line, const struct rights_report *report, int step)
{
    enum rights_state state = state_of(report, step);
    char words[128];

    snprintf(words, sizeof words, "%s%s%s", state_words[state], state == RIGHTS_FAILED ? ": " : "",
             state == RIGHTS_FAILED ? strerror(report->steps[step].error) : "");
    log_text(line, step_names[step], words);
}

static enum log_level level_of(const struct rights_report *report, bool is_dropped)
{
    enum rights_state worst = RIGHTS_NOT_REACHED;

    for (int step = 0; step < RIGHTS_STEPS; step++)
        if (state_of(report, step) > worst)
            worst = state_of(report, step);
    if (!is_dropped)
        return LOG_LEVEL_ERROR;
    if (worst >= RIGHTS_NOT_BUILT)
        return LOG_LEVEL_WARNING;
    return worst > RIGHTS_INHERITED ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG;
}

void rights_log(const struct rights_report *report, bool is_dropped)
{
    struct log_line line;

    log_begin(&line, level_of(report, is_dropped), is_dropped ? "rights" : "rights_not_dropped");
    log_text(&line, "role", rights_role_name((enum process_role)report->role));
    for (int step = 0; step < RIGHTS_STEPS; step++)
        log_step(&line, report, step);
    log_number(&line, "uid", report->uid);
    log_number(&line, "gid", report->gid);
    log_number(&line, "landlock_abi", report->landlock_abi);
    log_end(&line);
}
