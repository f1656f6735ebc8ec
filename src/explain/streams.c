#include "explain/streams.h"

#include "base/alloc.h"

enum { SLOTS = 4 * MAX_STREAMS, FIRST_STREAM_LEN = 2048 };

struct stream {
    struct stream_key key;
    uint32_t base; /* the sequence number of data[0] */
    bool has_syn;
    uint8_t *data;
    uint8_t *is_filled; /* one a byte of data; in the same allocation */
    uint32_t capacity;
    uint32_t len; /* behind the last filled byte */
};

struct streams {
    struct stream at[MAX_STREAMS];
    size_t count;
    uint16_t slots[SLOTS]; /* index + 1 of the latest stream with that key; 0: none */
};

struct streams *streams_new(void)
{
    return memory_new(sizeof(struct streams));
}

void streams_free(struct streams *streams)
{
    if (!streams)
        return;
    for (size_t i = 0; i < streams->count; i++)
        memory_free(streams->at[i].data);
    memory_free(streams);
}

static bool key_equal(const struct stream_key *a, const struct stream_key *b)
{
    return a->from_port == b->from_port && a->to_port == b->to_port && a->is_ipv6 == b->is_ipv6 &&
           memcmp(a->from, b->from, sizeof a->from) == 0 && memcmp(a->to, b->to, sizeof a->to) == 0;
}

static uint32_t mix(uint32_t hash, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 16777619u; /* FNV-1a */
    return hash;
}

static uint16_t *slot_of(struct streams *streams, const struct stream_key *key)
{
    uint32_t hash = mix(2166136261u, key->from, sizeof key->from);
    size_t at;

    hash = mix(hash, key->to, sizeof key->to);
    hash = (hash ^ key->from_port) * 16777619u;
    hash = (hash ^ key->to_port) * 16777619u;
    for (at = (hash ^ hash / 65536) % SLOTS; streams->slots[at]; at = (at + 1) % SLOTS)
        if (key_equal(&streams->at[streams->slots[at] - 1].key, key))
            break;
    return &streams->slots[at];
}

static bool reserve(struct stream *stream, uint32_t len)
{
    uint32_t capacity = stream->capacity ? stream->capacity : FIRST_STREAM_LEN;
    uint8_t *data;

    if (len <= stream->capacity)
        return true;
    while (capacity < len)
        capacity *= 2;
    data = memory_new(2 * (size_t)capacity);
    if (!data)
        return false;
    if (stream->len) {
        memcpy(data, stream->data, stream->len);
        memcpy(data + capacity, stream->is_filled, stream->len);
    }
    memory_free(stream->data);
    stream->data = data;
    stream->is_filled = data + capacity;
    stream->capacity = capacity;
    return true;
}

/* The stream begins `len` bytes earlier than was thought. What is pushed over the limit is dropped. */
static bool move_base(struct stream *stream, uint32_t len)
{
    uint32_t kept = stream->len < MAX_STREAM_LEN - len ? stream->len : MAX_STREAM_LEN - len;

    if (stream->len) {
        if (!reserve(stream, kept + len))
            return false;
        memmove(stream->data + len, stream->data, kept);
        memmove(stream->is_filled + len, stream->is_filled, kept);
        memset(stream->is_filled, 0, len);
        stream->len = kept + len;
    }
    stream->base -= len;
    return true;
}

/* Sequence numbers wrap: a difference is a distance forwards or, in its upper half, backwards. */
static bool fill(struct stream *stream, uint32_t sequence, struct bytes data)
{
    uint32_t offset = sequence - stream->base, back = stream->base - sequence;

    if (data.len == 0)
        return true;
    if (back != 0 && back < MAX_STREAM_LEN && !stream->has_syn) {
        if (!move_base(stream, back))
            return false;
        offset = 0;
    } else if (back != 0 && back <= INT32_MAX) { /* in part before the beginning: a keep-alive, or no part of it */
        if (data.len <= back)
            return true;
        data = bytes_of(data.at + back, data.len - back);
        offset = 0;
    }
    if (offset >= MAX_STREAM_LEN)
        return true;
    if (data.len > MAX_STREAM_LEN - offset)
        data.len = MAX_STREAM_LEN - offset;
    if (!reserve(stream, offset + (uint32_t)data.len))
        return false;
    for (size_t i = 0; i < data.len; i++) {
        if (!stream->is_filled[offset + i])
            stream->data[offset + i] = data.at[i];
        stream->is_filled[offset + i] = 1;
    }
    if (stream->len < offset + data.len)
        stream->len = offset + (uint32_t)data.len;
    return true;
}

/* The same addresses and ports again: another connection, unless it is the same SYN or one that came late. */
static bool is_another(const struct stream *stream, const struct segment *segment)
{
    uint32_t base = segment->sequence + 1;

    if (!segment->is_syn || stream->base == base)
        return false;
    return stream->has_syn || stream->base - base >= MAX_STREAM_LEN;
}

static bool take(struct stream *stream, const struct segment *segment)
{
    uint32_t start = segment->sequence + (segment->is_syn ? 1 : 0);

    if (segment->is_syn && !stream->has_syn) {
        if (stream->base != start && !move_base(stream, stream->base - start))
            return false;
        stream->has_syn = true;
    }
    return fill(stream, start, segment->data);
}

enum streams_end streams_take(struct streams *streams, const struct segment *segment)
{
    uint16_t *slot = slot_of(streams, &segment->key);
    struct stream *stream = *slot ? &streams->at[*slot - 1] : NULL;

    if (!stream || is_another(stream, segment)) {
        if (!segment->is_syn && segment->data.len == 0)
            return STREAMS_TAKEN; /* an acknowledgement alone begins nothing */
        if (streams->count == MAX_STREAMS)
            return STREAMS_LEFT_OUT;
        stream = &streams->at[streams->count++];
        stream->key = segment->key;
        stream->base = segment->sequence + (segment->is_syn ? 1 : 0);
        *slot = (uint16_t)streams->count;
    }
    return take(stream, segment) ? STREAMS_TAKEN : STREAMS_NO_MEMORY;
}

size_t streams_count(const struct streams *streams)
{
    return streams->count;
}

struct bytes streams_beginning(const struct streams *streams, size_t index)
{
    const struct stream *stream = &streams->at[index];
    size_t len = 0;

    while (len < stream->len && stream->is_filled[len])
        len++;
    return bytes_of(stream->data, len);
}

const struct stream_key *streams_key(const struct streams *streams, size_t index)
{
    return &streams->at[index].key;
}
