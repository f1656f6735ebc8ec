"""A client of TLS 1.2 (RFC 5246), one step a method, so that a case can do any of them wrong."""
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

import wire
from client import Alert, Client
from wire import codes, u16, vec8, vec16


def prf(secret, label, seed, length):
    """RFC 5246 5, with SHA-256."""
    out, a = b"", label + seed
    while len(out) < length:
        a = hmac.new(secret, a, "sha256").digest()
        out += hmac.new(secret, a + label + seed, "sha256").digest()
    return out[:length]


class Protection12:
    """AES-128-GCM of RFC 5288: four bytes of the nonce are secret, eight are sent."""

    def __init__(self, key, salt):
        self.aead, self.salt, self.sequence = AESGCM(key), salt, 0

    def bound(self, kind, length):
        self.sequence += 1
        return (self.sequence - 1).to_bytes(8, "big") + bytes([kind]) + u16(0x0303) + u16(length)

    def seal(self, kind, content, version=0x0303):
        explicit = self.sequence.to_bytes(8, "big")
        body = explicit + self.aead.encrypt(self.salt + explicit, content, self.bound(kind, len(content)))
        return bytes([kind]) + u16(version) + vec16(body)

    def open(self, kind, body):
        return self.aead.decrypt(self.salt + body[:8], body[8:], self.bound(kind, len(body) - 24))


class Client12(Client):
    def __init__(self, address, suite=0xC02B):
        super().__init__(address)
        self.suite, self.next_reading, self.ticket = suite, None, b""
        self.hello.session_id, self.hello.suites = b"", codes(suite)
        for kind in (wire.VERSIONS, wire.MODES, wire.SHARE):
            self.hello.drop(kind)
        self.hello.add(wire.POINTS, vec8(b"\0")).add(wire.EMS, b"").add(wire.RI, vec8(b""))

    def receive(self):
        while True:
            header = self.exactly(5)
            kind, body = header[0], self.exactly(int.from_bytes(header[3:5], "big"))
            if kind == wire.CCS:
                self.reading = self.next_reading
                continue
            if self.reading:
                body = self.reading.open(kind, body)
            if kind == wire.ALERT:
                raise Alert(body[1])
            return kind, body

    # ---- the steps of RFC 5246 Figure 1

    def flight(self):
        """ClientHello, and all up to ServerHelloDone, or of a resumed session up to the server's Finished."""
        self.send_hello()
        self.incoming = self.messages()
        for kind, sent in self.incoming:
            self.heard.append((kind, sent))
            if kind == wire.FINISHED:
                assert sent[4:] == self.verify_data(b"server finished"), "the server's Finished"
            self.transcript += sent
            if kind == wire.SERVER_HELLO:
                self.take_server_hello(sent)
            elif kind == wire.CERTIFICATE:
                self.certificate = sent[10 : 10 + int.from_bytes(sent[7:10], "big")]
            elif kind == wire.SERVER_KEY_EXCHANGE:
                self.group, self.peer = int.from_bytes(sent[5:7], "big"), sent[8 : 8 + sent[7]]
            elif kind == wire.NEW_SESSION_TICKET:
                self.take_ticket(sent)
            elif kind in (wire.SERVER_HELLO_DONE, wire.FINISHED):
                return self

    def take_server_hello(self, sent):
        self.server_random, at = sent[6:38], 39 + sent[38]
        self.has_ems = self.extension(sent[at + 3 :], wire.EMS) is not None
        self.resumed = self.psk is not None and sent[38] > 0 and sent[39:at] == self.hello.session_id
        if self.resumed:
            self.keys_of(self.psk)

    def public(self):
        """The public key, and the premaster secret, of the group that the server chose."""
        if self.group == wire.X25519:
            public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return public, self.private.exchange(X25519PublicKey.from_public_bytes(self.peer))
        own = ec.generate_private_key(ec.SECP256R1())
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.peer)
        return own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), own.exchange(ec.ECDH(), peer)

    def encrypted(self, block):
        """RFC 8017 7.2.1, without the padding: what is encrypted is the case's affair."""
        numbers = load_der_x509_certificate(self.certificate).public_key().public_numbers()
        return pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(256, "big")

    def key_exchange(self, body=None, premaster=None):
        if body is None:
            public, premaster = self.public()
            body = vec8(public)
        self.say(wire.CLIENT_KEY_EXCHANGE, body)
        seed = hashlib.sha256(self.transcript).digest()
        if self.has_ems:
            master = prf(premaster or bytes(48), b"extended master secret", seed, 48)
        else:
            master = prf(premaster or bytes(48), b"master secret", self.hello.random + self.server_random, 48)
        self.keys_of(master)
        return self

    def keys_of(self, master):
        self.master = master
        block = prf(master, b"key expansion", self.server_random + self.hello.random, 40)
        self.next_writing = Protection12(block[:16], block[32:36])
        self.next_reading = Protection12(block[16:32], block[36:])

    def say(self, kind, body):
        sent = wire.message(kind, body)
        self.transcript += sent
        self.send(wire.HANDSHAKE, sent)

    def change_cipher_spec(self, value=b"\1"):
        self.send(wire.CCS, value)
        self.writing = self.next_writing
        return self

    def verify_data(self, label):
        return prf(self.master, label, hashlib.sha256(self.transcript).digest(), 12)

    def finish(self):
        self.say(wire.FINISHED, self.verify_data(b"client finished"))
        for kind, sent in () if self.resumed else self.incoming:
            if kind == wire.FINISHED:
                assert sent[4:] == self.verify_data(b"server finished"), "the server's Finished"
                break
            self.transcript += sent
            if kind == wire.NEW_SESSION_TICKET:
                self.take_ticket(sent)
        return self

    def take_ticket(self, sent):
        self.ticket_lifetime, self.ticket = int.from_bytes(sent[4:8], "big"), sent[10:]

    def connect(self):
        self.flight()
        if not self.resumed:
            self.key_exchange()
        return self.change_cipher_spec().finish()

    def come_back(self, ticket=None):
        """Another client, that has this one's session."""
        again = Client12(self.sock.getpeername(), self.suite)
        again.hello.session_id, again.psk = os.urandom(32), self.master
        again.hello.add(wire.TICKET, self.ticket if ticket is None else ticket)
        return again
