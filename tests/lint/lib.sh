# lib.sh: what the guards share. Sourced by each of them.
#
# A guard is a function that prints one line per violation and nothing when all is well. Each guard first proves, on
# a planted violation, that it fires (expect_fires), then looks at the project (expect_clean).

set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=$PWD
failures=0

scratch=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-lint.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT

ok() { echo "ok: $1"; }
not_ok() { echo "not ok: $1"; failures=$((failures + 1)); }

# expect_clean SENTENCE COMMAND...: the command prints nothing.
expect_clean() {
    local sentence=$1 found
    shift
    found=$("$@" 2>&1)
    if [ -z "$found" ]; then
        ok "$sentence"
    else
        not_ok "$sentence"
        printf '%s\n' "$found" | sed 's/^/    /'
    fi
}

# expect_fires SENTENCE TEXT COMMAND...: the command prints a line with TEXT in it.
expect_fires() {
    local sentence=$1 text=$2 found
    shift 2
    found=$("$@" 2>&1)
    case $found in
    *"$text"*) ok "$sentence" ;;
    *)
        not_ok "$sentence: the guard did not fire on a planted violation"
        printf '%s\n' "$found" | sed 's/^/    /'
        ;;
    esac
}

# plant FILE: writes standard input to a file of the planted tree, $scratch/tree.
plant() {
    mkdir -p "$scratch/tree/$(dirname "$1")"
    cat >"$scratch/tree/$1"
}

skip() {
    echo "skipped: $1"
    exit 77
}

finish() {
    [ "$failures" -eq 0 ]
    exit
}
