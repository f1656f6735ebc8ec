#!/bin/bash
# A keyholder that is killed is replaced: handshakes wait for the next one, relays do not notice. Where keys are not:
# confinement.sh.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
keyholder_pids() { of_role keyholder; }
cat >"$scratch/churn.py" <<'PY'
# churn.py HOST PORT FILE: full handshakes, one after the other, and an echo that is kept, until FILE is there
import os, sys, time
from tlsclient import Client
host, port, end = sys.argv[1], int(sys.argv[2]), sys.argv[3]
kept = Client(host, port).handshake()
kept.send(b"echo\n")
good, slowest, relayed = 0, 0, 0
while not os.path.exists(end):
    began = time.monotonic()
    client = Client(host, port, timeout=20).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    slowest = max(slowest, time.monotonic() - began)
    client.close_notify()
    assert client.receive() == b""
    began = time.monotonic()
    kept.send(b"x")
    assert kept.receive_exactly(1) == b"x"
    relayed = max(relayed, time.monotonic() - began)
    good += 1
    if good == 1:
        print("begun", flush=True)
print(f"good {good}, slowest {slowest * 1000:.0f} ms, relay {relayed * 1000:.0f} ms", flush=True)
PY
configure() {
    raw_daemon "" "
[sallyport]
workers = 2
key-isolation = $1"
}
configure on
check_equal "with two workers there is one keyholder" 1 "$(keyholder_pids | wc -l)"
start churn python3 "$scratch/churn.py" "$HOST" "$PORT" "$scratch/end"
churn=$started
wait_for 20 grep -q begun "$scratch/churn.log"
handshakes() {
    local i
    for i in 1 2 3 4 5 6; do
        python3 -c 'import sys; from tlsclient import Client; Client(sys.argv[1], int(sys.argv[2])).handshake()' \
            "$HOST" "$PORT" || return 1
    done
}
replaced() { [ "$(keyholder_pids)" != "$before" ] && [ "$(keyholder_pids | wc -l)" -eq 1 ]; }
for _ in 1 2 3; do
    before=$(keyholder_pids)
    kill -KILL "$before"
    check_within "a killed keyholder is replaced" 10 replaced
    sleep 0.5
done
check "... and asked by both workers" timeout 5 bash -c "$(declare -f handshakes); HOST=$HOST PORT=$PORT handshakes"
kill -HUP "$daemon_pid"
check_logged "a reload has a keyholder of its own" 'msg="reloaded: '
one() { [ "$(keyholder_pids | wc -l)" -eq 1 ]; }
check_within "... and the one before it ends" 10 one
touch "$scratch/end"
wait "$churn"
check "no handshake failed beside it, the relay noticed nothing: $(tail -n 1 "$scratch/churn.log")" \
    grep -q '^good' "$scratch/churn.log"
dead=$(worker_pid)
kill -KILL "$dead"
fresh_workers() { [ "$(worker_pids | grep -cvx "$dead")" -eq 2 ]; }
check_within "a worker that is started anew" 10 fresh_workers
check "... asks the same keyholder" handshakes

# A worker that drains has handshakes to end, too: it is dismissed, the generation changes once more, the keyholder dies.
cat >"$scratch/late.py" <<'PY'
# late.py HOST PORT: 40 connections; told to go on, their handshakes, and how many of them were ended
import sys
from tlsclient import Client
clients = [Client(sys.argv[1], int(sys.argv[2]), timeout=20) for _ in range(40)]
print("connected", flush=True)
sys.stdin.readline()
good = 0
for client in clients:
    try:
        client.handshake()
        good += 1
    except OSError as fault:
        print(fault)
print("ended", good, flush=True)
PY
mkfifo "$scratch/order"
# All of them at the second worker, which is the one to go: the first one takes none for a moment.
for first in $(worker_pids); do
    grep -q 'worker 1' "/proc/$first/cmdline" && break
done
kill -STOP "$first"
python3 "$scratch/late.py" "$HOST" "$PORT" <"$scratch/order" >"$scratch/late.log" 2>&1 &
late=$!
pids+=($late)
exec 5>"$scratch/order"
wait_for 20 grep -q connected "$scratch/late.log"
sleep 1
kill -CONT "$first"
sed -i 's/workers = 2/workers = 1/' "$scratch/sallyport.conf"
reloads=$(count_logged 'msg="reloaded: ')
have_reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
for more in 1 2; do
    kill -HUP "$daemon_pid"
    wait_for 10 have_reloaded $((reloads + more))
done
wait_for 10 one
before=$(keyholder_pids)
check_equal "one of two workers drains" 2 "$(worker_pids | wc -l)"
kill -KILL "$before"
check_within "a keyholder that is killed meanwhile is replaced" 10 replaced
echo go >&5
wait "$late"
check_equal "... and asked by who drains, too: all handshakes that were begun are ended" "ended 40" \
    "$(tail -n 1 "$scratch/late.log")"

daemon_stop
configure off
check_equal "without isolation there is no keyholder" 0 "$(keyholder_pids | wc -l)"
sed -i 's/key-isolation = off/key-isolation = on/' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_logged "isolation does not come by a reload" 'reload refused: key-isolation changes with a restart alone'
finish
