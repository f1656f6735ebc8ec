/*
 * The record layer: bytes as they come from the network, in every state of the engine.
 * Input: a byte for the stage and the suite, a byte for how the wire is cut, then the wire.
 */
#include "fuzz/fuzz_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_engine engine;

    if (size < 2)
        return 0;
    fuzz_engine_begin(&engine, data[0] % FUZZ_STAGES, &tls_suites[data[0] / FUZZ_STAGES % 3]);
    fuzz_engine_feed(&engine, bytes_of(data + 2, size - 2), data[1]);
    tls_wire_end(engine.tls);
    fuzz_engine_end(&engine);
    return 0;
}
