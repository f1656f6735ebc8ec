/*
 * key_service_types.h: what the local and the remote key service have in common. Private to key_service*.c.
 */
#ifndef PROXY_KEY_SERVICE_TYPES_H
#define PROXY_KEY_SERVICE_TYPES_H

#include "proxy/key_questions.h"

struct key_service_kind {
    bool (*wake)(struct key_service *service, enum key_patience patience); /* soon, never now. False: no memory */
    /* Questions of a line that have left it and have no answer. */
    size_t (*asked)(const struct key_service *service, enum key_haste haste);
    void (*free)(struct key_service *service); /* all but the questions that wait */
};

/* The first member of either. */
struct key_service {
    const struct key_service_kind *kind;
    struct key_questions questions;
    key_answer *answer;
    key_may_go *may_go;                  /* NULL: always */
    uint64_t cost, cost_elsewhere, wait; /* of the answer that is being given, of its question */
    void *context;
};

#endif
