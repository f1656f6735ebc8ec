#include <stddef.h>

#include "tls/key_operation.h"

static size_t used_len(const struct tls_key_request *request)
{
    bool is_sound = request->payload_len <= MAX_KEY_PAYLOAD_LEN;

    return offsetof(struct tls_key_request, payload) + (is_sound ? request->payload_len : MAX_KEY_PAYLOAD_LEN);
}

void tls_key_request_copy(struct tls_key_request *to, const struct tls_key_request *from)
{
    memcpy(to, from, used_len(from));
}

void tls_key_request_wipe(struct tls_key_request *request)
{
    memory_wipe(request, used_len(request));
}
