#!/bin/bash
# What src/crypto must not call, because a version of the library that we support has it wrong, or because it would
# bring in what we promised to leave out.
. "$(dirname "$0")/lib.sh"

# A pattern and the reason, one a line.
banned() {
    cat <<'LIST'
mbedtls_ecdh_calc_secret        overflows a short buffer before 3.6.7
mbedtls_(rsa|pk)_[a-z0-9_]*decrypt  leaks through its timing before 2.28.7 and 3.6.7
mbedtls_(ctr|hmac)_drbg_[a-z_]* has a state that fork copies: random bytes come from crypto/random.h
mbedtls_entropy_[a-z_]*         likewise
mbedtls_ssl_[a-z_]*             is the TLS that we replace
psa_[a-z_]*                     has a state that fork copies
(fopen|open|openat|time|clock_gettime|gettimeofday|getenv|pthread_create)  opens, asks or starts what crypto.h rules out
(rand|random|arc4random[a-z_]*|srand|rand_r)  is no source of keys
(malloc|calloc|realloc|strdup|free)  goes past base/alloc.h
LIST
}

banned_calls() {
    nm -u "$1" | awk '$1 == "U" {print $2}' | sort -u >"$scratch/called"
    banned | while read -r pattern reason; do
        grep -xE "$pattern" "$scratch/called" | sed "s|\$|: $reason|"
    done
}

command -v nm >/dev/null || skip "no nm here"

cat >"$scratch/probe.c" <<'C'
#include <stdlib.h>
#include <time.h>
int mbedtls_ecdh_calc_secret(void *);
int mbedtls_rsa_rsaes_pkcs1_v15_decrypt(void *);
int mbedtls_pk_decrypt(void *);
int mbedtls_ctr_drbg_random(void *);
int probe(char *at);
int probe(char *at)
{
    return mbedtls_ecdh_calc_secret(at) + mbedtls_rsa_rsaes_pkcs1_v15_decrypt(at) + mbedtls_pk_decrypt(at) +
           mbedtls_ctr_drbg_random(at) + (int)time(NULL) + rand() + (malloc(5) != at);
}
C
${CC:-cc} -c -o "$scratch/probe.o" "$scratch/probe.c" || exit 99
for symbol in mbedtls_ecdh_calc_secret mbedtls_rsa_rsaes_pkcs1_v15_decrypt mbedtls_pk_decrypt mbedtls_ctr_drbg_random \
    time rand malloc; do
    expect_fires "the guard sees $symbol()" "$symbol: " banned_calls "$scratch/probe.o"
done

# It takes basicConstraints without its boolean for a CA before 3.6.7: only these files, which check that themselves, may.
x509_callers() {
    nm -A -u libcrypto.a | grep -E ' mbedtls_x509_crt_(verify|parse)' | grep -vE ':client_(trust|chain)\.o:' |
        sed 's/:.*mbedtls/: mbedtls/'
}
expect_clean "only the verification of client chains calls the library's own" x509_callers

expect_clean "libcrypto.a calls nothing that is known to be wrong" banned_calls libcrypto.a
finish
