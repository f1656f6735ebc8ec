# lib.sh: what the end-to-end tests share. Sourced by each of them; a test is a script that starts sallyport and
# whatever stands before and behind it, says "ok: SENTENCE" or "not ok: SENTENCE" for each thing it looked at, and ends
# with `finish`.
#
# Every test has a loopback address of its own ($HOST, in 127/8), so that ports can be fixed and tests run side by
# side. Everything lives in $scratch; only processes that were started here are ever signalled.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
srcdir=$(cd "$here/../.." && pwd)
SALLYPORT=${SALLYPORT:-$PWD/sallyport}
LONG=${SALLYPORT_LONG_TESTS:-no}
CERTS=$srcdir/tests/data/certificates
ROOT_CRT=$CERTS/root.crt
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1

HOST=127.$(($$ / 62500 % 250 + 1)).$(($$ / 250 % 250)).$(($$ % 250 + 1))
PORT=8443
unset "${!SALLYPORT_@}" # a variable of the environment stands for an option
failures=0
pids=()
daemon_pid=

scratch=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-e2e.XXXXXX") || exit 99
log=$scratch/sallyport.log

ok() { echo "ok: $1"; }
not_ok() {
    echo "not ok: $1"
    failures=$((failures + 1))
}

skip() {
    echo "skipped: $1"
    exit 77
}

# need PROGRAM...: the test is skipped, by name, where one cannot be had.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# check SENTENCE COMMAND...: holds when the command succeeds; else its output is shown.
check() {
    local sentence=$1 output
    shift
    if output=$("$@" 2>&1 </dev/null); then
        ok "$sentence"
    else
        not_ok "$sentence"
        printf '%s\n' "$output" | tail -n 30 | sed 's/^/    /'
    fi
}

# check_equal SENTENCE EXPECTED GOT
check_equal() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        not_ok "$1"
        printf '    expected: %s\n    got:      %s\n' "$2" "$3"
    fi
}

# check_status SENTENCE STATUS COMMAND...: the exit status; the output stays in $scratch/output.
check_status() {
    local sentence=$1 expected=$2 status=0
    shift 2
    "$@" >"$scratch/output" 2>&1 </dev/null || status=$?
    [ "$status" -eq "$expected" ] && ok "$sentence" && return
    not_ok "$sentence: status $status instead of $expected"
    tail -n 30 "$scratch/output" | sed 's/^/    /'
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    local tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.05
    done
}

# check_within SENTENCE SECONDS COMMAND...
check_within() {
    local sentence=$1 seconds=$2
    shift 2
    if wait_for "$seconds" "$@"; then
        ok "$sentence"
    else
        not_ok "$sentence (not within $seconds s)"
    fi
}

# ---- processes

# start NAME COMMAND...: in the background, output in $scratch/NAME.log, process id in $started
start() {
    local name=$1
    shift
    : >"$scratch/$name.log" # here and now, or somebody who waits for its words would read those of the one before
    "$@" >"$scratch/$name.log" 2>&1 </dev/null &
    started=$!
    pids+=("$started")
}

alive() { kill -0 "$1" 2>/dev/null; }

