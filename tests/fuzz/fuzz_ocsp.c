/*
 * fuzz_ocsp.c: what a file with an OCSP response may hold. Besides what the sanitizers see: a refusal has words, and
 * what is read has one answer at least, its views within the file.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crypto/ocsp_response.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_within(struct bytes view, struct bytes file)
{
    require(view.at >= file.at && view.at + view.len <= file.at + file.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = bytes_of(data, size);
    struct ocsp_response response;
    struct crypto_fault fault;
    bool is_read = ocsp_response_read(file, &response, &fault);

    require(is_read == (fault.text[0] == 0));
    if (!is_read)
        return 0;
    require(response.count > 0 && response.count <= MAX_OCSP_SINGLES);
    for (size_t i = 0; i < response.count; i++) {
        require(response.singles[i].serial.len > 0);
        require_within(response.singles[i].serial, file);
        require_within(response.singles[i].issuer_name_hash, file);
        require_within(response.singles[i].issuer_key_hash, file);
    }
    return 0;
}
