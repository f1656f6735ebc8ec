#include "daemon/inbox.h"

#include <unistd.h>

#include "base/alloc.h"
#include "proxy/ticket_key_files.h"

bool inbox_add_sockets(struct inbox *inbox, const struct control_message *message)
{
    size_t count = inbox->socket_count + message->count;
    struct inbox_socket *sockets = memory_resize(inbox->sockets, count * sizeof *sockets);

    if (!sockets)
        return false;
    inbox->sockets = sockets;
    for (size_t i = 0; i < message->count; i++)
        sockets[inbox->socket_count++] = (struct inbox_socket){message->fds[i], message->listens[i]};
    return true;
}

void inbox_clear(struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->socket_count; i++)
        if (inbox->sockets[i].fd >= 0)
            close(inbox->sockets[i].fd);
    memory_free(inbox->sockets);
    ticket_root_wipe(&inbox->root);
    generation_files_close(&inbox->files);
    *inbox = (struct inbox){.files = {-1, -1}};
}

struct ticket_keys *inbox_tickets(const struct inbox *inbox, const struct config_general *general,
                                  const struct supply *supply, struct config_findings findings)
{
    static const struct config_place nowhere = {"tickets", 0};
    struct ticket_keys *tickets;

    if (general->ticket_keys.count > 0)
        return ticket_keys_from_config(general, supply, findings);
    tickets = inbox->root.issues > 0 ? ticket_keys_from_root(random_kernel(), &inbox->root) : NULL;
    if (!tickets)
        config_complain(findings, &nowhere, "there is no root to make ticket keys of, or no memory");
    return tickets;
}
