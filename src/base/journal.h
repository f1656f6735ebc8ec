/*
 * journal.h: how important a line is, told to the systemd journal.
 *
 * What a service writes to standard error is one stream to the journal, all of one priority, unless a line begins
 * with "<N>" (sd-daemon(3)): the journal takes that off and files the line under the priority N of syslog(3). Any other
 * reader would be shown it, so it is written only where the journal reads: systemd names its socket by device and inode
 * in JOURNAL_STREAM (systemd.exec(5)).
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include "base/attributes.h"
#include "base/log.h"

/* Whether JOURNAL_STREAM names what `fd` is open on. */
bool journal_reads(int fd);

/* "<3>" for an error to "<7>" for what is of level debug. */
const char *journal_prefix(enum log_level level);

#endif
