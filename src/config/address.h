/*
 * address.h: `host:port`, `[::1]:443`, `*:443`, `:443`, `unix:/path` and `systemd:NAME`.
 *
 * Only the form is judged: names are looked up when the socket is made.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include "config/arena.h"
#include "config/config.h"

enum address_use { ADDRESS_TO_LISTEN, ADDRESS_TO_CONNECT }; /* `*` is no place to connect to */

enum { ADDRESS_FAULT_LEN = 256 };

enum address_answer { ADDRESS_OK, ADDRESS_WRONG, ADDRESS_NO_MEMORY };

/*
 * Fills everything but `place`. `text` must live as long as `out`; host and path are put into `arena`.
 * For ADDRESS_WRONG `fault` says what is wrong, as the end of a sentence that began with the text.
 */
MUST_CHECK enum address_answer address_parse(struct arena *arena, const char *text, enum address_use use,
                                             struct config_address *out, char fault[ADDRESS_FAULT_LEN]);

/* Nobody from elsewhere can reach it: a unix socket, 127/8 or ::1, by number: what a name means is the system's. */
bool address_is_local(const struct config_address *address);

/* Whether sockets bound to both would take each other's connections. */
bool address_collides(const struct config_address *a, const struct config_address *b);

#endif
