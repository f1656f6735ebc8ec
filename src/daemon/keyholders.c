#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/keyholder.h"
#include "daemon/master.h"
#include "proxy/key_wire.h"

bool keyholders_start(struct master *master, const struct deployment *deployment)
{
    for (uint16_t number = 1; number <= deployment->keyholder_count; number++) {
        struct child *child = children_add(master, PROCESS_KEYHOLDER, number, deployment->number);
        if (!child)
            return false;
        children_offer(child, deployment);
    }
    return true;
}

/* ---- who asks whom */

static struct child *find(const struct master *master, uint32_t generation, size_t number)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == PROCESS_KEYHOLDER && child->generation == generation && child->number == number)
            return child;
    }
    return NULL;
}

static struct child *keyholder_of(const struct child *worker, uint32_t generation)
{
    const struct master *master = worker->master;
    size_t count = 0;

    while (find(master, generation, count + 1))
        count++;
    return count ? find(master, generation, (worker->number - 1U) % count + 1) : NULL;
}

/* An order of keyholder.h, with the keyholder's end of the socket. */
static bool send_order(int control, uint32_t pid, int fd)
{
    struct keyholder_order order = {KEYHOLDER_ATTACH, pid};
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec span = {&order, sizeof order};
    struct msghdr header = {.msg_iov = &span, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);

    *part = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
    memcpy(CMSG_DATA(part), &fd, sizeof fd);
    return sendmsg(control, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof order;
}

static void join(struct child *worker, struct child *keyholder, const int ends[2])
{
    struct control_message message = {.type = CONTROL_KEYHOLDER, .fds = {ends[1]}, .fd_count = 1};

    if (send_order(keyholder->control, (uint32_t)worker->pid, ends[0])) {
        keyholder->words_due++;
        children_tell(worker, &message);
    } else if (errno != EPIPE && errno != ECONNRESET) {
        children_give_up(keyholder, "does not listen");
    }
}

/* The word about it is said once. */
static void try_to_join(struct child *worker, struct child *keyholder)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        if (!worker->is_asking_in_vain)
            log_message(LOG_LEVEL_ERROR, "worker %u cannot be joined to its keyholder: %m; trying again",
                        worker->number);
        worker->is_asking_in_vain = true;
        return;
    }
    worker->is_asking_in_vain = false;
    join(worker, keyholder, ends);
    close(ends[0]);
    close(ends[1]);
}

/*
 * After an upgrade they may be of two binaries that do not understand each other: then the older one makes room for one
 * of ours. One that ends anyway keeps the keyholder that it has.
 */
static void part(struct child *worker, struct child *keyholder)
{
    struct child *older = worker->key_wire == KEY_WIRE_VERSION ? keyholder : worker;

    if (!worker->is_leaving && !keyholder->is_leaving)
        children_give_up(older, "is of an older binary, and does not understand those of this one");
}

/* One that has just died gets nothing: its successor is attached when it is there. */
static void attach(struct child *worker, struct child *keyholder)
{
    if (worker->key_wire != keyholder->key_wire) {
        part(worker, keyholder);
        return;
    }
    worker->asks = keyholder->generation;
    if (keyholder->control >= 0 && worker->control >= 0)
        try_to_join(worker, keyholder);
}

