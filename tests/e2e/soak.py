"""soak.py HOST PORT SECONDS: clients of every kind, one after the other in each of some threads.

The last line is JSON: how many of each kind, how many of the honest ones failed and of what the first few did.
"""
import collections
import json
import random
import socket
import ssl
import struct
import sys
import threading
import time

HOST, PORT, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
THREADS = 12
END = time.monotonic() + SECONDS
counts, failures, first_failures = collections.Counter(), collections.Counter(), []


def context_of(version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    return context


CONTEXTS = [context_of(ssl.TLSVersion.TLSv1_3), context_of(ssl.TLSVersion.TLSv1_2)]
sessions = {}


def connect():
    return socket.create_connection((HOST, PORT), 20)


def secure(context, session=None):
    sock = connect()
    try:
        return context.wrap_socket(sock, session=session, server_hostname="app.example")
    except BaseException:
        sock.close()
        raise


def take(tls, length):
    got = 0
    while got < length:
        part = tls.recv(65536)
        if not part:
            raise OSError(f"ended after {got} of {length} bytes")
        got += len(part)


def visit(tls, length):
    tls.sendall(b"send %d\n" % length)
    take(tls, length)


def full():
    context = random.choice(CONTEXTS)
    with secure(context) as tls:
        visit(tls, 500)
        sessions[context] = tls.session


def resumed():
    context = random.choice(CONTEXTS)
    with secure(context, sessions.get(context)) as tls:
        visit(tls, 500)
        sessions[context] = tls.session


def bulk():
    with secure(CONTEXTS[0]) as tls:
        visit(tls, 1 << 20)


def talk():
    with secure(random.choice(CONTEXTS)) as tls:
        tls.sendall(b"echo\n")
        for _ in range(10):
            tls.sendall(b"0123456789")
            take(tls, 10)
            time.sleep(random.uniform(0, 0.5))


def idle():
    with secure(random.choice(CONTEXTS)):
        time.sleep(random.uniform(1, 8))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def half_a_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        CONTEXTS[0].wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    sock = connect()
    sock.sendall(hello[:random.randrange(1, len(hello))])
    time.sleep(random.uniform(0, 0.2))
    reset(sock)


def not_tls():
    with connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")
        sock.recv(100)


def cut_off():
    tls = secure(CONTEXTS[0])
    tls.sendall(b"send 10000000\n")
    take(tls, 1000)
    reset(tls)


HONEST = [full] * 6 + [resumed] * 6 + [bulk, talk, idle]
OTHERS = [half_a_hello, not_tls, cut_off]


def go_on():
    while time.monotonic() < END:
        act = random.choice(HONEST + OTHERS)
        try:
            act()
        except OSError as error:
            if act in HONEST:
                failures[act.__name__] += 1
                if len(first_failures) < 5:
                    first_failures.append(f"{act.__name__}: {error}")
        counts[act.__name__] += 1
        time.sleep(0.02)


def main():
    threads = [threading.Thread(target=go_on) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"connections": sum(counts.values()), "failed": sum(failures.values()), "kinds": counts,
                      "first_failures": first_failures}))


if __name__ == "__main__":
    main()
