#include "proxy/key_holder.h"

#include <time.h>

#include "proxy/limits.h"

/* The age of ticket keys: the wall clock, so that it goes on while the machine sleeps, but never back. */
static int64_t holder_time(void *context)
{
    struct key_holder *holder = context;
    int64_t now = (int64_t)time(NULL);

    holder->last_time = now > holder->last_time ? now : holder->last_time;
    return holder->last_time;
}

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    return keyring_find(keyring, key_id);
}

void key_holder_init(struct key_holder *holder, const struct keyring *keyring, struct random_source random)
{
    *holder = (struct key_holder){
        .tls =
            {
                .find = find_key,
                .keyring = keyring,
                .random = random,
                .time = holder_time,
                .time_context = holder,
            },
    };
    key_holder_look_up(holder);
}

void key_holder_look_up(struct key_holder *holder)
{
    holder->tls.tickets = keyring_tickets(holder->tls.keyring);
}

uint32_t key_holder_drop_aged(struct key_holder *holder)
{
    int64_t wait;

    key_holder_look_up(holder);
    if (!holder->tls.tickets)
        return 0;
    wait = ticket_keys_drop_aged(holder->tls.tickets, holder_time(holder));
    return (uint32_t)(wait < MAX_TICKET_KEY_WATCH ? wait : MAX_TICKET_KEY_WATCH);
}
