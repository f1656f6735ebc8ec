#include <unistd.h>

#include "base/log.h"
#include "daemon/master.h"
#include "demo/demo.h"

/* Workers that have a keyholder to ask get no secret. */
static size_t count_files(const struct child *child, const struct deployment *deployment)
{
    if (child->role == PROCESS_WORKER)
        return deployment->keyholder_count > 0 ? 1 : 2;
    return deployment->earlier_secret >= 0 ? 3 : 2;
}

static void send_files(struct child *child, const struct deployment *deployment)
{
    struct control_message message = {
        .type = CONTROL_OFFER,
        .generation = deployment->number,
        .fds = {deployment->files.public, deployment->files.secret, deployment->earlier_secret},
        .fd_count = count_files(child, deployment)};

    children_tell(child, &message);
}

static void send_sockets(struct child *child, const struct deployment *deployment)
{
    const struct listen_sockets *sockets = deployment->sockets;
    struct control_message message = {.type = CONTROL_SOCKETS, .generation = deployment->number};

    for (size_t i = 0; i < sockets->count; i++) {
        message.fds[message.count] = sockets->sockets[i].fd;
        message.listens[message.count] = (uint16_t)sockets->sockets[i].listen;
        message.fd_count = ++message.count;
        if (message.count < MAX_CONTROL_FDS && i + 1 < sockets->count)
            continue;
        children_tell(child, &message);
        message.count = 0;
    }
}

static bool has_demo(const struct config *config)
{
    for (size_t i = 0; i < config->listen_count; i++)
        if (!config->listens[i].backend)
            return true;
    return false;
}

/* A worker may not bind. Without a socket it says what it cannot start. */
static void send_demo(struct child *child, const struct deployment *deployment)
{
    struct control_message message = {.type = CONTROL_DEMO, .fd_count = 1};

    if (child->has_demo || !has_demo(deployment->config))
        return;
    message.fds[0] = demo_listen();
    if (message.fds[0] < 0) {
        log_message(LOG_LEVEL_ERROR, "no socket for the demo backend of worker %u: %m", child->number);
        return;
    }
    children_tell(child, &message);
    close(message.fds[0]);
    child->has_demo = true;
}

static void send_tickets(struct child *child, const struct deployment *deployment)
{
    struct control_message message = {.type = CONTROL_TICKET_ROOT, .generation = deployment->number};

    const struct ticket_root *root = tickets_of(child->master, deployment);

    if (!root)
        return;
    message.root = *root;
    children_tell(child, &message);
    control_wipe(&message);
}

void children_offer(struct child *child, const struct deployment *deployment)
{
    struct control_message order = {.type = CONTROL_BUILD,
                                    .generation = deployment->number,
                                    .number = child->number,
                                    .total = (uint16_t)deployment->worker_count};

    if (child->role == PROCESS_ADMIN)
        sight_offer(child, deployment);
    if (child->role == PROCESS_ADMIN || child->role == PROCESS_RESOLVER)
        return;
    child->building = deployment->number;
    child->is_ready = false;
    child->words_due++;
    hung_spare(child, master_build_time(child->master));
    if (order.number > order.total) /* it will have to go; until then it counts as one of them */
        order.total = order.number;
    send_files(child, deployment);
    if (child->role == PROCESS_WORKER) {
        send_sockets(child, deployment);
        send_demo(child, deployment);
    }
    if (count_files(child, deployment) > 1)
        send_tickets(child, deployment);
    children_tell(child, &order);
    child->told = child->told < deployment->names_edition ? child->told : deployment->names_edition;
    resolving_tell(child);
}
