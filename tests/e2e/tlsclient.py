"""A TLS client whose every byte on the wire is in the test's hands: Python's ssl over memory, and a plain socket."""
import os
import socket
import ssl
import struct
import time

CERTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "certificates")


def context(**options):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.minimum_version = ctx.maximum_version = options.get("version", ssl.TLSVersion.TLSv1_3)
    ctx.load_verify_locations(os.path.join(CERTS, "root.crt"))
    if options.get("alpn"):
        ctx.set_alpn_protocols(options["alpn"])
    return ctx


class Client:
    """A connection. `cut(bytes)` divides what is sent into pieces for the socket; by default it does not."""

    def __init__(self, host, port, name="app.example", cut=None, timeout=30, receive_buffer=None, **options):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.sock.settimeout(timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.connect((host, port))
        self.cut = cut
        self.take = 1 << 17
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(**options).wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def flush(self):
        data = self.outgoing.read()
        if not data:
            return
        for piece in self.cut(data) if self.cut else [data]:
            self.sock.sendall(piece)

    def fill(self):
        """More from the wire; False at its end."""
        data = self.sock.recv(self.take)
        if not data:
            self.incoming.write_eof()
            return False
        self.incoming.write(data)
        return True

    def drive(self, step, *arguments):
        while True:
            try:
                return step(*arguments)
            except ssl.SSLWantReadError:
                self.flush()
                self.fill()
            finally:
                self.flush()

    def handshake(self):
        self.drive(self.tls.do_handshake)
        return self

    def send(self, data):
        for at in range(0, len(data), 16384):
            self.drive(self.tls.write, data[at : at + 16384])

    def receive(self, length=1 << 16):
        """Some bytes; b"" after close_notify; ssl.SSLEOFError when the stream was cut off."""
        try:
            return self.drive(self.tls.read, length)
        except ssl.SSLZeroReturnError:
            return b""

    def receive_exactly(self, length):
        data = b""
        while len(data) < length:
            piece = self.receive(length - len(data))
            if not piece:
                raise EOFError(f"{len(data)} of {length} bytes")
            data += piece
        return data

    def receive_all(self):
        pieces = []
        while piece := self.receive():
            pieces.append(piece)
        return b"".join(pieces)

    def close_notify(self):
        """Ends our direction alone; receiving goes on."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def end(self):
        """A TCP FIN without close_notify: truncation."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


def few_bytes(data):
    """Cuts into pieces of 1 to 7 bytes."""
    at, size = 0, 1
    while at < len(data):
        yield data[at : at + size]
        at += size
        size = size % 7 + 1


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
