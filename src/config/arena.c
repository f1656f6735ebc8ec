#include "config/arena.h"

#include "base/alloc.h"

struct arena_piece {
    struct arena_piece *older;
    _Alignas(max_align_t) uint8_t data[];
};

void *arena_new(struct arena *arena, size_t count, size_t len)
{
    struct arena_piece *piece;

    if (len != 0 && count > (SIZE_MAX - sizeof *piece) / len)
        return NULL;
    piece = memory_new(sizeof *piece + count * len);
    if (!piece)
        return NULL;
    piece->older = arena->newest;
    arena->newest = piece;
    return piece->data;
}

char *arena_copy(struct arena *arena, struct bytes text)
{
    char *copy = arena_new(arena, text.len + 1, 1);

    if (copy && text.len != 0)
        memcpy(copy, text.at, text.len);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->newest) {
        struct arena_piece *older = arena->newest->older;
        memory_free(arena->newest);
        arena->newest = older;
    }
}
