/*
 * decisions.h: what the runner asks for and a TLS server of our kind does not do, each with the decision behind it.
 *
 * Skipping is by decision alone: what is neither done nor decided fails its case, so that whatever the runner learns
 * to ask for is noticed.
 */
#ifndef BOGO_DECISIONS_H
#define BOGO_DECISIONS_H

/* The runner's words for the exit status. MUST_FAIL: also where the case expects a failure of ours. */
enum { EXIT_SHIM_FAILED = 1, EXIT_ALLOCATION_FAILED = 88, EXIT_UNIMPLEMENTED = 89, EXIT_MUST_FAIL = 90 };

/* OPTION, GROUP, SCHEME: `what` is the whole of it. SUITES, KEY, TRACE: it holds what was decided on. */
enum demand { DEMAND_OPTION, DEMAND_SUITES, DEMAND_GROUP, DEMAND_SCHEME, DEMAND_KEY, DEMAND_TRACE };

/* Ends the process: the case is skipped where there is a decision, else it fails. */
_Noreturn void decline(enum demand demand, const char *what);
_Noreturn void decline_code(enum demand demand, unsigned code);

/* Skips for a reason that no option gives. Told on standard error and in the file that BOGO_SHIM_SKIPPED names. */
_Noreturn void skip(const char *decision);

#endif
