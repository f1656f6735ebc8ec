/*
 * keyholder_rig.h: keyholders in processes of their own, with the test as their master and as their workers.
 * crypto_start() was called. What goes wrong here aborts, so that programs without Check may use it.
 */
#ifndef TESTS_DAEMON_KEYHOLDER_RIG_H
#define TESTS_DAEMON_KEYHOLDER_RIG_H

#include <sys/types.h>

#include "daemon/keyholder.h"
#include "tls/ticket_root.h"

struct keyholder_rig {
    pid_t pid;
    int control;
};

/* With the keys of p256.key and rsa2048.key, which the child alone reads, and ticket keys of `root` (NULL: none). */
void keyholder_rig_start(struct keyholder_rig *rig, const struct ticket_root *root);

/* The worker's end of a new socket whose other end the keyholder got. Non-blocking only where asked for. */
int keyholder_rig_attach(const struct keyholder_rig *rig, uint32_t worker);
void keyholder_rig_order(const struct keyholder_rig *rig, const void *order, size_t len, const int *fds, size_t count);

/* The next report; aborts when none comes. */
struct keyholder_report keyholder_rig_report(const struct keyholder_rig *rig);
bool keyholder_rig_has_report(const struct keyholder_rig *rig); /* within a tenth of a second */

/* Closes the control socket and waits for the end, of whose wait status this is. */
int keyholder_rig_end(struct keyholder_rig *rig);
int keyholder_rig_wait(struct keyholder_rig *rig);
void keyholder_rig_kill(struct keyholder_rig *rig); /* SIGKILL, and waits */

/* Reads a whole file of tests/data/certificates; the id of the key in it. */
void keyholder_rig_key_id(const char *name, uint8_t id[KEY_ID_LEN]);

#endif
