#include "daemon/resolving.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/master.h"
#include "proxy/event_drop.h"

/* Until a worker that had no room is told what it missed. */
enum { TELL_AGAIN_AFTER = 100 * 1000 };

/* ---- the process */

static struct child *find_resolver(const struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_RESOLVER && !master->children[i]->is_leaving)
            return master->children[i];
    return NULL;
}

static void dismiss(struct master *master)
{
    struct child *resolver = find_resolver(master);

    if (!resolver)
        return;
    names_ask_anew(&master->resolving.names);
    resolver->is_leaving = true;
    event_del(resolver->respawn);
    children_hang_up(resolver); /* on which it ends */
    resolver->leave_by = master_now() + KILL_AFTER_DRAIN;
}

static MUST_CHECK bool have_resolver(struct master *master)
{
    return find_resolver(master) || children_add(master, PROCESS_RESOLVER, 1, 0);
}

/* ---- what is due */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Without a resolver that listens, what is due stays due until its next one begins. */
static uint64_t next_question(const struct names *names, const struct child *resolver)
{
    uint64_t since = names_asked_since(names);

    if (!resolver || resolver->control < 0)
        return NAMES_NEVER;
    return sooner(names_due(names), since == NAMES_NEVER ? since : since + MAX_LOOKUP_TIME);
}

static uint64_t next_wake(const struct resolving *resolving, const struct child *resolver, uint64_t now)
{
    uint64_t wake = next_question(&resolving->names, resolver);

    if (resolving->deadline)
        wake = sooner(wake, resolving->deadline);
    return resolving->is_told_later ? sooner(wake, now + TELL_AGAIN_AFTER) : wake;
}

static void set_timer(struct master *master, const struct child *resolver, uint64_t now)
{
    uint64_t wake = next_wake(&master->resolving, resolver, now), wait = wake > now ? wake - now : 0;
    struct timeval time = {(time_t)(wait / 1000000), (suseconds_t)(wait % 1000000)};

    if (wake == NAMES_NEVER)
        event_del(master->resolving.timer);
    else if (evtimer_add(master->resolving.timer, &time) != 0)
        log_message(LOG_LEVEL_ERROR, "out of memory: names are not asked for again");
}

static void ask(struct child *resolver, uint64_t now)
{
    struct control_message message = {.type = CONTROL_RESOLVE};
    const struct name *name;

    while (resolver->control >= 0 && (name = names_ask(&resolver->master->resolving.names, now))) {
        message.request = name->question;
        memcpy(message.host, name->host, sizeof message.host);
        children_tell(resolver, &message);
    }
}

static void go_on(struct master *master)
{
    struct child *resolver = find_resolver(master);
    uint64_t now = master_now();

    if (resolver)
        ask(resolver, now);
    set_timer(master, resolver, now);
}

/* Nobody is answered by it, whatever it does. */
static void give_up_silent(struct master *master, uint64_t now)
{
    struct child *resolver = find_resolver(master);
    uint64_t since = names_asked_since(&master->resolving.names);

    if (resolver && resolver->control >= 0 && since != NAMES_NEVER && now - since >= MAX_LOOKUP_TIME)
        children_give_up(resolver, "has owed an answer for two minutes");
}

/* ---- telling workers */

/* One that is gone is noticed elsewhere; whatever else is in the way passes. */
static bool is_gone(int error)
{
    return error == EPIPE || error == ECONNRESET || error == EBADF;
}

/* What fits, in the order of the changes. False: there is more. */
static MUST_CHECK bool tell_changes(struct child *worker)
{
    struct control_message message = {.type = CONTROL_ADDRESSES};
    const struct name *name;

    while ((name = names_changed_since(&worker->master->resolving.names, worker->told))) {
        memcpy(message.host, name->host, sizeof message.host);
        message.addresses = name->addresses;
        if (!control_send(worker->control, &message))
            return is_gone(errno);
        worker->told = name->edition;
    }
    return true;
}

void resolving_tell(struct child *worker)
{
    if (worker->role == PROCESS_WORKER && worker->control >= 0 && !tell_changes(worker))
        worker->master->resolving.is_told_later = true;
}

static void tell_all(struct master *master)
{
    master->resolving.is_told_later = false;
    for (size_t i = 0; i < master->child_count; i++)
        resolving_tell(master->children[i]);
}

/* ---- words */

