/*
 * certificate_dir.h: the certificates of a directory (cert-dir), each with the key that lies beside it.
 *
 * Keys are found by the public key, whatever the files are called. One certificate in several files is taken from the
 * one with the longest chain, so certbot's cert.pem is none beside its fullchain.pem, and a CA without a key is none.
 * What cannot be used is told as a warning and the others are served. The first one is the same whatever the files are
 * called and whenever they are renewed: the one whose first name is the first in the alphabet.
 */
#ifndef PROXY_CERTIFICATE_DIR_H
#define PROXY_CERTIFICATE_DIR_H

#include "config/config.h"
#include "proxy/keyring.h"
#include "proxy/supply.h"
#include "tls/policy.h"

/*
 * The chains go to `policy`, the keys to `keyring`, as with credentials_add(). False after telling why: the directory
 * cannot be read, or there is nothing in it that can be served; where the supply is patient, also a file that is
 * broken, cannot be read or has no key, and changed within CERT_DIR_PATIENCE: the rest may be on its way.
 */
MUST_CHECK bool certificate_dir_add(struct tls_policy *policy, const struct config_value *dir,
                                    const struct supply *supply, struct keyring *keyring,
                                    struct config_findings findings);

#endif
