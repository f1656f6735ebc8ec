/*
 * ticket_key_files.h: the keys of session tickets, as the configuration has them.
 */
#ifndef PROXY_TICKET_KEY_FILES_H
#define PROXY_TICKET_KEY_FILES_H

#include "config/config.h"
#include "proxy/supply.h"
#include "tls/ticket_keys.h"

/* From the files of `ticket-key`, or made by ourselves where there are none. NULL after telling what is wrong. */
MUST_CHECK struct ticket_keys *ticket_keys_from_config(const struct config_general *general,
                                                       const struct supply *supply, struct config_findings findings);

#endif