static void log_change(const struct name *name, const struct host_addresses *before)
{
    char text[HOST_TEXT_LEN];
    struct log_line line;

    log_begin(&line, LOG_LEVEL_NOTICE, "addresses");
    log_text(&line, "name", name->host);
    host_addresses_format(&name->addresses, text);
    log_text(&line, "now", text);
    host_addresses_format(before, text);
    log_text(&line, "before", before->count > 0 ? text : "none");
    log_end(&line);
}

/* Of a name without any address who loads the configuration tells, with its place. */
static void log_news(const struct name *name, enum names_news news, const struct host_addresses *before)
{
    if (news == NAMES_CHANGED)
        log_change(name, before);
    else if (news == NAMES_LOST && before->count > 0)
        log_message(LOG_LEVEL_WARNING, "the name '%s' does not resolve any more: %s; its last addresses stay in use",
                    name->host, host_fault_words(name->fault));
    else if (news == NAMES_BACK)
        log_message(LOG_LEVEL_NOTICE, "the name '%s' resolves again, to the same addresses", name->host);
}

/* The first addresses of a name that a configuration waits for are no change. */
static bool is_worth_a_line(const struct master *master, const struct name *name, const struct host_addresses *before)
{
    return name->is_used && name->is_server && (!master->resolving.deadline || before->count > 0);
}

/* ---- answers */

static void end_wait(struct master *master)
{
    master->resolving.deadline = 0;
    names_stop_waiting(&master->resolving.names);
    reload_names_known(master);
}

static void end_wait_if_over(struct master *master, uint64_t now)
{
    const struct resolving *resolving = &master->resolving;

    if (resolving->deadline && (now >= resolving->deadline || !names_are_awaited(&resolving->names)))
        end_wait(master);
}

/* One that is being asked for goes with its answer, and the resolver with the last name. */
static void keep_what_is_used(struct master *master)
{
    names_sweep(&master->resolving.names);
    if (master->resolving.names.count == 0)
        dismiss(master);
    else if (!have_resolver(master))
        log_message(LOG_LEVEL_ERROR, "there is nobody to ask for names");
    go_on(master);
}

bool resolving_hear(struct child *resolver, const struct control_message *message)
{
    struct master *master = resolver->master;
    struct host_addresses before;
    const struct name *name;
    enum names_news news = names_take(&master->resolving.names, message->request, (enum host_fault)message->fault,
                                      &message->addresses, master_now(), &name, &before);

    if (news == NAMES_NOT_ASKED)
        return false;
    if (is_worth_a_line(master, name, &before))
        log_news(name, news, &before);
    if (news == NAMES_CHANGED)
        tell_all(master);
    end_wait_if_over(master, master_now());
    keep_what_is_used(master);
    return true;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct master *master = context;
    uint64_t now = master_now();
    (void)fd, (void)what;

    give_up_silent(master, now);
    if (master->resolving.is_told_later)
        tell_all(master);
    end_wait_if_over(master, now);
    go_on(master);
}

void resolving_process_began(struct child *resolver)
{
    if (resolver->role == PROCESS_RESOLVER)
        go_on(resolver->master);
}

void resolving_process_ended(struct child *resolver)
{
    if (resolver->role == PROCESS_RESOLVER && resolver == find_resolver(resolver->master))
        names_ask_anew(&resolver->master->resolving.names);
}

/* ---- the names of a configuration */

static MUST_CHECK bool add_all(struct names *names, const struct config_address_list *list, enum name_use use)
{
    for (size_t i = 0; i < list->count; i++)
        if (address_is_name(&list->values[i]) && !names_add(names, list->values[i].host, use))
            return false;
    return true;
}

static MUST_CHECK bool add_names(struct names *names, const struct config *config)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct config_listen *listen = &config->listens[i];
        if (!add_all(names, &listen->addresses, NAME_TO_LISTEN) ||
            (listen->backend && !add_all(names, &listen->backend->servers, NAME_TO_CONNECT)))
            return false;
    }
    return true;
}

bool resolving_begin(struct master *master)
{
    struct resolving *resolving = &master->resolving;

    if (!master->current)
        resolving->names.interval = master->next->config->general.resolve_interval;
    if (!add_names(&resolving->names, master->next->config))
        return false;
    if (resolving->names.count == 0) {
        reload_names_known(master);
        return true;
    }
    resolving->deadline = master_now() + MAX_RESOLVE_TIME;
    names_await(&resolving->names);
    if (!have_resolver(master))
        return false;
    go_on(master);
    return true;
}

