/*
 * fuzz_server.h: the policies of fuzz_server12 and fuzz_server13, for the target and whoever makes its seeds.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include "support/rig.h"

/* The first byte of an input. */
enum {
    FUZZ_SERVER_MODE = 3, /* an enum tls_client_certificate; 3: as NONE */
    FUZZ_SERVER_TICKETS = 4,
    FUZZ_SERVER_ALPN = 8,
    FUZZ_SERVER_POLICIES = 16,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A new engine under that policy, which is made once. */
struct rig *fuzz_server_rig(uint16_t version, uint8_t flags);

#endif
