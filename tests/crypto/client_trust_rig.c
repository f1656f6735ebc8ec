#include "crypto/client_trust_rig.h"

#include <check.h>
#include <stdio.h>

#include "crypto/pem.h"
#include "support/data_file.h"

struct client_trust *trust;
struct client_identity identity;
struct public_key *key;
uint8_t ders[10][MAX_DER];
struct bytes chain[10];
size_t chain_count;

struct bytes file(const char *name, const char *suffix)
{
    static uint8_t text[16 * 1024];
    char path[128];
    struct bytes contents;

    snprintf(path, sizeof path, "client_trust/%s.%s", name, suffix);
    contents = data_file_read(path);
    ck_assert_uint_le(contents.len, sizeof text);
    memcpy(text, contents.at, contents.len);
    data_file_free(contents);
    return bytes_of(text, contents.len);
}

void begin_with(const char *ca)
{
    struct crypto_fault fault;

    ck_assert(crypto_start());
    trust = client_trust_new(file(ca, "crt"), &fault);
    ck_assert_msg(trust != NULL, "%s", fault.text);
}

void begin(void)
{
    begin_with("root");
}

void end(void)
{
    client_trust_free(trust);
}

void add(const char *name)
{
    struct pem_reader pem = pem_reader_of(file(name, "crt"));
    struct pem_block block;
    struct writer w = writer_of(ders[chain_count], MAX_DER);

    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_decode(&block, &w));
    chain[chain_count++] = writer_view(&w);
}

/* "leaf,intermediate": what the client sends. */
enum chain_result verify_at(const char *names, int64_t at)
{
    char name[64];
    enum chain_result result;

    chain_count = 0;
    while (*names) {
        size_t len = strcspn(names, ",");
        memcpy(name, names, len);
        name[len] = 0;
        add(name);
        names += len + (names[len] == ',');
    }
    result = client_trust_verify(trust, chain, chain_count, at, &identity, &key);
    ck_assert((result == CHAIN_OK) == (key != NULL));
    public_key_free(key);
    key = NULL;
    return result;
}

void believes(const char *names)
{
    enum chain_result result = verify_at(names, now);
    ck_assert_msg(result == CHAIN_OK, "%s: %s", names, chain_result_name(result));
}

void refuses(const char *names, enum chain_result wanted)
{
    enum chain_result result = verify_at(names, now);
    ck_assert_msg(result == wanted, "%s: %s, not %s", names, chain_result_name(result), chain_result_name(wanted));
}

void add_crl(const char *name)
{
    struct crypto_fault fault;
    ck_assert_msg(client_trust_add_crl(trust, file(name, "crl"), &fault), "%s", fault.text);
}

void begin_rekeyed(const char *first, const char *second)
{
    struct crypto_fault fault;
    begin_with(first);
    ck_assert(client_trust_add_ca(trust, file(second, "crt"), &fault));
}
