#!/bin/bash
# The units of systemd: well formed, and as closed as they say (systemd-analyze security, offline: no systemd runs).
. "$(dirname "$0")/../lint/lib.sh"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
units=$builddir/systemd
[ -f "$units/sallyport.service" ] || skip "the units are not part of the build yet"

# in_place UNIT: as it would be installed, but with a program that is there whatever was built
in_place() { sed -E 's|^(Exec[A-Za-z]*=)[^ ]*/sallyport|\1/bin/true|' "$1"; }

# words UNIT: what systemd says about it; what it says about this machine (no systemd, no such users) is not of the unit
words() {
    mkdir -p "$scratch/verify"
    in_place "$1" >"$scratch/verify/$(basename "$1")"
    SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$scratch/verify:" systemd-analyze verify --man=no --recursive-errors=no \
        "$scratch/verify/$(basename "$1")" 2>&1 | grep -F "$(basename "$1")"
}

# exposure UNIT: ten times the exposure level, as --threshold has it
exposure() {
    mkdir -p "$scratch/security"
    in_place "$1" >"$scratch/security/$(basename "$1")"
    systemd-analyze security --offline=true --no-pager "$scratch/security/$(basename "$1")" 2>/dev/null |
        sed -nE 's/.*Overall exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p'
}

# more_open_than TENTHS UNIT
more_open_than() {
    local found
    found=$(exposure "$2")
    [ -n "$found" ] && [ "$found" -le "$1" ] || echo "exposure ${found:-not told} of at most $1 tenths"
}

# seconds UNIT KEY
seconds() { sed -nE "s/^$2=([0-9]+)\$/\1/p" "$1"; }

# drain_longer_than_stop UNIT: systemd would kill what still drains
drain_longer_than_stop() {
    local drain
    drain=$("$builddir/sallyport" -T | sed -nE 's/^drain-timeout = ([0-9]+)s$/\1/p')
    [ "${drain:-9999}" -lt "$(seconds "$1" TimeoutStopSec)" ] || echo "drain-timeout $drain, TimeoutStopSec less"
}

# other_files UNIT: what is checked before a reload is what was started
other_files() {
    sed -nE "s/^Exec(Start|Reload)=[^ ]*.sallyport (-t )?//p" "$1" | sort -u | sed 1d
}

sed 's/^NoNewPrivileges=.*/NoNewPriviliges=yes/; /^SystemCallFilter/d' "$units/sallyport.service" >"$scratch/planted.service"
sed -i 's/^TimeoutStopSec=.*/TimeoutStopSec=5/; s/^ExecReload=\(.*\)sallyport.conf/ExecReload=\1other.conf/' "$scratch/planted.service"
expect_fires "the check sees a misspelt directive" "NoNewPriviliges" words "$scratch/planted.service"
expect_fires "the check sees a unit that is too open" "exposure" more_open_than 21 "$scratch/planted.service"
expect_fires "the check sees another file at a reload" "/sallyport.conf" other_files "$scratch/planted.service"

for unit in sallyport.service:21 sallyport-rootless.service:15; do
    name=${unit%:*}
    expect_clean "$name is well formed" words "$units/$name"
    expect_clean "$name has an exposure level of at most ${unit#*:} tenths" more_open_than "${unit#*:}" "$units/$name"
    expect_clean "$name checks before a reload what it started" other_files "$units/$name"
done
cp "$srcdir/systemd/sallyport.socket" "$scratch"
mkdir -p "$scratch/verify" && in_place "$units/sallyport.service" >"$scratch/verify/sallyport.service"
expect_clean "sallyport.socket is well formed" words "$scratch/sallyport.socket"

if [ -x "$builddir/sallyport" ]; then
    expect_fires "the check sees a drain that would be cut" "drain-timeout" drain_longer_than_stop "$scratch/planted.service"
    for name in sallyport.service sallyport-rootless.service; do
        expect_clean "$name lets a drain end" drain_longer_than_stop "$units/$name"
    done
fi

# The directories that the unit mounts on, by `make install` and by the package.
of_makefile() { sed -nE 's/^UNIT_ROOT_DIRS = //p' "$srcdir/Makefile.am" | tr ' ' '\n' | sort; }
of_package() { sed -n 's|^usr/lib/sallyport/root/||p' "$srcdir/debian/sallyport.dirs" | sort; }
of_unit() { sed -nE 's/^BindReadOnlyPaths=//p' "$units/sallyport.service" | tr ' ' '\n' | sed 's|^-*/||' | sort; }
difference() { diff <(of_makefile) <(of_package) && comm -13 <(of_makefile) <(of_unit); }
expect_clean "what the unit mounts on is installed" difference

# The users, made in an empty root.
if command -v systemd-sysusers >/dev/null; then
    mkdir -p "$scratch/root/etc"
    systemd-sysusers --root="$scratch/root" - <"$srcdir/systemd/sallyport.sysusers.conf" >"$scratch/sysusers.log" 2>&1
    users=$(cut -d: -f1,7 "$scratch/root/etc/passwd" 2>/dev/null | tr '\n' ' ')
    case $users in
    *_sallyport:*nologin*_sallyport-key:*nologin*) ok "both users are made, and cannot log in" ;;
    *) not_ok "both users are made, and cannot log in: $users" && cat "$scratch/sysusers.log" ;;
    esac
fi
finish
