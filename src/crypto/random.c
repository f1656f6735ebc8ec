#include "crypto/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/writer.h"
#include "crypto/provider.h"

static bool fill_from_kernel(void *context, uint8_t *out, size_t len)
{
    size_t done = 0;

    (void)context;
    while (done < len) {
        ssize_t got = getrandom(out + done, len - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            abort(); /* going on would mean guessable keys; there is no second source to fall back to */
    }
    return true;
}

struct random_source random_system(void)
{
    return (struct random_source){fill_from_kernel, NULL};
}

bool random_fill(struct random_source source, uint8_t *out, size_t len)
{
    return source.fill(source.context, out, len);
}

bool random_stream_begin(struct random_stream *stream, struct random_source source)
{
    *stream = (struct random_stream){.used = sizeof stream->block};
    return random_fill(source, stream->seed, sizeof stream->seed);
}

static bool next_block(struct random_stream *stream)
{
    uint8_t counter[8];
    struct writer w = writer_of(counter, sizeof counter);

    write_u64(&w, stream->counter++);
    if (!hmac_once(hash_find(HASH_SHA256), BYTES_OF_ARRAY(stream->seed), writer_view(&w), stream->block))
        return false;
    stream->used = 0;
    return true;
}

static bool fill_from_stream(void *context, uint8_t *out, size_t len)
{
    struct random_stream *stream = context;

    while (len > 0) {
        size_t left, part;

        if (stream->used == sizeof stream->block && !next_block(stream))
            return false;
        left = sizeof stream->block - stream->used;
        part = len < left ? len : left;
        memcpy(out, stream->block + stream->used, part);
        memory_wipe(stream->block + stream->used, part);
        stream->used += part;
        out += part;
        len -= part;
    }
    return true;
}

struct random_source random_stream_source(struct random_stream *stream)
{
    return (struct random_source){fill_from_stream, stream};
}

void random_stream_wipe(struct random_stream *stream)
{
    memory_wipe(stream, sizeof *stream);
}
