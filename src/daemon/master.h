/*
 * master.h: the process that owns the sockets and starts the others; private to master.c, children.c and reload.c.
 *
 * It reads the configuration's text, keeps the current generation as two sealed files, and speaks with its children in
 * frames of one size. No byte of a client ever reaches it.
 *
 *   master.c    its life: signals, the drain, the end
 *   reload.c    a configuration becomes a generation: loaded, offered, committed or aborted
 *   announce.c  what is in force, in words
 *   renewal.c   a reload because files have changed (watch.c says when to look, files_seen.c what they are)
 *   children.c  processes: started, told, listened to, replaced
 *   tickets.c   the root of the ticket keys
 *   offering.c  a generation for a process
 *   sight.c     what others see of all this
 *   resolving.c names: who asks for them, and who is told
 *   hung.c      who stands still, or does not come to an end
 *   usage.c     time and memory that processes take
 *   listeners.c what a worker may do to the listening sockets that all share
 *   hearing.c   what a process says of itself and asks for
 *   keyholders.c  those with the keys, and who of the workers asks which
 */
#ifndef DAEMON_MASTER_H
#define DAEMON_MASTER_H

#include <event2/event.h>
#include <sys/types.h>

#include "admin/admin_sockets.h"
#include "base/locked.h"
#include "daemon/backoff.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/generation.h"
#include "daemon/notify.h"
#include "daemon/renewal.h"
#include "daemon/resolving.h"
#include "daemon/rights.h"
#include "daemon/sight.h"
#include "daemon/spawn.h"
#include "daemon/unix_backends.h"
#include "proxy/listen_sockets.h"

enum { MAX_WORKERS = 64, MAX_KEYHOLDERS = 32, MAX_CHILDREN = 2 * (2 + MAX_WORKERS + MAX_KEYHOLDERS) };

/* Microseconds. */
enum { MAX_BUILD_TIME = 60 * 1000 * 1000, KILL_AFTER_DRAIN = 5 * 1000 * 1000, EXIT_AFTER_KILL = 5 * 1000 * 1000 };

/* A generation as the master has it. */
struct deployment {
    uint32_t number;
    struct config *config;
    struct generation_files files;
    struct listen_sockets *sockets;        /* NULL until they are bound */
    int earlier_secret;                    /* what was secret in the one before; -1: there was none */
    struct locked_file held, held_earlier; /* the pages of both, as long as anybody may need them */
    size_t worker_count;
    size_t keyholder_count;                       /* 0: workers have the keys themselves */
    struct rights_settings rights[PROCESS_ROLES]; /* for processes that start under it */
    uint32_t names_edition;                       /* what it was loaded with, of the addresses behind names */
    struct admin_sockets admin;
    struct board_mark names_before;          /* of its own ... */
    bool has_names;                          /* ... that are on the board */
    struct board_certificates *certificates; /* shared with the loader; NULL: on the board already */
    bool is_admin_kept;                      /* the process that answers there goes on from the one before */
    struct reload_order order;
    struct files_seen *seen; /* the files before they were read; NULL: nobody wants to know */
    bool is_upgrade;         /* for workers of its own; those that are there end when it is committed */
};

/* A place for a process. The process in it may change, its role and number do not. */
struct child {
    struct master *master;
    enum process_role role;
    uint16_t number;     /* from 1, among those of its role */
    uint32_t generation; /* a keyholder is for one and ends with it; 0: it goes from one to the next */
    pid_t pid;           /* 0: none now */
    uid_t uid;           /* whom it becomes, where the master is root */
    int control;
    struct event *readable;
    struct event *respawn; /* a timer */
    struct backoff backoff;
    uint64_t born;
    uint64_t missed_from;       /* the one before has ended, and that this one is at work is still to be told; 0: no */
    uint32_t building, serving; /* a generation's number; 0: none */
    uint64_t drain_timeout;     /* of the one that it serves: as long may it go on once it is told to end */
    uint32_t upgrade;           /* started for this generation of an upgrade; 0: for none */
    bool is_ready;              /* what it was building is built */
    bool is_confined;           /* it said what came of its rights, which it may once */
    uint32_t refusals;          /* to build, in a row */
    uint32_t words_due;         /* answers to what it was told to build; of a keyholder, reports of whom it was given */
    uint32_t asks;              /* of a worker: the generation whose keyholders it asks; 0: it serves none yet */
    bool is_asking_in_vain;     /* ... to which it could not be joined */
    uint32_t key_wire;          /* the form of what it says to a keyholder, or to workers: of its binary */
    int slot;                   /* where it counts; NO_SLOT */
    bool has_hung_up;           /* it closed its control socket */
    uint64_t leave_by;          /* once it is leaving it is gone by then */
    uint64_t watched_from;      /* it has to show signs of life from then on, or to be done with what it does */
    bool has_worked;            /* it came as far as being of use: its life counts as one */
    uint32_t pings;             /* that it has not answered */
    int memory;                 /* where its memory can be read; -1: nowhere */
    uint64_t cpu_told;          /* microseconds of it that are on the board */
    bool is_leaving;            /* told to end: it is not replaced */
    bool has_demo;              /* it was handed the socket of the built-in backend */
    struct unix_quota quota;    /* of connections to unix sockets */
    uint32_t told;              /* the last edition of addresses that it knows; UINT32_MAX: no generation yet */
};

