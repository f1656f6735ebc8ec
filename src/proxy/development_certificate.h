/*
 * development_certificate.h: a self-signed certificate, so that a first start needs no files.
 *
 * Made at first start and kept in $STATE_DIRECTORY, else $XDG_STATE_HOME/sallyport, else ~/.local/state/sallyport:
 * never in the source tree, never with the configuration. It is used where the configuration names it and nowhere
 * else, and every use is told as a warning. Where nothing can be kept, one is made anew at each start. PURPOSE_LOOK
 * takes the one that is kept, or makes one that nobody keeps.
 */
#ifndef PROXY_DEVELOPMENT_CERTIFICATE_H
#define PROXY_DEVELOPMENT_CERTIFICATE_H

#include "config/config.h"
#include "crypto/certificate.h"
#include "proxy/supply.h"

enum { DEVELOPMENT_DAYS = 365, DEVELOPMENT_RENEW_DAYS = 7 };

/*
 * The chain and its key, loaded or made; both become the caller's. Their PEM is kept in `supply` as the file
 * CONFIG_CERTIFICATE_DEVELOPMENT. `now`: seconds since 1970. False after telling why through `findings`.
 */
MUST_CHECK bool development_certificate_get(int64_t now, const struct supply *supply, const struct config_place *place,
                                            struct config_findings findings, struct certificate_chain **chain,
                                            struct private_key **key);

#endif
