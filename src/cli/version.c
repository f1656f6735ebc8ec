#include "base/sanitizer.h"
#include "cli/verbs.h"
#include "crypto/crypto.h"
#include "daemon/libraries.h"
#include "proxy/certificate_compression.h"

#include <config.h>
#include <stdio.h>

/* What the compiler says it was told to do, not what the build meant to tell it. */
static const char *const build_options[] = {
#ifdef __clang__
    __VERSION__,
#else
    "gcc " __VERSION__,
#endif
#ifdef __OPTIMIZE__
    "optimised",
#else
    "not optimised",
#endif
#if defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE >= 3
    "FORTIFY_SOURCE 3",
#elif defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE > 0
    "FORTIFY_SOURCE",
#endif
#ifdef __SSP_STRONG__
    "stack protector",
#endif
#ifdef __PIE__
    "position independent",
#endif
#ifdef __CET__
    "control flow protection",
#endif
#if HAS_SANITIZER
    "AddressSanitizer",
#endif
};

static void print_compressors(void)
{
    const struct tls_compressor *compressor;

    printf("certificate compression:");
    for (size_t i = 0; (compressor = certificate_compressor_at(i)); i++)
        printf("%s %s %s", i ? "," : "", compressor->name, certificate_compressor_version(i));
    printf("%s\n", certificate_compressor_at(0) ? "" : " none");
}

static void print_sandbox(void)
{
    const char *seccomp = libraries_seccomp_version();

    printf("sandbox: Landlock, %s%s\n", seccomp ? "libseccomp " : "no system call filter", seccomp ? seccomp : "");
}

int verb_version(void)
{
    struct crypto_service service;

    if (!crypto_start()) {
        cli_tell("the cryptographic library does not start");
        return CLI_EXIT_FAILURE;
    }
    printf("%s\n", PACKAGE_STRING);
    printf("TLS: own engine, TLS 1.3 and 1.2\n");
    printf("events: libevent %s\n", libraries_event_version());
    printf("crypto: ");
    for (size_t i = 0; crypto_provider_name(i); i++)
        printf("%s%s", i ? ", behind it " : "", crypto_provider_name(i));
    printf("\n");
    print_compressors();
    print_sandbox();
    printf("build: ");
    for (size_t i = 0; i < ARRAY_LEN(build_options); i++)
        printf("%s%s", i ? ", " : "", build_options[i]);
    printf("\nAES: %s", crypto_aes_is_table_based()
                            ? "from tables, so ChaCha20-Poly1305 alone where 'suites' names no AES"
                            : "by instructions of the processor");
    printf("\nalgorithms and who serves them:\n");
    for (size_t i = 0; crypto_service_at(i, &service); i++)
        printf("  %-24s %s\n", service.algorithm, service.provider);
    return CLI_EXIT_OK;
}
