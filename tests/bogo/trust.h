/*
 * trust.h: a client_trust that believes everybody, or nobody.
 */
#ifndef BOGO_TRUST_H
#define BOGO_TRUST_H

#include "crypto/client_trust.h"

MUST_CHECK struct client_trust *bogo_trust_new(bool is_refusing);

#endif
