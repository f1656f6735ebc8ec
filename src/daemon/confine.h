/*
 * confine.h: how a process of the master's gives up its rights: on the master's word, which is the first that it waits
 * for, and before it has read anything else.
 *
 * The master does it once its first configuration is loaded, which may have written the development certificate, and
 * before it starts anybody but a resolver, which gives up its own.
 */
#ifndef DAEMON_CONFINE_H
#define DAEMON_CONFINE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "daemon/process_role.h"

/*
 * Waits for START, drops what `role` does not need and tells what came of it. What is needed of the kernel later and
 * cannot be had then (the event loop) is there by now. False: the process ends; the master says why, if it is there.
 */
MUST_CHECK bool confine_process(enum process_role role, int control);

/* The same in two steps, for who has to know what it is given before it can lock memory for it. */
struct control_message;
MUST_CHECK bool confine_wait(int control, struct control_message *start);
MUST_CHECK bool confine_now(enum process_role role, int control, const struct control_message *start);

struct master;

/* Of the master, as the generation that comes next has it; later ones change nothing. False, and told: it must end. */
MUST_CHECK bool confine_master(struct master *master);

#endif
