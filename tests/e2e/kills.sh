#!/bin/bash
# kill -9 of workers, then of keyholders, one every few seconds under load (long: every 5 s for 5 minutes each): nobody
# fails but who was on a worker that was killed, nobody who waited to be accepted is lost, and the next one is at work
# within 200 ms, and never later than after 2 s (more where tests run side by side). With a keyholder nobody fails at all.
. "$(dirname "$0")/lib.sh"
need python3
kills=4 every=1.5 late=0.6 latest=8
[ "$LONG" = no ] || kills=60 every=5 late=0.2 latest=2
backend_start
raw_daemon "" "
[sallyport]
workers = 4"
look() {
    timeout 900 python3 "$here/kills.py" "$HOST" "$PORT" "$daemon_pid" "$1" "$kills" "$every" "$late" "$latest" "$log" \
        >"$scratch/$1.log" 2>&1
}
if can_look_inside; then
    check "workers are killed: nobody else's connection fails, the next one accepts within 200 ms" look worker
    sed 's/^/measured: /' "$scratch/worker.log"
    check_equal "... and each was replaced" 4 "$(worker_pids | wc -l)"
fi
check "keyholders are killed: no handshake fails, relays do not notice" look keyholder
sed 's/^/measured: /' "$scratch/keyholder.log"
check_equal "it was told of each" "$kills" "$(count_logged 'keyholder [12] .*was ended by SIGKILL')"
back() { [ "$(count_logged "level=notice .*$1 [0-9]* is back as pid [0-9]* after [0-9]*\.[0-9] s")" -eq "$2" ]; }
check "... and of each that the next one is at work" back keyholder "$kills"
can_look_inside && check "... of workers as well" back worker "$kills"
check "sallyport is still the process that began" alive "$daemon_pid"
finish
