/*
 * The shim believes any certificate that it can read: BoGo's are self-signed. Takes the place of crypto/client_trust.c.
 */
#include "bogo/trust.h"

#include <stdio.h>

#include "base/alloc.h"
#include "crypto/certificate_der.h"

enum { MAX_NAMES = 8, MAX_NAMES_LEN = 1024 };

struct client_trust {
    bool is_refusing;
    struct certificate_chain *expected;
    struct bytes names[MAX_NAMES]; /* views into `storage` */
    size_t name_count, used;
    uint8_t storage[MAX_NAMES_LEN];
};

/* "3003...,3004..." as far as it is of that form, which <EMPTY> and <NULL> are not. */
static void read_names(struct client_trust *trust, const char *text)
{
    unsigned value;

    while (trust->name_count < MAX_NAMES && sscanf(text, "%2x", &value) == 1) {
        struct bytes *name = &trust->names[trust->name_count++];
        *name = bytes_of(trust->storage + trust->used, 0);
        for (; trust->used < MAX_NAMES_LEN && sscanf(text, "%2x", &value) == 1; text += 2, name->len++)
            trust->storage[trust->used++] = (uint8_t)value;
        text += *text == ',';
    }
}

struct client_trust *bogo_trust_new(bool is_refusing, const char *names, struct certificate_chain *expected)
{
    struct client_trust *trust = memory_new(sizeof *trust);

    if (!trust) {
        certificate_chain_free(expected);
        return NULL;
    }
    trust->is_refusing = is_refusing;
    trust->expected = expected;
    read_names(trust, names ? names : "");
    return trust;
}

void client_trust_free(struct client_trust *trust)
{
    if (trust)
        certificate_chain_free(trust->expected);
    memory_free(trust);
}

const char *chain_result_name(enum chain_result result)
{
    static const char *const names[CHAIN_RESULTS] = {
        [CHAIN_MALFORMED] = "malformed",
        [CHAIN_UNKNOWN_CA] = "unknown_ca",
        [CHAIN_NOT_FOR_CLIENTS] = "not_for_clients",
        [CHAIN_WEAK] = "weak",
    };
    return names[result] ? names[result] : "another";
}

const uint8_t *client_trust_digest(const struct client_trust *trust)
{
    static const uint8_t digests[2][32] = {{0}, {1}};
    return digests[trust->is_refusing];
}

bool client_trust_next_subject(const struct client_trust *trust, const void **at, struct bytes *name)
{
    const struct bytes *next = *at ? (const struct bytes *)*at + 1 : trust->names;

    if (next == trust->names + trust->name_count)
        return false;
    *at = next;
    *name = *next;
    return true;
}

bool client_trust_crl_end(const struct client_trust *trust, int64_t *end)
{
    (void)trust;
    *end = INT64_MAX;
    return false;
}

static bool is_expected(const struct client_trust *trust, const struct bytes *chain, size_t count)
{
    if (!trust->expected)
        return true;
    if (certificate_chain_count(trust->expected) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!bytes_equal(certificate_chain_der(trust->expected, i), chain[i]))
            return false;
    return true;
}

enum chain_result client_trust_verify(struct client_trust *trust, const struct bytes *chain, size_t count, int64_t now,
                                      struct client_identity *identity, struct public_key **key)
{
    struct certificate leaf;
    struct crypto_fault fault;

    (void)now;
    *key = NULL;
    *identity = (struct client_identity){.not_after = INT64_MAX};
    for (size_t i = count; i-- > 0;)
        if (!certificate_read(chain[i], &leaf, &fault))
            return CHAIN_MALFORMED;
    if (trust->is_refusing || !is_expected(trust, chain, count))
        return CHAIN_UNKNOWN_CA;
    if (!leaf.may_sign)
        return CHAIN_NOT_FOR_CLIENTS;
    *key = public_key_new(leaf.spki);
    return *key ? CHAIN_OK : CHAIN_WEAK;
}
