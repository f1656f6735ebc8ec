/* What is wiped and copied of a request of the key port. */
#include <stddef.h>

#include "support/check_run.h"
#include "tls/key_operation.h"

static const uint8_t zeros[sizeof(struct tls_key_request)];

/* Every byte is 0xee, but for the length. */
static struct tls_key_request request_of(size_t payload_len)
{
    struct tls_key_request request;

    memset(&request, 0xee, sizeof request);
    memset(request.payload, 0, sizeof request.payload);
    memset(request.payload, 0xdd, payload_len);
    request.payload_len = payload_len;
    return request;
}

static const size_t lengths[] = {0, 1, 100, MAX_KEY_PAYLOAD_LEN};

START_TEST(nothing_of_a_wiped_request_is_left_however_long_its_payload)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct tls_key_request request = request_of(lengths[i]);

        tls_key_request_wipe(&request);
        ck_assert_mem_eq(&request, zeros, sizeof request);
    }
}
END_TEST

START_TEST(all_of_a_request_is_copied_however_long_its_payload)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct tls_key_request request = request_of(lengths[i]), copy;

        memset(&copy, 0, sizeof copy);
        tls_key_request_copy(&copy, &request);
        ck_assert_mem_eq(&copy, &request, sizeof request);
    }
}
END_TEST

/* A length that no request has is one of a mistake: what is there goes, and nothing behind it is touched. */
START_TEST(a_length_beyond_the_payload_touches_nothing_behind_it)
{
    struct {
        struct tls_key_request request;
        uint8_t behind[64];
    } held;

    memset(&held, 0xee, sizeof held);
    held.request.payload_len = MAX_KEY_PAYLOAD_LEN + 32;
    tls_key_request_wipe(&held.request);
    ck_assert_mem_eq(&held.request, zeros, offsetof(struct tls_key_request, payload) + MAX_KEY_PAYLOAD_LEN);
    for (size_t i = 0; i < sizeof held.behind; i++)
        ck_assert_uint_eq(held.behind[i], 0xee);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_of_a_wiped_request_is_left_however_long_its_payload,
        all_of_a_request_is_copied_however_long_its_payload,
        a_length_beyond_the_payload_touches_nothing_behind_it,
    };
    return check_run("key_request", tests, ARRAY_LEN(tests));
}
