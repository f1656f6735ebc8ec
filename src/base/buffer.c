#include "base/buffer.h"

#include "base/alloc.h"

/* Blocks kept for the next taker, per size: enough for the traffic of one turn of the loop. */
static const unsigned max_kept[BLOCK_SIZES] = {64, 32, 16};
static const uint32_t block_len[BLOCK_SIZES] = {BLOCK_SMALL_LEN, BLOCK_RECORD_LEN, BLOCK_BULK_LEN};

struct pool {
    struct block *kept[BLOCK_SIZES];
    unsigned kept_count[BLOCK_SIZES];
    size_t bytes_in_use;
    size_t max_bytes;
};

void pool_set_bound(struct pool *pool, size_t max_bytes)
{
    pool->max_bytes = max_bytes;
}

struct pool *pool_new(size_t max_bytes)
{
    struct pool *pool = memory_new(sizeof *pool);
    if (pool)
        pool->max_bytes = max_bytes;
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (int size = 0; size < BLOCK_SIZES; size++) {
        while (pool->kept[size]) {
            struct block *block = pool->kept[size];
            pool->kept[size] = block->next;
            memory_free(block);
        }
    }
    memory_free(pool);
}

struct block *pool_take(struct pool *pool, enum block_size size)
{
    struct block *block = pool->kept[size];

    if (pool->max_bytes && pool->bytes_in_use + block_len[size] > pool->max_bytes)
        return NULL;
    if (block) {
        pool->kept[size] = block->next;
        pool->kept_count[size]--;
    } else {
        block = memory_new(sizeof *block + block_len[size]);
        if (!block)
            return NULL;
        block->size = size;
        block->capacity = block_len[size];
    }
    block->next = NULL;
    block->start = block->end = 0;
    pool->bytes_in_use += block->capacity;
    return block;
}

void pool_give(struct pool *pool, struct block *block)
{
    if (!block)
        return;
    pool->bytes_in_use -= block->capacity;
    if (pool->kept_count[block->size] >= max_kept[block->size]) {
        memory_free(block);
        return;
    }
    block->next = pool->kept[block->size];
    pool->kept[block->size] = block;
    pool->kept_count[block->size]++;
}

size_t pool_bytes_in_use(const struct pool *pool)
{
    return pool->bytes_in_use;
}

struct bytes buffer_view(const struct buffer *buffer)
{
    if (!buffer->block)
        return bytes_of(NULL, 0);
    return bytes_of(buffer->block->data + buffer->block->start, buffer_len(buffer));
}

static bool smallest_size(size_t len, enum block_size *size)
{
    for (int i = 0; i < BLOCK_SIZES; i++) {
        if (len <= block_len[i]) {
            *size = (enum block_size)i;
            return true;
        }
    }
    return false;
}

static void move_contents(struct block *to, const struct block *from)
{
    memcpy(to->data, from->data + from->start, from->end - from->start);
    to->start = 0;
    to->end = from->end - from->start;
}

bool buffer_reserve(struct buffer *buffer, struct pool *pool, size_t len)
{
    struct block *block = buffer->block, *larger;
    size_t held = buffer_len(buffer);
    enum block_size size;

    if (block && len <= block->capacity - block->end)
        return true;
    if (block && len <= block->capacity - held) {
        memmove(block->data, block->data + block->start, held);
        block->start = 0;
        block->end = (uint32_t)held;
        return true;
    }
    if (len > BLOCK_BULK_LEN || !smallest_size(held + len, &size))
        return false;
    larger = pool_take(pool, size);
    if (!larger)
        return false;
    if (block) {
        move_contents(larger, block);
        pool_give(pool, block);
    }
    buffer->block = larger;
    return true;
}

uint8_t *buffer_space(struct buffer *buffer, size_t *len)
{
    *len = buffer->block ? buffer->block->capacity - buffer->block->end : 0;
    return *len ? buffer->block->data + buffer->block->end : NULL;
}

void buffer_commit(struct buffer *buffer, size_t len)
{
    if (buffer->block)
        buffer->block->end += (uint32_t)len;
}

void buffer_consume(struct buffer *buffer, struct pool *pool, size_t len)
{
    if (!buffer->block)
        return;
    buffer->block->start += (uint32_t)len;
    if (buffer->block->start == buffer->block->end)
        buffer_drop(buffer, pool);
}

void buffer_drop(struct buffer *buffer, struct pool *pool)
{
    pool_give(pool, buffer->block);
    buffer->block = NULL;
}

bool buffer_append(struct buffer *buffer, struct pool *pool, struct bytes from)
{
    if (from.len == 0)
        return true;
    if (!buffer_reserve(buffer, pool, from.len))
        return false;
    memcpy(buffer->block->data + buffer->block->end, from.at, from.len);
    buffer->block->end += (uint32_t)from.len;
    return true;
}

void buffer_shrink(struct buffer *buffer, struct pool *pool)
{
    enum block_size size;
    struct block *smaller;

    if (!buffer->block)
        return;
    if (buffer_len(buffer) == 0) {
        buffer_drop(buffer, pool);
        return;
    }
    if (!smallest_size(buffer_len(buffer), &size) || size >= buffer->block->size)
        return;
    smaller = pool_take(pool, size);
    if (!smaller)
        return; /* a larger block than needed is no error */
    move_contents(smaller, buffer->block);
    pool_give(pool, buffer->block);
    buffer->block = smaller;
}
