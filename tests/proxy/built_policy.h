/*
 * built_policy.h: a listener of the test's making becomes its policy, or findings.
 */
#ifndef TESTS_PROXY_BUILT_POLICY_H
#define TESTS_PROXY_BUILT_POLICY_H

#include "crypto/crypto.h"
#include "proxy/disk.h"
#include "proxy/policy.h"
#include "proxy/told.h"
#include "support/data_file.h"

static struct config *config;
static struct keyring *keyring;

/* A listener with that certificate and its key in lines 3 and 4, `options` from line 6 on; ${D} is tests/data. */
static inline struct tls_policy *build_with(const char *certificate, const char *key, const char *options)
{
    char text[2048];

    ck_assert(crypto_start());
    ck_assert_int_eq(setenv("D", data_file_path(""), 1), 0);
    told_forget();
    config_free(config);
    if (!keyring)
        keyring = keyring_new();
    snprintf(text, sizeof text,
             "[listen web]\naddress = 127.0.0.1:1\ncertificate = ${D}/certificates/%s\nkey = ${D}/certificates/%s\n"
             "backend = demo\n%s",
             certificate, key, options);
    config = config_parse("test.conf", bytes_of_string(text), findings);
    return config ? policy_build(&config->listens[0], disk_for(PURPOSE_SERVE), keyring, findings) : NULL;
}

static inline struct tls_policy *build(const char *options)
{
    return build_with("p256.crt", "p256.key", options);
}

static inline struct tls_policy *build_of_rsa(const char *options)
{
    return build_with("rsa2048.crt", "rsa2048.key", options);
}

static inline struct tls_policy *good(struct tls_policy *policy)
{
    ck_assert_msg(policy != NULL, "%s", told);
    return policy;
}

/* `place` is "test.conf:LINE: "; exactly one fault was told. */
static inline void expect_only_fault(const char *options, const char *place, const char *part)
{
    ck_assert_msg(build(options) == NULL, "accepted:\n%s", options);
    expect_told(place);
    expect_told(part);
    ck_assert_msg(told_count == 1, "%s", told);
}

#endif
