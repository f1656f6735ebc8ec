#include "proxy/keyring.h"

#include "base/alloc.h"

struct keyring {
    struct private_key **keys;
    size_t count, capacity;
    struct ticket_keys *tickets;
    struct keyring *joined; /* a list, the newest first */
    struct keyring *next;   /* in the list of the ring that this one joined */
};

struct keyring *keyring_new(void)
{
    return memory_new(sizeof(struct keyring));
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->count; i++)
        private_key_free(keyring->keys[i]);
    ticket_keys_free(keyring->tickets);
    memory_free(keyring->keys);
    memory_free(keyring);
}

static bool has_room(struct keyring *keyring)
{
    size_t capacity = keyring->capacity ? 2 * keyring->capacity : 4;
    struct private_key **keys;

    if (keyring->count < keyring->capacity)
        return true;
    keys = memory_resize(keyring->keys, capacity * sizeof(struct private_key *));
    if (!keys)
        return false;
    keyring->keys = keys;
    keyring->capacity = capacity;
    return true;
}

bool keyring_add(struct keyring *keyring, struct private_key *key)
{
    if (keyring_find(keyring, private_key_id(key))) {
        private_key_free(key);
        return true;
    }
    if (!has_room(keyring)) {
        private_key_free(key);
        return false;
    }
    keyring->keys[keyring->count++] = key;
    return true;
}

void keyring_set_tickets(struct keyring *keyring, struct ticket_keys *tickets)
{
    ticket_keys_free(keyring->tickets);
    keyring->tickets = tickets;
}

struct ticket_keys *keyring_tickets(const struct keyring *keyring)
{
    return keyring->tickets;
}

void keyring_join(struct keyring *keyring, struct keyring *other)
{
    other->next = keyring->joined;
    keyring->joined = other;
}

void keyring_part(struct keyring *keyring, struct keyring *other)
{
    struct keyring **link = &keyring->joined;

    while (*link && *link != other)
        link = &(*link)->next;
    if (*link)
        *link = other->next;
    other->next = NULL;
}

static const struct private_key *find_own(const struct keyring *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    for (size_t i = 0; i < keyring->count; i++)
        if (memcmp(private_key_id(keyring->keys[i]), key_id, KEY_ID_LEN) == 0)
            return keyring->keys[i];
    return NULL;
}

const struct private_key *keyring_find(const struct keyring *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    const struct private_key *key = find_own(keyring, key_id);

    for (const struct keyring *other = keyring->joined; other && !key; other = other->next)
        key = find_own(other, key_id);
    return key;
}

size_t keyring_count(const struct keyring *keyring)
{
    return keyring->count;
}
