/*
 * ClientHello: parsing, negotiation and the frozen digest. Input: the body of the message.
 */
#include "fuzz/fuzz_engine.h"

#include <stdlib.h>

static bool is_complete(const struct choice *choice)
{
    bool is_rsa = choice->suite && choice->suite->exchange == EXCHANGE_RSA;

    if (!choice->suite || !choice->credential || (!choice->scheme && !is_rsa) || (!choice->group && !is_rsa))
        return false;
    return choice->version == TLS_1_2 || (choice->share.at == NULL) == choice->needs_retry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    struct client_hello ch;
    struct choice choice;
    enum why why = WHY_NONE;
    struct decisions decisions = {0};
    uint8_t digest[32];

    (void)fuzz_policy();
    r = reader_of(bytes_of(data, size));
    if (!client_hello_parse(&r, &ch, &why)) {
        if (why == WHY_NONE)
            abort(); /* a refusal has its reason */
        return 0;
    }
    if (!read_end(&r) || !client_hello_frozen_digest(&ch, digest))
        abort();
    if (negotiate(&ch, fuzz_policy(), &choice, &decisions, &why) && !is_complete(&choice))
        abort();
    if (decisions.count > MAX_DECISIONS)
        abort();
    return 0;
}
