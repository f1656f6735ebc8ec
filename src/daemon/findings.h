/* findings.h: what is found about a configuration, as lines of the log. */
#ifndef DAEMON_FINDINGS_H
#define DAEMON_FINDINGS_H

#include "config/config.h"

extern const struct config_findings findings_to_log;
extern const struct config_findings findings_to_nobody; /* they were told already */

#endif
