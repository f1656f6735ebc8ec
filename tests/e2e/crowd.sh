#!/bin/bash
# Clients that say nothing or a byte a second stand in nobody's way (reliability D01).
. "$(dirname "$0")/lib.sh"
need python3 prlimit
silent=500 slow=200 seconds=4
[ "$LONG" = no ] || silent=7000 slow=2000 seconds=15
prlimit --pid $$ --nofile=$((2 * (silent + slow) + 500)): 2>/dev/null ||
    skip "$((2 * (silent + slow) + 500)) descriptors are more than this machine allows"
backend_start
raw_daemon

cat >"$scratch/crowd.py" <<'PY'
# crowd.py HOST PORT SILENT SLOW SECONDS: holds so many connections of each kind, a new one for each that is closed
import resource, select, socket, ssl, sys, time
host, port, silent, slow, seconds = sys.argv[1], *map(int, sys.argv[2:6])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
try:
    ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a.example").do_handshake()
except ssl.SSLWantReadError:
    pass
hello = outgoing.read()
poll, crowd, opened = select.epoll(), {}, 0

def come(is_slow):
    global opened
    sock = socket.socket()
    sock.setblocking(False)
    sock.bind((f"127.79.{opened // 250 % 4}.{opened % 25 + 1}", 0))
    opened += 1
    sock.connect_ex((host, port))
    poll.register(sock.fileno(), select.EPOLLIN)
    crowd[sock.fileno()] = [sock, is_slow, 0]

for number in range(silent + slow):
    come(number >= silent)
    if number % 100 == 99:
        time.sleep(0.01)
print("ready", flush=True)
end, closed, next_bytes = time.monotonic() + seconds, 0, 0
while (now := time.monotonic()) < end:
    for fd, _ in poll.poll(0.1):
        sock, is_slow, _ = crowd.pop(fd)
        poll.unregister(fd)
        sock.close()
        closed += 1
        come(is_slow)
    if now >= next_bytes:
        next_bytes = now + 1
        for entry in crowd.values():
            if entry[1]:
                try:
                    entry[0].send(hello[entry[2]:entry[2] + 1])
                    entry[2] += 1
                except OSError:
                    pass
print(f"{opened} opened, {closed} closed by the other end", flush=True)
PY
cat >"$scratch/good.py" <<'PY'
# good.py HOST PORT SECONDS [P99]: 20 clients a second; none fails, the slowest hundredth takes at most twice P99, or 100 ms
import sys, time
from tlsclient import Client
host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
times, began = [], time.monotonic()
for number in range(int(20 * seconds)):
    time.sleep(max(0, began + number / 20 - time.monotonic()))
    start = time.monotonic()
    client = Client(host, port).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    client.close()
    times.append(time.monotonic() - start)
p99 = sorted(times)[len(times) * 99 // 100]
print(f"{p99:.4f}")
if len(sys.argv) > 4:
    limit = max(2 * float(sys.argv[4]), 0.1)
    assert p99 <= limit, f"p99 {p99 * 1000:.0f} ms, at most {limit * 1000:.0f}"
PY
check "good clients are served before the crowd" python3 "$scratch/good.py" "$HOST" "$PORT" $((seconds / 2)) 10
alone=$(python3 "$scratch/good.py" "$HOST" "$PORT" $seconds)
start crowd python3 "$scratch/crowd.py" "$HOST" "$PORT" $silent $slow $((seconds + 6))
crowd=$started
check_within "$silent silent clients and $slow with a byte a second come" 60 grep -q ready "$scratch/crowd.log"
check "beside them none of the good fails, and p99 is at most twice what it was, or 100 ms" \
    bash -c 'python3 "$@" | tee '"$scratch/beside"'; exit ${PIPESTATUS[0]}' good "$scratch/good.py" "$HOST" "$PORT" $seconds "$alone"
echo "measured: p99 alone $alone s, beside the crowd $(cat "$scratch/beside") s"
wait $crowd
check "the crowd ran to its end: $(tail -n 1 "$scratch/crowd.log")" grep -q opened "$scratch/crowd.log"
finish
