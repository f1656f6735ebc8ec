/*
 * keyholder.h: the process that has the private keys and the ticket keys, and answers typed questions about them.
 *
 * It has no socket of the network and opens nothing: whatever it works with was put into its hands. It answers
 * struct tls_key_request (tls/key_operation.h) in the form of proxy/key_wire.h, no other question, and gives no key to
 * anybody. Workers are hostile to it, and it serves them fairly (key_share.h): tickets before signatures, then turn and
 * turn about.
 *
 * How it is started, by whoever execs the process:
 *   1. keyholder_reserve_memory(), then a keyring from the secret part of the generation: private_key_new() and
 *      keyring_add() for every key, keyring_set_tickets() with ticket_keys_from_root(), the same root for all
 *      keyholders, or with ticket_keys_from_files().
 *   2. keyholder_lock_memory(), while /proc is in reach; then the rights are dropped; then the master is told READY.
 *   3. keyholder_run(), which speaks on the control socket (SOCK_SEQPACKET, non-blocking or not) as follows and on
 *      nothing else. It looks after no signals: ignore those a terminal sends to the whole group.
 *
 * How a worker gets to it: the master makes a socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC), sends one end to the
 * keyholder with KEYHOLDER_ATTACH, the other one to the worker, which gives it to proxy_use_keyholder() at its start
 * and to key_service_set_socket() when it replaces one, and closes both itself. The order is free: what a worker asks
 * before its end is attached waits in the socket. When a keyholder dies the master does the same with the next one for
 * each of its workers; when a worker dies there is nothing to undo.
 *
 * It ends, with DAEMON_EXIT_OK, when the control socket is closed by the master and its last worker is gone: closing
 * the control socket is how a keyholder is retired on a reload, once its workers have the sockets of the next one. A
 * worker whose connections may still ask for a key of the last generation needs that key in the new keyring too.
 */
#ifndef DAEMON_KEYHOLDER_H
#define DAEMON_KEYHOLDER_H

#include "daemon/daemon.h"
#include "proxy/keyring.h"

enum { KEYHOLDER_MAX_WORKERS = 256 };

/*
 * One heap for all that follows, large enough for key files of `secrets_len` bytes in all and so many workers; then all
 * of it locked and out of dumps (base/locked.h). What is not to be had is told in the log and goes without.
 */
void keyholder_reserve_memory(size_t secrets_len, size_t workers);
void keyholder_lock_memory(void);

/* From the master. */
enum keyholder_order_type {
    KEYHOLDER_ATTACH = 1, /* with exactly one descriptor (SCM_RIGHTS): a worker's socket */
    KEYHOLDER_PING = 2,   /* with none: does it still turn? */
};
struct keyholder_order {
    uint32_t type;
    uint32_t worker; /* its process id, which comes back in reports */
};

/* To the master. What cannot be sent at once is not sent: the log has it too. */
enum keyholder_report_type {
    KEYHOLDER_WORKER_VIOLATED = 1, /* sent what is no question; its socket is closed. It deserves to be killed */
    KEYHOLDER_WORKER_REFUSED = 2,  /* no room or no memory for it; its socket is closed. Try again later */
    KEYHOLDER_ALIVE = 3,           /* the answer to a ping */
};
struct keyholder_report {
    uint32_t type;
    uint32_t worker;
};

/*
 * The system calls that it makes from here on: poll or ppoll, recvmmsg, recvmsg, sendto, close, getrandom,
 * clock_gettime, write (log lines); and of the C library brk, mmap and munmap (anonymous), exit_group.
 *
 * Runs to the end described above. Takes over `control`; `keyring` stays the caller's. DAEMON_EXIT_FAILURE: out of
 * memory at the start, or the master sent what is no order.
 */
enum daemon_exit keyholder_run(int control, const struct keyring *keyring);

#endif
