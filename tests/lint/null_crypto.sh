#!/bin/bash
# Null crypto (tests/fuzz/null_crypto.c) is for fuzz targets: the program must have no symbol of it.
. "$(dirname "$0")/lib.sh"

null_symbols() {
    [ -f "$1" ] || { echo "$1: is not there" && return; }
    nm "$1" | grep -E '__(wrap|real)_' | sed 's/$/: null crypto/'
}

command -v nm >/dev/null || skip "no nm here"

echo 'int __wrap_aead_open(void); int __wrap_aead_open(void) { return 0; } int main(void) { return __wrap_aead_open(); }' \
    >"$scratch/planted.c"
${CC:-cc} -o "$scratch/planted" "$scratch/planted.c" || exit 99
expect_fires "the guard sees a function that wraps another" "__wrap_aead_open: null crypto" null_symbols "$scratch/planted"

expect_clean "sallyport has nothing of null crypto" null_symbols sallyport
finish
