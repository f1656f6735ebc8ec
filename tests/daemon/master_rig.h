/* master_rig.h: a master with children that are processes, but only sleep: the test says what they have to say. */
#ifndef DAEMON_MASTER_RIG_H
#define DAEMON_MASTER_RIG_H

#include "daemon/master.h"

extern struct master rig_master;

void rig_begin(void);
void rig_end(void); /* whoever is left is ended */

/* A place with a process in it, which was told nothing. */
struct child *rig_add(enum process_role role, uint16_t number);
int rig_other_end(const struct child *child);
void rig_say(const struct child *child, const struct control_message *message);

bool rig_is_heard(const struct child *child);   /* it has a control socket, and lives */
bool rig_was_killed(const struct child *child); /* by KILL, and is not heard any more */

size_t rig_lines(const char *part); /* of the log, that have it in them */

#endif
