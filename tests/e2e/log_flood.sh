#!/bin/bash
# Bad handshakes without end make few lines, and so does a dead backend; a reader of the log that has stopped makes nobody
# wait (reliability D07).
. "$(dirname "$0")/lib.sh"
need python3
many=2000
[ "$LONG" = no ] || many=100000
refused=200
backend_start
raw_daemon "" "
[sallyport]
workers = 1"

cat >"$scratch/bad.py" <<'PY'
# bad.py HOST PORT COUNT: connections that speak another protocol
import socket, sys, time
began = time.monotonic()
for _ in range(int(sys.argv[3])):
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        sock.recv(64)
print(int(time.monotonic() - began) + 1)
PY
cat >"$scratch/say.py" <<'PY'
# say.py HOST PORT COUNT: so many good clients; the slowest takes less than 2 s
import sys, time
from tlsclient import Client
for _ in range(int(sys.argv[3])):
    began = time.monotonic()
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    client.close()
    assert time.monotonic() - began < 2
PY
served() { python3 "$scratch/say.py" "$HOST" "$PORT" "$1"; }
before=$(wc -l <"$log")
seconds=$(python3 "$scratch/bad.py" "$HOST" "$PORT" $many)
sleep 1.5
lines=$(($(wc -l <"$log") - before))
echo "measured: $lines lines of $many bad handshakes in $seconds s"
check "there are at most eleven lines a second" [ $lines -le $((11 * (seconds + 2) + 5)) ]
check_logged "... and one that tells how many were left out" event=suppressed class=not_tls_http

# ---- a backend that is dead
cat >"$scratch/in_vain.py" <<'PY'
# in_vain.py HOST PORT COUNT: so many good clients whom no backend answers
import sys, time
from tlsclient import Client
began = time.monotonic()
for _ in range(int(sys.argv[3])):
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.sock.recv(100)
    client.sock.close()
print(int(time.monotonic() - began) + 1)
PY
stop "$backend_pid"
seconds=$(python3 "$scratch/in_vain.py" "$HOST" "$PORT" $refused)
sleep 1.5
lines=$(count_logged 'level=warning event=connection')
echo "measured: $lines warnings of $refused connections in $seconds s"
check "of connections in vain at most ten a second warn" [ "$lines" -le $((10 * (seconds + 2))) ]
check_logged "... and it is told how many were left out" event=suppressed class=backend_refused
daemon_stop
check_logged "all of them were counted" event=counters "why_not_tls_http=$many" "why_backend_refused=$refused"

# ---- a reader that has stopped
# writes_at_once PID: its log goes to a pipe, and what that has no room for is given up
writes_at_once() {
    [ -p "/proc/$1/fd/2" ] && [ $((0$(awk '/^flags:/ { print $2 }' "/proc/$1/fdinfo/2") & 04000)) -ne 0 ]
}
# all_write_at_once WORKERS: so many, and the master
all_write_at_once() {
    local pid
    [ "$(worker_pids | wc -l)" -eq "$1" ] || return 1
    for pid in "$daemon_pid" $(worker_pids); do writes_at_once "$pid" || return 1; done
}

# reader_stops WORKERS: with that many that write to the one pipe
reader_stops() {
    local with="with $1 to write"
    : >"$log"
    sed -i "s/^workers = .*/workers = $1/" "$scratch/sallyport.conf"
    start reader cat "$scratch/pipe"
    reader=$started
    "$SALLYPORT" -c "$scratch/sallyport.conf" 2>"$scratch/pipe" &
    daemon_pid=$!
    pids+=("$daemon_pid")
    wait_for 20 is_listening "$HOST" $PORT
    check "$with: while the log is read it serves" served 3
    ! can_look_inside ||
        check_within "$with: each writes at once or not at all, whoever else fills the pipe" 5 all_write_at_once "$1"
    kill -STOP "$reader"
    check "$with: a reader that has stopped makes nobody wait, though the pipe is full" served 400
    kill -CONT "$reader"
    daemon_stop
    wait "$reader" 2>/dev/null
    cp "$scratch/reader.log" "$log"
    check_logged "$with: lines that were lost are told of" lines_lost
}

mkfifo "$scratch/pipe"
backend_start
reader_stops 1
reader_stops 2
finish
