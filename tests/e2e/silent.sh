#!/bin/bash
# Thousands of connections that say nothing neither stop the service nor hold more than a small fixed state each.
. "$(dirname "$0")/lib.sh"
need python3 curl prlimit
many=2000
[ "$LONG" = no ] || many=9500
prlimit --pid $$ --nofile=$((many + 500)):  2>/dev/null || prlimit --pid $$ --nofile=$((many + 500)) 2>/dev/null ||
    skip "$many descriptors are more than this machine allows"
backend_start
raw_daemon "client-hello-timeout = 60s
handshake-timeout = 60s"

cat >"$scratch/crowd.py" <<'PY'
# crowd.py HOST PORT COUNT HOW: connects, does HOW on each, then waits to be ended
import socket, sys, time
host, port, count, how = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
socks = []
for _ in range(count):
    sock = socket.create_connection((host, port), 30)
    if how == "header":
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")  # a record of 512 bytes of which one comes
    socks.append(sock)
print("ready", flush=True)
time.sleep(3600)
PY
cat >"$scratch/say.py" <<'PY'
import sys, time
from tlsclient import Client
worst = 0
for _ in range(20):
    began = time.monotonic()
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    worst = max(worst, time.monotonic() - began)
    client.close()
assert worst < 2, f"the slowest took {worst:.2f} s"
PY
pss() {
    local pid
    for pid in $(worker_pids); do cat "/proc/$pid/smaps_rollup"; done | awk '/^Pss:/ { sum += $2 } END { print sum }'
}
check "the service answers before the crowd" python3 "$scratch/say.py" "$HOST" "$PORT"
can_look_inside && is_open=yes || is_open=no
for how in silent header; do
    [ $is_open = no ] || before=$(pss)
    start "crowd-$how" python3 "$scratch/crowd.py" "$HOST" "$PORT" $many $how
    crowd=$started
    check_within "$many connections are taken ($how)" 60 grep -q ready "$scratch/crowd-$how.log"
    [ $is_open = no ] || check_within "... and accepted ($how)" 20 descriptors_above $many
    check "... the service answers beside them ($how)" python3 "$scratch/say.py" "$HOST" "$PORT"
    if [ $is_open = yes ]; then
        each=$((($(pss) - before) * 1024 / many))
        echo "measured: $each bytes of memory (PSS) for each of $many connections ($how)"
        check "... each holds less than 4 KiB ($how)" [ $each -lt 4096 ]
    fi
    ticks=$(cpu_ticks)
    sleep 1
    check "... and costs no time ($how)" [ $(($(cpu_ticks) - ticks)) -le 5 ]
    stop "$crowd"
    [ $is_open = no ] || check_within "... and their descriptors come back ($how)" 20 descriptors_below 60
done
finish