# stop PID: ends one of our processes and waits for it
stop() {
    local pid=$1 tries=200
    kill -TERM "$pid" 2>/dev/null
    while alive "$pid" && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

cleanup() {
    local status=$? pid file
    trap - EXIT
    for pid in ${pids[@]+"${pids[@]}"}; do
        alive "$pid" && stop "$pid"
    done
    if [ -s "$log" ] && grep -qE 'AddressSanitizer|runtime error:|LeakSanitizer' "$log"; then
        echo "not ok: the sanitizers found nothing"
        failures=$((failures + 1))
        status=1
    fi
    if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
        for file in "$scratch"/*.log; do
            [ -s "$file" ] || continue
            echo "---- $(basename "$file")"
            tail -n 40 "$file" | cut -c1-600
        done
    fi
    rm -rf "$scratch"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 99' HUP INT TERM

finish() {
    [ -z "$daemon_pid" ] || daemon_stop
    [ "$failures" -eq 0 ]
    exit
}

# ---- sockets

# is_listening HOST PORT: by the kernel's own list, so that nobody sees a connection
is_listening() {
    local hex file=/proc/net/tcp
    case $1 in
    *:*)
        hex='[0-9A-F]{32}'
        file=/proc/net/tcp6
        ;;
    *) hex=$(IFS=. && set -- $1 && printf '%02X%02X%02X%02X' "$4" "$3" "$2" "$1") ;;
    esac
    grep -qE "^ *[0-9]+: $hex:$(printf %04X "$2") [0-9A-F]+:0000 0A " $file
}

# ---- sallyport

# daemon_begin: sallyport with $scratch/sallyport.conf, not waiting for anything. $LIMIT stands before it.
daemon_begin() {
    # shellcheck disable=SC2086 # a command and its words, or nothing
    start sallyport ${LIMIT:-} "$SALLYPORT" -c "$scratch/sallyport.conf"
    daemon_pid=$started
}

# daemon_start: writes standard input as the configuration, starts, waits until it listens everywhere
daemon_start() {
    cat >"$scratch/sallyport.conf"
    daemon_begin
    wait_for 20 daemon_is_up || {
        not_ok "sallyport starts"
        exit 1
    }
}

daemon_is_up() {
    [ "$(grep -c 'event"\?[=:]"\?listening' "$log")" -ge "$(grep -c '^\[listen' "$scratch/sallyport.conf")" ]
}

# daemon_stop: TERM; the exit status is in $daemon_status
daemon_stop() {
    kill -TERM "$daemon_pid" 2>/dev/null
    daemon_wait
    [ "$daemon_status" -eq 0 ] || not_ok "sallyport ends with 0 on TERM (it ended with $daemon_status)"
}

# daemon_wait: until it is gone, at most 20 s
daemon_wait() {
    local tries=400
    while alive "$daemon_pid" && [ $((tries -= 1)) -gt 0 ]; do sleep 0.05; done
    alive "$daemon_pid" && kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null
    daemon_status=$?
    daemon_pid=
}

# logged PATTERN...: a line of the log that matches all the patterns
logged() {
    local lines pattern
    lines=$(cat "$log")
    for pattern in "$@"; do
        lines=$(printf '%s\n' "$lines" | grep -aE -- "$pattern") || return 1
    done
}

check_logged() {
    local sentence=$1
    shift
    check_within "$sentence" 5 logged "$@"
}

count_logged() { grep -acE -- "$1" "$log"; }

# of_role ROLE: the processes of a role; several with | between them
of_role() {
    local pid
    # shellcheck disable=SC2013 # numbers
    for pid in $(cat "/proc/$daemon_pid/task/$daemon_pid/children" 2>/dev/null); do
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE -- "--process ($1) " && echo "$pid"
    done
}

# worker_pids, worker_pid: the processes that serve, and the first of them (the only one with `workers = 1`)
worker_pids() { of_role worker; }
worker_pid() { worker_pids | head -n 1; }

# can_look_inside: sallyport keeps its memory from being read by others of its own user (it is not dumpable), so its
# descriptors and its memory are counted by root alone.
can_look_inside() {
    [ -r "/proc/$daemon_pid/smaps_rollup" ] && ls "/proc/$daemon_pid/fd" >/dev/null 2>&1 && return
    echo "skipped: its descriptors and memory: only root can count them"
    return 1
}

# descriptors_above COUNT, descriptors_below COUNT: of all workers together
descriptors() {
    local pid
    for pid in $(worker_pids); do find "/proc/$pid/fd" -mindepth 1 -maxdepth 1; done 2>/dev/null | wc -l
}
descriptors_above() { [ "$(descriptors)" -gt "$1" ]; }
descriptors_below() { [ "$(descriptors)" -lt "$1" ]; }

# cpu_ticks: user and system time that sallyport has spent, in clock ticks (100 a second)
cpu_ticks() {
    local pid
    for pid in "$daemon_pid" $(worker_pids); do cat "/proc/$pid/stat"; done |
        awk '{ sub(/.*\) /, ""); sum += $12 + $13 } END { print sum }'
}

# ---- secrets in memory, for root alone

SCAN_MEMORY=${SCAN_MEMORY:-$PWD/scan_memory}

# key_secrets FILE: the private numbers of a key, each a line of hexadecimal digits, as scan_memory takes them
key_secrets() {
    openssl pkey -in "$1" -noout -text | awk '
        function say() { sub(/^00/, "", number); if (number != "") print number; number = "" }
        /^[^ ]/ { say(); is_secret = /^(priv|privateExponent|prime1|prime2):/; next }
        is_secret { gsub(/[ :]/, ""); number = number $0 }
        END { say() }'
}

# has_secrets PID FILE..., has_no_secrets PID FILE...: some of the secrets of the files, or none, lie in its memory
has_secrets() {
    "$SCAN_MEMORY" "$@" >"$scratch/scan.out" 2>&1
    [ $? -eq 1 ]
}
has_no_secrets() { "$SCAN_MEMORY" "$@" >"$scratch/scan.out" 2>&1; }

# ---- backends

# backend_start [PORT|PATH]: the scriptable backend of backend.py; what it sees is in $scratch/backend-*.log
backend_start() {
    local at=${1:-8080} name
    name=backend-$(basename "$at")
    case $at in
    /*) start "$name" python3 "$here/backend.py" "unix:$at" ;;
    *:*) start "$name" python3 "$here/backend.py" "$at" ;;
    *) start "$name" python3 "$here/backend.py" "$HOST:$at" ;;
    esac
    backend_pid=$started
    backend_log=$scratch/$name.log
    wait_for 10 grep -q '^ready' "$backend_log" || {
        not_ok "the test's backend starts"
        exit 1
    }
}

# nginx_start DIRECTIVES: a web server of its own on $HOST:8080 (or $WEB_PORT), serving $scratch/www; DIRECTIVES go into its
# server
nginx_start() {
    need nginx
    mkdir -p "$scratch/www" "$scratch/nginx"
    cat >"$scratch/nginx.conf" <<CONF
daemon off;
pid $scratch/nginx/pid;
error_log $scratch/nginx-error.log info;
worker_processes 1;
$([ "$(id -u)" -ne 0 ] || echo "user $(id -un) $(id -gn);")
events { worker_connections 4096; }
http {
    access_log $scratch/nginx-access.log;
    client_body_temp_path $scratch/nginx/body;
    proxy_temp_path $scratch/nginx/proxy;
    fastcgi_temp_path $scratch/nginx/fastcgi;
    uwsgi_temp_path $scratch/nginx/uwsgi;
    scgi_temp_path $scratch/nginx/scgi;
    client_max_body_size 0;
    default_type text/html;
    server {
        listen ${NGINX_LISTEN:-$HOST:${WEB_PORT:-8080}};
        root $scratch/www;
        ${1:-}
    }
}
CONF
    start nginx nginx -p "$scratch/nginx" -c "$scratch/nginx.conf" -e "$scratch/nginx-error.log"
    wait_for 10 is_listening "$HOST" "${WEB_PORT:-8080}" || {
        not_ok "nginx starts"
        exit 1
    }
}

# web_daemon [LISTEN-OPTIONS]: sallyport before nginx on $HOST:8080, with an ECDSA and an RSA certificate
web_daemon() {
    daemon_start <<CONF
[listen web]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
certificate = $CERTS/rsa2048.crt
key = $CERTS/rsa2048.key
backend = app
${1:-}

[backend app]
server = $HOST:8080
CONF
}

# raw_daemon [LISTEN-OPTIONS [BACKEND-OPTIONS]]: sallyport before backend.py on $HOST:8080
raw_daemon() {
    daemon_start <<CONF
[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
${1:-}

[backend app]
server = $HOST:8080
${2:-}
CONF
}

# fetch NAME PATH [CURL-OPTIONS]: by curl through sallyport, with the test root as only authority
fetch() {
    local name=$1 path=$2
    shift 2
    curl --silent --show-error --fail --max-time 60 --cacert "$ROOT_CRT" --resolve "$name:$PORT:$HOST" \
        "https://$name:$PORT$path" "$@"
}
