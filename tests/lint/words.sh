#!/bin/bash
# Nothing in the project speaks of one machine, and nothing is left for later under a marker in the code.
. "$(dirname "$0")/lib.sh"

# The words are put together here, or this file would find itself.
markers="\\b(TO""DO|FIX""ME|X""XX|HA""CK)\\b"
machines="(^|[^[:alnum:]_.}-])(/wo""rk/|/ho""me/[a-z]|/ro""ot/|/Us""ers/)"

# What belongs to the project: the committed files where git can tell, else everything but builds.
files() {
    if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        (cd "$1" && git ls-files -z -- .)
    else
        (cd "$1" && find . -name .git -prune -o -name 'build*' -prune -o -name 'autom4te.cache' -prune -o -type f -print0)
    fi
}

found() {
    files "$1" | (cd "$1" && xargs -0r grep -InE "$2" --) | grep -vE '^(\./)?(configure|Makefile\.in|aclocal\.m4|LICENSE)~?:' |
        cut -c1-200
}

mkdir "$scratch/bare"
echo "/* TO""DO later */" >"$scratch/bare/a.c"
echo "path = /wo""rk/x" >"$scratch/bare/b.sh"
expect_fires "the guard sees a marker" "a.c:1:" found "$scratch/bare" "$markers"
expect_fires "the guard sees a path of one machine" "b.sh:1:" found "$scratch/bare" "$machines"

expect_clean "no marker is left in the code" found "$srcdir" "$markers"
expect_clean "no path of one machine stands in the project" found "$srcdir" "$machines"
finish
