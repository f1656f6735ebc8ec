#include "base/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool journal_reads(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;
    int end = -1;

    if (!stream || sscanf(stream, "%llu:%llu%n", &device, &inode, &end) != 2 || stream[end] != 0)
        return false;
    return fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* syslog(3): LOG_ERR is 3, LOG_WARNING, LOG_NOTICE, LOG_INFO and LOG_DEBUG follow. */
const char *journal_prefix(enum log_level level)
{
    static const char *const prefixes[] = {
        [LOG_LEVEL_ERROR] = "<3>", [LOG_LEVEL_WARNING] = "<4>", [LOG_LEVEL_NOTICE] = "<5>",
        [LOG_LEVEL_INFO] = "<6>",  [LOG_LEVEL_DEBUG] = "<7>",
    };

    return prefixes[level];
}
