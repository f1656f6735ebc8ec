/*
 * client_trust_rig.h: a trust, and what it says of chains. The certificates are made by
 * tests/data/client_trust/make.sh; the clock is the test's.
 */
#ifndef CRYPTO_CLIENT_TRUST_RIG_H
#define CRYPTO_CLIENT_TRUST_RIG_H

#include "crypto/client_trust.h"

enum { MAX_DER = 16 * 1024 };

static const int64_t now = 1800000000; /* January 2027 */

extern struct client_trust *trust;
extern struct client_identity identity; /* of the last verification */
extern struct public_key *key;
extern uint8_t ders[10][MAX_DER];
extern struct bytes chain[10]; /* the last one, in `ders` */
extern size_t chain_count;

struct bytes file(const char *name, const char *suffix); /* good until the next call */

void begin(void); /* trusts "root" */
void begin_with(const char *ca);
void begin_rekeyed(const char *first, const char *second);
void add_crl(const char *name);
void end(void);

void add(const char *name); /* to the chain */

/* "leaf,intermediate": what the client sends. */
enum chain_result verify_at(const char *names, int64_t at);
void believes(const char *names);
void refuses(const char *names, enum chain_result wanted);

#endif
