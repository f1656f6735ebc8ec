#include "base/log.h"
#include "daemon/master.h"

/* It may have got another port, where any was good enough. */
static void log_mended(const struct listen_socket *sock, const char *fault, bool is_mended)
{
    struct socket_address own = sock->address;
    char text[ADDRESS_TEXT_LEN];

    if (!address_of_socket(sock->fd, &own))
        own = sock->address;
    address_format(&own.any, own.len, text);
    if (is_mended)
        log_message(
            LOG_LEVEL_ERROR,
            "the listening socket %s %s: it is set right. No process of ours does that to it; somebody else may "
            "be at work in one",
            text, fault);
    else
        log_message(LOG_LEVEL_ERROR, "the listening socket %s %s, and cannot be set right: %m", text, fault);
}

void listeners_look_after(const struct master *master)
{
    const struct listen_sockets *sockets = master->current ? master->current->sockets : NULL;

    for (size_t i = 0; sockets && i < sockets->count; i++) {
        const struct listen_socket *sock = &sockets->sockets[i];
        const char *fault = listen_socket_fault(sock);
        if (fault)
            log_mended(sock, fault, listen_socket_mend(sock));
    }
}
