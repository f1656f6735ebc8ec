#!/bin/bash
# Dependencies go one way (ARCHITECTURE.md, "Who may call whom"), by folder and by library, in the includes and in
# what the tests link.
. "$(dirname "$0")/lib.sh"

# folder: the folders whose headers it may include
may_include() {
    case $1 in
    base) echo base ;;
    crypto) echo base crypto ;;
    tls) echo base crypto tls ;;
    config) echo base config ;;
    proxy) echo base crypto tls config proxy ;;
    admin | demo) echo base crypto tls config proxy "$1" ;;
    daemon) echo base crypto tls config proxy admin demo daemon ;;
    explain) echo base crypto tls explain ;;
    cli) echo base crypto tls config proxy admin demo daemon explain cli ;;
    main.c) echo base cli ;;
    esac
}

# library header prefix: the folders that may name it
may_use_library() {
    case $1 in
    mbedtls/* | psa/* | openssl/* | sodium.h | sodium/* | intel-ipsec-mb.h) echo crypto ;;
    event2/* | event.h) echo proxy admin demo daemon ;;
    ini.h) echo config ;;
    *) echo any ;;
    esac
}

among() {
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

# includes TREE: "folder file header kind" for every include below src/
includes() {
    (cd "$1" && grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' src) |
        sed -nE 's|^src/([^/:]+)([^:]*):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*(["<])([^">]+)[">].*|\1 src/\1\2:\3 \4 \5|p'
}

bad_includes() {
    includes "$1" | while read -r folder place kind header; do
        if [ -z "$(may_include "$folder")" ]; then
            echo "$place: the folder $folder has no place in the dependency rule"
        elif [ "$kind" = '"' ] && [ "$header" != config.h ]; then
            case $header in
            ../* | */../*) echo "$place: \"$header\" does not start at src/" ;;
            */*) among "${header%%/*}" "$(may_include "$folder")" || echo "$place: $folder may not include \"$header\"" ;;
            *) echo "$place: \"$header\" does not start at src/" ;;
            esac
        else
            users=$(may_use_library "$header")
            [ "$users" = any ] || among "$folder" "$users" || echo "$place: $folder may not include <$header>"
        fi
    done
}

# Every tests/X program links libraries of X and of what X may use.
bad_links() {
    sed -e ':join' -e '/\\$/{N;s/\\\n/ /;b join' -e '}' "$1/Makefile.am" | awk '
        $2 == "=" && $1 ~ /_SOURCES$/ {
            name = $1; sub(/_SOURCES$/, "", name)
            if (match($0, /tests\/[a-z]+\/check_/)) { split(substr($0, RSTART), part, "/"); folder[name] = part[2] }
        }
        $2 == "=" && $1 !~ /_SOURCES$/ { value[$1] = $0; sub(/^[^=]*=/, "", value[$1]) }
        END {
            for (name in folder) {
                libraries = value[name "_LDADD"]
                for (round = 0; round < 5; round++)
                    while (match(libraries, /\$\([A-Za-z0-9_]+\)/)) {
                        inner = substr(libraries, RSTART + 2, RLENGTH - 3)
                        libraries = substr(libraries, 1, RSTART - 1) value[inner] substr(libraries, RSTART + RLENGTH)
                    }
                n = split(libraries, library, /[ \t]+/)
                for (i = 1; i <= n; i++)
                    if (library[i] ~ /^lib[a-z]+\.a$/) {
                        used = library[i]; sub(/^lib/, "", used); sub(/\.a$/, "", used)
                        print name, folder[name], used
                    }
            }
        }' | sort | while read -r name folder used; do
        among "$used" "$(may_include "$folder")" || echo "$name of tests/$folder may not link lib$used.a"
    done
}

plant src/tls/a.c <<<'#include <time.h>
# include "proxy/relay.h"'
plant src/base/a.c <<<'#include "crypto/hash.h"'
plant src/config/a.c <<<'#include "tls/iana.h"'
plant src/proxy/a.h <<<'#include <mbedtls/gcm.h>
#include "demo/demo.h"'
plant src/crypto/a.c <<<'#include <event2/event.h>'
plant src/daemon/a.c <<<'#include <ini.h>'
plant src/main.c <<<'#include "daemon/daemon.h"'
plant src/explain/a.c <<<'#include "proxy/policy.h"'
plant src/cli/a.c <<<'#include "../base/bytes.h"'
plant src/extra/a.c <<<'#include <stdio.h>'
plant Makefile.am <<<'LINKED = libproxy.a \
	$(CHECK_LIBS)
check_a_SOURCES = \
	tests/tls/check_a.c
check_a_LDADD = libtls.a $(LINKED)'
for wrong in 'src/tls/a.c:2: tls may not include "proxy/relay.h"' 'base may not include "crypto/hash.h"' \
    'config may not include "tls/iana.h"' 'proxy may not include <mbedtls/gcm.h>' \
    'proxy may not include "demo/demo.h"' 'crypto may not include <event2/event.h>' \
    'daemon may not include <ini.h>' 'explain may not include "proxy/policy.h"' 'main.c may not include "daemon/daemon.h"' 'does not start at src/' \
    'the folder extra has no place'; do
    expect_fires "the include lint sees: $wrong" "$wrong" bad_includes "$scratch/tree"
done
expect_fires "the link lint sees a test that links a higher layer" \
    "check_a of tests/tls may not link libproxy.a" bad_links "$scratch/tree"

expect_clean "every include follows the dependency rule" bad_includes "$srcdir"
expect_clean "every unit test links its own layer and below" bad_links "$srcdir"
finish
