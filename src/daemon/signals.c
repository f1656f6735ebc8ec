#include "daemon/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proxy/event_drop.h"

/*
 * Blocked, and read from a descriptor: one that nobody has read yet stays pending in the process, also while that
 * executes another binary (upgrade.h). With a handler it would be lost in the loop of the old one, or end the new one
 * before that has its own.
 */
static const int caught_signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

struct signals {
    int fd;
    struct event *readable;
    signals_caught *caught;
    void *context;
};

/* One in a turn: what it leads to may be the end of this binary. */
static void on_readable(evutil_socket_t fd, short what, void *context)
{
    const struct signals *signals = context;
    struct signalfd_siginfo info;
    (void)what;

    if (read(fd, &info, sizeof info) == sizeof info)
        signals->caught(signals->context, (int)info.ssi_signo);
}

static bool block(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++)
        sigaddset(set, caught_signals[i]);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as some start us, the kernel would reap and nobody be told */
    return sigprocmask(SIG_SETMASK, set, NULL) == 0;
}

struct signals *signals_new(struct event_base *base, signals_caught *caught, void *context)
{
    struct signals *signals = memory_new(sizeof *signals);
    sigset_t set;

    if (!signals)
        return NULL;
    *signals = (struct signals){.fd = -1, .caught = caught, .context = context};
    if (block(&set))
        signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd >= 0)
        signals->readable = event_new(base, signals->fd, EV_READ | EV_PERSIST, on_readable, signals);
    if (signals->readable && event_add(signals->readable, NULL) == 0)
        return signals;
    signals_free(signals);
    return NULL;
}

void signals_free(struct signals *signals)
{
    if (!signals)
        return;
    event_drop(signals->readable);
    if (signals->fd >= 0)
        close(signals->fd);
    memory_free(signals);
}
