#!/bin/bash
# What a service manager does: it passes sockets by their names, hears of each state, and waits for signs of life.
. "$(dirname "$0")/lib.sh"
need python3
backend_start

# manager.py FILE LISTEN-ADDRESS PORT COMMAND...: opens a socket called web and, a port behind it, one called spare,
# starts the command with them, writes down what it is told
cat >"$scratch/manager.py" <<'PY'
import os, socket, sys
told, host, port, command = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ears.bind(told + ".socket")
opened = []
for at in (port, port + 1):
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, at))
    listening.listen(64)
    opened.append(listening)
pid = os.fork()
if pid == 0:
    for fd, listening in enumerate([os.dup(listening.fileno()) for listening in opened], 3):
        os.dup2(listening, fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="web:spare",
                      NOTIFY_SOCKET=told + ".socket", WATCHDOG_USEC="1000000")
    os.execv(command[0], command)
print("started", pid, flush=True)
with open(told, "w") as file:
    while True:
        data, ancillary, flags, sender = ears.recvmsg(4096, 0)
        print(data.decode().replace("\n", " "), file=file, flush=True)
PY
cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2]), timeout=10).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
client.close_notify()
assert client.receive() == b""
PY
cat >"$scratch/sallyport.conf" <<CONF
[sallyport]
workers = 2
drain-delay = 100ms
drain-timeout = 2h

[listen web]
address = systemd:web
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
told=$scratch/told
start sallyport python3 "$scratch/manager.py" "$told" "$HOST" "$PORT" "$SALLYPORT" -c "$scratch/sallyport.conf"
manager=$started
wait_for 20 grep -q '^started' "$log"
daemon_pid=$(sed -n 's/^started //p' "$log")
heard() { grep -Eq "$1" "$told"; }
check_within "it says when it is ready" 20 heard '^READY=1 STATUS=serving'
check "it serves on the socket that was passed as 'web'" python3 "$scratch/say.py" "$HOST" "$PORT"
check_logged "... and says so" event=listening "address=$HOST:$PORT"
signs() { [ "$(grep -c '^WATCHDOG=1' "$told")" -ge "$1" ]; }
check_within "it gives signs of life" 5 signs 3
kill -HUP "$daemon_pid"
check_within "a reload is told" 10 heard '^RELOADING=1 MONOTONIC_USEC=[0-9]+ '
ready_again() { [ "$(grep -c '^READY=1' "$told")" -ge "$1" ]; }
check_within "... and its end" 10 ready_again 2
check "... and it serves on the same socket" python3 "$scratch/say.py" "$HOST" "$PORT"
kill -USR2 "$daemon_pid"
check_within "an upgrade ends with a word, too" 10 ready_again 3
check "... and it serves on the same socket" python3 "$scratch/say.py" "$HOST" "$PORT"

# ---- a reload that is asked for while another one goes on: the end of that one is not its end
cp "$CERTS/p256.crt" "$scratch/own.crt"
sed -i "s|^certificate = .*|certificate = $scratch/own.crt|" "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "a certificate of its own" 10 ready_again 4
stopped=$(worker_pid)
kill -STOP "$stopped"
cp "$CERTS/p256.crt" "$scratch/own.crt"
check_logged "it is renewed by itself" "own.crt' has changed: reloading"
sleep 1
kill -HUP "$daemon_pid"
check_within "... and a reload asked for meanwhile" 10 sh -c '[ "$(grep -c ^RELOADING=1 "$1")" -eq 3 ]' - "$told"
kill -CONT "$stopped"
check_within "... has an end" 10 ready_again 5
sleep 1
check_equal "... which is told once, when it is there" 5 "$(grep -c '^READY=1' "$told")"
sed -i 's/^address = systemd:web/&\naddress = systemd:spare/' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "a socket that nobody had named yet is still there behind it" 10 ready_again 6
check "... and served" python3 "$scratch/say.py" "$HOST" $((PORT + 1))
sed -i '/systemd:spare/d' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "without its name it is not" 10 ready_again 7
sed -i 's/systemd:web/systemd:mail/' "$scratch/sallyport.conf"
cp "$scratch/sallyport.conf" "$scratch/mail.conf"
kill -HUP "$daemon_pid"
check_logged "a name that was not passed is refused" "sallyport.conf:7: address 'systemd:mail': the service manager passed no socket"
check_within "... which is told as well" 10 heard 'STATUS=serving; the last reload was refused'
before=$(grep -c '^READY=1' "$told")
echo nonsense >>"$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_logged "a text that does not parse is refused" "this is not 'key = value'"
check_within "... and the end of that reload is told, or the manager would wait for it" 10 ready_again $((before + 1))
check "... as the last word" sh -c 'grep -E "^(READY|RELOADING)=1" "$1" | tail -n 1 | grep -q READY' - "$told"
kill -TERM "$daemon_pid"
check_within "its end is told when it begins" 10 heard '^STOPPING=1'
check "... and how long it may take: drain-delay, drain-timeout and 10 s" heard ' EXTEND_TIMEOUT_USEC=7210100000 '
gone() { ! [ -e "/proc/$daemon_pid" ] || grep -q '^State:.Z' "/proc/$daemon_pid/status"; }
check_within "... and it ends" 10 gone
check "the socket stays with the service manager" is_listening "$HOST" "$PORT"
daemon_pid=
check_status "without a service manager, that is a fault that does not pass" 78 "$SALLYPORT" -c "$scratch/mail.conf"
check "... and it says which address" grep -q "mail.conf:7: address 'systemd:mail'" "$scratch/output"
stop "$manager"
finish
