#!/bin/bash
# sallyport healthcheck: one line and an exit status, for Docker and for probes.
. "$(dirname "$0")/lib.sh"
need python3
backend_start

begin() {
    cat >"$scratch/sallyport.conf" <<CONF
$1

[sallyport]
drain-timeout = 20s

[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
    daemon_begin
    wait_for 20 daemon_is_up || not_ok "sallyport starts"
}
asked() { "$SALLYPORT" healthcheck "$@"; }
said() { grep -qxF -- "$1" "$scratch/output" && [ "$(wc -l <"$scratch/output")" -eq 1 ]; }

begin "[admin]
address = unix:$scratch/admin.sock
address = $HOST:9100"
check_status "alive, by the configuration" 0 asked -c "$scratch/sallyport.conf"
check "... in one line" said "healthy: ok (unix:$scratch/admin.sock)"
check_status "ready, by the configuration" 0 asked -c "$scratch/sallyport.conf" --ready
check "... in one line" said "healthy: ready (unix:$scratch/admin.sock)"
check_status "by an address alone, a unix socket" 0 asked --admin "unix:$scratch/admin.sock"
check_status "by an address alone, a port" 0 asked --admin "$HOST:9100" --ready
check "... in one line" said "healthy: ready ($HOST:9100)"
check_status "nobody there is unhealthy" 1 asked --admin "unix:$scratch/nobody.sock"
check "... in one line" said "unhealthy: No such file or directory (unix:$scratch/nobody.sock)"
check_status "a listener for TLS is no admin listener" 1 asked --admin "$HOST:$PORT"
check_status "a wrong address is wrong options" 2 asked --admin 9100
check_status "--admin with -c is wrong options" 2 asked --admin "$HOST:9100" -c "$scratch/sallyport.conf"
check_status "--ready without healthcheck is wrong options" 2 "$SALLYPORT" --ready
check_status "a faulty configuration is that" 78 asked -c "$CERTS/p256.crt"

# ---- draining: alive, and not ready
cat >"$scratch/hold.py" <<'PY'
import sys, time
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"hold\n")
print("connected", flush=True)
time.sleep(60)
PY
start hold python3 "$scratch/hold.py" "$HOST" "$PORT"
hold_pid=$started
wait_for 10 grep -q connected "$scratch/hold.log"
kill -TERM "$daemon_pid"
not_ready() { ! asked --admin "$HOST:9100" --ready; }
check_within "draining it is not ready" 5 not_ready
check_status "... and says so" 1 asked --admin "$HOST:9100" --ready
check "... in one line" said "unhealthy: draining ($HOST:9100)"
check_status "... but alive" 0 asked --admin "$HOST:9100"
stop "$hold_pid"
daemon_wait
check_equal "it ends when its connections have" 0 "$daemon_status"
check_status "then nobody answers" 1 asked --admin "$HOST:9100"
[ ! -e "$scratch/admin.sock" ] && ok "the socket's file is gone" || not_ok "the socket's file is gone"

# ---- without an admin listener: the listeners themselves
: >"$log"
begin ""
check_status "without an admin listener: a listener that answers is healthy" 0 asked -c "$scratch/sallyport.conf"
check "... in one line" said "healthy: it accepts and answers ($HOST:$PORT)"
check_equal "... and costs no line in the log" 0 "$(count_logged 'event=(connection|handshake_failed)')"
for pid in $(worker_pids); do kill -STOP "$pid"; done
began=$SECONDS
check_status "a loop that stands still is unhealthy, though the kernel takes connections in" 1 asked -c "$scratch/sallyport.conf"
took=$((SECONDS - began))
[ $took -le 6 ] && ok "... which takes no longer than the timeout" || not_ok "it took $took s"
ended() { logged 'worker [0-9]+ .*has stood still'; }
check_within "the master ends what stands still" 10 ended
check_within "... and the next ones are healthy" 10 asked -c "$scratch/sallyport.conf"
finish
