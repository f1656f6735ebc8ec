"""The key schedule of TLS 1.3 (RFC 8446 7.1, 7.3) and its record protection (5.2, 5.3), written from the RFC."""
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from wire import u16, vec8

SUITES = {
    0x1301: ("sha256", AESGCM, 16),
    0x1302: ("sha384", AESGCM, 32),
    0x1303: ("sha256", ChaCha20Poly1305, 32),
}


def extract(alg, salt, secret):
    return hmac.new(salt, secret, alg).digest()


def expand_label(alg, secret, label, context, length):
    info, out, block, i = u16(length) + vec8(b"tls13 " + label) + vec8(context), b"", b"", 0
    while len(out) < length:
        i += 1
        block = hmac.new(secret, block + info + bytes([i]), alg).digest()
        out += block
    return out[:length]


def digest(alg, data):
    return hashlib.new(alg, data).digest()


def derive(alg, secret, label, transcript):
    return expand_label(alg, secret, label, digest(alg, transcript), hashlib.new(alg).digest_size)


class Protection:
    """One direction under one traffic secret."""

    def __init__(self, suite, secret):
        self.suite, self.secret, self.sequence = suite, secret, 0
        self.alg, aead, length = SUITES[suite]
        self.aead = aead(expand_label(self.alg, secret, b"key", b"", length))
        self.iv = expand_label(self.alg, secret, b"iv", b"", 12)

    def nonce(self):
        nonce = int.from_bytes(self.iv, "big") ^ self.sequence
        self.sequence += 1
        return nonce.to_bytes(12, "big")

    def seal(self, kind, content, padding=0, outer=23, version=0x0303):
        inner = content + bytes([kind]) + bytes(padding)
        return self.seal_inner(inner, outer, version)

    def seal_inner(self, inner, outer=23, version=0x0303):
        header = bytes([outer]) + u16(version) + u16(len(inner) + 16)
        return header + self.aead.encrypt(self.nonce(), inner, header)

    def open(self, header, body):
        inner = self.aead.decrypt(self.nonce(), body, header).rstrip(b"\0")
        return inner[-1], inner[:-1]

    def updated(self):
        size = hashlib.new(self.alg).digest_size
        return Protection(self.suite, expand_label(self.alg, self.secret, b"traffic upd", b"", size))

    def finished(self, transcript):
        key = expand_label(self.alg, self.secret, b"finished", b"", hashlib.new(self.alg).digest_size)
        return hmac.new(key, digest(self.alg, transcript), self.alg).digest()
