/*
 * fuzz_client_chain.c: the certificates that a client shows. Input: a byte (with or without CRLs), then certificates in
 * DER, each a vector with two bytes of length.
 *
 * A key exactly when the chain is good; texts printable and ended; the cache answers as the verification did.
 */
#include "base/reader.h"
#include "support/client_identity.h"
#include "support/must.h"

enum { NOW = 1800000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    must(memchr(text, 0, size) != NULL);
    for (; *text; text++)
        must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static enum chain_result verify(struct client_trust *trust, const struct bytes *chain, size_t count)
{
    struct client_identity identity;
    struct public_key *key;
    enum chain_result result = client_trust_verify(trust, chain, count, NOW, &identity, &key);

    must(result < CHAIN_RESULTS && (key != NULL) == (result == CHAIN_OK));
    must(result != CHAIN_OK || identity.not_after >= NOW);
    check_text(identity.subject, sizeof identity.subject);
    check_text(identity.names, sizeof identity.names);
    check_text(identity.common_name, sizeof identity.common_name);
    public_key_free(key);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct client_trust *trusts[2];
    struct reader r = reader_of(bytes_of(data, size));
    struct bytes chain[MAX_CLIENT_CHAIN + 2];
    size_t count = 0;
    uint8_t which;

    if (!trusts[0]) {
        must(crypto_start());
        trusts[0] = client_identity_trust("root", NULL);
        trusts[1] = client_identity_trust("root", "root");
        must(trusts[0] && trusts[1]);
    }
    if (!read_u8(&r, &which))
        return 0;
    while (count < ARRAY_LEN(chain) && read_vec16(&r, 0, 0xffff, &chain[count]))
        count++;
    if (count > 0)
        must(verify(trusts[which % 2], chain, count) == verify(trusts[which % 2], chain, count));
    return 0;
}
