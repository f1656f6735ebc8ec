/*
 * rights_calls.h: which system calls each role may make, as tables.
 *
 * A call is allowed (under conditions on its arguments, or without), answered with an errno, or kills the process. What
 * no list names has the role's own end: for a role that meets clients or keys that is its death, for the master and the
 * resolver ENOSYS, since they run what other people wrote - the next version of this program at its start, the modules
 * of the C library - and those fall back when a call is not there. The dangerous ones kill there as well.
 */
#ifndef DAEMON_RIGHTS_CALLS_H
#define DAEMON_RIGHTS_CALLS_H

#include <stddef.h>

#include "daemon/rights.h"

/* An errno is answered as itself. */
enum { RULE_ALLOW = 0, RULE_KILL = -1 };

/* Holds when (argument & mask) == value. Of an int only the lower half of the register counts. */
struct rights_condition {
    uint8_t argument;
    bool is_self; /* the value is the process's own id */
    uint64_t mask, value;
};

enum { RULE_CONDITIONS = 3 };

struct rights_rule {
    int call; /* as libseccomp numbers it: one that this machine does not have is below 0 */
    int answer;
    unsigned condition_count;
    struct rights_condition conditions[RULE_CONDITIONS]; /* all hold; several rules for a call: any of them */
};

struct rights_list {
    const struct rights_rule *rules;
    size_t count;
};

enum { RIGHTS_LISTS = 10 };

struct rights_role {
    int otherwise;                          /* RULE_KILL or an errno */
    struct rights_list lists[RIGHTS_LISTS]; /* up to the first that is empty */
};

const struct rights_role *rights_role(enum process_role role);

#endif
