/*
 * purpose.h: what a policy is built for.
 *
 * To look at it (-t, explain) nothing is written anywhere, and nothing is said to be served. To build again what was
 * loaded before, nothing is made: what is to be had is in the supply.
 */
#ifndef PROXY_PURPOSE_H
#define PROXY_PURPOSE_H

enum purpose { PURPOSE_SERVE, PURPOSE_LOOK, PURPOSE_REBUILD };

#endif
