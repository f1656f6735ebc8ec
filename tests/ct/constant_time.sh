#!/bin/bash
# No branch and no index of ours depends on a secret: tests/ct/constant_time.c under valgrind, case by case.
# Two cases that do leak must be seen to.
set -u
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
export top_srcdir
failures=0
log=$(mktemp "${TMPDIR:-/tmp}/sallyport-ct.XXXXXX") || exit 99
trap 'rm -f "$log"' EXIT

skip() {
    echo "skipped: $1"
    exit 77
}

[ "${SANITIZERS:-no}" = no ] || skip "AddressSanitizer and valgrind do not go together"
command -v valgrind >/dev/null || skip "valgrind is not installed"
[ -x ./constant_time ] || skip "valgrind/memcheck.h was not there when the tests were built"

LEAK=42
run() {
    valgrind --quiet --error-exitcode=$LEAK --num-callers=20 --leak-check=no \
        --suppressions="$top_srcdir/tests/ct/constant_time.supp" ./constant_time "$1" >"$log" 2>&1
}

judge() {
    local sentence=$1 expected=$2 text=$3 status=$4
    if [ "$status" -eq "$expected" ] && { [ -z "$text" ] || grep -q "$text" "$log"; }; then
        echo "ok: $sentence"
        return
    fi
    echo "not ok: $sentence (status $status)"
    head -n 40 "$log" | sed 's/^/    /'
    failures=$((failures + 1))
}

while IFS='|' read -r case text sentence; do
    run "$case" </dev/null
    status=$?
    if [ "$text" = - ]; then
        judge "$sentence" 0 '' $status
    else
        judge "$sentence" $LEAK "$text" $status
    fi
done <<'CASES'
leaks_by_a_branch|Conditional jump|a comparison that stops early is seen (control)
leaks_by_an_index|Use of uninitialised value|a table looked up by a secret is seen (control)
memory_equal|-|memory_equal() is constant time
scalar|-|a private scalar is held against its order in constant time
finished12|-|a Finished of TLS 1.2, right or wrong, is verified in constant time
finished13|-|a Finished of TLS 1.3, right or wrong, is verified in constant time
binder|-|a binder, right or wrong, is verified in constant time
ticket_key|-|a ticket key seals and opens in constant time
session|-|the secret in a session is moved in constant time
premaster|-|a premaster secret, right or wrong, becomes a master secret in constant time
x25519_base|-|a share of X25519 is made in constant time
mlkem_keygen|-|a key of ML-KEM is made in constant time
mlkem_encaps|-|a secret is encapsulated with ML-KEM in constant time
mlkem_decaps|-|a ciphertext of ML-KEM, right or wrong, is decapsulated in constant time
CASES

# "KyberSlash": valgrind says nothing of a division of secrets, whose time depends on them. Machine code has it or not.
divides() {
    objdump -d --no-show-raw-insn "$1" | grep -qE '[[:space:]](i?div[bwlq]?|[su]div)[[:space:]]'
}

report() {
    echo "$1: $2"
    [ "$1" = ok ] || failures=$((failures + 1))
}

if command -v objdump >/dev/null; then
    divides constant_time && verdict=ok || verdict='not ok'
    report "$verdict" "a division is seen in machine code (control)"
    divides src/crypto/mlkem768.o || divides src/crypto/mlkem_poly.o && verdict='not ok' || verdict=ok
    report "$verdict" "ML-KEM divides nothing"
    divides src/crypto/x25519_base.o || divides src/crypto/field25519.o && verdict='not ok' || verdict=ok
    report "$verdict" "X25519 with the base point divides nothing"
fi
exit $((failures > 0))
