#include "crypto/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/writer.h"
#include "crypto/provider.h"

static void fill_from_kernel(uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = getrandom(out + done, len - done, 0);
        if (got > 0)
            done += (size_t)got;
        else if (got == 0 || errno != EINTR)
            abort(); /* going on would mean guessable keys; there is no second source to fall back to */
    }
}

/*
 * What the kernel gave in one call for many small requests. It lies in a page that a fork gives to the child as zeros,
 * so that there is nothing left there, and that no core dump shows; what was handed out is wiped at once.
 */
enum { PORTION_LEN = 512 };
struct portion {
    size_t left; /* at the end of `bytes` */
    uint8_t bytes[PORTION_LEN];
};

/* NULL where the kernel does not know such memory: then every request is one to the kernel. */
static struct portion *portion_new(void)
{
    void *at = mmap(NULL, sizeof(struct portion), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return NULL;
    if (madvise(at, sizeof(struct portion), MADV_WIPEONFORK) == 0 &&
        madvise(at, sizeof(struct portion), MADV_DONTDUMP) == 0)
        return at;
    munmap(at, sizeof(struct portion));
    return NULL;
}

static struct portion *the_portion(void)
{
    static struct portion *portion;
    static bool is_tried;

    if (!is_tried)
        portion = portion_new();
    is_tried = true;
    return portion;
}

static void take_from(struct portion *portion, uint8_t *out, size_t len)
{
    uint8_t *at = portion->bytes + PORTION_LEN - portion->left;

    memcpy(out, at, len);
    memory_wipe(at, len);
    portion->left -= len;
}

static bool fill_from_portion(void *context, uint8_t *out, size_t len)
{
    struct portion *portion = the_portion();

    (void)context;
    if (len == 0)
        return true;
    if (!portion || len > PORTION_LEN / 2) {
        fill_from_kernel(out, len);
        return true;
    }
    if (len > portion->left) { /* the rest is too short: all anew */
        portion->left = 0;
        fill_from_kernel(portion->bytes, PORTION_LEN);
        portion->left = PORTION_LEN;
    }
    take_from(portion, out, len);
    return true;
}

struct random_source random_system(void)
{
    return (struct random_source){fill_from_portion, NULL};
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

/* SHA-256(seed || counter): both of fixed length, so that one block of the hash holds them and none extends another. */
static bool next_block(struct random_stream *stream)
{
    uint8_t input[sizeof stream->seed + 8];
    struct writer w = writer_of(input, sizeof input);
    bool is_ok;

    write_bytes(&w, BYTES_OF_ARRAY(stream->seed));
    write_u64(&w, stream->counter++);
    is_ok = writer_ok(&w) && hash_once(hash_find(HASH_SHA256), writer_view(&w), stream->block);
    memory_wipe(input, sizeof input);
    stream->used = is_ok ? 0 : sizeof stream->block;
    return is_ok;
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
