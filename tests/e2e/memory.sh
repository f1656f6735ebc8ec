#!/bin/bash
# Connections that are open and say nothing hold little memory, and it goes back when they do (reliability D03).
. "$(dirname "$0")/lib.sh"
need python3 prlimit
many=1500
[ "$LONG" = no ] || many=5000
prlimit --pid $$ --nofile=$((3 * many + 500)): 2>/dev/null || skip "$((3 * many + 500)) descriptors are more than this machine allows"
backend_start
raw_daemon "" "
[sallyport]
workers = 1"
can_look_inside || exit 77
grep -q ^Pss_Anon: "/proc/$(worker_pid)/smaps_rollup" || skip "the kernel does not tell what memory is a process's own"

cat >"$scratch/idle.py" <<'PY'
# idle.py HOST PORT COUNT: that many connections through the whole handshake, each served once, then idle; after SIGUSR1
# one of nine is left
import signal, sys, time
from tlsclient import Client
held = []
for _ in range(int(sys.argv[3])):
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.send(b"echo\n0123456789")
    assert client.receive_exactly(10) == b"0123456789"
    held.append(client)

def leave(*_):
    global held
    stay = held[::9]
    for client in held:
        if client not in stay:
            client.close()
    held = stay
    print("few", flush=True)

signal.signal(signal.SIGUSR1, leave)
print("ready", flush=True)
while True:
    time.sleep(3600)
PY
# Those that got our flight and stop there: each costs a signature, and must not cost more memory than that is planned for.
cat >"$scratch/half.py" <<'PY'
# half.py HOST PORT COUNT: that many connections that read the server's first flight and say nothing to it
import socket, ssl, sys, time
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.minimum_version = ssl.TLSVersion.TLSv1_3
held = []
for _ in range(int(sys.argv[3])):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
    sock.sendall(outgoing.read())
    assert sock.recv(5)
    held.append(sock)
time.sleep(0.5)
print("ready", flush=True)
time.sleep(3600)
PY
# Of what is its own: pages of programs and libraries come and go as the system likes.
pss() { awk '/^Pss_Anon:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup"; }
# A first crowd: what the process and its libraries need once.
warm_up() {
    start first python3 "$scratch/idle.py" "$HOST" "$PORT" 20
    wait_for 60 grep -q ready "$scratch/first.log"
    stop "$started"
    wait_for 10 descriptors_below 40
    before=$(pss)
}
warm_up
start idle python3 "$scratch/idle.py" "$HOST" "$PORT" $many
idle=$started
check_within "$many connections are open and idle" 300 grep -q ready "$scratch/idle.log"
each=$((($(pss) - before) * 1024 / many))
echo "measured: $each bytes of anonymous memory (PSS) for each of $many connections, established and idle"
check "each holds at most 12 KiB" [ $each -le 12288 ]
# Most go, and after a while the last: what these hold lies between what the others held.
kill -USR1 "$idle"
check_within "most of them go" 60 descriptors_below $((many / 4 + 20))
check_within "... but one of nine" 60 grep -q few "$scratch/idle.log"
sleep 2.5
echo "measured: $before KiB before, $(pss) KiB while one of nine is left"
stop "$idle"
has_given_back() { [ "$(pss)" -le $((before + before / 10 + 1024)) ]; }
check_within "what they held goes back when they have gone" 10 has_given_back
echo "measured: $before KiB before, $(pss) KiB after"

daemon_stop
raw_daemon "" "
[sallyport]
workers = 1"
warm_up
half=150
start half python3 "$scratch/half.py" "$HOST" "$PORT" $half
check_within "$half handshakes wait for the client's Finished" 60 grep -q ready "$scratch/half.log"
each=$((($(pss) - before) * 1024 / half))
echo "measured: $each bytes of anonymous memory (PSS) for each of $half handshakes that wait"
check "each holds at most 14 KiB" [ $each -le 14336 ]
stop "$started"
finish
