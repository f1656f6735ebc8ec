#!/bin/bash
# The listening sockets are shared by all workers, and one that is not ours any more may try to end them for all. It has
# no call to do most of it; where it has, the master sees it within a second or so, sets it right and says so.
. "$(dirname "$0")/lib.sh"
need python3
[ "$(id -u)" -eq 0 ] || skip "only root can put a hand into another process"
backend_start
raw_daemon "" "
[sallyport]
workers = 2"

# harm.py PID HARM: takes the listening socket out of a worker and does to it what the worker could
cat >"$scratch/harm.py" <<'PY'
import ctypes, fcntl, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438
pid, harm = int(sys.argv[1]), sys.argv[2]
process = libc.syscall(PIDFD_OPEN, pid, 0)
for number in range(3, 256):
    fd = libc.syscall(PIDFD_GETFD, process, number, 0)
    if fd < 0:
        continue
    try:
        sock = socket.socket(fileno=fd)
        if sock.family == socket.AF_INET and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            break
    except OSError:
        pass
else:
    sys.exit(77)
if harm == "block":
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)
else:
    nobody = ctypes.create_string_buffer(16)
    assert libc.connect(fd, nobody, 16) == 0, os.strerror(ctypes.get_errno())
PY
cat >"$scratch/visit.py" <<'PY'
import sys
from tlsclient import Client
for _ in range(10):
    client = Client(sys.argv[1], int(sys.argv[2]), timeout=10).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    client.close()
PY
harm() { python3 "$scratch/harm.py" "$(worker_pid)" "$1"; }
before=$(worker_pids)

harm end
[ $? -ne 77 ] || skip "a descriptor of another process is not to be had here"
check_within "a listener that was ended listens again" 4 is_listening "$HOST" "$PORT"
check_logged "... and the log tells of it" "the listening socket $HOST:$PORT does not listen any more: it is set right" \
    process=master level=error
check "... and clients are served, by either worker" python3 "$scratch/visit.py" "$HOST" "$PORT"
harm block
mended() { logged "the listening socket $HOST:$PORT blocks: it is set right"; }
check_within "one that was made to block does not any more" 4 mended
check "... and clients are served, still" python3 "$scratch/visit.py" "$HOST" "$PORT"
check_equal "no worker was ended for it" "$before" "$(worker_pids)"
finish
