#include "daemon/keyholder.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/key_turns.h"
#include "proxy/proxy.h"

/* So long questions are answered before the replies leave and the sockets are looked at again. */
enum { KEY_SLICE = 250 }; /* microseconds */

struct keyholder {
    int control; /* -1: the master has closed it, no more workers come */
    bool has_failed;
    struct key_holder holder;
    struct key_batch *incoming;
    struct key_client *clients[KEYHOLDER_MAX_WORKERS];
    size_t count;
    struct key_turns turns;
};

/* ---- workers come and go */

static void report(const struct keyholder *keyholder, enum keyholder_report_type type, uint32_t worker)
{
    struct keyholder_report message = {type, worker};

    if (keyholder->control >= 0 &&
        send(keyholder->control, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof message)
        log_message(LOG_LEVEL_WARNING, "the master does not hear of the worker with pid %u: %m", worker);
}

/* Unread by a master that was stopped itself: it asks again. */
static void answer_ping(const struct keyholder *keyholder)
{
    struct keyholder_report message = {KEYHOLDER_ALIVE, 0};

    (void)!send(keyholder->control, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void refuse(const struct keyholder *keyholder, uint32_t worker, const char *reason)
{
    log_message(LOG_LEVEL_ERROR, "the worker with pid %u is not served: %s", worker, reason);
    report(keyholder, KEYHOLDER_WORKER_REFUSED, worker);
}

static void attach(struct keyholder *keyholder, int fd, uint32_t worker)
{
    struct key_client *client;

    if (keyholder->count == KEYHOLDER_MAX_WORKERS) {
        close(fd);
        refuse(keyholder, worker, "there are too many");
        return;
    }
    client = key_client_new(fd, worker);
    if (!client) {
        refuse(keyholder, worker, "out of memory");
        return;
    }
    keyholder->clients[keyholder->count++] = client;
}

static void detach(struct keyholder *keyholder, size_t index)
{
    key_client_free(keyholder->clients[index]);
    keyholder->clients[index] = keyholder->clients[--keyholder->count];
}

/* False: it is no client any more. */
static bool settle(struct keyholder *keyholder, size_t index, enum key_client_state state)
{
    uint32_t worker = keyholder->clients[index]->worker;

    if (state == KEY_CLIENT_FINE)
        return true;
    detach(keyholder, index);
    if (state == KEY_CLIENT_VIOLATED) {
        log_message(LOG_LEVEL_ERROR, "the worker with pid %u sent what is no question: its socket is closed", worker);
        report(keyholder, KEYHOLDER_WORKER_VIOLATED, worker);
    }
    if (state == KEY_CLIENT_NO_MEMORY)
        refuse(keyholder, worker, "out of memory");
    return false;
}

/* ---- the master */

/* -1: none, or not exactly one. */
static int descriptor_of(struct msghdr *header)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(header);
    int fd = -1;

    if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
        part->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(part), sizeof fd);
    return fd;
}

/* The length of the message, 0 at the end, -1 without any; the descriptor that came with it, -1 for none. */
static ssize_t receive_order(int control, struct keyholder_order *order, int *fd)
{
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof(int))];
    struct iovec span = {order, sizeof *order};
    struct msghdr header = {.msg_iov = &span, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    ssize_t len = recvmsg(control, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);

    *fd = len < 0 ? -1 : descriptor_of(&header);
    return len;
}

static void close_control(struct keyholder *keyholder)
{
    close(keyholder->control);
    keyholder->control = -1;
}

/* False: it is no order. */
static bool obey(struct keyholder *keyholder, const struct keyholder_order *order, int fd)
{
    if (order->type == KEYHOLDER_ATTACH && fd >= 0)
        attach(keyholder, fd, order->worker);
    else if (order->type == KEYHOLDER_PING && fd < 0)
        answer_ping(keyholder);
    else
        return false;
    return true;
}

static void take_order(struct keyholder *keyholder)
{
    struct keyholder_order order;
    int fd;
    ssize_t len = receive_order(keyholder->control, &order, &fd);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len == sizeof order && obey(keyholder, &order, fd))
        return;
    if (fd >= 0)
        close(fd);
    if (len > 0) {
        log_message(LOG_LEVEL_ERROR, "the master sent what is no order");
        keyholder->has_failed = true;
    }
    close_control(keyholder);
}

/* ---- answering */

