#include "daemon/libraries.h"

#include <event2/event.h>

const char *libraries_event_version(void)
{
    return event_get_version();
}
