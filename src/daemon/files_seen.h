/*
 * files_seen.h: what the paths of a configuration say at a moment: which file each leads to, and when that was changed.
 *
 * Nothing is opened. What counts is the file that a path leads to in the end (device, inode, size, times), so that it
 * is all the same how it came there: written, renamed, or by a symlink anywhere on the way.
 */
#ifndef DAEMON_FILES_SEEN_H
#define DAEMON_FILES_SEEN_H

#include <sys/types.h>
#include <time.h>

#include "config/config.h"

struct file_seen {
    char *path;
    int error; /* of stat(2), then the rest is zero; 0: it is there */
    mode_t mode;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct files_seen {
    struct file_seen *files;
    size_t count;
    char **directories; /* sorted, each once: what the names were looked up in, where something may change next */
    size_t directory_count;
};

/* Certificates, keys, CAs, CRLs, OCSP responses, ticket keys, and all that lies in a cert-dir. NULL: no memory. */
MUST_CHECK struct files_seen *files_seen_new(const struct config *config);
void files_seen_free(struct files_seen *seen); /* NULL is fine */

/* The path of the first that says something else. NULL: none does. */
const char *files_seen_difference(const struct files_seen *earlier, const struct files_seen *now);

#endif
