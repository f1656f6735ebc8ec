/*
 * control.h: what the master and its children say to each other, over one SOCK_SEQPACKET socket each.
 *
 * Every message is one frame of CONTROL_FRAME_LEN bytes, whatever it says; what a type does not use is zero. Whoever
 * receives takes the other side for hostile: a frame of another length, an unknown type, a number out of its range, a
 * byte that should be zero, or another count of descriptors than the type has is a violation, and ends the sender.
 *
 *     master -> child    START                                     what it has to give up before anything else
 *     child -> master    CONFINED                                  it has, or why it could not
 *     master -> child    SIGHT                                     where it counts, or what it shows
 *     master -> admin    COUNTERS                                  at any time: where others count
 *     master -> child    OFFER, SOCKETS..., TICKET_ROOT, BUILD     a generation, and the order to build from it
 *     child -> master    READY or REFUSED
 *     master -> worker   KEYHOLDER                                 who answers its questions of keys
 *     master -> worker   DEMO                                      where the built-in backend is to listen
 *     master -> worker   COMMIT or ABORT                           serve it, or forget it
 *     master -> worker   DRAIN, STOP                               at any time
 *     worker -> master   CONNECT                                   to a unix socket, which it cannot see
 *     master -> worker   CONNECTED                                 the answers, in the order of the questions
 *     master -> admin, resolver    PING                            is it alive?
 *     admin, resolver -> master    ALIVE                           the answer
 *
 *     master -> worker   ADDRESSES                                 what stands behind a name now, in every generation
 *
 *     master -> resolver RESOLVE                                   up to MAX_LOOKUPS at a time
 *     resolver -> master RESOLVED                                  the answers, as they come
 *
 * An admin process gets SIGHT, COUNTERS and the SOCKETS on which it is to answer, then a PING now and again, and
 * nothing else.
 *
 * With a keyholder that said READY the socket goes over to the messages of keyholder.h.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <sys/un.h>

#include "daemon/rights.h"
#include "proxy/host.h"
#include "tls/ticket_root.h"

enum {
    CONTROL_FRAME_LEN = 512,
    MAX_CONTROL_FDS = 64,
    MAX_CONTROL_REASON = 400,
    MAX_CONTROL_LISTENS = 65535,
    CONTROL_PATH_LEN = sizeof((struct sockaddr_un *)NULL)->sun_path,
};

enum control_type {
    CONTROL_OFFER = 1,   /* `generation`; descriptors: what is public, what is secret, what was secret before that */
    CONTROL_SOCKETS,     /* `count` listening sockets, for the [listen] sections `listens` */
    CONTROL_TICKET_ROOT, /* `root`, where the configuration names no files */
    CONTROL_BUILD,       /* `generation`, `number` of `total` processes of the role */
    CONTROL_KEYHOLDER,   /* one descriptor: the socket to it */
    CONTROL_COMMIT,      /* `generation` */
    CONTROL_ABORT,       /* `generation` */
    CONTROL_DRAIN,       /* take nothing new, end when all has ended or drain-timeout is over */
    CONTROL_STOP,        /* end now */
    CONTROL_READY,       /* `generation` is built */
    CONTROL_REFUSED,     /* `generation` cannot be built: `exit`, `reason` */
    CONTROL_START,       /* `log_format`, `log_level`, `rights` */
    CONTROL_CONFINED,    /* `report`, `is_dropped` */
    CONTROL_DEMO,        /* one descriptor: a listening socket */
    CONTROL_CONNECT,     /* `request`, `path` */
    CONTROL_CONNECTED,   /* `request`; a descriptor, or `error`; neither: it was lost, for want of a free place */
    CONTROL_SIGHT,       /* descriptors: the board, and of a worker where it counts, alone */
    CONTROL_COUNTERS,    /* descriptors: where the slots from `number` on count, to be read */
    CONTROL_PING,        /* does it still turn? */
    CONTROL_ALIVE,       /* it does */
    CONTROL_RESOLVE,     /* `request`, `host` */
    CONTROL_RESOLVED,    /* `request`, `fault`; `addresses` where there is none */
    CONTROL_ADDRESSES,   /* `host`, `addresses`: one at least */
    CONTROL_TYPES
};

struct control_message {
    enum control_type type;
    uint32_t generation;
    uint8_t count;
    uint16_t number, total;
    uint16_t exit;
    uint16_t listens[MAX_CONTROL_FDS];
    struct ticket_root root;
    char reason[MAX_CONTROL_REASON + 1]; /* printable ASCII; anything else is written as '?' */
    int log_format, log_level;           /* of base/log.h */
    struct rights_settings rights;
    struct rights_report report;
    bool is_dropped;
    uint32_t request;
    char path[CONTROL_PATH_LEN];
    uint16_t error; /* an errno; 0: none */
    char host[MAX_HOST_NAME + 1];
    int fault; /* an enum host_fault */
    struct host_addresses addresses;
    int fds[MAX_CONTROL_FDS];
    size_t fd_count;
};

void control_encode(const struct control_message *message, uint8_t frame[CONTROL_FRAME_LEN]);

/* `fds` were received with the frame and are copied into the message. False: a violation. */
MUST_CHECK bool control_decode(struct bytes frame, const int *fds, size_t fd_count, struct control_message *message);

/*
 * Never waits. False with errno set: the other side is gone, or has not read for so long that nothing fits any more.
 * The descriptors of the message stay open here.
 */
MUST_CHECK bool control_send(int fd, const struct control_message *message);

enum control_result { CONTROL_GOT, CONTROL_NOTHING, CONTROL_GONE, CONTROL_VIOLATION };

/* Never waits. The descriptors of what was got are the caller's, and closed on exec; those of a violation are closed.
 */
MUST_CHECK enum control_result control_receive(int fd, struct control_message *message);

/* The same, but waits for one: for a process that has nothing else to do yet. Never CONTROL_NOTHING. */
MUST_CHECK enum control_result control_wait(int fd, struct control_message *message);

/* Wipes the root in it; its descriptors are left alone. */
void control_wipe(struct control_message *message);

#endif
