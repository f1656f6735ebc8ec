#include "daemon/findings.h"

#include "base/log.h"

static void tell(void *context, const char *finding)
{
    (void)context;
    log_message(strstr(finding, CONFIG_WARNING_PREFIX) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s", finding);
}

static void keep_quiet(void *context, const char *finding)
{
    (void)context, (void)finding;
}

const struct config_findings findings_to_log = {tell, NULL};
const struct config_findings findings_to_nobody = {keep_quiet, NULL};
