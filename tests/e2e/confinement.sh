#!/bin/bash
# What each process has given up, as the kernel tells it, and what it holds; a worker that somebody has taken over is
# killed at the first forbidden call, which is told, and replaced; what its memory holds while it serves: no private key
# and no ticket key, whereas without isolation the same search finds both.
. "$(dirname "$0")/lib.sh"
need python3 openssl
misbehave=${MISBEHAVE_SO:-$PWD/misbehave.so}
[ -e "$misbehave" ] || skip "misbehave.so is not built (make misbehave.so)"
backend_start
head -c 48 /dev/urandom >"$scratch/ticket.key"

configure() {
    raw_daemon "" "
[sallyport]
workers = 2
log-level = debug
ticket-key = $scratch/ticket.key
$1"
}
# status PID KEY
status() { sed -nE "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '; }
is_root() { [ "$(id -u)" -eq 0 ]; }
four() { echo "$1 $1 $1 $1"; }

configure ""
check_logged "what the master gives up is told" 'event=rights role=master no_new_privs=yes'
check_equal "... and of a kind of process it is told once" "1 1" \
    "$(count_logged 'event=rights role=worker') $(count_logged 'event=rights role=keyholder')"
has_filters=no
logged 'event=rights role=worker .* seccomp=yes' && has_filters=yes
# shellcheck disable=SC2046 # numbers
set -- master $daemon_pid $(for pid in $(of_role worker); do echo "worker $pid"; done) keyholder $(of_role keyholder)
while [ $# -gt 0 ]; do
    role=$1 pid=$2
    shift 2
    check_equal "the $role cannot gain a right by executing" 1 "$(status "$pid" NoNewPrivs)"
    [ $has_filters = no ] || check_equal "the $role's system calls are filtered" 2 "$(status "$pid" Seccomp)"
    if [ "$role" = master ]; then
        ! is_root || check_equal "of root's capabilities the master keeps none but those it needs" 0 \
            $((0x$(status "$pid" CapEff) & ~0x445ef))
        continue
    fi
    check_equal "the $role has no capability" "0000000000000000 0000000000000000" \
        "$(status "$pid" CapEff) $(status "$pid" CapPrm)"
    if is_root; then
        user=$(id -u _sallyport 2>/dev/null || id -u nobody)
        [ "$role" = worker ] || user=$(id -u _sallyport-key 2>/dev/null || echo "$user")
        check_equal "the $role is nobody" "$(four "$user")" "$(status "$pid" Uid)"
        check_equal "the $role is in no other group" "" "$(status "$pid" Groups | tr -d ' ')"
        [ $has_filters = no ] || check_equal "the $role's root directory is one of a process that is no more" "" \
            "$(ls "/proc/$pid/root/" 2>/dev/null)"
    else
        check_equal "the $role is who started it" "$(four "$(id -u)")" "$(status "$pid" Uid)"
    fi
done

# Standard input and output, the control socket, the event loop with its pipe, the keyholder, the listener, and what it
# is called where it counts. A keyholder: the control socket and one for each worker. No file, no memory of a generation,
# nothing of the master's.
kinds_of() { find "/proc/$1/fd" -mindepth 1 -printf '%f %l\n' | awk '$1 > 2 { sub(/:.*/, "", $2); print $2 }' | sort | paste -sd' '; }
if can_look_inside; then
    for pid in $(of_role worker); do
        check_equal "a worker holds its sockets, its event loop and the board" \
            "/memfd anon_inode pipe pipe socket socket socket" "$(kinds_of "$pid")"
    done
    check_equal "a keyholder holds its sockets" "socket socket socket" "$(kinds_of "$(of_role keyholder)")"
fi

# ---- memory, while it is at work
cat >"$scratch/churn.py" <<'PY'
# churn.py HOST PORT FILE: connections, each second one resumed, until FILE is there
import os, socket, ssl, sys
host, port, end = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ctx.load_verify_locations(os.path.join(os.environ["PYTHONPATH"], "..", "data", "certificates", "root.crt"))
session, resumed, told = None, 0, False
while not os.path.exists(end):
    with ctx.wrap_socket(socket.create_connection((host, port), 10), server_hostname="app.example", session=session) as tls:
        tls.sendall(b"say hello\n")
        assert tls.recv(100) == b"hello"
        resumed += tls.session_reused
        session = None if session else tls.session
    if resumed > 4 and not told:
        told = True
        print("resumes", flush=True)
PY
search() { python3 "$here/search_memory.py" "$CERTS/p256.key" "$scratch/ticket.key" "$@"; }
churn_begin() {
    rm -f "$scratch/end"
    start churn python3 "$scratch/churn.py" "$HOST" "$PORT" "$scratch/end"
    churn=$started
    check_within "clients connect and resume" 20 grep -q resumes "$scratch/churn.log"
}
churn_end() {
    touch "$scratch/end"
    wait "$churn"
    check_equal "... and none of them noticed" 0 $?
}
finds_both() { search "$@" | tail -n 1 | grep -qE '^keys [1-9][0-9]*, ticket keys [1-9]'; }
if is_root && [ $has_filters = yes ] && [ -r "/proc/$(worker_pid)/mem" ]; then
    churn_begin
    # shellcheck disable=SC2046 # numbers
    check_equal "no worker has a private key or a ticket key in its memory" "keys 0, ticket keys 0" \
        "$(search $(of_role worker) | tail -n 1)"
    check "the keyholder has both" finds_both $(of_role keyholder)
    churn_end
    daemon_stop
    configure "key-isolation = off"
    churn_begin
    check "without isolation the search finds both in the workers" finds_both $(of_role worker)
    churn_end
else
    echo "skipped: the search of memory: root alone can, and not in what sanitizers map"
fi
daemon_stop

# ---- a worker that somebody has taken over
from() {
    python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 10, (sys.argv[3], 0)).recv(1)' "$HOST" "$PORT" "127.0.0.$1"
}
serves() {
    python3 -c 'import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2]), timeout=5).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"' "$HOST" "$PORT"
}
if [ $has_filters = yes ]; then
    LIMIT="env LD_PRELOAD=$misbehave"
    configure ""
    killed=0
    for call in 10:socket 11:execve 12:ptrace 13:mmap 14:kill 15:bind 17:sendmsg 18:shutdown 19:fcntl; do
        from "${call%:*}" 2>/dev/null
        killed=$((killed + 1))
        told() { [ "$(count_logged 'worker [12] .* was killed by its list of system calls')" -eq $killed ]; }
        check_within "a worker that calls ${call#*:} is killed, and that is told" 10 told
        both() { [ "$(worker_pids | wc -l)" -eq 2 ]; }
        check_within "... and replaced" 15 both
    done
    check "nothing came of any of it" sh -c "! grep -q misbehaved '$log'"
    from 21 2>/dev/null
    check_logged "a worker that says what nobody asked for is killed" 'worker [12] .* breaks the rules of what a child may say: killing it'
    check_within "... and replaced" 15 both
    from 20 2>/dev/null
    check_logged "a listening socket that a worker ends for all is set right" \
        "the listening socket $HOST:$PORT does not listen any more: it is set right"
    before=$(worker_pids)
    from 16 2>/dev/null # as soon as they have seen that it listens again
    check_logged "a worker that opens a file is answered that it may not" 'misbehaved: open answers -1 \(Permission denied\)'
    check_equal "... and lives on" "$before" "$(worker_pids)"
    check "those who are there serve" serves
    check "the master lives" alive "$daemon_pid"
else
    echo "skipped: forbidden calls, in a build that filters none"
fi
finish
