/* libraries.h: what is told of the libraries: in `-V` and in the log. */
#ifndef DAEMON_LIBRARIES_H
#define DAEMON_LIBRARIES_H

/* Of the library that runs, not of the headers it was compiled with. */
const char *libraries_event_version(void);

/* A line for each provider of primitives: what it serves. crypto_start() was called. */
void libraries_log_crypto(void);

/* NULL: built without, and system calls are not filtered. The text lasts until the next call. */
const char *libraries_seccomp_version(void);

#endif
