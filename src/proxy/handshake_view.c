#include "proxy/handshake_view.h"

#include "base/alloc.h"

enum { BUCKETS = 256 };

/* Of the one thread that runs the proxy and the demo backend. */
static struct handshake_entry *registry[BUCKETS];

static struct handshake_entry **bucket_of(uint16_t port)
{
    return &registry[port % BUCKETS];
}

bool handshake_view_find(uint16_t source_port, struct handshake_view *out)
{
    for (const struct handshake_entry *entry = *bucket_of(source_port); entry; entry = entry->next) {
        if (entry->source_port == source_port) {
            *out = entry->view;
            return true;
        }
    }
    return false;
}

struct handshake_entry *handshake_entry_new(void)
{
    return memory_new(sizeof(struct handshake_entry));
}

static void withdraw(struct handshake_entry *entry)
{
    struct handshake_entry **link = bucket_of(entry->source_port);

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    entry->is_published = false;
}

void handshake_entry_free(struct handshake_entry *entry)
{
    if (entry && entry->is_published)
        withdraw(entry);
    memory_free(entry);
}

void handshake_entry_publish(struct handshake_entry *entry, uint16_t source_port)
{
    struct handshake_entry **bucket = bucket_of(source_port);

    if (entry->is_published)
        withdraw(entry);
    entry->source_port = source_port;
    entry->next = *bucket;
    *bucket = entry;
    entry->is_published = true;
}
