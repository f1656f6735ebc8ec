/* harden.h: what every process does against leaving secrets behind. */
#ifndef DAEMON_HARDEN_H
#define DAEMON_HARDEN_H

/* No core with keys in it, and no debugger of the same user on the process. */
void harden_process(void);

#endif
