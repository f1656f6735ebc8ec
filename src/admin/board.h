/*
 * board.h: what the master tells of the whole: is it ready, which configuration, which processes, which names.
 *
 * One process writes it, any number read it meanwhile without a lock, and none of them can change it: it is an
 * anonymous file (memfd) that nobody but its maker can map for writing. What a reader sees is whole: either as it was
 * before a change or as it is after.
 *
 * The indices that counters.h knows listeners and servers by get their names here. A name that got an index keeps it as
 * long as the board lives, also when a later configuration has it no more, so that its totals go on where they
 * stopped should it come back. What finds no place shares the last index, "(others)".
 */
#ifndef ADMIN_BOARD_H
#define ADMIN_BOARD_H

#include "proxy/counters_map.h"

struct tls_policy;
struct config;
struct listener;

enum {
    MAX_BOARD_NAME_LEN = 64, /* with the NUL; longer ones are cut */
    MAX_BOARD_SERVER_LEN = 128,
    MAX_BOARD_PROTOCOL_LEN = 32,
    MAX_BOARD_FILE_LEN = 256,
    MAX_BOARD_SERIAL_LEN = 48, /* hex; RFC 5280 4.1.2.2: 20 bytes at most */
    MAX_BOARD_CERTIFICATES = 256,
    MAX_BOARD_CRLS = MAX_COUNTED_LISTENERS,
};

enum board_state { BOARD_STARTING, BOARD_READY, BOARD_DRAINING, BOARD_STATES };

enum board_role {
    BOARD_MASTER,
    BOARD_WORKER,
    BOARD_KEYHOLDER,
    BOARD_ADMIN,
    BOARD_RESOLVER,
    BOARD_ROLES,
};

struct board_processes {
    uint64_t alive;            /* now */
    uint64_t started, crashed; /* totals; a process that ended as it was told did not crash */
    uint64_t cpu;              /* total: microseconds of all that are or were there */
    uint64_t resident;         /* bytes of memory now, of those that are known */
};

struct board_server {
    char backend[MAX_BOARD_NAME_LEN]; /* "": a free place */
    char server[MAX_BOARD_SERVER_LEN];
};

struct board_certificate {
    char listener[MAX_BOARD_NAME_LEN];
    char file[MAX_BOARD_FILE_LEN]; /* what logs call it */
    char name[MAX_BOARD_FILE_LEN]; /* the first it is good for; "": none */
    char serial[MAX_BOARD_SERIAL_LEN];
    int64_t not_after;        /* seconds since 1970 */
    int64_t staple_not_after; /* likewise, of its OCSP response; 0: none, or one that names no end */
};

struct board_crl {
    char listener[MAX_BOARD_NAME_LEN];
    int64_t not_after; /* until when every CA that has CRLs has one that is current */
};

/* Of what is in force. */
struct board_certificates {
    uint64_t count, left_out;
    struct board_certificate list[MAX_BOARD_CERTIFICATES];
    uint64_t crl_count;
    struct board_crl crls[MAX_BOARD_CRLS];
};

/* Everything on the board. Times in seconds since 1970; strings end with a NUL. */
struct board_facts {
    uint64_t state; /* an enum board_state */
    int64_t started_at;

    uint64_t generation; /* of the configuration that is in force */
    uint64_t reloads_applied, reloads_refused;
    uint64_t is_last_reload_good; /* true from the start on */
    int64_t loaded_at;            /* when the configuration in force was put in force */

    /* Of the key that seals tickets: born when seconds since 1970 were last a multiple of it, or, where it is 0 and the
     * key comes from a file, the file's own time; 0 and 0: nothing is known. */
    uint64_t ticket_key_issues;
    int64_t ticket_key_file_time;

    struct board_processes processes[BOARD_ROLES];
    uint64_t slot_count; /* of the counters: those below were used at some time */
    uint8_t is_slot_live[MAX_COUNTER_SLOTS];

    char listeners[MAX_COUNTED_LISTENERS][MAX_BOARD_NAME_LEN]; /* "": a free place */
    struct board_server servers[MAX_COUNTED_SERVERS];
    char protocols[MAX_COUNTED_PROTOCOLS][MAX_BOARD_PROTOCOL_LEN]; /* of ALPN; "": a free place, or no protocol */
    struct board_certificates certificates;
};

struct board;

/* For the one writer. STARTING, as of `now`. NULL with errno set. */
MUST_CHECK struct board *board_new(int64_t now);

/* What its maker handed over, to read; `fd` is copied and stays the caller's. NULL with errno set; EPROTO: it is none.
 */
MUST_CHECK struct board *board_open(int fd);
/*
 * For a writer that comes after another one: all that is on its board stands on a new one, for a board has one writer
 * in its life. `fd` stays the caller's. NULL as board_open().
 */
MUST_CHECK struct board *board_new_after(int fd);

void board_free(struct board *board);    /* this process's view of it; NULL is fine */
int board_fd(const struct board *board); /* to hand on */

/* A copy of all of it. False: the writer stopped in the middle of a change, or changes it without end. */
MUST_CHECK bool board_read(const struct board *board, struct board_facts *out);

/* ---- for the writer */

/* Readers see all that is done between these two at once. They nest. Each call below stands for itself without them. */
void board_begin(struct board *board);
void board_end(struct board *board);

void board_set_state(struct board *board, enum board_state state);

/* A configuration is in force; the first one is no reload. Clears the certificates, which belong to the old one. */
void board_applied(struct board *board, uint64_t generation, int64_t now);
void board_refused(struct board *board); /* a new one is not, the old one goes on */

/* Those of a listener, and its CRLs, to be put on the board when they are in force. One that is there already is not
 * added again. */
void board_add_certificates(struct board_certificates *certificates, const char *listener,
                            const struct tls_policy *policy);

/* `certificates` may come from another process. */
void board_set_certificates(struct board *board, const struct board_certificates *certificates);

/* Where the configuration in force has its ticket keys from; see struct board_facts. */
void board_set_ticket_keys(struct board *board, uint64_t issues, int64_t file_time);

/* How many places for names were taken. */
struct board_mark {
    uint16_t listeners, servers, protocols;
};

/* Gives every listener, server and protocol of the configuration its index, for good. What was there before. */
struct board_mark board_add_names(struct board *board, const struct config *config);

/* ... or back to that, if nobody has counted by them and none were added since. */
void board_forget_names(struct board *board, struct board_mark before);

void board_process_started(struct board *board, enum board_role role);
enum board_process_end { BOARD_PROCESS_TOLD, BOARD_PROCESS_CRASHED };
void board_process_ended(struct board *board, enum board_role role, enum board_process_end end);

/* Processes of a role took so much more time, in microseconds, or hold so much memory now. */
void board_process_took(struct board *board, enum board_role role, uint64_t more);
void board_process_holds(struct board *board, enum board_role role, uint64_t resident);

/* A slot of the counters that no living process writes: its new writer's. False: all have one. */
MUST_CHECK bool board_take_slot(struct board *board, size_t slots, size_t *slot);
void board_leave_slot(struct board *board, size_t slot);

/* ---- for readers: the index that a name has, or that of all others */

uint16_t board_listener_index(const struct board_facts *facts, const char *listener);
uint16_t board_server_index(const struct board_facts *facts, const char *backend, const char *server);

/* The listener and the servers behind it count in their places from here on. */
void board_place_listener(const struct board_facts *facts, struct listener *listener);

#endif
