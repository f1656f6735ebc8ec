/* libraries.h: what `-V` tells of the libraries that only some folders may name. */
#ifndef DAEMON_LIBRARIES_H
#define DAEMON_LIBRARIES_H

/* Of the library that runs, not of the headers it was compiled with. */
const char *libraries_event_version(void);

/* NULL: built without, and system calls are not filtered. The text lasts until the next call. */
const char *libraries_seccomp_version(void);

#endif
