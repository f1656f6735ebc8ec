#!/bin/bash
# Bytes of the wire are put together and taken apart in base/ alone: no byte shifts and no indexing of views anywhere
# else above the crypto seam.
. "$(dirname "$0")/lib.sh"

# Comments and strings are not code.
wire_work() {
    find "$1/src" -name '*.[ch]' ! -path '*/base/*' ! -path '*/crypto/*' -print | sort | while read -r file; do
        sed -E -e 's|"([^"\\]\|\\.)*"|""|g' -e 's|/\*.*\*/||g' -e 's|^[[:space:]]*/?\*.*||' -e 's|//.*||' "$file" |
            grep -nE '(<<|>>)=? *(8|16|24|32|40|48|56)\b|(\.|->)at\[|(\.|->)at *\+ *[0-9]+\]|\b(be|le)(16|32|64)toh\b|\bhto(be|le)(16|32|64)\b' |
            sed "s|^|${file#"$1"/}:|"
    done
}

plant src/tls/a.c <<<'/* a << 8 */
unsigned a = b[0] << 8 | b[1];'
plant src/tls/b.c <<<'uint8_t first = view.at[0];'
plant src/proxy/a.c <<<'out[0] = (uint8_t)(len >> 8);'
plant src/proxy/b.c <<<'len = be16toh(word);'
plant src/tls/c.c <<<'const char *text = "x << 8"; /* y >> 8 */
int flag = 1 << 3;'
expect_fires "the guard sees a shift that builds a number" "src/tls/a.c:2:" wire_work "$scratch/tree"
expect_fires "the guard sees an index into a view" "src/tls/b.c:1:" wire_work "$scratch/tree"
expect_fires "the guard sees a shift that takes a number apart" "src/proxy/a.c:1:" wire_work "$scratch/tree"
expect_fires "the guard sees a byte order call" "src/proxy/b.c:1:" wire_work "$scratch/tree"
rm "$scratch"/tree/src/tls/[ab].c "$scratch"/tree/src/proxy/*
expect_clean "the guard takes comments, strings and flags for what they are" wire_work "$scratch/tree"

expect_clean "bytes of the wire are touched in base/ alone" wire_work "$srcdir"
finish
