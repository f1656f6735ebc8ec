/*
 * upgrade.h: the master executes the binary that lies in its place by now, and goes on with all that it has.
 *
 * Before that the new binary checks the configuration (-t): one that does not run, or refuses it, is not executed. The
 * process keeps its id, its children and its descriptors; what they are it finds in a sealed file
 * (UPGRADE_ENVIRONMENT). The new master adopts the children, who serve on, loads the configuration, starts workers of
 * its own, and tells the old ones to drain when the new ones are ready; when they cannot be had, the old ones stay.
 */
#ifndef DAEMON_UPGRADE_H
#define DAEMON_UPGRADE_H

#include "daemon/master.h"

#define UPGRADE_ENVIRONMENT "SALLYPORT_UPGRADE"

/* Starts the check, or waits until a reload is over; what comes of it is told in the log. */
void upgrade_begin(struct master *master);

/* Now and then: begins what had to wait, and ends a check that does not end. */
void upgrade_look(struct master *master, uint64_t now);

/* The check has ended. Does not come back when the new binary was executed. */
void upgrade_checked(struct master *master, int status);

/* What a master left behind for this one: true when there is something, whatever it is worth. */
bool upgrade_is_one(void);

/* Takes it over. False after telling why not: nothing of it can be used. */
MUST_CHECK bool upgrade_adopt(struct master *master);

#endif
