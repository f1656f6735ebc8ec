/*
 * network.h: networks in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`; an address alone is a network of one.
 */
#ifndef CONFIG_NETWORK_H
#define CONFIG_NETWORK_H

#include "config/config.h"

enum { NETWORK_FAULT_LEN = 160 };

/*
 * Fills everything but `place`. `text` must live as long as `out`. NULL, or what is wrong, as the end of a sentence
 * that began with the text; it stands in `fault` or is never freed.
 */
MUST_CHECK const char *network_parse(const char *text, struct config_network *out, char fault[NETWORK_FAULT_LEN]);

#endif
