#include "daemon/findings.h"

#include "base/alloc.h"
#include "base/log.h"

static void tell(void *context, const char *finding)
{
    (void)context;
    log_message(strstr(finding, CONFIG_WARNING_PREFIX) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s", finding);
}

static void tell_fault(void *context, const char *finding)
{
    if (!strstr(finding, CONFIG_WARNING_PREFIX))
        tell(context, finding);
}

static void drop(void *context, const char *finding)
{
    (void)context, (void)finding;
}

struct kept {
    struct kept *next;
    char *finding;
};

static struct kept *first_kept, **last_kept = &first_kept;

/* Without memory it is told at once: better twice than never. */
static void keep(void *context, const char *finding)
{
    struct kept *kept = memory_new(sizeof *kept);

    if (kept)
        kept->finding = memory_copy_string(finding);
    if (!kept || !kept->finding) {
        memory_free(kept);
        tell(context, finding);
        return;
    }
    *last_kept = kept;
    last_kept = &kept->next;
}

void findings_tell_kept(void)
{
    for (const struct kept *kept = first_kept; kept; kept = kept->next)
        tell(NULL, kept->finding);
}

const struct config_findings findings_to_log = {tell, NULL};
const struct config_findings faults_to_log = {tell_fault, NULL};
const struct config_findings findings_to_keep = {keep, NULL};
const struct config_findings findings_to_nobody = {drop, NULL};
const struct config_findings findings_of_faults = {tell_fault, NULL};
