#!/bin/bash
# A client that gathers small segments (it has not set TCP_NODELAY) sends its first request as soon as the handshake is
# over: it does not wait for an acknowledgement that the kernel would give by itself 40 ms later.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
cat >"$scratch/ask.py" <<'PY'
# ask.py HOST PORT VERSION: the shortest time from the end of the handshake to the first answer, in ms: full without
# and with TCP_NODELAY, resumed without and with
import socket, ssl, sys, time
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, sys.argv[3])

def ask(session, is_prompt):
    sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, is_prompt)
    with context.wrap_socket(sock, session=session) as tls:
        began = time.monotonic()
        tls.sendall(b"send 5\n")
        assert tls.recv(5)
        return (time.monotonic() - began) * 1000, tls.session, tls.session_reused

for is_resumed, is_prompt in ((False, False), (False, True), (True, False), (True, True)):
    session, best = None, 1000
    for _ in range(12):
        spent, fresh, was_resumed = ask(session if is_resumed else None, is_prompt)
        if is_resumed and session is None or was_resumed == is_resumed:
            best = min(best, spent)
        session = fresh
    print(f"{best:.1f}", end=" ")
PY
# A late acknowledgement costs 40 ms or more.
are_alike() {
    [ $# -eq 4 ] && [ "${1%.*}" -lt $((${2%.*} + 20)) ] && [ "${3%.*}" -lt $((${4%.*} + 20)) ]
}
# comes_promptly VERSION: in one of three series, for on a busy machine anything may be late, and what is late always is
comes_promptly() {
    for _ in 1 2 3; do
        # shellcheck disable=SC2207
        figures=($(python3 "$scratch/ask.py" "$HOST" "$PORT" "$1"))
        ! are_alike "${figures[@]}" || return 0
    done
    echo "ms: ${figures[*]}"
    return 1
}
for tickets in 2 0; do
    raw_daemon "session-tickets = $tickets"
    for version in TLSv1_3 TLSv1_2; do
        check "$version, $tickets tickets: the first answer comes without a delay" comes_promptly "$version"
    done
    daemon_stop
done
finish
