#include "daemon/signals.h"

#include <event2/event.h>
#include <signal.h>

#include "base/alloc.h"

static const int caught_signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

struct signals {
    struct event *events[ARRAY_LEN(caught_signals)];
    signals_caught *caught;
    void *context;
};

static void on_signal(evutil_socket_t number, short what, void *context)
{
    const struct signals *signals = context;
    (void)what;

    signals->caught(signals->context, (int)number);
}

struct signals *signals_new(struct event_base *base, signals_caught *caught, void *context)
{
    struct signals *signals = memory_new(sizeof *signals);

    if (!signals)
        return NULL;
    signals->caught = caught;
    signals->context = context;
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++) {
        signals->events[i] = evsignal_new(base, caught_signals[i], on_signal, signals);
        if (signals->events[i] && event_add(signals->events[i], NULL) == 0)
            continue;
        signals_free(signals);
        return NULL;
    }
    return signals;
}

void signals_free(struct signals *signals)
{
    if (!signals)
        return;
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++)
        if (signals->events[i])
            event_free(signals->events[i]);
    memory_free(signals);
}
