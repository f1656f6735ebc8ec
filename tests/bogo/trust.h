/*
 * trust.h: a client_trust that believes everybody, or nobody.
 */
#ifndef BOGO_TRUST_H
#define BOGO_TRUST_H

#include "crypto/certificate.h"
#include "crypto/client_trust.h"

/*
 * `names` is what -use-client-ca-list says (NULL: names of no CA). Takes over `expected`, also on failure: the chain
 * that must come; NULL: any.
 */
MUST_CHECK struct client_trust *bogo_trust_new(bool is_refusing, const char *names, struct certificate_chain *expected);

#endif
