/* rights_settings.h: from the configuration to what each process drops. Asks for users, so it is the master's. */
#ifndef DAEMON_RIGHTS_SETTINGS_H
#define DAEMON_RIGHTS_SETTINGS_H

#include "config/config.h"
#include "daemon/rights.h"

/*
 * The settings of all roles into settings[PROCESS_ROLES]. False after telling what is wrong with file and line: a user
 * or group that does not exist, root as a user, a root directory that is none. What is odd is a warning. Without root
 * nobody is looked up.
 */
MUST_CHECK bool rights_settings_make(const struct config_general *general, struct config_findings findings,
                                     struct rights_settings settings[PROCESS_ROLES]);

#endif
