#!/bin/bash
# TERM: no new connections, the open ones may finish, exit status 0. What had to be cut, at drain-timeout or by a second
# TERM, is status 1.
. "$(dirname "$0")/lib.sh"
need python3
backend_start

cat >"$scratch/talk.py" <<'PY'
# talk.py HOST PORT SECONDS: an echo ten times a second; the end must be in order
import sys, time
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"echo\n")
print("connected", flush=True)
for _ in range(int(float(sys.argv[3]) * 10)):
    client.send(b"0123456789")
    assert client.receive_exactly(10) == b"0123456789"
    time.sleep(0.1)
client.close_notify()
assert client.receive() == b""
print("finished", flush=True)
PY
not_listening() { ! is_listening "$HOST" "$PORT"; }
begin() {
    cat >"$scratch/sallyport.conf" <<CONF
[sallyport]
drain-timeout = $1

[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
    : >"$log"
    daemon_begin
    wait_for 20 daemon_is_up
    : >"$scratch/talk.log"
    start talk python3 "$scratch/talk.py" "$HOST" "$PORT" "$2"
    talk=$started
    wait_for 20 grep -q connected "$scratch/talk.log"
}

for signal in TERM INT QUIT; do
    begin 20s 2
    kill -$signal "$daemon_pid"
    check_within "$signal: the port is closed to new connections at once" 2 not_listening
    daemon_wait
    check_equal "$signal: it ends with 0" 0 "$daemon_status"
    check "$signal: the open connection finished in order" grep -q finished "$scratch/talk.log"
done

# drain-delay: readiness has gone, but balancers need a moment to notice
begin "20s
drain-delay = 2s" 1
kill -TERM "$daemon_pid"
sleep 0.7
check "within drain-delay new connections are still served" \
    python3 -c 'import sys; from tlsclient import Client; Client(sys.argv[1], int(sys.argv[2])).handshake()' "$HOST" "$PORT"
check_within "... and then the port is closed" 4 not_listening
daemon_wait
check_equal "... and it ends with 0" 0 "$daemon_status"

begin 1s 30
began=$SECONDS
kill -TERM "$daemon_pid"
daemon_wait
check_equal "connections still open after drain-timeout are cut, and that is told by status 1" 1 "$daemon_status"
check "... in time" [ $((SECONDS - began)) -le 5 ]
stop "$talk"

begin 60s 30
kill -TERM "$daemon_pid"
sleep 0.5
check "the first TERM waits for the open connection" alive "$daemon_pid"
kill -TERM "$daemon_pid"
began=$SECONDS
daemon_wait
check "the second TERM does not" [ $((SECONDS - began)) -le 3 ]
check_equal "... and tells by status 1 that it cut one" 1 "$daemon_status"
stop "$talk"
finish
