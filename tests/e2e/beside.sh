#!/bin/bash
# What a connection notices of others that keep the worker busy with little things: of those that come and go all the time
# (reliability D04), and of one that sends a byte a record (D09).
. "$(dirname "$0")/lib.sh"
need python3
seconds=3 times=4 least=0.5 # beside other tests; the long run, on a quiet machine, has what is aimed at
[ "$LONG" = no ] || seconds=10 times=2 least=0.15
backend_start
raw_daemon "" "
[sallyport]
workers = 1"

cat >"$scratch/echo.py" <<'PY'
# echo.py HOST PORT SECONDS [P99 TIMES LEAST]: a round trip after the other; the slowest hundredth takes at most TIMES
# as long as P99, or LEAST seconds
import sys, time
from tlsclient import Client
client, times = Client(sys.argv[1], int(sys.argv[2])).handshake(), []
client.send(b"echo\n")
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    began = time.monotonic()
    client.send(b"0123456789")
    assert client.receive_exactly(10) == b"0123456789"
    times.append(time.monotonic() - began)
    time.sleep(0.002)
p99 = sorted(times)[len(times) * 99 // 100]
print(f"{p99:.4f}")
if len(sys.argv) > 4:
    limit = max(float(sys.argv[5]) * float(sys.argv[4]), float(sys.argv[6]))
    assert p99 <= limit, f"p99 {p99 * 1000:.0f} ms of {len(times)}, at most {limit * 1000:.0f}"
PY
cat >"$scratch/storm.py" <<'PY'
# storm.py HOST PORT SECONDS: connects and hangs up, as fast as it can
import socket, sys, time
end, count = time.monotonic() + float(sys.argv[3]), 0
while time.monotonic() < end:
    socks = []
    for _ in range(100):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((sys.argv[1], int(sys.argv[2])))
        socks.append(sock)
    for sock in socks:
        sock.close()
    count += 100
print(f"{count / float(sys.argv[3]):.0f} connections a second", flush=True)
PY
cat >"$scratch/bytes.py" <<'PY'
# bytes.py HOST PORT SECONDS: a record for each byte, as many as go
import sys, time
from tlsclient import Client
client, count = Client(sys.argv[1], int(sys.argv[2])).handshake(), 0
client.send(b"hold\n")
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    for _ in range(500):
        client.tls.write(b"x")
    client.flush()
    count += 500
print(f"{count / float(sys.argv[3]):.0f} records a second", flush=True)
PY
alone=$(python3 "$scratch/echo.py" "$HOST" "$PORT" 2)
for what in storm bytes; do
    start $what python3 "$scratch/$what.py" "$HOST" "$PORT" $((seconds + 3))
    other=$started
    sleep 1
    check "p99 of a round trip beside $what is at most $times times what it is alone, or $least s" \
        bash -c 'python3 "$@" | tee '"$scratch/p99"'; exit ${PIPESTATUS[0]}' echo "$scratch/echo.py" "$HOST" "$PORT" $seconds "$alone" $times $least
    wait "$other"
    echo "measured: p99 alone $alone s, beside $(cat "$scratch/$what.log") $(cat "$scratch/p99") s"
    check "... which came to more than a few" grep -qE '^[0-9]{3,} ' "$scratch/$what.log"
done
! can_look_inside || check_within "... and their descriptors come back" 20 descriptors_below 40
finish
