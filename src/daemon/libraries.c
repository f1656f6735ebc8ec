#include "daemon/libraries.h"

#include <event2/event.h>
#include <stdio.h>

#include "config.h"
#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

const char *libraries_event_version(void)
{
    return event_get_version();
}

const char *libraries_seccomp_version(void)
{
#ifdef HAVE_SECCOMP
    static char text[48];
    const struct scmp_version *version = seccomp_version();

    snprintf(text, sizeof text, "%u.%u.%u", version->major, version->minor, version->micro);
    return text;
#else
    return NULL;
#endif
}
