#include "daemon/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

/* Reliability O05 */
void harden_process(void)
{
    static const struct rlimit none = {0, 0};

    if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        log_message(LOG_LEVEL_WARNING, "core dumps cannot be switched off: %m");
}
