"""A client of TLS 1.3 that is honest unless a case tells it otherwise, at any step."""
import hashlib
import itertools
import os
import socket

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import wire
from keys import SUITES, Protection, derive, extract
from slots import resting


class Alert(Exception):
    """The server's alert."""


class Closed(Exception):
    """The server's end of the connection, without an alert."""


# Each connection comes from an address of its own: ports come again in one run, and a late line of the log about the
# connection that had one before would be taken for this one's.
serial = itertools.count(1)


def own_address():
    number = next(serial)
    return f"127.{251 + number // 62500}.{number // 250 % 250 + 1}.{number % 250 + 1}"


class Client:
    def __init__(self, address):
        self.sock = socket.create_connection(address, timeout=5, source_address=(own_address(), 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = self.sock.getsockname()[0]  # by which the daemon's log tells connections apart
        self.private = X25519PrivateKey.generate()
        self.hello = wire.Hello(os.urandom(32), self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.held, self.reading, self.writing, self.transcript = b"", None, None, b""
        self.retried, self.psk, self.tickets, self.late = False, None, b"", b""
        self.heard = []  # the server's messages of its flight
        self.judged = self  # or a later connection, which is what the case is about

    # ---- bytes and records

    def exactly(self, length):
        while len(self.held) < length:
            try:
                piece = self.sock.recv(65536)
            except ConnectionResetError:
                raise Closed("reset") from None
            except TimeoutError:
                raise Closed("silence") from None
            if not piece:
                raise Closed("closed")
            self.held += piece
        out, self.held = self.held[:length], self.held[length:]
        return out

    def raw(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass  # what the server said before it closed is still to be read

    def send(self, kind, content, **options):
        self.raw(self.writing.seal(kind, content, **options) if self.writing else wire.record(kind, content))

    def receive(self):
        """The next record but ChangeCipherSpec; an alert is raised."""
        while True:
            header = self.exactly(5)
            kind, body = header[0], self.exactly(int.from_bytes(header[3:5], "big"))
            if kind == wire.DATA:
                kind, body = self.reading.open(header, body)
            if kind == wire.ALERT:
                raise Alert(body[1])
            if kind != wire.CCS:
                return kind, body

    def messages(self):
        """Handshake messages for ever, each as (type, all its bytes)."""
        data = b""
        while True:
            while len(data) < 4 or len(data) < 4 + int.from_bytes(data[1:4], "big"):
                data += self.receive()[1]
            length = 4 + int.from_bytes(data[1:4], "big")
            yield data[0], data[:length]
            data = data[length:]

    # ---- the handshake

    def send_hello(self, body=None):
        sent = wire.message(wire.CLIENT_HELLO, self.hello.body() if body is None else body)
        self.transcript += sent
        self.send(wire.HANDSHAKE, sent)

    def read_server_hello(self):
        """Keys for the handshake, or the transcript of RFC 8446 4.4.1 after a HelloRetryRequest."""
        kind, sent = next(self.messages())
        assert kind == wire.SERVER_HELLO, kind
        at = 39 + sent[38]
        self.suite = int.from_bytes(sent[at : at + 2], "big")
        self.alg = SUITES[self.suite][0]
        if sent[6:38] == wire.RETRY:
            first = hashlib.new(self.alg, self.transcript).digest()
            self.transcript, self.retried = wire.message(254, first) + sent, True
            return
        self.transcript += sent
        zero = bytes(hashlib.new(self.alg).digest_size)
        self.resumed = self.extension(sent[at + 3 :], wire.PSK) is not None
        early = extract(self.alg, zero, self.psk if self.resumed else zero)
        share = self.extension(sent[at + 3 :], wire.SHARE)[4:]
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(share))
        self.secret = extract(self.alg, derive(self.alg, early, b"derived", b""), shared)
        self.reading = Protection(self.suite, derive(self.alg, self.secret, b"s hs traffic", self.transcript))
        self.handshake_writing = Protection(self.suite, derive(self.alg, self.secret, b"c hs traffic", self.transcript))

    @staticmethod
    def extension(block, wanted):
        """Its data in a vector of extensions, or None."""
        at = 2
        while at < len(block):
            kind, length = int.from_bytes(block[at : at + 2], "big"), int.from_bytes(block[at + 2 : at + 4], "big")
            if kind == wanted:
                return block[at + 4 : at + 4 + length]
            at += 4 + length
        return None

    def is_asked(self):
        return any(kind == wire.CERTIFICATE_REQUEST for kind, _ in self.heard)

    def digest(self, transcript):
        return hashlib.new(getattr(self, "alg", "sha256"), transcript).digest()

    def read_flight(self):
        for kind, sent in self.messages():
            self.heard.append((kind, sent))
            if kind == wire.FINISHED:
                assert sent[4:] == self.reading.finished(self.transcript), "the server's Finished"
            self.transcript += sent
            if kind == wire.FINISHED:
                break
        master = extract(self.alg, derive(self.alg, self.secret, b"derived", b""), bytes(len(self.secret)))
        self.reading = Protection(self.suite, derive(self.alg, master, b"s ap traffic", self.transcript))
        self.next_writing = Protection(self.suite, derive(self.alg, master, b"c ap traffic", self.transcript))
        self.master = master
        self.writing = self.handshake_writing

    def finished(self):
        return wire.message(wire.FINISHED, self.writing.finished(self.transcript))

    def until_finished(self):
        self.send_hello()
        self.read_server_hello()
        self.read_flight()
        return self

    def connect(self):
        self.until_finished()
        self.send(wire.HANDSHAKE, self.finished())
        self.writing = self.next_writing
        return self

    def text(self):
        """The next application data; messages after the handshake are passed over, KeyUpdate is obeyed."""
        while True:
            kind, body = self.receive()
            if kind == wire.DATA:
                return body
            self.take_late(body)

    def take_late(self, body):
        """Handshake messages may be spread over records (RFC 8446 5.1): only whole ones are looked at."""
        self.late += body
        while len(self.late) >= 4 and len(self.late) >= 4 + int.from_bytes(self.late[1:4], "big"):
            length = 4 + int.from_bytes(self.late[1:4], "big")
            whole, self.late = self.late[:length], self.late[length:]
            if whole[0] == wire.NEW_SESSION_TICKET:
                self.tickets += whole
            if whole[0] == wire.KEY_UPDATE:
                self.reading = self.reading.updated()

    def ticket_messages(self):
        """RFC 8446 4.6.1: they come at any time, so from a busy server behind its first text."""
        while not self.tickets:
            self.take_late(self.receive()[1])
        return self.tickets

    def echo(self, question=b"echo\nprobe"):
        self.send(wire.DATA, question)
        expected, got = question.split(b"\n", 1)[-1], b""
        while len(got) < len(expected):
            got += self.text()
        assert got == expected, got
        return "echo"

    def verdict(self):
        """What the server says to what went before: "alert N", "close_notify", "closed", ..."""
        try:
            while True:
                if self.receive()[0] == wire.DATA:
                    return "data"
        except Alert as alert:
            return self.after_alert(alert.args[0])
        except Closed as closed:
            return str(closed)

    def after_alert(self, description):
        """RFC 8446 6.2: a fatal alert is followed by the end of the connection, not by more."""
        try:
            with resting():
                self.exactly(1)
        except Closed as closed:
            return f"alert {description}" if str(closed) != "silence" else f"alert {description}, but open"
        return f"alert {description}, and more"
