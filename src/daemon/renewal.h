/*
 * renewal.h: a reload that nobody asks for, because a file that the configuration names has changed.
 *
 * It takes the configuration that is in force, as it was loaded, and reads its files anew: somebody may be half way
 * through editing the text, and HUP is there to say when that is done. Files that do not fit together yet (a new
 * certificate beside the old key) are refused as in any reload; then it is tried again when a file changes further, and
 * after 1 s, 2, 4 ... 60, and told once and not every time. What counts is whether the files are others than when they
 * were last read (files_seen.h); watch.h says when to look. A file of a directory that is broken is waited for, but not
 * for ever, however often it changes: the others are due.
 */
#ifndef DAEMON_RENEWAL_H
#define DAEMON_RENEWAL_H

#include <event2/event.h>
#include <stdint.h>

#include "base/attributes.h"
#include "daemon/files_seen.h"
#include "daemon/watch.h"

/* What a reload is, beside its configuration. */
struct reload_order {
    bool is_renewal;
    bool is_patient;    /* what is on its way into a directory is waited for */
    bool is_quiet;      /* its refusal was told already */
    unsigned accidents; /* how often it was begun and ended by one */
};

struct renewal {
    struct watch *watch;      /* NULL: nothing is watched */
    struct event *again;      /* a timer, while files are refused */
    struct files_seen *tried; /* as they were when last read under the configuration in force */
    bool is_refused;          /* what they say does not fit */
    unsigned wait;            /* seconds before the last try */
    uint64_t told_at;
    uint64_t refused_since; /* without a success in between */
};

struct master;

/* A configuration is in force from now on, or goes on after another binary. */
void renewal_follow(struct master *master);

/* Takes `seen` over: its files were read and refused for `reason`. */
void renewal_refused(struct master *master, struct reload_order order, struct files_seen *seen, const char *reason);

void renewal_free(struct renewal *renewal);

#endif
