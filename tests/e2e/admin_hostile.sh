#!/bin/bash
# Whoever reaches the admin listener can make it busy, and neither keeps others out of it for long nor touches the service.
. "$(dirname "$0")/lib.sh"
need python3 curl prlimit
prlimit --pid $$ --nofile=4000: 2>/dev/null || skip "4000 descriptors are more than this machine allows"
backend_start
raw_daemon "" "
[sallyport]
workers = 1

[admin]
address = unix:$scratch/admin.sock
address = $HOST:9100"
admin_pid=$(grep -a 'event=admin ' "$log" | grep -oE 'pid=[0-9]+' | head -n 1 | cut -d= -f2)
get() { curl -s --fail --max-time "${SECONDS_AT_MOST:-5}" --unix-socket "$scratch/admin.sock" "http://admin$1"; }
resident() { awk '{ print $2 * 4 }' "/proc/$admin_pid/statm"; }

cat >"$scratch/say.py" <<'PY'
# say.py HOST PORT COUNT: so many clients of the service; the slowest takes less than 3 s
import sys, time
from tlsclient import Client
worst = 0
for _ in range(int(sys.argv[3])):
    began = time.monotonic()
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    client.close()
    worst = max(worst, time.monotonic() - began)
print(f"the slowest took {worst:.3f} s")
assert worst < 3
PY
served() { python3 "$scratch/say.py" "$HOST" "$PORT" "${1:-5}"; }

# ---- what is no request for a page gets none
cat >"$scratch/odd.py" <<'PY'
# odd.py HOST PORT: one request after another that deserves no page; tells of those that got one, or no end
import socket, sys
at = sys.argv[1], int(sys.argv[2])
odd = [b"TRACE /metrics HTTP/1.1", b"CONNECT /metrics HTTP/1.1", b"POST /metrics HTTP/1.1", b"PUT /readyz HTTP/1.1",
       b"DELETE /healthz HTTP/1.1", b"OPTIONS * HTTP/1.1", b"PATCH /metrics HTTP/1.1", b"BREW /metrics HTTP/1.1",
       b"get /metrics HTTP/1.1", b"GET /../etc/passwd HTTP/1.1", b"GET /metrics/../../etc/passwd HTTP/1.1",
       b"GET /%6d%65trics HTTP/1.1", b"GET //metrics HTTP/1.1", b"GET /metrics/ HTTP/1.1", b"GET /metrics%00 HTTP/1.1",
       b"GET metrics HTTP/1.1", b"GET /metrics\0 HTTP/1.1", b"GET / HTTP/1.1", b"GET  HTTP/1.1", b"GET /METRICS HTTP/1.1",
       b"GET file:///etc/passwd HTTP/1.1", b"GET /metrics HTTP/9.9", b"GET /metrics", b"\x16\x03\x01\x02\x00\x01",
       b"PRI * HTTP/2.0", b"GET /" + b"a" * 7000 + b" HTTP/1.1", b"GET /" + b"a" * 100000 + b" HTTP/1.1"]
