/*
 * ask.h: asks a running sallyport how it is, from another process.
 *
 * Either its admin listener, over HTTP, or a listener for TLS, without TLS: a connection that says nothing and ends its
 * sending is closed by a loop that turns, and by no other.
 */
#ifndef ADMIN_ASK_H
#define ADMIN_ASK_H

#include "proxy/address.h"

enum {
    MAX_ASK_REPLY_LEN = 4096, /* of the reply to /healthz or /readyz; the rest is not read */
    MAX_ASK_WORDS_LEN = 128,
    ASK_TIMEOUT = 3000, /* milliseconds, for all of it */
};

/* Good or not, and why, in words for one line. */
struct ask_answer {
    bool is_good;
    char words[MAX_ASK_WORDS_LEN];
};

/* `path` is "/healthz" or "/readyz". */
struct ask_answer ask_admin(const struct socket_address *address, const char *path);

struct ask_answer ask_listener(const struct socket_address *address);

/* The status and the first line of the body, as far as they came. False: this is no reply of HTTP/1. For tests. */
MUST_CHECK bool ask_parse_reply(struct bytes reply, int *status, char words[MAX_ASK_WORDS_LEN]);

#endif