bool resolving_is_waited_for(const struct master *master)
{
    return master->resolving.deadline != 0;
}

void resolving_settle(struct master *master)
{
    struct resolving *resolving = &master->resolving;

    resolving->deadline = 0;
    names_stop_waiting(&resolving->names);
    names_forget_uses(&resolving->names);
    if (master->current) {
        resolving->names.interval = master->current->config->general.resolve_interval;
        (void)!add_names(&resolving->names, master->current->config); /* they are all there */
    }
    keep_what_is_used(master);
}

/* ---- after USR2 */

static void adopt_name(struct master *master, struct generation *generation, const struct config_address *address)
{
    struct supply supply = generation_supply(generation);
    struct socket_address known[MAX_SERVER_ADDRESSES];
    const char *fault;
    size_t count = supply_resolve(&supply, address, known, ARRAY_LEN(known), &fault);

    names_know(&master->resolving.names, address->host, known, count);
}

static bool is_alone_on_port(const struct config_address_list *addresses, const struct config_address *address)
{
    size_t count = 0;

    for (size_t i = 0; i < addresses->count; i++)
        count += addresses->values[i].port == address->port && !addresses->values[i].is_unix;
    return count == 1;
}

static bool is_bound_to_port(const struct listen_socket *sock, uint16_t port)
{
    int family = sock->address.any.sa_family;

    return !sock->name[0] && family != AF_UNIX &&
           ntohs(family == AF_INET6 ? sock->address.v6.sin6_port : sock->address.v4.sin_port) == port;
}

/* No file says what a name to listen on meant. The sockets do, where nothing else of the section has its port. */
static void adopt_names_to_listen(struct master *master, size_t listen)
{
    const struct config_address_list *addresses = &master->current->config->listens[listen].addresses;
    const struct listen_sockets *sockets = master->current->sockets;

    for (size_t i = 0; i < addresses->count; i++) {
        const struct config_address *address = &addresses->values[i];
        if (!address_is_name(address) || !is_alone_on_port(addresses, address))
            continue;
        for (size_t j = 0; j < sockets->count; j++)
            if (sockets->sockets[j].listen == listen && is_bound_to_port(&sockets->sockets[j], address->port))
                names_know(&master->resolving.names, address->host, &sockets->sockets[j].address, 1);
    }
}

static void adopt_names(struct master *master, struct generation *generation)
{
    const struct config *config = master->current->config;

    for (size_t i = 0; i < config->listen_count; i++)
        adopt_names_to_listen(master, i);
    for (size_t i = 0; i < config->backend_count; i++)
        for (size_t j = 0; j < config->backends[i].servers.count; j++)
            if (address_is_name(&config->backends[i].servers.values[j]))
                adopt_name(master, generation, &config->backends[i].servers.values[j]);
}

void resolving_adopt(struct master *master)
{
    struct generation_files public_alone = {master->current->files.public, -1};
    const char *fault;
    struct generation *generation = generation_open(&public_alone, &fault);

    dismiss(master);
    resolving_settle(master);
    if (generation)
        adopt_names(master, generation);
    generation_free(generation);
}

/* ---- as a supply */

static size_t resolve_known(void *context, const struct config_address *address, struct socket_address *out, size_t max,
                            const char **fault)
{
    const struct names *names = context;
    const struct name *name;

    if (!address_is_name(address))
        return address_resolve(address, ADDRESS_TO_CONNECT, out, max, fault);
    name = names_find(names, address->host);
    *fault = host_fault_words(name ? name->fault : HOST_LATE);
    return name ? host_addresses_with_port(&name->addresses, address->port, out, max) : 0;
}

struct supply resolving_supply(const struct master *master)
{
    struct supply supply = supply_of_disk(PURPOSE_SERVE);

    supply.resolve = resolve_known;
    supply.context = (void *)&master->resolving.names; /* read only */
    return supply;
}

/* ---- life */

bool resolving_init(struct master *master)
{
    master->resolving.timer = evtimer_new(master->base, on_timer, master);
    return master->resolving.timer != NULL;
}

void resolving_free(struct master *master)
{
    event_drop(master->resolving.timer);
    names_free(&master->resolving.names);
}
