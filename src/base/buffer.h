/*
 * buffer.h: byte streams whose storage comes from a pool and goes back when they drain.
 *
 * One pool a worker. It hands out blocks of three sizes and keeps a few returned ones for the next taker, so that
 * steady traffic allocates nothing and an idle connection holds nothing: an empty buffer is one NULL pointer.
 *
 * A block holds `[start, end)`; what lies before `start` is used up, what lies behind `end` is free.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/attributes.h"
#include "base/bytes.h"

enum block_size {
    BLOCK_SMALL,  /* the tail of a partial record, an alert */
    BLOCK_RECORD, /* one record of full size, or a flight */
    BLOCK_BULK,   /* several records in one system call */
    BLOCK_SIZES
};

/*
 * A TLSCiphertext takes at most 5 + 2^14 + 256 bytes (RFC 8446 5.2). In TLS 1.2 it may be 5 + 2^14 + 2048 (RFC 5246
 * 6.2.3), which no suite of ours needs: such a one finds its room in a block of the largest size.
 */
enum {
    BLOCK_SMALL_LEN = 512,
    BLOCK_RECORD_LEN = 17 * 1024,
    BLOCK_BULK_LEN = 68 * 1024,
};

struct block {
    struct block *next; /* in the pool's list of free blocks; NULL while in use */
    uint32_t size;      /* an enum block_size */
    uint32_t capacity;  /* bytes at `data` */
    uint32_t start;
    uint32_t end;
    uint8_t data[];
};

struct pool;

/* `max_bytes` bounds what all blocks in use may take together; 0 is no bound. NULL when out of memory. */
MUST_CHECK struct pool *pool_new(size_t max_bytes);
void pool_set_bound(struct pool *pool, size_t max_bytes); /* for what is taken from now on */
void pool_free(struct pool *pool);                        /* every block must have come back */

/* An empty block, or NULL when memory or the pool's bound is exhausted. */
MUST_CHECK struct block *pool_take(struct pool *pool, enum block_size size);

/* Keeps the block for the next taker, or frees it. NULL is fine. Plaintext in it is not wiped: keys never go there. */
void pool_give(struct pool *pool, struct block *block);
size_t pool_bytes_in_use(const struct pool *pool);

struct buffer {
    struct block *block; /* NULL while empty */
};

static inline size_t buffer_len(const struct buffer *buffer)
{
    return buffer->block ? buffer->block->end - buffer->block->start : 0;
}

struct bytes buffer_view(const struct buffer *buffer);

/*
 * Makes room for `len` contiguous bytes behind the contents: in place, by moving them to the front, or in a larger
 * block. False when the pool has none or `len` does not fit the largest.
 */
MUST_CHECK bool buffer_reserve(struct buffer *buffer, struct pool *pool, size_t len);
uint8_t *buffer_space(struct buffer *buffer, size_t *len); /* what is free behind the contents; NULL and 0 if nothing */
void buffer_commit(struct buffer *buffer, size_t len);
void buffer_consume(struct buffer *buffer, struct pool *pool, size_t len); /* gives the block back when it drains */
void buffer_drop(struct buffer *buffer, struct pool *pool);
MUST_CHECK bool buffer_append(struct buffer *buffer, struct pool *pool, struct bytes from);

/* Moves the contents to the smallest block that holds them, so that a few bytes do not pin a large one. */
void buffer_shrink(struct buffer *buffer, struct pool *pool);

#endif
