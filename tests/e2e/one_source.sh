#!/bin/bash
# Thousands of clients behind one address, a gateway's, are all served by what is the default.
. "$(dirname "$0")/lib.sh"
need python3 prlimit
many=500
[ "$LONG" = no ] || many=5000
prlimit --pid $$ --nofile=$((3 * many + 500)): 2>/dev/null || skip "$((3 * many + 500)) descriptors are more than this machine allows"
backend_start
raw_daemon

cat >"$scratch/gateway.py" <<'PY'
# gateway.py HOST PORT COUNT: COUNT clients of one address handshake, 64 of them at a time, say something, stay, say it again
import resource, socket, ssl, sys, threading, time
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
inside, failures, numbers, lock = [], [], iter(range(count)), threading.Lock()

def talk(tls, text):
    tls.sendall(text)
    got = b""
    while len(got) < len(text):
        part = tls.recv(64)
        assert part, "ended"
        got += part
    assert got == text, got

def worker():
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        try:
            sock = socket.create_connection((host, port), 30)
            tls = context.wrap_socket(sock)
            tls.sendall(b"echo\n")
            talk(tls, b"%d" % number)
            inside.append(tls)
        except (OSError, AssertionError) as error:
            failures.append(repr(error))

began = time.monotonic()
workers = [threading.Thread(target=worker) for _ in range(64)]
for one in workers:
    one.start()
for one in workers:
    one.join()
took = time.monotonic() - began
for tls in inside:
    talk(tls, b"still here")
print(f"measured: {len(inside)} connections from one address in {took:.1f} s, {len(failures)} failed")
assert not failures, failures[:5]
PY
check "$many clients of one address are all served, and stay connected" \
    bash -c 'python3 "$@" | tee '"$scratch/served"'; exit ${PIPESTATUS[0]}' gateway "$scratch/gateway.py" "$HOST" "$PORT" $many
cat "$scratch/served"
check_equal "... and none was refused" 0 "$(count_logged overloaded)"
daemon_stop
finish