static bool answer_one(struct keyholder *keyholder)
{
    enum key_haste haste;
    struct key_client *client = key_turns_take(&keyholder->turns, keyholder->clients, keyholder->count, &haste);

    if (client)
        key_client_answer(client, haste, &keyholder->holder);
    return client != NULL;
}

static void answer_some(struct keyholder *keyholder)
{
    uint64_t since = proxy_now();

    for (size_t i = 0; i < keyholder->count; i++)
        key_share_fill(&keyholder->clients[i]->share, since, keyholder->count);
    while (answer_one(keyholder) && proxy_now() - since < KEY_SLICE)
        ;
}

/* ---- the loop */

static bool has_questions(const struct keyholder *keyholder)
{
    for (size_t i = 0; i < keyholder->count; i++)
        for (size_t haste = 0; haste < KEY_HASTES; haste++)
            if (keyholder->clients[i]->lines[haste].count > 0)
                return true;
    return false;
}

/* Ticket keys that are too old are wiped in time, also while nobody asks. */
static int patience(struct keyholder *keyholder)
{
    uint32_t seconds;

    if (has_questions(keyholder))
        return 0;
    seconds = key_holder_drop_aged(&keyholder->holder);
    return seconds > 0 ? (int)seconds * 1000 : -1;
}

static short interest(const struct key_client *client)
{
    return (short)((key_client_room(client) > 0 ? POLLIN : 0) | (key_client_has_replies(client) ? POLLOUT : 0));
}

/* The control socket comes last: what it brings changes the list. */
static bool wait_for_all(struct keyholder *keyholder, struct pollfd *sockets)
{
    for (size_t i = 0; i < keyholder->count; i++)
        sockets[i] = (struct pollfd){.fd = keyholder->clients[i]->fd, .events = interest(keyholder->clients[i])};
    sockets[keyholder->count] = (struct pollfd){.fd = keyholder->control, .events = POLLIN};
    return poll(sockets, keyholder->count + 1, patience(keyholder)) >= 0 || errno == EINTR;
}

static enum key_client_state hear(struct keyholder *keyholder, struct key_client *client, short events)
{
    if (events & (POLLHUP | POLLERR)) /* nobody is there to read an answer */
        return KEY_CLIENT_GONE;
    return events & POLLIN ? key_client_receive(client, keyholder->incoming) : KEY_CLIENT_FINE;
}

/* From the last to the first: whoever takes the place of one that is gone was heard already. */
static void hear_all(struct keyholder *keyholder, const struct pollfd *sockets)
{
    short control = sockets[keyholder->count].revents;

    for (size_t i = keyholder->count; i-- > 0;)
        (void)settle(keyholder, i, hear(keyholder, keyholder->clients[i], sockets[i].revents));
    if (control)
        take_order(keyholder);
}

static void send_all(struct keyholder *keyholder)
{
    for (size_t i = keyholder->count; i-- > 0;)
        if (key_client_has_replies(keyholder->clients[i]))
            (void)settle(keyholder, i, key_client_send(keyholder->clients[i]));
}

static void serve(struct keyholder *keyholder)
{
    struct pollfd sockets[KEYHOLDER_MAX_WORKERS + 1];

    while (!keyholder->has_failed && (keyholder->control >= 0 || keyholder->count > 0)) {
        if (!wait_for_all(keyholder, sockets)) {
            log_message(LOG_LEVEL_ERROR, "the keyholder cannot wait for its workers: %m");
            keyholder->has_failed = true;
            return;
        }
        hear_all(keyholder, sockets);
        answer_some(keyholder);
        send_all(keyholder);
    }
}

enum daemon_exit keyholder_run(int control, const struct keyring *keyring)
{
    struct keyholder keyholder = {.control = control, .incoming = key_batch_new()};

    key_holder_init(&keyholder.holder, keyring, random_system());
    if (keyholder.incoming)
        serve(&keyholder);
    else
        log_message(LOG_LEVEL_ERROR, "the keyholder cannot start: out of memory");
    keyholder.has_failed = keyholder.has_failed || !keyholder.incoming;
    while (keyholder.count > 0)
        detach(&keyholder, 0);
    if (keyholder.control >= 0)
        close_control(&keyholder);
    key_batch_free(keyholder.incoming);
    return keyholder.has_failed ? DAEMON_EXIT_FAILURE : DAEMON_EXIT_OK;
}
