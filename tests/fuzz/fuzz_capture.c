/*
 * fuzz_capture.c: files for `sallyport explain`. Besides what the sanitizers see: a ClientHello that was found has the
 * length that its header announced, and what is printed is plain ASCII, whatever came.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "explain/capture.h"
#include "explain/explain.h"
#include "support/test_random.h"
#include "tls/policy.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static uint64_t now(void *context)
{
    (void)context;
    return 0;
}

/* Without a certificate: what is fuzzed here is reading and printing. */
static struct tls_policy *policy(void)
{
    static struct test_random random;
    static struct tls_policy *made;

    if (!made) {
        require(crypto_start());
        made = tls_policy_new(test_random_source(&random), now, NULL);
        require(made && tls_policy_add_alpn(made, BYTES_OF_LITERAL("h2")));
    }
    return made;
}

static void require_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        require(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct capture capture;
    struct bytes file = bytes_of(data, size);
    enum explain_end end;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    require(out != NULL);
    capture_read(file, &capture);
    require(capture.end != HELLO_WHOLE || capture.hello.len == capture.hello.announced);
    require(capture.end != HELLO_REFUSED || capture.hello.why != WHY_NONE);
    end = explain_file(file, policy(), "fuzz", out);
    fclose(out);
    require((end == EXPLAIN_NOTHING) == (capture.end == HELLO_NONE || capture.end == HELLO_CUT));
    require_plain(text, len);
    free(text);
    return 0;
}
