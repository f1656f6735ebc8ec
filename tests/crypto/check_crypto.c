#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/provider.h"
#include "crypto/x25519_base.h"
#include "support/check_run.h"

START_TEST(every_algorithm_is_listed_once_with_its_provider)
{
    static const char *const wanted[] = {"SHA256",
                                         "SHA384",
                                         "AES-128-GCM",
                                         "AES-256-GCM",
                                         "ChaCha20-Poly1305",
                                         "X25519",
                                         "secp256r1",
                                         "secp384r1",
                                         "RSA-PSS",
                                         "ECDSA P-256",
                                         "ECDSA P-384",
                                         "ECDSA P-521 (verification)",
                                         "ML-KEM-768",
                                         "X25519, own shares" /* the last: not everywhere */};
    unsigned seen[ARRAY_LEN(wanted)] = {0};
    struct crypto_service service;
    size_t count = 0, expected = ARRAY_LEN(wanted) - !X25519_BASE_IS_OURS;

    for (; crypto_service_at(count, &service); count++) {
        ck_assert(strlen(service.provider) > 0);
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
            seen[i] += strcmp(service.algorithm, wanted[i]) == 0;
    }
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < expected; i++)
        ck_assert_msg(seen[i] == 1, "%s", wanted[i]);
    ck_assert(!crypto_service_at(count, &service));
    ck_assert(!crypto_service_at(SIZE_MAX, &service));
}
END_TEST

START_TEST(mbedtls_tells_its_version)
{
    unsigned major = 0, minor = 0;

    ck_assert_int_eq(sscanf(provider_mbedtls.name(), "mbedTLS %u.%u", &major, &minor), 2);
    ck_assert(major == 2 ? minor >= 28 : major == 3);
    ck_assert_str_eq(provider_mbedtls.name(), provider_mbedtls.name());
}
END_TEST

START_TEST(starting_twice_is_fine)
{
    ck_assert(crypto_start());
    ck_assert(crypto_start());
}
END_TEST

#if defined(__x86_64__)
/* Of every provider that serves AES. Where libcrypto was told by its environment to leave instructions alone, it does.
 */
START_TEST(aes_is_from_tables_unless_the_kernel_says_that_the_processor_has_instructions)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool has_aes, has_pclmul;
    char line[8192];

    if (!file || getenv("OPENSSL_ia32cap"))
        return;
    while (fgets(line, sizeof line, file) && strncmp(line, "flags", 5) != 0)
        ;
    fclose(file);
    has_aes = strstr(line, " aes ") != NULL;
    has_pclmul = strstr(line, " pclmulqdq ") != NULL;
    for (size_t i = 0; provider_at(i); i++)
        if (provider_at(i)->aeads[AEAD_AES_128_GCM])
            ck_assert_int_eq(provider_at(i)->aes_is_table_based(), !(has_aes && has_pclmul));
    ck_assert_int_eq(crypto_aes_is_table_based(), !(has_aes && has_pclmul));
}
END_TEST
#endif

START_TEST(who_serves_aes_says_how)
{
    for (size_t i = 0; provider_at(i); i++)
        for (size_t id = 0; id < AEAD_COUNT; id++)
            ck_assert(!provider_at(i)->aeads[id] || provider_at(i)->aes_is_table_based);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_algorithm_is_listed_once_with_its_provider,
        mbedtls_tells_its_version,
        starting_twice_is_fine,
        who_serves_aes_says_how,
#if defined(__x86_64__)
        aes_is_from_tables_unless_the_kernel_says_that_the_processor_has_instructions,
#endif
    };
    return crypto_start() ? check_run("crypto", tests, ARRAY_LEN(tests)) : 1;
}
