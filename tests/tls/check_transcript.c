#include "tls/transcript.h"

#include "support/check_run.h"
#include "support/trace.h"

static struct trace trace;
static struct hash transcript;
static uint8_t digest[MAX_HASH_LEN];

static struct bytes digest_of(struct bytes data)
{
    ck_assert(hash_once(hash_find(HASH_SHA256), data, digest));
    return bytes_of(digest, 32);
}

/* RFC 8446 4.4.1: Hash(message_hash || 00 00 Hash.length || Hash(ClientHello1) || HelloRetryRequest || ...) */
START_TEST(the_first_client_hello_is_replaced_as_rfc8448_has_it)
{
    trace_load(&trace, "hello_retry_request");
    ck_assert(hash_init(&transcript, hash_find(HASH_SHA256)));
    ck_assert(hash_update(&transcript, trace_get(&trace, "client_hello")));
    ck_assert(transcript_replace_client_hello(&transcript));
    ck_assert(hash_peek(&transcript, digest));
    assert_same(bytes_of(digest, 32), digest_of(trace_get(&trace, "message_hash")), "the hash of message_hash");
    hash_wipe(&transcript);
}
END_TEST

START_TEST(the_transcript_of_a_retried_handshake_is_the_one_of_rfc8448)
{
    static const struct {
        const char *message, *hash;
    } steps[] = {
        {"hello_retry_request", NULL},         {"client_hello_2", NULL},
        {"server_hello", "hello_hash"},        {"encrypted_extensions", NULL},
        {"certificate", "certificate_hash"},   {"certificate_verify", "server_finished_hash"},
        {"server_finished", "handshake_hash"}, {"client_finished", "finished_hash"},
    };

    trace_load(&trace, "hello_retry_request");
    ck_assert(hash_init(&transcript, hash_find(HASH_SHA256)));
    ck_assert(hash_update(&transcript, trace_get(&trace, "client_hello")));
    ck_assert(transcript_replace_client_hello(&transcript));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        ck_assert(hash_update(&transcript, trace_get(&trace, steps[i].message)));
        ck_assert(hash_peek(&transcript, digest));
        if (steps[i].hash)
            assert_in_trace(&trace, steps[i].hash, bytes_of(digest, 32));
    }
    hash_wipe(&transcript);
}
END_TEST

START_TEST(with_sha384_the_message_hash_holds_48_bytes)
{
    uint8_t message[4 + 48] = {254, 0, 0, 48}, expected[MAX_HASH_LEN];
    const struct hash_alg *alg = hash_find(HASH_SHA384);

    ck_assert(hash_once(alg, BYTES_OF_LITERAL("the first hello"), message + 4));
    ck_assert(hash_once(alg, BYTES_OF_ARRAY(message), expected));
    ck_assert(hash_init(&transcript, alg));
    ck_assert(hash_update(&transcript, BYTES_OF_LITERAL("the first hello")));
    ck_assert(transcript_replace_client_hello(&transcript));
    ck_assert(hash_peek(&transcript, digest));
    assert_same(bytes_of(digest, 48), bytes_of(expected, 48), "the transcript");
    hash_wipe(&transcript);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_first_client_hello_is_replaced_as_rfc8448_has_it,
        the_transcript_of_a_retried_handshake_is_the_one_of_rfc8448,
        with_sha384_the_message_hash_holds_48_bytes,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("transcript", tests, ARRAY_LEN(tests));
}