struct master {
    struct daemon_source source;
    struct event_base *base;
    struct signals *signals;
    struct notify notify;
    struct event *alive; /* a timer: a sign of life for the service manager */
    struct event *timer; /* of the reload while one goes on, of the drain then */
    struct event *ticket_turn;
    struct sight sight;
    int memory; /* as of a child */
    uint64_t cpu_told;
    struct event *watch;   /* a timer: are there processes that hang, and what does everybody take? */
    uint64_t watched_at;   /* when it last went off */
    uint64_t watched_from; /* all have to show signs of life from then on */
    struct ticket_roots {
        struct ticket_root in_force, next; /* of `current` and `next`; issues 0: none, or its keys come from files */
    } tickets;
    struct listen_sockets *passed; /* by the service manager; NULL: none */
    struct unix_backends unix_backends;
    struct resolving resolving;
    bool is_confined; /* it gave up its rights ... */
    bool is_filtered; /* ... of which some are never to be given up twice: by this binary or the one before it */
    bool is_rights_told[PROCESS_ROLES]; /* what came of dropping them is logged once a role */
    struct child *children[MAX_CHILDREN];
    size_t child_count;

    uint32_t last_number;
    struct deployment *current; /* NULL until the first commit */
    struct deployment *next;    /* NULL: no reload goes on */
    pid_t loader;               /* 0: it is not being loaded (any more) */
    pid_t checker;              /* of a new binary; 0: none */
    uint64_t checker_began;     /* ... since when it has checked */
    bool is_offered;            /* it was loaded, and all who serve were told to build it */
    bool is_reload_wanted;      /* asked for while another went on */
    bool is_upgrade_wanted;     /* asked for while a reload went on */
    bool is_upgrade_due;        /* workers are of another binary: the next reload starts some of this one */
    struct config *retry;       /* of a reload that an accident ended, for another try in a moment; NULL: none */
    struct reload_order retry_order;
    struct renewal renewal;

    bool is_draining; /* nobody is replaced any more */
    bool is_stopping; /* asked to end, perhaps still in drain-delay */
    bool is_over;     /* master_end() was called */
    enum daemon_exit exit;
};

/* ---- master.c */
void master_end(struct master *master, enum daemon_exit exit); /* leaves the loop */
bool master_set_timer(struct master *master, uint64_t wait);
uint64_t master_now(void);                               /* microseconds of CLOCK_MONOTONIC */
uint64_t master_build_time(const struct master *master); /* for loading, checking, building: each of them */

/* ---- announce.c: what is in force now, for the log and the service manager */
void announce_ready(const struct master *master, bool is_first);

/* ---- reload.c */
void reload_begin(struct master *master, struct config *config);  /* takes over `config` */
void reload_follow(struct master *master, struct config *config); /* the same where one is there; NULL: it has faults */
void reload_again(struct master *master);                         /* from the source, or later where one goes on */
void reload_renew(struct master *master, struct reload_order order, struct files_seen *seen); /* takes over `seen` */

/* For what is no fault of the configuration and passes by itself: it is tried again before it is given up. */
void reload_accident(struct master *master, const char *reason);
void reload_abort(struct master *master, enum daemon_exit exit, const char *reason);
void reload_names_known(struct master *master); /* as far as they are to be known now */
void reload_loader_ended(struct master *master, int status);
void reload_step(struct master *master); /* something changed: goes on as far as it can */
void reload_on_timer(struct master *master);
void deployment_free(struct deployment *deployment);
void deployment_hold(struct deployment *deployment); /* its secrets: they are not swapped out; or that is told */

