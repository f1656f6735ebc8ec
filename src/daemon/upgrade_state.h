/*
 * upgrade_state.h: what one master leaves to the next, as bytes: numbers of descriptors among them, which stay open.
 */
#ifndef DAEMON_UPGRADE_STATE_H
#define DAEMON_UPGRADE_STATE_H

#include "admin/admin_sockets.h"
#include "base/writer.h"
#include "daemon/process_role.h"
#include "proxy/address.h"
#include "proxy/counters_map.h"
#include "tls/ticket_root.h"

enum { MAX_STATE_SOCKETS = 4096, MAX_STATE_CHILDREN = 196, MAX_STATE_LEN = 1024 * 1024 };

struct state_socket {
    struct socket_address address; /* as configured */
    uint32_t listen;
    uint32_t is_passed; /* by the service manager, and kept for whoever names it */
    int fd;
    char name[CONFIG_MAX_SOCKET_NAME + 1];
};

struct state_child {
    uint32_t role, number, generation, serving, is_leaving;
    uint32_t is_confined, words_due, asks, is_asking_in_vain, key_wire, pings; /* of master.h */
    uint64_t drain_timeout;
    int slot;         /* where it counts; -1: nowhere */
    int pid, control; /* control -1: it was told all that there is to tell */
};

struct upgrade_state {
    uint32_t last_number, current;      /* generations */
    int public, secret, earlier_secret; /* -1: none */
    int board;
    int counters[MAX_COUNTER_SLOTS]; /* of the first slots, as many as were ever used */
    size_t counters_count;
    uint32_t worker_count, keyholder_count; /* of the current one */
    uint32_t is_filtered;                   /* the process: nothing is laid on top */
    struct ticket_root tickets;
    struct state_socket *sockets;
    size_t socket_count;
    struct admin_sockets admin;
    struct state_child children[MAX_STATE_CHILDREN];
    size_t child_count;
};

void upgrade_state_write(const struct upgrade_state *state, struct writer *w);

/* False: of another version, or damaged. `sockets` has to be freed in any case. */
MUST_CHECK bool upgrade_state_read(struct bytes from, struct upgrade_state *state);
void upgrade_state_free(struct upgrade_state *state);

#endif