wrong = []
for line in odd:
    with socket.create_connection(at, 5) as sock:
        sock.settimeout(5)
        try:
            sock.sendall(line + b"\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            sock.shutdown(socket.SHUT_WR)
            reply = sock.recv(65536)
            while reply and (part := sock.recv(65536)):
                reply += part
        except TimeoutError:
            wrong.append((line[:40], "no end"))
            continue
        except OSError:  # hung up on
            continue
    if b" 200 " in reply[:20] or b"sallyport_" in reply or b"root:" in reply:
        wrong.append((line[:40], reply[:60]))
for name, size in ("a header of 1 MiB", 1 << 20), ("a body of 1 MiB", -(1 << 20)):
    with socket.create_connection(at, 5) as sock:
        sock.settimeout(5)
        try:
            head = b"X: " + b"x" * size + b"\r\n" if size > 0 else b"Content-Length: %d\r\n" % -size
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n")
            if size < 0:
                sock.sendall(b"x" * -size)
            if b" 200 " in sock.recv(4096)[:20]:
                wrong.append((name, "a page"))
        except TimeoutError:
            wrong.append((name, "no end"))
        except OSError:
            pass
print(wrong)
sys.exit(len(wrong) > 0)
PY
check "methods, paths and sizes that there are not get no page, and an end" python3 "$scratch/odd.py" "$HOST" 9100
check "... and it goes on" get /healthz

# ---- a byte now and then
cat >"$scratch/drip.py" <<'PY'
# drip.py PATH COUNT: so many clients that send a byte of a request a second, and come again when they are hung up on
import select, socket, sys, time
poll, socks = select.poll(), {}
def come():
    sock = socket.socket(socket.AF_UNIX)
    sock.setblocking(False)
    if sock.connect_ex(sys.argv[1]) == 0:
        socks[sock.fileno()] = sock
        poll.register(sock.fileno(), select.POLLIN)
for number in range(10**9):
    while len(socks) < int(sys.argv[2]):
        before = len(socks)
        come()
        if len(socks) == before:
            break
    if number == 7:  # by then all places are taken
        print("ready", flush=True)
    for sock in list(socks.values()):
        try:
            sock.send(b"G" if number % 2 else b"X")
        except OSError:
            pass
    for fd, _ in poll.poll(1000):
        poll.unregister(fd)
        socks.pop(fd).close()
    time.sleep(0.3)
PY
start drip python3 "$scratch/drip.py" "$scratch/admin.sock" 600
drip=$started
wait_for 60 grep -q ready "$scratch/drip.log"
sleep 1
# Who has not asked yet when places are needed may be one that goes, on a busy machine; he asks again.
for _ in 1 2 3; do
    check_within "600 clients with a byte a second, more than there is room for, keep nobody out" 15 get /healthz
done
check "... and the service goes on" served
sed -i 's/^workers = 1/workers = 12/' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_logged "... and there is room for what eleven more workers count" "reloaded: .*12 workers"
sleep 1
stop "$drip"
workers_shown() { [ "$(get /metrics | grep -c '^sallyport_process_cpu_seconds_total{.*worker')" -ge 12 ]; }
check "... by the same process" [ -e "/proc/$admin_pid" ]

# ---- 1,000 connections at once, and as many requests as fit
cat >"$scratch/flood.py" <<'PY'
# flood.py HOST PORT COUNT SECONDS: COUNT connections ask for /metrics, read it and ask again, all the time
import selectors, socket, sys, time
at, count, end = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), time.monotonic() + float(sys.argv[4])
ask = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
poll, pages, opened = selectors.DefaultSelector(), 0, 0
def come():
    global opened
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex(at)
    poll.register(sock, selectors.EVENT_WRITE)
    opened += 1
for _ in range(count):
    come()
while time.monotonic() < end:
    for key, what in poll.select(0.2):
        sock = key.fileobj
        try:
            if what & selectors.EVENT_WRITE:
                sock.send(ask)
                poll.modify(sock, selectors.EVENT_READ)
                continue
            part = sock.recv(1 << 20)
            pages += part.count(b"sallyport_ready 1")
            if not part:
                raise OSError
            if part.endswith(b"\n"):
                sock.send(ask)
        except OSError:
            poll.unregister(sock)
            sock.close()
            come()
print(f"{opened} connections, {pages} pages", flush=True)
PY
before=$(resident)
start many python3 "$scratch/flood.py" "$HOST" 9100 1000 8
many=$started
start few python3 "$scratch/flood.py" "$HOST" 9100 4 8
few=$started
sleep 1
check "1,000 connections that ask all the time: the service goes on" served 20
SECONDS_AT_MOST=15 check "... and so does it, for others" get /readyz
wait "$many" "$few"
echo "measured: $(cat "$scratch/many.log"); of four more, $(cat "$scratch/few.log"); $(served 5)"
check "they had pages" grep -qE '[1-9][0-9]* pages' "$scratch/many.log"
grown=$(($(resident) - before))
echo "measured: its memory grew by $grown KiB"
# AddressSanitizer keeps what was freed.
[ "${SANITIZERS:-no}" != no ] || check "its memory stays bounded" [ "$grown" -le 65536 ]
check_within "and it is there for all, afterwards" 20 get /metrics
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$admin_pid/stat"; }
has_nothing_to_do() { # for two seconds; whoever still takes leave of the crowd will have done so a while later
    local before
    before=$(ticks)
    sleep 2
    [ $(($(ticks) - before)) -le 10 ]
}
check_within "... and has nothing to do" 20 has_nothing_to_do
check_equal "one process showed all of it" 1 "$(count_logged 'event=admin .*unix:')"
finish
