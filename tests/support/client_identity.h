/*
 * client_identity.h: certificates that clients show, and the CAs they are judged by, from tests/data/client_trust.
 */
#ifndef SUPPORT_CLIENT_IDENTITY_H
#define SUPPORT_CLIENT_IDENTITY_H

#include "crypto/certificate.h"
#include "crypto/client_trust.h"
#include "support/rig.h"

/* What is read here lasts until client_identity_free(); the trust is the policy's. */
struct client_identity_files {
    struct certificate_chain *chain;
    struct private_key *key;
};

/* The policy asks for certificates of "root". `crl` NULL: none. */
MUST_CHECK struct client_trust *client_identity_trust(const char *ca, const char *crl);

/* The client shows "leaf" or "leaf,intermediate"; the key is the leaf's, or that of `key_of`. */
void client_identity_show(struct client13 *client, struct client_identity_files *files, const char *names,
                          const char *key_of, uint16_t scheme);
void client_identity_free(struct client_identity_files *files);

#endif
