/*
 * rig.h: an engine under a policy of the test's making, and the wires between it and a client.
 */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include "support/client13.h"
#include "tls/policy.h"

struct cut {
    size_t fixed;    /* bytes a step; 0: all at once */
    uint64_t random; /* a seed: steps of 1..300 bytes; 0: `fixed` */
};

enum { RIG_MAX_KEYS = 16 };

struct rig {
    struct pool *pool;
    struct tls_policy *policy;
    struct private_key *keys[RIG_MAX_KEYS];
    size_t key_count;
    struct tls *tls;
    struct test_random random;
    uint64_t clock;
    int64_t time; /* seconds since 1970 */
    struct ticket_keys *tickets;
    struct cut cut;              /* how the wires are cut, both ways */
    bool is_key_held;            /* leave key requests open */
    bool is_sealing_held;        /* those that seal tickets */
    void (*before_client)(void); /* around every turn of the client; NULL: nothing */
    void (*after_client)(void);
    uint8_t *received; /* text for the backend */
    size_t received_len;
    size_t received_before_finished; /* must stay 0 */
    uint8_t *wire;                   /* everything the engine wrote */
    size_t wire_len;
};

/* A policy without certificates. False when an allocation failed; rig_wipe() is due all the same. */
MUST_CHECK bool rig_init(struct rig *rig, uint64_t seed);
void rig_wipe(struct rig *rig);

/* Adds a certificate and key in PEM from tests/data/certificates/NAME.{crt,key}. */
MUST_CHECK bool rig_add_certificate(struct rig *rig, const char *name);
MUST_CHECK bool rig_add_chain(struct rig *rig, const char *name); /* the same without its key */

/* Switches resumption on, with keys of the rig's own that outlive a change of policy. */
MUST_CHECK bool rig_add_tickets(struct rig *rig, unsigned count);

/* The suites of the classic RSA key exchange too. */
MUST_CHECK bool rig_add_rsa_exchange(struct rig *rig);
MUST_CHECK bool rig_connect(struct rig *rig); /* a new engine */

/* Moves bytes both ways until nothing moves any more. */
void rig_pump(struct rig *rig, struct client13 *client);
void rig_feed(struct rig *rig, struct bytes raw); /* raw bytes from the client, cut as told */
void rig_drain(struct rig *rig, struct client13 *client);
bool rig_answer_key(struct rig *rig); /* false: none was wanted */

/* The whole handshake, client's Finished included. */
void rig_handshake(struct rig *rig, struct client13 *client);
void rig_send(struct rig *rig, struct bytes text); /* from the backend */

#endif
