/*
 * memory_scan.h: looks for secrets in the memory of another process, as whoever has broken into it would.
 *
 * A secret is searched as it is written and with its bytes in reverse, as the libraries keep large numbers. The process
 * is read through /proc/PID/mem: its parent may, and root; it need not be stopped.
 */
#ifndef SUPPORT_MEMORY_SCAN_H
#define SUPPORT_MEMORY_SCAN_H

#include <sys/types.h>

#include "base/bytes.h"

enum { MEMORY_SCAN_MAX_LEN = 4096 };

/* How many places hold one of the secrets (4 to MEMORY_SCAN_MAX_LEN bytes each); -1 with errno: cannot be read. */
long memory_scan(pid_t pid, const struct bytes *secrets, size_t count);

#endif
