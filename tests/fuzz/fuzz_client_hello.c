/*
 * ClientHello: parsing, negotiation and the frozen digest. Input: the body of the message.
 */
#include "fuzz/fuzz_engine.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    struct client_hello ch;
    struct choice choice;
    enum why why = WHY_NONE;
    uint16_t version;
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
    if (negotiate_version(&ch, fuzz_policy(), &version, &why) && negotiate13(&ch, fuzz_policy(), &choice, &why) &&
        (!choice.suite || !choice.group || !choice.scheme || !choice.credential ||
         (choice.share.at == NULL) != choice.needs_retry))
        abort(); /* a choice is complete */
    return 0;
}