/* ---- tickets.c: the root from which all keyholders make the same ticket keys at the same time */
MUST_CHECK bool tickets_prepare(struct master *master); /* for `next`: the one in force, or a new one for new times */
void tickets_give_up(struct master *master);            /* what was prepared */
void tickets_take_over(struct master *master);          /* `next` is `current` by now */
void tickets_turn(struct master *master); /* forgets what no ticket needs any more, and does so again in time */

/* NULL: its keys come from files. */
const struct ticket_root *tickets_of(const struct master *master, const struct deployment *deployment);

/* ---- children.c */

/* A place, and a process in it. It was offered `deployment`, where there is one. NULL: neither is to be had. */
MUST_CHECK struct child *children_add(struct master *master, enum process_role role, uint16_t number,
                                      uint32_t generation);

struct state_child;
MUST_CHECK bool children_adopt(struct master *master, const struct state_child *state);

/* Those who waited to be started again when the binary before this one left: they are, soon. False: no memory. */
MUST_CHECK bool children_adopt_missing(struct master *master);

/* Starts the workers of an upgrade beside those that are there. False: one could not be started. */
MUST_CHECK bool children_start_upgrade(struct master *master, const struct deployment *deployment);
void children_dismiss_old(struct master *master, uint32_t upgrade);
void children_dismiss_new(struct master *master, uint32_t upgrade);

/* Starts what is missing of `count` workers, and tells those beyond to drain. False: none could be started. */
MUST_CHECK bool children_set_workers(struct master *master, size_t count);
void children_replace(struct child *worker, const char *why); /* it drains, and another one takes its place */
void children_tell_return(struct child *child); /* it is at work: told once, and only of one who was missed */
void children_offer(struct child *child, const struct deployment *deployment); /* offering.c */
void children_tell(struct child *child, const struct control_message *message);
void children_tell_workers(struct master *master, enum control_type type);
void children_reap(struct master *master);
void children_hear(struct child *child);      /* hearing.c: it has something to say */
void children_hear_last(struct child *child); /* it has ended: why, perhaps; its end may be told of before its words */
bool children_are_building(const struct master *master);
void children_give_up_builders(struct master *master); /* those that are not ready yet */
size_t children_alive(const struct master *master, enum process_role role);
void children_hang_up(struct child *child);                  /* it reads the end of its control socket */
void children_give_up(struct child *child, const char *why); /* kills it; its end is noticed as any other */
void children_sweep(struct master *master);                  /* empty places that nobody comes back to */
void children_kill(struct master *master);
void children_free(struct master *master); /* ends them, too */

/* ---- hung.c: who gives no sign of life is ended, and replaced as any other that ends */
MUST_CHECK bool hung_watch(struct master *master);
void hung_spare(struct child *child, uint64_t wait); /* what it does takes time; microseconds from now */
void hung_spare_leaving(struct child *child);        /* it ends with those whom it still serves */
void hung_end_of_words(struct child *child);         /* it closed its control socket: it ends, or is ended */
MUST_CHECK bool hung_may_hear(struct child *child);  /* it was asked whether it is alive, and owes an answer */
void hung_hear(struct child *child);                 /* here it is */

/* ---- listeners.c: a worker that is not ours any more can end a listening socket for all; it is set right */
void listeners_look_after(const struct master *master);

/* ---- keyholders.c */

/* Starts those of a deployment. False: one could not be started. */
MUST_CHECK bool keyholders_start(struct master *master, const struct deployment *deployment);

/* Everybody of a generation is there: its workers are told whom to ask. */
void keyholders_attach_all(struct master *master, uint32_t generation);
void keyholders_attach_worker(struct child *worker);
void keyholders_attach_keyholder(struct child *keyholder);
void keyholders_try_again(struct master *master); /* those whom memory or descriptors were not there for */

/* Those of a generation that is over, or is not to come. They end when their last worker has let go of them. */
void keyholders_retire(struct master *master, uint32_t generation);
void keyholders_retire_all(struct master *master);
void keyholders_hear(struct child *keyholder); /* one that serves has something to say */
void keyholders_ask(struct child *keyholder);  /* whether it is alive */

#endif
