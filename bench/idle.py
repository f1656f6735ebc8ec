#!/usr/bin/env python3
"""idle.py SALLYPORT [COUNT]: what an idle TLS connection costs in memory.

Starts SALLYPORT before an own backend, opens COUNT connections (default 9,500: their descriptors, two each, are about
what a limit of 20,000 carries), sends a byte through each and gets one back, waits until all is quiet, and prints
the growth of the process's PSS (/proc/PID/smaps_rollup) for each connection. A first wave of 200 connections that
are closed again takes what is needed once out of the figure.
"""
import os
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from tlsclient import CERTS, Client  # noqa: E402

HOST = "127.0.0.1"
WARM_UP = 200


def backend(listener):
    """Answers every byte with one; in a process of its own."""
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    socks = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                socks[sock.fileno()] = sock
                poll.register(sock, select.EPOLLIN)
                continue
            try:
                data = socks[fd].recv(4096)
                if data:
                    socks[fd].sendall(data)
                    continue
            except OSError:
                pass
            poll.unregister(fd)
            socks.pop(fd).close()


def free_listener():
    listener = socket.socket()
    listener.bind((HOST, 0))
    listener.listen(1024)
    return listener


def memory(pid, name):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith(name + ":"))


def connect(port):
    """A byte through and back; only the socket is kept: an idle client needs no more."""
    client = Client(HOST, port).handshake()
    client.send(b"x")
    assert client.receive_exactly(1) == b"x"
    return client.sock


def crowd(port, count):
    return [connect(port) for _ in range(count)]


def start(program, port, backend_port, scratch):
    config = os.path.join(scratch, "idle.conf")
    with open(config, "w") as file:
        file.write(f"[sallyport]\nlog-level = warning\n[listen idle]\naddress = {HOST}:{port}\nbackend = idle\n"
                   f"certificate = {CERTS}/p256.crt\nkey = {CERTS}/p256.key\n[backend idle]\nserver = {HOST}:{backend_port}\n")
    daemon = subprocess.Popen([program, "-c", config], stderr=open(os.path.join(scratch, "log"), "w"))
    for _ in range(200):
        try:
            socket.create_connection((HOST, port), 1).close()
            return daemon
        except OSError:
            time.sleep(0.05)
    sys.exit("sallyport does not listen")


def settled(pid):
    """The PSS once it has stopped moving."""
    last = -1
    while (now := memory(pid, "Pss")) != last:
        last = now
        time.sleep(1.5)
    return now


def main():
    if os.geteuid() != 0:
        sys.exit("sallyport keeps its memory from being looked at: only root can measure it")
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 9500
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listener = free_listener()
    child = os.fork()
    if child == 0:
        backend(listener)
    with free_listener() as reserved:
        port = reserved.getsockname()[1]
    with tempfile.TemporaryDirectory() as scratch:
        daemon = start(program, port, listener.getsockname()[1], scratch)
        try:
            for sock in crowd(port, WARM_UP):
                sock.close()
            before = settled(daemon.pid)
            began = time.monotonic()
            socks = crowd(port, count)
            took = time.monotonic() - began
            after = settled(daemon.pid)
            print(f"{count} idle connections: PSS {before} -> {after} bytes, {(after - before) / count:.0f} bytes each; "
                  f"opened in {took:.1f} s; descriptors {len(os.listdir(f'/proc/{daemon.pid}/fd'))}")
            assert len(socks) == count
        finally:
            daemon.terminate()
            os.kill(child, 9)
            os.waitpid(child, 0)
            for sock in locals().get("socks", []):
                sock.close()
            daemon.wait(60)


if __name__ == "__main__":
    main()
