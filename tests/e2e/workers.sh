#!/bin/bash
# A worker that is killed takes its own connections with it and nothing else: others go on, who waits to be accepted is
# served, and a new one is there at once. One that ends again and again is started ever later, and that is said.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
raw_daemon "" "
[sallyport]
workers = 2"

cat >"$scratch/spread.py" <<'PY'
# spread.py HOST PORT: 40 connections, each an echo; told to go on, it says how many of them still answer
import sys, time
from tlsclient import Client
host, port = sys.argv[1], int(sys.argv[2])

def echo(client):
    client.send(b"0123456789")
    return client.receive_exactly(10) == b"0123456789"

clients = []
for _ in range(40):
    client = Client(host, port).handshake()
    client.send(b"echo\n")
    assert echo(client)
    clients.append(client)
print("connected", len(clients), flush=True)
sys.stdin.readline()
alive = 0
for client in clients:
    try:
        alive += echo(client)
    except (OSError, EOFError):
        pass
print("alive", alive, flush=True)
PY
echo_says() { grep -q "^$1" "$scratch/spread.log"; }

first=$(worker_pid)
mkfifo "$scratch/order"
python3 "$scratch/spread.py" "$HOST" "$PORT" <"$scratch/order" >"$scratch/spread.log" 2>&1 &
pids+=($!)
exec 5>"$scratch/order"
wait_for 20 echo_says connected
kill -KILL "$first"
killed_at=$(date +%s%N)
is_replaced() { [ "$(worker_pids | grep -cvx "$first")" -eq 2 ]; }
wait_for 5 is_replaced
took=$((($(date +%s%N) - killed_at) / 1000000))
check "a killed worker is replaced within 200 ms or little more (it took $took ms)" [ "$took" -le 600 ]
check_logged "... and the log tells of its end" 'worker [12] .*ended by SIGKILL' process=master
echo go >&5
wait_for 10 echo_says alive
alive=$(sed -n 's/^alive //p' "$scratch/spread.log")
ended=$((40 - alive))
check "the connections of the other worker live on ($alive of 40 do)" [ "$alive" -gt 0 ]
check "... and those of the killed one do not ($ended have ended)" [ "$ended" -gt 0 ]

# Whoever connects while a worker is killed again and again is served all the same.
cat >"$scratch/churn.py" <<'PY'
# churn.py HOST PORT SECONDS: one connection after the other; tells how many were not accepted or not answered at all
import sys, time
from tlsclient import Client
end, good, bad = time.monotonic() + float(sys.argv[3]), 0, 0
while time.monotonic() < end:
    try:
        client = Client(sys.argv[1], int(sys.argv[2]), timeout=10).handshake()
        client.send(b"say hello\n")
        assert client.receive_exactly(5) == b"hello"
        client.close()
        good += 1
    except (OSError, EOFError, AssertionError):
        bad += 1
print(good, bad, flush=True)
PY
start churn python3 "$scratch/churn.py" "$HOST" "$PORT" 7
churn=$started
for _ in 1 2 3; do
    sleep 2
    kill -KILL "$(worker_pid)"
done
wait "$churn"
read -r good bad <"$scratch/churn.log"
check "of $good connections beside three kills at most those in hand were lost ($bad)" [ "$bad" -le 3 ]
check "... and there were many" [ "$good" -ge 30 ]

# Stopped, both of them: nobody accepts. Killed, what waits in the sockets' queues is served by the next ones.
for pid in $(worker_pids); do kill -STOP "$pid"; done
cat >"$scratch/queue.py" <<'PY'
import sys, threading, time
from tlsclient import Client
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
failed = []

def visit():
    try:
        client = Client(host, port, timeout=20).handshake()
        client.send(b"say hello\n")
        assert client.receive_exactly(5) == b"hello"
    except (OSError, EOFError, AssertionError) as fault:
        failed.append(fault)

threads = [threading.Thread(target=visit) for _ in range(count)]
for thread in threads:
    thread.start()
time.sleep(0.5)
print("waiting", flush=True)
for thread in threads:
    thread.join()
assert not failed, failed
print("served", flush=True)
PY
start queue python3 "$scratch/queue.py" "$HOST" "$PORT" 20
queue=$started
wait_for 10 grep -q waiting "$scratch/queue.log"
for pid in $(worker_pids); do kill -KILL "$pid"; done
wait "$queue"
check "20 clients that nobody had accepted are served by the next workers" grep -q served "$scratch/queue.log"

# One that stands still is no help to anybody either.
still=$(worker_pid)
kill -STOP "$still"
check_within "a worker that stands still is ended" 10 logged 'worker [12] .*has stood still for more than 5 s' level=error
check_logged "... by KILL, stopped as it is" "worker [12] .pid $still. was ended by SIGKILL"
is_in_place() { [ "$(worker_pids | grep -cvx "$still")" -eq 2 ]; }
check_within "... and replaced" 5 is_in_place
for pid in "$daemon_pid" $(worker_pids); do kill -STOP "$pid"; done
sleep 7
for pid in $(worker_pids) "$daemon_pid"; do kill -CONT "$pid"; done
sleep 2
check_equal "all of them stopped and continued are forgiven" 1 "$(count_logged 'has stood still')"

# A crash loop: each new one is killed as soon as it is there.
loop_end=$((SECONDS + 4))
while [ $SECONDS -lt $loop_end ]; do
    for pid in $(worker_pids); do kill -KILL "$pid" 2>/dev/null; done
    sleep 0.05
done
check_logged "a crash loop is told" 'ends again and again: the next one starts in [0-9.]+ s' level=error
check "... and waits longer each time" [ "$(count_logged 'ended by SIGKILL')" -le 30 ]
check_within "... and what is left alone serves again" 15 python3 "$scratch/churn.py" "$HOST" "$PORT" 0.5
check "sallyport is still the process that began" alive "$daemon_pid"

# Nobody survives the master.
left=$(worker_pids)
kill -KILL "$daemon_pid"
daemon_wait
none_left() {
    local pid
    for pid in $left; do ! alive "$pid" || return 1; done
}
check_within "workers end with the master" 5 none_left
finish
