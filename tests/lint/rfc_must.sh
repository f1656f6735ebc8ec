#!/bin/bash
# What the code quotes as a duty ("RFC 8446 4.1.2 MUST: ..."), the test that proves it quotes too.
. "$(dirname "$0")/lib.sh"

# Every "RFC n section MUST [NOT]" of a tree's comments, however the lines are broken.
musts() {
    find "$@" -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' \) -print0 2>/dev/null | sort -z | xargs -0r cat |
        tr '\n' ' ' | sed -E 's/[[:space:]]+(\*|#|\/\/)[[:space:]]+/ /g; s/[[:space:]]+/ /g' |
        grep -oE 'RFC [0-9]+ ([0-9A-Z]+\.)*[0-9A-Z]+ MUST( NOT)?' | sort -u
}

unproved() {
    comm -23 <(musts "$1/src") <(musts "$1/tests") | sed 's/$/: quoted in src, proved by no test/'
}

plant src/a.c <<<'/* RFC 8446 4.1.2 MUST: this. RFC
 * 8446 5.1 MUST NOT: that. RFC 8446 5.1 MUST: those. */'
plant tests/a.c <<<'/* RFC 8446 4.1.2
 * MUST: this */'
expect_fires "the guard sees a MUST without a test" "RFC 8446 5.1 MUST: quoted" unproved "$scratch/tree"
expect_fires "the guard tells MUST NOT from MUST" "RFC 8446 5.1 MUST NOT: quoted" unproved "$scratch/tree"
plant tests/b.c <<<'/* RFC 8446 5.1 MUST NOT: that; RFC 8446 5.1 MUST: those */'
expect_clean "the guard is content when each is quoted in a test" unproved "$scratch/tree"

expect_clean "every MUST that the code quotes is quoted by a test" unproved "$srcdir"
finish
