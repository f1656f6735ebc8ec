#include "daemon/ticket_ring.h"

#include "base/secret.h"

static int64_t seconds(uint64_t microseconds)
{
    return (int64_t)(microseconds / 1000000);
}

static void drop_oldest(struct ticket_ring *ring)
{
    ring->count--;
    memmove(ring->keys, ring->keys + 1, ring->count * sizeof *ring->keys);
    memory_wipe(&ring->keys[ring->count], sizeof *ring->keys);
}

static bool make_key(struct ticket_ring *ring, struct random_source random, int64_t now)
{
    if (ring->count == MAX_TICKET_KEYS)
        drop_oldest(ring);
    if (!random_fill(random, ring->keys[ring->count].material, TICKET_KEY_FILE_LEN)) {
        memory_wipe(&ring->keys[ring->count], sizeof *ring->keys);
        return false;
    }
    ring->keys[ring->count++].birth = now;
    return true;
}

bool ticket_ring_turn(struct ticket_ring *ring, struct random_source random, const struct config_general *general,
                      int64_t now)
{
    while (ring->count > 0 && now - ring->keys[0].birth >= seconds(general->ticket_key_accepts))
        drop_oldest(ring);
    if (ring->count > 0 && now - ring->keys[ring->count - 1].birth < seconds(general->ticket_key_issues))
        return false;
    return make_key(ring, random, now);
}

int64_t ticket_ring_wait(const struct ticket_ring *ring, const struct config_general *general, int64_t now)
{
    int64_t next, dies;

    if (ring->count == 0)
        return 1;
    next = ring->keys[ring->count - 1].birth + seconds(general->ticket_key_issues) - now;
    dies = ring->keys[0].birth + seconds(general->ticket_key_accepts) - now;
    next = next < dies ? next : dies;
    return next > 1 ? next : 1;
}

void ticket_ring_write(const struct ticket_ring *ring, struct control_message *message)
{
    memset(message, 0, sizeof *message);
    message->type = CONTROL_TICKET_KEYS;
    message->count = ring->count;
    memcpy(message->keys, ring->keys, ring->count * sizeof *ring->keys);
}

void ticket_ring_wipe(struct ticket_ring *ring)
{
    memory_wipe(ring, sizeof *ring);
}
