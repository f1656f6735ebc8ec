/* admin_address.h: `--admin ADDRESS`. */
#ifndef CLI_ADMIN_ADDRESS_H
#define CLI_ADMIN_ADDRESS_H

#include "config/arena.h"
#include "config/config.h"

enum { ADMIN_ADDRESS_FAULT_LEN = 256 };

/* unix:/path or host:port, in memory of `arena`. False with the end of a sentence that began with the text. */
MUST_CHECK bool admin_address_parse(struct arena *arena, const char *text, struct config_address *out,
                                    char fault[ADMIN_ADDRESS_FAULT_LEN]);

#endif
