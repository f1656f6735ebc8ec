#include "daemon/key_turns.h"

static struct key_client *take(struct key_turns *turns, struct key_client *const *clients, size_t count,
                               enum key_haste haste, bool has_tokens)
{
    for (size_t i = 0; i < count; i++) {
        size_t index = (turns->next + i) % count;
        if (clients[index]->lines[haste].count > 0 && key_share_has_some(&clients[index]->share) == has_tokens) {
            turns->next = index + 1;
            return clients[index];
        }
    }
    return NULL;
}

struct key_client *key_turns_take(struct key_turns *turns, struct key_client *const *clients, size_t count,
                                  enum key_haste *haste)
{
    for (int without = 0; without < 2; without++)
        for (*haste = 0; *haste < KEY_HASTES; ++*haste) {
            struct key_client *client = take(turns, clients, count, *haste, !without);
            if (client)
                return client;
        }
    return NULL;
}
