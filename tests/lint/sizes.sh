#!/bin/bash
# No function over 80 lines, no file over 600. How much a folder should hold is a guide, and left to the reader.
. "$(dirname "$0")/lib.sh"

# Tables may be longer than a function may: "file:name" with the reason behind it. None so far.
exceptions() {
    sed 's/ *#.*//' <<'LIST'
LIST
}

# Functions as clang-format lays them out: the brace of a function alone in the first column.
long_functions() {
    (cd "$1" && find src tests bench -name '*.[ch]' -print 2>/dev/null | sort) | while read -r file; do
        awk -v file="$file" '
            /^[A-Za-z_].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
            /^\{/ { start = FNR }
            /^\}/ { if (start && FNR - start + 1 > 80) print file ":" name; start = 0 }' "$1/$file"
    done | grep -vxFf <(exceptions) | sed 's/$/: more than 80 lines/'
}

long_files() {
    (cd "$1" && find src tests bench dev \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name dev \) -type f 2>/dev/null) |
        sort | while read -r file; do
        lines=$(wc -l <"$1/$file")
        [ "$lines" -le 600 ] || echo "$file: $lines lines"
    done
}

{
    echo 'int longest(void)'
    echo '{'
    for ((i = 0; i < 79; i++)); do echo '    line;'; done
    echo '}'
} | plant src/base/a.c
{
    echo 'static void shorter(int a,'
    echo '                    int b)'
    echo '{'
    for ((i = 0; i < 78; i++)); do echo '    line;'; done
    echo '}'
} | plant src/base/b.c
for ((i = 0; i < 601; i++)); do echo; done | plant src/base/c.h
plant tests/a.c </dev/null
expect_fires "the guard sees a function of 81 lines" "src/base/a.c:longest" long_functions "$scratch/tree"
expect_fires "the guard sees a file of 601 lines" "src/base/c.h: 601 lines" long_files "$scratch/tree"
rm "$scratch/tree/src/base/a.c"
expect_clean "the guard lets a function of 80 lines be" long_functions "$scratch/tree"

expect_clean "no function is longer than 80 lines" long_functions "$srcdir"
expect_clean "no file is longer than 600 lines" long_files "$srcdir"
finish
