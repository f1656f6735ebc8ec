#!/bin/bash
# USR2 at its edges: signals that come while the binary is exchanged, the path that it is started from, what the new one
# may not change, and what is left when it cannot serve its configuration.
. "$(dirname "$0")/lib.sh"
need python3
original=$SALLYPORT
backend_start
mkdir "$scratch/v1" "$scratch/v2" "$scratch/bin"
cp "$original" "$scratch/v1/sallyport"
cp "$original" "$scratch/v2/sallyport"
executed() { [ "$(count_logged 'SIGUSR2: executed anew')" -ge "$1" ]; }
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
refused() { [ "$(count_logged 'level=error.*SIGUSR2: .*nothing has changed')" -ge "$1" ]; }
configure() {
    cat >"$scratch/sallyport.conf" <<CONF
[sallyport]
workers = 2
key-isolation = ${2:-on}

[listen raw]
address = $HOST:$PORT
${1:-}
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
}
# begin WORDS...: starts it by these words, from where it is
begin() {
    : >"$log"
    (cd "$scratch" && exec "$@" -c "$scratch/sallyport.conf") >"$log" 2>&1 </dev/null &
    daemon_pid=$!
    pids+=("$daemon_pid")
    wait_for 20 daemon_is_up
}
say() {
    python3 -c '
import sys
from tlsclient import Client
Client(sys.argv[1], int(sys.argv[2]), timeout=10).handshake()' "$HOST" "$PORT"
}
# runs_the SENTENCE FILE: only root may look
runs_the() {
    ! [ -r "/proc/$daemon_pid/exe" ] ||
        check_equal "$1" "$(stat -Lc %i "$2")" "$(stat -Lc %i "/proc/$daemon_pid/exe")"
}

# ---- the path
configure
ln -s ../v1/sallyport "$scratch/bin/sallyport"
begin env PATH="$scratch/bin:$PATH" sallyport
ln -sf ../v2/sallyport "$scratch/bin/sallyport"
kill -USR2 "$daemon_pid"
check_within "a symbolic link found by PATH is followed anew" 10 executed 1
check_logged "... and it says which" "SIGUSR2: checking $scratch/bin/sallyport\""
runs_the "... to where it leads by now" "$scratch/v2/sallyport"
wait_for 10 reloaded 1
rm "$scratch/bin/sallyport"
kill -USR2 "$daemon_pid"
check_logged "without a program there it says so" \
    "SIGUSR2: there is no program at '$scratch/bin/sallyport' .No such file or directory.; nothing has changed" \
    level=error
check "... and goes on" say
cp "$original" "$scratch/bin/new"
mv "$scratch/bin/new" "$scratch/bin/sallyport"
kill -USR2 "$daemon_pid"
check_within "with one there again it is executed" 10 executed 2
wait_for 10 reloaded 2
daemon_stop

begin v1/sallyport
mv "$scratch/v2/sallyport" "$scratch/v1/sallyport"
kill -USR2 "$daemon_pid"
check_within "a relative path is the one from where it was started" 10 executed 1
runs_the "... also when another file was moved there" "$scratch/v1/sallyport"
wait_for 10 reloaded 1
daemon_stop

# ---- signals in between
begin "$original"
(while kill -USR1 "$daemon_pid" 2>/dev/null; do :; done) &
storm=$!
for i in 1 2 3 4; do
    kill -USR2 "$daemon_pid"
    wait_for 20 executed "$i" && wait_for 20 reloaded "$i" || break
done
kill "$storm" 2>/dev/null
wait "$storm" 2>/dev/null
check "signals without a pause end nothing in four upgrades" executed 4
check "... it is the same process, and serves" say
kill -HUP "$daemon_pid"
kill -USR2 "$daemon_pid"
check_within "an upgrade asked for while it reloads is done after that" 15 executed 5
wait_for 10 reloaded 6
daemon_stop
for pause in 0 0.01 0.02 0.04 0.06 0.08; do
    begin "$original"
    kill -USR2 "$daemon_pid"
    wait_for 10 logged 'SIGUSR2: checking'
    sleep "$pause"
    kill -TERM "$daemon_pid"
    daemon_wait
    [ "$daemon_status" -eq 0 ] && logged 'SIGTERM: stopping' || echo "after $pause s: $daemon_status"
done >"$scratch/terms"
check_equal "TERM at any time of an upgrade is heard, and ends it in order" "" "$(cat "$scratch/terms")"

# ---- what it may not change
begin "$original"
configure "" off
kill -USR2 "$daemon_pid"
check_within "key-isolation does not change by an upgrade" 10 refused 1
check_logged "... and it says why" 'cannot take over from the one that runs: key-isolation changes with a restart alone'
check_equal "... before anything was executed" 0 "$(count_logged 'executed anew')"
configure

# ---- a configuration that is good by its check and cannot be served, while others wait to be started again
killing_until() {
    local tries=400
    while ! logged "$1" && [ $((tries -= 1)) -gt 0 ]; do
        # shellcheck disable=SC2046 # numbers
        kill -KILL $(of_role worker) $(of_role keyholder) 2>/dev/null
        sleep 0.02
    done
}
killing_until 'worker 1 ends again and again: the next one starts in [1-9]'
configure "address = 192.0.2.77:1"
kill -USR2 "$daemon_pid"
check_within "an upgrade whose configuration cannot be served" 10 executed 1
check_logged "... is refused" 'reload refused: an address is not to be had'
all_there() { [ "$(of_role worker | wc -l)" -eq 2 ] && [ "$(of_role keyholder | wc -l)" -eq 1 ]; }
check_within "... and who waited to be started again is there again" 5 all_there
check_within "... and serves" 5 say
before=$(of_role worker)
configure
kill -HUP "$daemon_pid"
check_within "the next reload" 10 reloaded 1
none_of_before() { ! of_role worker | grep -qxF "$before"; }
check_within "... has workers of the new binary" 10 none_of_before
check_within "... as many as before" 10 all_there
before=$(of_role worker)
kill -HUP "$daemon_pid"
check_within "the one after that" 10 reloaded 2
check_equal "... keeps them" "$before" "$(of_role worker)"
daemon_stop
finish