void keyholders_ask(struct child *keyholder)
{
    struct keyholder_order order = {KEYHOLDER_PING, 0};

    if (send(keyholder->control, &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof order && errno != EPIPE &&
        errno != ECONNRESET)
        children_give_up(keyholder, "does not listen");
}

static bool is_at_work(const struct child *child, uint32_t generation)
{
    return child->pid && !child->is_leaving &&
           (child->serving == generation || (child->building == generation && child->is_ready));
}

void keyholders_attach_worker(struct child *worker)
{
    uint32_t generation = worker->serving ? worker->serving : worker->building;
    struct child *keyholder = keyholder_of(worker, generation);

    worker->asks = generation;
    if (keyholder && is_at_work(keyholder, generation))
        attach(worker, keyholder);
}

void keyholders_attach_keyholder(struct child *keyholder)
{
    struct master *master = keyholder->master;

    for (size_t i = 0; i < master->child_count; i++) {
        struct child *worker = master->children[i];
        if (worker->role == PROCESS_WORKER && worker->pid && worker->asks == keyholder->generation &&
            keyholder_of(worker, keyholder->generation) == keyholder)
            attach(worker, keyholder);
    }
}

/* It drains as soon as those of the upgrade serve, with the keyholder that it has, if ours does not understand it. */
static bool keeps_its_own(const struct child *worker, const struct child *keyholder)
{
    const struct deployment *next = worker->master->next;

    return next && next->is_upgrade && worker->upgrade != next->number && worker->key_wire != keyholder->key_wire;
}

void keyholders_attach_all(struct master *master, uint32_t generation)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *worker = master->children[i];
        struct child *keyholder =
            worker->role == PROCESS_WORKER && worker->pid ? keyholder_of(worker, generation) : NULL;
        if (keyholder && !keeps_its_own(worker, keyholder))
            attach(worker, keyholder);
    }
}

void keyholders_try_again(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *worker = master->children[i];
        struct child *keyholder = worker->is_asking_in_vain ? keyholder_of(worker, worker->asks) : NULL;
        if (keyholder && is_at_work(keyholder, worker->asks))
            attach(worker, keyholder);
    }
}

/* ---- their end */

static void retire(struct child *keyholder)
{
    keyholder->is_leaving = true;
    event_del(keyholder->respawn);
    children_hang_up(keyholder);
    hung_spare_leaving(keyholder);
}

void keyholders_retire(struct master *master, uint32_t generation)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_KEYHOLDER && master->children[i]->generation == generation)
            retire(master->children[i]);
}

void keyholders_retire_all(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_KEYHOLDER && !master->children[i]->is_leaving)
            retire(master->children[i]);
}

/* ---- what they say */

/* The process, not its place: by now there may be another one in it. One that drains is as dangerous as any. */
static struct child *find_worker(const struct master *master, uint32_t pid)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == PROCESS_WORKER && child->pid && (uint32_t)child->pid == pid)
            return child;
    }
    return NULL;
}

/*
 * Without memory there it may be better off with another one: killed, it comes back and is attached anew. One that
 * drains does not come back.
 */
static void take_report(const struct child *keyholder, const struct keyholder_report *report)
{
    struct child *worker = find_worker(keyholder->master, report->worker);

    if (!worker)
        return;
    if (report->type == KEYHOLDER_WORKER_VIOLATED)
        children_give_up(worker, "asked its keyholder what is no question");
    else if (worker->is_leaving)
        worker->is_asking_in_vain = true;
    else
        children_give_up(worker, "is not served by its keyholder");
}

/* A report ends the service of the worker that it names: there is none without an order to serve one. */
static bool may_report(struct child *keyholder, const struct keyholder_report *report)
{
    return (report->type == KEYHOLDER_WORKER_VIOLATED || report->type == KEYHOLDER_WORKER_REFUSED) &&
           keyholder->words_due > 0 && keyholder->words_due-- > 0;
}

void keyholders_hear(struct child *keyholder)
{
    struct keyholder_report report;
    ssize_t len = recv(keyholder->control, &report, sizeof report, MSG_DONTWAIT | MSG_TRUNC);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0)
        hung_end_of_words(keyholder);
    else if (len == sizeof report && report.type == KEYHOLDER_ALIVE && hung_may_hear(keyholder))
        hung_hear(keyholder);
    else if (len == sizeof report && may_report(keyholder, &report))
        take_report(keyholder, &report);
    else
        children_give_up(keyholder, "breaks the rules of what a keyholder may say");
}
