/*
 * why_scenarios.h: for every reason of the failure table, what makes it happen.
 */
#ifndef TESTS_WHY_SCENARIOS_H
#define TESTS_WHY_SCENARIOS_H

#include "support/rig.h"

/* What the scenarios play with; check_why.c sets them up afresh for each. */
extern struct rig rig;
extern struct client13 client;

/* By reason; NULL for one that nothing provokes, which fails the test. */
extern void (*const why_scenarios[WHY_COUNT])(void);

#endif
