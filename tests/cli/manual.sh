#!/bin/bash
# The manual pages are well formed, and sallyport(8) knows every option that -h knows, and no other.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
program=$PWD/sallyport
failures=0

scratch=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-manual.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT

ok() { echo "ok: $1"; }
not_ok() {
    echo "not ok: $1"
    failures=$((failures + 1))
}

# The variables of the environment, from -h and from the page.
variables_of_usage() { "$program" -h | sed -nE 's/^  (SALLYPORT_[A-Z_]+)$/\1/p'; }
variables_of_page() { sed -nE 's/^\.B (SALLYPORT_[A-Z_]+)$/\1/p' "$1"; }

lint() {
    LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null
}

# "-c --config FILE" for each option, from -h and from the page.
of_usage() {
    "$program" -h | sed -nE 's/^ +(-[a-zA-Z],)? +(--[a-z-]+)( [A-Z]+)? .*/\1 \2\3/p' | tr -d ',' | sed 's/^ //' | sort
}

of_page() {
    sed -nE 's/^\.BR \\-(.*)/\\-\1/p' "$1" | sed -E 's/\\f[IR]//g; s/\\-/-/g; s/"[^"]*"/ /g; s/ +/ /g; s/ $//' |
        grep -E '^-.*--|^--' | sort
}

if ! command -v man >/dev/null || ! printf '.TH A 1\n.SH NAME\na \\- b\n' >"$scratch/a.1" || [ -n "$(lint "$scratch/a.1")" ]; then
    echo "skipped: no man(1) that checks pages here"
    exit 77
fi

printf '.TH A 1\n.SH NAME\na \\- b\n.nosuchmacro\n' >"$scratch/bad.1"
if [ -n "$(lint "$scratch/bad.1")" ]; then ok "the check sees a macro that does not exist"; else not_ok "the check sees nothing"; fi
for page in sallyport.8 sallyport.conf.5; do
    found=$(lint "$srcdir/man/$page")
    if [ -z "$found" ]; then ok "$page is well formed"; else
        not_ok "$page is well formed"
        printf '    %s\n' "$found"
    fi
done

if [ -x "$program" ]; then
    if difference=$(diff <(variables_of_usage) <(variables_of_page "$srcdir/man/sallyport.8")) &&
        [ "$(variables_of_usage | wc -l)" -ge 5 ]; then
        ok "sallyport(8) lists the variables of -h"
    else
        not_ok "sallyport(8) lists the variables of -h"
        printf '    %s\n' "$difference"
    fi
    if difference=$(diff <(of_usage) <(of_page "$srcdir/man/sallyport.8")) && [ "$(of_usage | wc -l)" -ge 13 ]; then
        ok "sallyport(8) lists the options of -h"
    else
        not_ok "sallyport(8) lists the options of -h"
        printf '    %s\n' "$difference"
    fi
fi
[ "$failures" -eq 0 ]
