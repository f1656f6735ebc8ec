/*
 * fuzz_key_answer.c: what a hostile keyholder sends to a worker. A reply that is read is written again byte for byte.
 */
#include "proxy/key_wire.h"
#include "support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    struct key_reply reply;
    size_t len;

    if (!key_wire_read_reply(bytes_of(data, size), &reply))
        return 0;
    must(reply.answer.len <= MAX_KEY_ANSWER_LEN && (reply.is_ok || reply.answer.len == 0));
    must(key_wire_write_reply(&reply, out, &len) && bytes_equal(bytes_of(data, size), bytes_of(out, len)));
    return 0;
}
