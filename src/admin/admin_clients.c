#include "admin/admin_clients.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

void admin_clients_begin(struct admin_clients *clients)
{
    for (int fd = 0; fd < MAX_ADMIN_DESCRIPTORS; fd++)
        clients->at[fd] = (struct admin_client){.is_ours = fcntl(fd, F_GETFD) >= 0};
}

/* Who is there now; NULL: nobody, or no client. */
static struct admin_client *look(struct admin_clients *clients, int fd, uint64_t now)
{
    struct admin_client *client = &clients->at[fd];
    struct stat status;

    if (client->is_ours || fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
        return NULL;
    if (client->inode != status.st_ino)
        *client = (struct admin_client){.inode = status.st_ino, .since = now};
    return client;
}

void admin_clients_asked(struct admin_clients *clients, int fd, uint64_t now)
{
    struct admin_client *client = fd >= 0 && fd < MAX_ADMIN_DESCRIPTORS ? look(clients, fd, now) : NULL;

    if (client)
        client->since = now;
}

void admin_clients_end_late(struct admin_clients *clients, uint64_t now)
{
    for (int fd = 0; fd < MAX_ADMIN_DESCRIPTORS; fd++) {
        const struct admin_client *client = look(clients, fd, now);
        if (client && now - client->since >= MAX_ADMIN_CLIENT_WAIT)
            (void)shutdown(fd, SHUT_RDWR); /* it is gone already: as well */
    }
}

/* Of those before `now`; -1: none. */
static int longest_waiting(struct admin_clients *clients, uint64_t now)
{
    uint64_t least = now;
    int longest = -1;

    for (int fd = 0; fd < MAX_ADMIN_DESCRIPTORS; fd++) {
        const struct admin_client *client = &clients->at[fd];
        if (client->inode && client->since < least) {
            least = client->since;
            longest = fd;
        }
    }
    return longest;
}

/* Those that are seen for the first time have waited for nothing yet, and stay. */
void admin_clients_make_room(struct admin_clients *clients, uint64_t now)
{
    int fd;

    for (fd = 0; fd < MAX_ADMIN_DESCRIPTORS; fd++)
        if (!look(clients, fd, now))
            clients->at[fd].inode = 0;
    for (int i = 0; i < ADMIN_CLIENTS_LET_GO && (fd = longest_waiting(clients, now)) >= 0; i++) {
        (void)shutdown(fd, SHUT_RDWR);
        clients->at[fd].since = now; /* not twice */
    }
}
