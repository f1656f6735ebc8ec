"""flood.py HOST PORT RATE SECONDS SOURCES: connections that ask for a full handshake and never finish it.

RATE a second, from SOURCES addresses of 127.77/16 in turn, each with one and the same ClientHello: it costs the client
nothing and the server a key exchange and a signature. Each is held until the server ends it, or for 3 s. At the end one
line of JSON: how many were begun, answered with a flight, refused with an alert, and ended without a word.
"""
import collections
import json
import select
import socket
import ssl
import sys
import time

HOLD = 3


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls = context.wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Flood:
    def __init__(self, host, port, sources):
        self.at, self.sources, self.hello = (host, port), sources, client_hello()
        self.poll, self.socks, self.ends = select.epoll(), {}, collections.deque()
        self.counts = collections.Counter(begun=0, flights=0, alerts=0, silent=0, unfinished=0)

    def begin(self):
        index = self.counts["begun"] % self.sources
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind((f"127.77.{index // 250}.{index % 250 + 1}", 0))
        sock.connect_ex(self.at)
        self.socks[sock.fileno()] = sock
        self.ends.append((time.monotonic() + HOLD, sock))
        self.poll.register(sock.fileno(), select.EPOLLOUT)
        self.counts["begun"] += 1

    def end(self, sock, how):
        self.counts[how] += 1
        self.poll.unregister(sock.fileno())
        del self.socks[sock.fileno()]
        sock.close()

    def event(self, sock, what):
        try:
            if what & select.EPOLLOUT:
                sock.send(self.hello)
                self.poll.modify(sock.fileno(), select.EPOLLIN)
                return
            first = sock.recv(1)
        except OSError:
            first = b""
        self.end(sock, {b"\x16": "flights", b"\x15": "alerts", b"": "silent"}.get(first, "silent"))

    def run(self, rate, seconds):
        began = time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            due = min(int((now - began) * rate) - self.counts["begun"], 200)
            for _ in range(due):
                self.begin()
            for fd, what in self.poll.poll(0.01):
                if fd in self.socks:
                    self.event(self.socks[fd], what)
            while self.ends and self.ends[0][0] < now:
                sock = self.ends.popleft()[1]
                if sock.fileno() >= 0:
                    self.end(sock, "unfinished")
        print(json.dumps(dict(self.counts, rate=round(self.counts["begun"] / seconds))))


if __name__ == "__main__":
    Flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[5])).run(float(sys.argv[3]), float(sys.argv[4]))
