#!/bin/bash
# The clock of the wall leaps: deadlines do not care, and what depends on the date does (reliability D11).
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need python3 openssl curl
clock=${CLOCK_SO:-$PWD/clock.so}
[ -e "$clock" ] || skip "clock.so is not built (make clock.so)"
backend_start
client_authority one
client_certificate alice one 20

# set_clock SECONDS: this much beside the right time
set_clock() { printf '%-32s' "$1" | dd of="$scratch/clock" conv=notrunc status=none; }
set_clock 0
chmod 644 "$scratch/clock"
LIMIT="env LD_PRELOAD=$clock CLOCK_FILE=$scratch/clock" raw_daemon "client-certificate = optional
client-ca = $scratch/one-ca.crt
idle-timeout = 60s
client-hello-timeout = 2s" "
[sallyport]
workers = 1

[admin]
address = unix:$scratch/admin.sock"

coproc talk { exec python3 "$here/hold.py" "$HOST" "$PORT" 2>&1; }
talk_pid=$talk_PID
pids+=("$talk_pid")
# echoed: one more round trip of the connection that was there before
echoed() {
    local word=
    [ "${1:-}" = first ] || echo again >&"${talk[1]}"
    read -r -t 10 word <&"${talk[0]}"
    [ "$word" = echoed ]
}
echoed first && ok "a connection is there" || not_ok "a connection is there"
year() { logged "ts=$(date -u -d "$1" +%Y-%m-%d)"; }
shown() { served $PORT -tls1_3 $(shows alice); }
is_healthy() { curl -s --fail --max-time 5 --unix-socket "$scratch/admin.sock" http://admin/healthz; }
cat >"$scratch/wait.py" <<'PY'
# wait.py HOST PORT: says one byte, and waits to be hung up on
import socket, sys, time
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as sock:
    sock.settimeout(20)
    began = time.monotonic()
    sock.sendall(b"\x16")
    while sock.recv(64):
        pass
    took = time.monotonic() - began
assert 1.5 < took < 10, took
PY
check "a client with a certificate of 20 days is let in" shown
for leap in 86400 -86400 0; do
    start wait python3 "$scratch/wait.py" "$HOST" "$PORT"
    waiting=$started
    sleep 0.5
    set_clock $leap
    echoed && ok "$leap seconds: the connection goes on" || not_ok "$leap seconds: the connection goes on"
    check "... who comes is served" served $PORT -tls1_2
    check_within "... and the log has the date" 5 year "$leap seconds"
    wait "$waiting"
    check_equal "... a deadline that had begun is as long as ever" 0 $?
    check "... and it counts as alive" is_healthy
done
set_clock $((25 * 86400))
shown
check "25 days later the client's certificate has expired" said 'alert certificate expired|alert number 45'
check "... who shows none is served" served $PORT -tls1_3
echoed && ok "... and the connection goes on" || not_ok "... and the connection goes on"
set_clock $((-2 * 86400))
shown
check "two days before it was made it is refused, too" said 'alert '
set_clock 0
check "at the right time it is good again" shown
exec {talk[1]}>&-
wait "$talk_pid" 2>/dev/null
check_equal "nobody was ended and replaced for it" 0 "$(count_logged 'stood still|ended by')"
finish
