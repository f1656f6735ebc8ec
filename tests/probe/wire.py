"""Bytes of TLS: what is sent, built field by field so that any of them can be wrong."""
import struct

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, END_OF_EARLY_DATA = 1, 2, 4, 5
CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED, KEY_UPDATE = 11, 13, 15, 20, 24
SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE = 12, 14, 16
SNI, GROUPS, POINTS, SCHEMES, ALPN, EMS, TICKET = 0, 10, 11, 13, 16, 23, 35
PSK, EARLY, VERSIONS, COOKIE, MODES, SHARE, RI = 41, 42, 43, 44, 45, 51, 0xFF01
X25519, P256 = 29, 23
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def u16(n):
    return struct.pack(">H", n)


def vec8(data):
    return bytes([len(data)]) + data


def vec16(data):
    return u16(len(data)) + data


def vec24(data):
    return len(data).to_bytes(3, "big") + data


def codes(*values):
    return b"".join(u16(v) for v in values)


def record(kind, content, version=0x0303):
    return bytes([kind]) + u16(version) + vec16(content)


def message(kind, body):
    return bytes([kind]) + vec24(body)


def share(group, public):
    return u16(group) + vec16(public)


def server_name(name):
    return vec16(b"\0" + vec16(name))


class Hello:
    """RFC 8446 4.1.2, all of it open to change; `extensions` is a list of [type, data]."""

    def __init__(self, random, public):
        self.version, self.random, self.session_id = 0x0303, random, bytes(range(32))
        self.suites, self.compression = codes(0x1301, 0x1302, 0x1303), b"\0"
        self.extensions = [
            [SNI, server_name(b"app.example")],
            [GROUPS, vec16(codes(X25519, P256))],
            [SCHEMES, vec16(codes(0x0403, 0x0804, 0x0401))],
            [VERSIONS, vec8(codes(0x0304))],
            [MODES, vec8(b"\1")],
            [SHARE, vec16(share(X25519, public))],
        ]

    def set(self, kind, data):
        for extension in self.extensions:
            if extension[0] == kind:
                extension[1] = data
                return self
        self.extensions.append([kind, data])
        return self

    def drop(self, kind):
        self.extensions = [e for e in self.extensions if e[0] != kind]
        return self

    def add(self, kind, data):
        self.extensions.append([kind, data])
        return self

    def body(self):
        block = b"".join(u16(kind) + vec16(data) for kind, data in self.extensions)
        return (
            u16(self.version) + self.random + vec8(self.session_id) + vec16(self.suites)
            + vec8(self.compression) + vec16(block)
        )
