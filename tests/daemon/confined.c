/*
 * confined.c: the whole program as one process that drops its rights before its event loop turns, as the process of
 * CONFINED_AS (worker, if nothing is said). Linked with -Wl,--wrap=event_base_dispatch; src/main.c is the rest. So the
 * end-to-end tests run against the rights of a worker: `make check-e2e SALLYPORT=$PWD/confined`.
 */
#include <event2/event.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/rights.h"

int __real_event_base_dispatch(struct event_base *base);
int __wrap_event_base_dispatch(struct event_base *base);

static enum process_role role_of(const char *name)
{
    for (int role = 0; name && role < PROCESS_ROLES; role++)
        if (strcmp(name, rights_role_name((enum process_role)role)) == 0)
            return (enum process_role)role;
    return PROCESS_WORKER;
}

int __wrap_event_base_dispatch(struct event_base *base)
{
    struct rights_settings settings = {.sandbox = CONFIG_SANDBOX_ON, .landlock_abi = RIGHTS_ABI_OF_KERNEL};
    const struct passwd *nobody = getpwnam("nobody");
    struct rights_report report;
    bool is_dropped;

    settings.uid = nobody ? nobody->pw_uid : 65534;
    settings.gid = nobody ? nobody->pw_gid : 65534;
    is_dropped = rights_drop(role_of(getenv("CONFINED_AS")), &settings, &report);
    rights_log(&report, is_dropped);
    return is_dropped ? __real_event_base_dispatch(base) : -1;
}
