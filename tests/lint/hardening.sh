#!/bin/bash
# Every hardening flag is seen at work: on the program where it shows, else on a probe compiled with the same flags.
. "$(dirname "$0")/lib.sh"

# lacks PROGRAM: what of the hardening does not show on it
lacks() {
    readelf -h "$1" | grep -q 'Type: *DYN' || echo "not position independent"
    readelf -l "$1" | grep -q 'INTERP' || echo "not a program"
    readelf -d "$1" | grep -q 'FLAGS_1.*PIE' || echo "not marked PIE"
    readelf -l "$1" | grep -q 'GNU_RELRO' || echo "no RELRO"
    readelf -d "$1" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' || echo "no BIND_NOW: RELRO is partial"
    readelf -lW "$1" | grep 'GNU_STACK' | grep -q 'RW ' || echo "executable stack"
    readelf -lW "$1" | grep -qE 'LOAD.*RWE' && echo "a segment is writable and executable"
    nm -D "$1" | grep -q '__stack_chk_fail' || echo "no stack protector"
    nm -D "$1" | grep -qE '__[a-z]+_chk(@|$)' || echo "no FORTIFY"
    readelf -d "$1" | grep -qE 'RPATH|RUNPATH' && echo "a library path is built in"
    return 0
}

# A big frame, to see the stack probed page by page; an uninitialised local, to see it initialised.
cat >"$scratch/probe.c" <<'C'
#include <stdio.h>
#include <string.h>
void leave_dirt(volatile char *to);
__attribute__((noinline)) void leave_dirt(volatile char *to)
{
    volatile char dirt[4096];
    for (unsigned i = 0; i < sizeof dirt; i++)
        dirt[i] = 'D';
    *to = dirt[7];
}
int count_dirt(void);
__attribute__((noinline)) int count_dirt(void)
{
    char fresh[2048];
    int count = 0;
    __asm__ volatile("" : : "r"(fresh) : "memory");
    for (unsigned i = 0; i < sizeof fresh; i++)
        count += fresh[i] == 'D';
    return count;
}
int big_frame(int at);
__attribute__((noinline)) int big_frame(int at)
{
    volatile char frame[65536];
    frame[at] = 1;
    return frame[at];
}
void fortified(char *to, const char *from, size_t len);
void fortified(char *to, const char *from, size_t len)
{
    char small[16];
    memcpy(small, from, len);
    memcpy(to, small, sizeof small);
}
int main(int argc, char **argv)
{
    volatile char to;
    char out[16];
    fortified(out, argv[0], (size_t)argc);
    leave_dirt(&to); /* right before: binding a function lazily would walk over the dirt */
    return count_dirt() != 0 || big_frame(argc) != 1;
}
C

# probe NAME FLAGS...: compiles it to a program and to assembly
probe() {
    local name=$1
    shift
    ${CC:-cc} -w "$@" -g0 -S -o "$scratch/$name.s" "$scratch/probe.c" &&
        ${CC:-cc} -w "$@" -o "$scratch/$name" "$scratch/probe.c"
}

# What of the flags that do not show on a program is not at work in the probe.
probe_lacks() {
    "$scratch/$1" >/dev/null 2>&1 || echo "locals are not initialised"
    # A 64 KiB frame in one step would jump over the guard page; probed, it is taken in steps of a page.
    grep -A40 '^big_frame:' "$scratch/$1.s" | grep -qE '\$?-?4096|#4096|#1, lsl 12|orq[[:space:]]+\$0' || echo "no stack clash protection"
    grep -A40 '^fortified:' "$scratch/$1.s" | grep -q '__memcpy_chk' || echo "FORTIFY does not reach memcpy()"
    case $(uname -m) in
    x86_64) grep -A3 '^big_frame:' "$scratch/$1.s" | grep -q endbr64 || echo "no control flow protection" ;;
    esac
}

command -v readelf >/dev/null || skip "no readelf here"
[ "${SANITIZERS:-no}" = no ] || skip "a sanitizer build is not what is shipped"
case " ${HARDENED_CFLAGS:-} " in *" -O0 "* | *--coverage*) skip "built without optimisation" ;; esac

# Controls: a program without any of it, on which every line must come up.
probe soft -O2 -fno-stack-protector -fno-stack-clash-protection -fcf-protection=none -U_FORTIFY_SOURCE \
    -no-pie -fno-pie -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack -Wl,-rpath,/nowhere || exit 99
for wrong in "not position independent" "not marked PIE" "no RELRO" "no BIND_NOW" "executable stack" \
    "no stack protector" "no FORTIFY" "a library path is built in"; do
    expect_fires "the guard sees: $wrong" "$wrong" lacks "$scratch/soft"
done
for wrong in "locals are not initialised" "no stack clash protection" "FORTIFY does not reach memcpy()"; do
    expect_fires "the probe shows: $wrong" "$wrong" probe_lacks soft
done

# shellcheck disable=SC2086 # flags are words
probe hard ${HARDENED_CFLAGS:?} ${HARDENED_LDFLAGS:?} || exit 99
expect_clean "stack clash protection, FORTIFY and initialised locals are at work in a probe" probe_lacks hard
expect_clean "a probe with our flags is hardened" lacks "$scratch/hard"
expect_clean "sallyport is hardened" lacks sallyport
finish
