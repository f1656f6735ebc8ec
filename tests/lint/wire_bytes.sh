#!/bin/bash
# Bytes of the wire are put together and taken apart in base/ alone: no byte shifts and no fields picked by their
# position in the engine, in the proxy and in what reads captures.
. "$(dirname "$0")/lib.sh"

# Files that may, with the reason.
exceptions() {
    sed 's/ *#.*//' <<'LIST'
src/tls/not_tls.c   # looks at the first bytes of what is no TLS at all
src/tls/flight.c    # names the message that it has just written itself
LIST
}

shift_of_bytes='(^|[^1UL ]) *(<<|>>)=? *(8|16|24|32|40|48|56)\b'
field_by_position='(\.|->)at\[[0-9]+\]'
byte_order_call='\b(be|le)(16|32|64)toh\b|\bhto(be|le)(16|32|64)\b'

# Comments, strings and comparisons of text with a character are not meant.
wire_work() {
    find "$1/src/tls" "$1/src/proxy" "$1/src/explain" -name '*.[ch]' -print | sort | while read -r file; do
        exceptions | grep -qxF "${file#"$1"/}" && continue
        sed -E -e 's|"([^"\\]\|\\.)*"|""|g' -e 's|/\*.*\*/||g' -e 's|^[[:space:]]*/?\*.*||' -e 's|//.*||' \
            -e "s/at\[[0-9]+\] *[!=]= *'//g" "$file" |
            grep -nE "$shift_of_bytes|$field_by_position|$byte_order_call" | sed "s|^|${file#"$1"/}:|"
    done
}

plant src/tls/a.c <<<'/* a << 8 */
unsigned a = b[0] << 8 | b[1];'
plant src/tls/b.c <<<'uint8_t first = view.at[0];'
plant src/proxy/a.c <<<'out[0] = (uint8_t)(len >> 8);'
plant src/proxy/c.h </dev/null
plant src/explain/a.c <<<'link = frame.at[12];'
plant src/proxy/b.c <<<'len = be16toh(word);'
plant src/tls/c.c <<<'const char *text = "x << 8"; /* y >> 8 */
enum { LIMIT = 1 << 24, FLAG = 1 << 3 };
bool is_wildcard = name.at[0] == '"'*'"';'
expect_fires "the guard sees a shift that builds a number" "src/tls/a.c:2:" wire_work "$scratch/tree"
expect_fires "the guard sees an index into a view" "src/tls/b.c:1:" wire_work "$scratch/tree"
expect_fires "the guard sees a shift that takes a number apart" "src/proxy/a.c:1:" wire_work "$scratch/tree"
expect_fires "the guard sees it in what reads captures" "src/explain/a.c:1:" wire_work "$scratch/tree"
expect_fires "the guard sees a byte order call" "src/proxy/b.c:1:" wire_work "$scratch/tree"
rm "$scratch"/tree/src/explain/a.c "$scratch"/tree/src/tls/[ab].c "$scratch"/tree/src/proxy/*.c
expect_clean "the guard takes comments, strings, limits and text for what they are" wire_work "$scratch/tree"

expect_clean "bytes of the wire are touched in base/ alone" wire_work "$srcdir"
finish
