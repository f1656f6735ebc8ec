/*
 * purpose.h: what a policy is built for.
 *
 * To look at it (-t, explain) nothing is written anywhere, and nothing is said to be served.
 */
#ifndef PROXY_PURPOSE_H
#define PROXY_PURPOSE_H

enum purpose { PURPOSE_SERVE, PURPOSE_LOOK };

#endif
