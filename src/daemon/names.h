/*
 * names.h: what the master knows of the names in a configuration: the addresses behind each, and when to ask for it
 * next.
 *
 * No process and no socket here, and the time comes from outside: resolving.c asks, and tells the workers. The last
 * good addresses of a name stay until there are better ones; an answer that fails takes nothing away.
 */
#ifndef DAEMON_NAMES_H
#define DAEMON_NAMES_H

#include "proxy/host.h"

/* Microseconds. */
enum { NAME_FIRST_RETRY = 1000 * 1000, NAME_MOST_RETRY = 30 * 1000 * 1000 };

#define NAMES_NEVER UINT64_MAX

/* To listen on, it is asked for once; a server's again and again. */
enum name_use { NAME_TO_LISTEN, NAME_TO_CONNECT };

struct name {
    char host[MAX_HOST_NAME + 1];
    bool is_used;                    /* by a configuration that is, or is about to be, served */
    bool is_server;                  /* NAME_TO_CONNECT, at least once */
    bool is_wanted;                  /* ask as soon as there is room for a question */
    bool is_awaited;                 /* a configuration waits for the answer */
    uint32_t question;               /* that is open; 0: none is */
    uint64_t asked_at, answered_at;  /* microseconds; answered_at 0: never */
    uint64_t wait;                   /* until the next try, after an answer that failed */
    enum host_fault fault;           /* of the last answer */
    uint32_t edition;                /* when its addresses changed last, in the order of all changes; 0: never */
    struct host_addresses addresses; /* the last good ones */
};

/* Zeroed it is empty. */
struct names {
    struct name *all;
    size_t count, open; /* questions */
    uint32_t last_question, last_edition;
    uint64_t interval; /* between two answers; 0: one is good for ever */
};

/* From here on names are used that are added again. */
void names_forget_uses(struct names *names);
MUST_CHECK bool names_add(struct names *names, const char *host, enum name_use use);
void names_sweep(struct names *names); /* those that nobody uses go */
void names_free(struct names *names);

/* NULL: it was not added. */
const struct name *names_find(const struct names *names, const char *host);

/* Addresses that it had under another master; whoever serves knows them. Of a name that was not added: nothing. */
void names_know(struct names *names, const char *host, const struct socket_address *known, size_t count);

/* All that are used are asked for at once, and waited for. */
void names_await(struct names *names);
bool names_are_awaited(const struct names *names);

/* What has not been answered yet comes late, or when it comes. */
void names_stop_waiting(struct names *names);

/* The next name to ask for now, with the number of its question, which is open from here on. NULL: none. */
MUST_CHECK const struct name *names_ask(struct names *names, uint64_t now);

/* Nobody is left to answer the questions that are open: they are asked anew. */
void names_ask_anew(struct names *names);

/* When names_ask() has a name again. */
uint64_t names_due(const struct names *names);

/* When the oldest open question was asked. */
uint64_t names_asked_since(const struct names *names);

enum names_news {
    NAMES_NOT_ASKED, /* no such question is open */
    NAMES_NOTHING,   /* it is as it was */
    NAMES_CHANGED,   /* other addresses */
    NAMES_LOST,      /* no answer any more, or not even a first one */
    NAMES_BACK,      /* an answer again, and the same addresses */
};

/* `name` is the one that was asked for, `before` what it had. */
MUST_CHECK enum names_news names_take(struct names *names, uint32_t question, enum host_fault fault,
                                      const struct host_addresses *addresses, uint64_t now, const struct name **name,
                                      struct host_addresses *before);

/* The first change after edition `since`, of a server's name. NULL: there was none. */
const struct name *names_changed_since(const struct names *names, uint32_t since);

#endif
