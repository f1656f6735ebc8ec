#include "daemon/names.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "daemon/resolver.h"

/* ---- which ones there are */

static struct name *find(const struct names *names, const char *host)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->all[i].host, host) == 0)
            return &names->all[i];
    return NULL;
}

const struct name *names_find(const struct names *names, const char *host)
{
    return find(names, host);
}

static struct name *add(struct names *names, const char *host)
{
    size_t len = strlen(host);
    struct name *more;

    if (len > MAX_HOST_NAME)
        return NULL;
    more = memory_resize(names->all, (names->count + 1) * sizeof *more);
    if (!more)
        return NULL;
    names->all = more;
    more = &names->all[names->count++];
    *more = (struct name){.is_wanted = true};
    memcpy(more->host, host, len);
    return more;
}

bool names_add(struct names *names, const char *host, enum name_use use)
{
    struct name *name = find(names, host);

    if (!name)
        name = add(names, host);
    if (!name)
        return false;
    name->is_used = true;
    name->is_server = name->is_server || use == NAME_TO_CONNECT;
    return true;
}

void names_forget_uses(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        names->all[i].is_used = names->all[i].is_server = false;
}

/* One that is being asked for stays until the answer has come. */
void names_sweep(struct names *names)
{
    for (size_t i = names->count; i-- > 0;)
        if (!names->all[i].is_used && !names->all[i].question)
            names->all[i] = names->all[--names->count];
}

void names_free(struct names *names)
{
    memory_free(names->all);
    *names = (struct names){.all = NULL};
}

void names_know(struct names *names, const char *host, const struct socket_address *known, size_t count)
{
    struct name *name = find(names, host);
    struct host_address address;

    for (size_t i = 0; name && i < count; i++)
        if (host_address_of_socket(&known[i], &address))
            host_addresses_add(&name->addresses, &address);
}

/* ---- waiting for all of them */

void names_await(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->all[i].is_used)
            names->all[i].is_wanted = names->all[i].is_awaited = true;
}

bool names_are_awaited(const struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->all[i].is_awaited)
            return true;
    return false;
}

void names_stop_waiting(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        struct name *name = &names->all[i];
        if (name->is_awaited && name->addresses.count == 0)
            name->fault = HOST_LATE;
        name->is_awaited = false;
    }
}

/* ---- asking */

static uint64_t later(uint64_t then, uint64_t wait)
{
    return wait < NAMES_NEVER - then ? then + wait : NAMES_NEVER;
}

static uint64_t due(const struct names *names, const struct name *name)
{
    if (name->question || !name->is_used)
        return NAMES_NEVER;
    if (name->is_wanted)
        return 0;
    if (!name->is_server)
        return NAMES_NEVER;
    if (name->fault != HOST_OK)
        return later(name->answered_at, name->wait);
    return names->interval ? later(name->answered_at, names->interval) : NAMES_NEVER;
}

static struct name *first_due(const struct names *names)
{
    struct name *first = NULL;

    for (size_t i = 0; i < names->count; i++)
        if (!first || due(names, &names->all[i]) < due(names, first))
            first = &names->all[i];
    return first;
}

uint64_t names_due(const struct names *names)
{
    const struct name *first = first_due(names);

    return first && names->open < MAX_LOOKUPS ? due(names, first) : NAMES_NEVER;
}

/* A number that no open question has: it would come round again only after billions of them. */
static uint32_t next_question(struct names *names)
{
    names->last_question += names->last_question == UINT32_MAX ? 2 : 1;
    return names->last_question;
}

const struct name *names_ask(struct names *names, uint64_t now)
{
    struct name *name = first_due(names);

    if (names_due(names) > now)
        return NULL;
    name->question = next_question(names);
    name->asked_at = now;
    name->is_wanted = false;
    names->open++;
    return name;
}

static void close_question(struct names *names, struct name *name)
{
    name->question = 0;
    names->open--;
}

void names_ask_anew(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!names->all[i].question)
            continue;
        close_question(names, &names->all[i]);
        names->all[i].is_wanted = true;
    }
}

uint64_t names_asked_since(const struct names *names)
{
    uint64_t since = NAMES_NEVER;

    for (size_t i = 0; i < names->count; i++)
        if (names->all[i].question && names->all[i].asked_at < since)
            since = names->all[i].asked_at;
    return since;
}

/* ---- answers */

static struct name *find_asked(const struct names *names, uint32_t question)
{
    for (size_t i = 0; question && i < names->count; i++)
        if (names->all[i].question == question)
            return &names->all[i];
    return NULL;
}

static uint64_t longer(const struct names *names, uint64_t wait)
{
    uint64_t most = names->interval ? names->interval : NAME_MOST_RETRY;
    uint64_t next = wait ? wait * 2 : NAME_FIRST_RETRY;

    return next < most ? next : most;
}

static enum names_news take_fault(const struct names *names, struct name *name, enum host_fault fault)
{
    bool is_news = name->fault == HOST_OK;

    name->fault = fault;
    name->wait = longer(names, name->wait);
    return is_news ? NAMES_LOST : NAMES_NOTHING;
}

static enum names_news take_addresses(struct names *names, struct name *name, const struct host_addresses *addresses)
{
    bool was_lost = name->fault != HOST_OK;

    name->fault = HOST_OK;
    name->wait = 0;
    if (host_addresses_are_same(&name->addresses, addresses))
        return was_lost ? NAMES_BACK : NAMES_NOTHING;
    name->addresses = *addresses;
    name->edition = ++names->last_edition;
    return NAMES_CHANGED;
}

enum names_news names_take(struct names *names, uint32_t question, enum host_fault fault,
                           const struct host_addresses *addresses, uint64_t now, const struct name **name,
                           struct host_addresses *before)
{
    struct name *asked = find_asked(names, question);

    *name = asked;
    if (!asked)
        return NAMES_NOT_ASKED;
    *before = asked->addresses;
    close_question(names, asked);
    asked->answered_at = now;
    asked->is_awaited = false;
    return fault == HOST_OK ? take_addresses(names, asked, addresses) : take_fault(names, asked, fault);
}

const struct name *names_changed_since(const struct names *names, uint32_t since)
{
    const struct name *first = NULL;

    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->all[i];
        if (name->is_server && name->edition > since && (!first || name->edition < first->edition))
            first = name;
    }
    return first;
}
