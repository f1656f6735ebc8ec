/*
 * The handshake stream: records whose protection is right and whose contents are not, in every state.
 * Input: a byte for the stage and the suite, a byte for how the wire is cut, then records: type, uint16 length,
 * content. A type with its top bit set goes in the clear; 0x7f, 0x7e, 0x7d are verbs of the proxy.
 */
#include "fuzz/fuzz_engine.h"

#include "base/reader.h"

static void backend_speaks(struct tls *tls)
{
    struct iovec span;

    if (tls_plain_space(tls, &span, 1) == 1)
        tls_plain_commit(tls, 100);
}

static void take_step(struct fuzz_engine *engine, uint8_t type, struct bytes content, size_t step)
{
    switch (type) {
    case 0x7f:
        tls_close(engine->tls);
        break;
    case 0x7e:
        backend_speaks(engine->tls);
        break;
    case 0x7d:
        tls_abort(engine->tls, WHY_BACKEND_RESET);
        break;
    default:
        if (type & 0x80)
            fuzz_engine_feed_record(engine, type & 0x7f, content, step);
        else
            fuzz_engine_feed_sealed(engine, type, content, step);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_engine engine;
    struct reader r = reader_of(bytes_of(data, size));
    struct bytes content;
    uint8_t stage, step, type;

    if (!read_u8(&r, &stage) || !read_u8(&r, &step))
        return 0;
    fuzz_engine_begin(&engine, stage % FUZZ_STAGES, &tls_suites[stage / FUZZ_STAGES % 3]);
    while (read_u8(&r, &type) && read_vec16(&r, 0, MAX_PLAINTEXT_LEN + 64, &content))
        take_step(&engine, type, content, step);
    fuzz_engine_end(&engine);
    return 0;
}
