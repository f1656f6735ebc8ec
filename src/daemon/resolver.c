#include "daemon/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/control.h"

/* One question. From its start to its end it is its thread's, then again the main thread's. */
struct lookup {
    int done; /* where its thread tells that it has come to an end */
    uint8_t place;
    bool is_busy;
    uint32_t request;
    char host[MAX_HOST_NAME + 1];
    enum host_fault fault;
    struct host_addresses addresses;
};

struct resolver {
    int control;
    int ends[2]; /* a byte, the place of the lookup, for each that has come to an end */
    struct lookup lookups[MAX_LOOKUPS];
};

static MUST_CHECK bool answer(const struct resolver *resolver, const struct lookup *lookup)
{
    return control_send(resolver->control, &(struct control_message){.type = CONTROL_RESOLVED,
                                                                     .request = lookup->request,
                                                                     .fault = (int)lookup->fault,
                                                                     .addresses = lookup->addresses});
}

/* ---- one lookup: nothing here logs or allocates but the C library */

static void *look_up(void *context)
{
    struct lookup *lookup = context;
    const uint8_t place = lookup->place;
    ssize_t len;

    lookup->fault = host_look_up(lookup->host, &lookup->addresses);
    do
        len = write(lookup->done, &place, 1); /* there is room for one of each */
    while (len < 0 && errno == EINTR);
    return NULL;
}

static MUST_CHECK bool start_thread(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool is_started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    is_started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                 pthread_create(&thread, &attributes, look_up, lookup) == 0;
    pthread_attr_destroy(&attributes);
    return is_started;
}

static struct lookup *free_lookup(struct resolver *resolver)
{
    for (size_t i = 0; i < MAX_LOOKUPS; i++)
        if (!resolver->lookups[i].is_busy)
            return &resolver->lookups[i];
    return NULL;
}

/* Without a thread it is answered all the same: it failed. */
static MUST_CHECK bool ask(struct resolver *resolver, const struct control_message *message)
{
    struct lookup *lookup = free_lookup(resolver);

    if (!lookup)
        return false;
    lookup->request = message->request;
    lookup->fault = HOST_FAILED;
    lookup->addresses.count = 0;
    memcpy(lookup->host, message->host, sizeof lookup->host);
    lookup->is_busy = start_thread(lookup);
    return lookup->is_busy || answer(resolver, lookup);
}

/* ---- what there is to hear: true to go on */

/* That it turns is said here; of questions that do not come to an end the master keeps an account (resolving.c). */
static MUST_CHECK bool obey(struct resolver *resolver, const struct control_message *message)
{
    static const struct control_message alive = {.type = CONTROL_ALIVE};

    if (message->type == CONTROL_PING)
        return control_send(resolver->control, &alive);
    return message->type == CONTROL_RESOLVE && ask(resolver, message);
}

static MUST_CHECK bool hear_master(struct resolver *resolver)
{
    struct control_message message;

    switch (control_receive(resolver->control, &message)) {
    case CONTROL_NOTHING:
        return true;
    case CONTROL_GOT:
        if (obey(resolver, &message))
            return true;
        break;
    case CONTROL_GONE:
        return false;
    case CONTROL_VIOLATION:
        break;
    }
    log_message(LOG_LEVEL_ERROR, "what the master says makes no sense: stopping");
    return false;
}

static MUST_CHECK bool hear_threads(struct resolver *resolver)
{
    uint8_t place;
    struct lookup *lookup;

    if (read(resolver->ends[0], &place, 1) != 1)
        return errno == EINTR || errno == EAGAIN;
    lookup = &resolver->lookups[place];
    lookup->is_busy = false;
    return answer(resolver, lookup);
}

static MUST_CHECK bool wait_and_hear(struct resolver *resolver)
{
    struct pollfd waits[] = {{.fd = resolver->control, .events = POLLIN}, {.fd = resolver->ends[0], .events = POLLIN}};

    if (poll(waits, ARRAY_LEN(waits), -1) < 0)
        return errno == EINTR;
    return (!waits[1].revents || hear_threads(resolver)) && (!waits[0].revents || hear_master(resolver));
}

/* ---- life */

static MUST_CHECK bool prepare(struct resolver *resolver, int control)
{
    resolver->control = control;
    if (pipe2(resolver->ends, O_CLOEXEC) != 0)
        return false;
    for (uint8_t i = 0; i < MAX_LOOKUPS; i++) {
        resolver->lookups[i].place = i;
        resolver->lookups[i].done = resolver->ends[1];
    }
    return true;
}

enum daemon_exit resolver_run(int control)
{
    static struct resolver resolver; /* when the process ends there may be threads left that write to it */

    log_set_process("resolver");
    if (!prepare(&resolver, control)) {
        log_message(LOG_LEVEL_ERROR, "out of descriptors at start");
        return DAEMON_EXIT_FAILURE;
    }
    if (!confine_process(PROCESS_RESOLVER, control))
        return DAEMON_EXIT_FAILURE;
    while (wait_and_hear(&resolver))
        ;
    return DAEMON_EXIT_OK;
}
