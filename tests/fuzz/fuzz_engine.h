/*
 * fuzz_engine.h: an engine in the state a fuzzer wants it in, at once and without a key exchange, and the invariants
 * that hold whatever comes.
 */
#ifndef FUZZ_ENGINE_H
#define FUZZ_ENGINE_H

#include "base/buffer.h"
#include "tls/tls_types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_engine {
    struct pool *pool;
    struct tls *tls;
    struct protection client; /* the client's writing side, for records that open */
};

enum fuzz_stage { FUZZ_START, FUZZ_WAIT_CH2, FUZZ_WAIT_FINISHED, FUZZ_CONNECTED, FUZZ_STAGES };

void fuzz_engine_begin(struct fuzz_engine *engine, enum fuzz_stage stage, const struct tls_suite *suite);
void fuzz_engine_end(struct fuzz_engine *engine);

/* Feeds wire bytes, `step` at a time (0: all), takes text and wire out, answers keys, checks the invariants. */
void fuzz_engine_feed(struct fuzz_engine *engine, struct bytes raw, size_t step);

/* One record: in the clear, or sealed under the client's keys where there are any. Contents up to 2^14 + 64. */
void fuzz_engine_feed_record(struct fuzz_engine *engine, uint8_t type, struct bytes content, size_t step);
void fuzz_engine_feed_sealed(struct fuzz_engine *engine, uint8_t type, struct bytes content, size_t step);

struct tls_policy *fuzz_policy(void); /* one P-256 certificate, two protocols; shared by all engines */

#endif
