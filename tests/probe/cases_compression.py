"""Certificate compression (RFC 8879): which algorithm is taken, and that what comes is the plain Certificate. Tables as
in cases_hello.py."""
import os
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_certificate

import wire
from cases_retry import retried
from client import Client
from client12 import Client12
from shows import NEEDED, STAPLED, Shows13, at
from wire import codes, vec8, vec24

try:
    import brotli
except ImportError:  # what brotli made is then looked at no further than its lengths
    brotli = None

COMPRESS, COMPRESSED, STATUS_REQUEST = 27, 25, 5
ZLIB, BROTLI, ZSTD = 1, 2, 3  # RFC 8879 7.3
NAMES = {ZLIB: "zlib", BROTLI: "brotli"}
BUILT = os.environ["PROBE_COMPRESSION"]  # what sallyport --version says it was built with
DECODE, UNEXPECTED, ILLEGAL = "alert 50", "alert 10", "alert 47"
CONTEXT = b" " * 64 + b"TLS 1.3, server CertificateVerify\0"


def best(*offered):
    """Brotli makes the smaller ones: it is the first choice whatever the order of the client's list."""
    return next((NAMES[code] for code in (BROTLI, ZLIB) if code in offered and NAMES[code] in BUILT), "plain")


def body(client, kind):
    """Of the one message of that type in the server's flight; None where there is none."""
    bodies = [sent[4:] for heard, sent in client.heard if heard == kind]
    assert len(bodies) < 2, f"{len(bodies)} messages of type {kind}"
    return bodies[0] if bodies else None


def decompressed(code, data):
    if code == ZLIB:
        return zlib.decompress(data)
    return brotli.decompress(data) if brotli else None


def unpacked(sent, plain):
    """The name of the algorithm. RFC 8879 4: the lengths are true, and the content is that of Certificate."""
    code, length, packed = int.from_bytes(sent[:2], "big"), int.from_bytes(sent[2:5], "big"), sent[8:]
    assert len(packed) == int.from_bytes(sent[5:8], "big") > 0, "the length of compressed_certificate_message"
    assert length == len(plain), f"uncompressed_length {length}, it is {len(plain)}"
    assert decompressed(code, packed) in (None, plain), "another Certificate"
    return NAMES[code]


def check_proof(client, plain):
    """RFC 8446 4.4.3 over a transcript of RFC 8879 4: the message counts as it was sent, compressed."""
    leaf = load_der_x509_certificate(plain[7 : 7 + int.from_bytes(plain[4:7], "big")])
    kinds = [kind for kind, _ in client.heard]
    rest = b"".join(sent for _, sent in client.heard[kinds.index(wire.CERTIFICATE_VERIFY) :])
    signed = CONTEXT + client.digest(client.transcript[: -len(rest)])
    leaf.public_key().verify(body(client, wire.CERTIFICATE_VERIFY)[4:], signed, ec.ECDSA(hashes.SHA256()))


def taken(data, prepare=lambda client: None, status=None):
    """What comes to a client that offers `data`: the name of the algorithm, or "plain"."""

    def action(client):
        usual = Client(client.sock.getpeername())
        for one in (usual, client):
            if status is not None:
                one.hello.add(STATUS_REQUEST, status)
        plain = body(usual.until_finished(), wire.CERTIFICATE)
        usual.sock.close()
        assert (status is None) == (b"probe staple" not in plain), "a staple for who asks"
        client.hello.add(COMPRESS, data)
        prepare(client)
        client.until_finished()
        check_proof(client, plain)
        assert client.extension(body(client, 8), COMPRESS) is None, "RFC 8879 3: no answer in EncryptedExtensions"
        sent = body(client, COMPRESSED)
        if sent is None:
            name = "plain" if body(client, wire.CERTIFICATE) == plain else "another Certificate"
        else:
            assert body(client, wire.CERTIFICATE) is None, "a Certificate as well"
            name = unpacked(sent, plain)
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        client.echo()
        return name

    return action


def refused(data):
    def action(client):
        client.hello.add(COMPRESS, data)
        client.send_hello()
        return client.verdict()

    return action


def in_12(client):
    """RFC 8879 3: with TLS 1.2 the extension MUST be ignored."""
    client.hello.add(COMPRESS, vec8(codes(BROTLI, ZLIB)))
    client.connect().echo()
    hello = body(client, wire.SERVER_HELLO)
    assert client.extension(hello[38 + hello[34] :], COMPRESS) is None, "an answer in the ServerHello"
    return "plain" if body(client, wire.CERTIFICATE) and not body(client, COMPRESSED) else "compressed"


def unasked(client):
    """RFC 8879 3: the server's CertificateRequest offers nothing, so nothing compressed is taken."""
    client.hear()
    asked = body(client, wire.CERTIFICATE_REQUEST)
    assert asked and client.extension(asked[1:], COMPRESS) is None, "CertificateRequest offers a compression"
    packed = zlib.compress(bytes(300))
    client.say(COMPRESSED, codes(ZLIB) + (300).to_bytes(3, "big") + vec24(packed))
    return client.verdict()


def left_out(client):
    client.hello.add(COMPRESS, vec8(codes(ZLIB)))
    retried(client)
    client.hello.drop(COMPRESS)
    client.send_hello()
    return client.verdict()


OFFERED = [
    (f"1.3: of the compressions {' '.join(str(code) for code in offered)}", "8879 3",
     taken(vec8(codes(*offered))), best(*offered), "")
    for offered in ((BROTLI,), (ZLIB,), (BROTLI, ZLIB), (ZLIB, BROTLI), (ZSTD,), (0x7A7A,), (0,), (0xFFFF, ZLIB),
                    (ZSTD, ZLIB), (ZSTD, BROTLI, ZLIB), (ZLIB, ZLIB))
] + [
    ("1.3: of 127 compressions, the last one ours", "8879 3", taken(vec8(codes(*range(0x4000, 0x407E), ZLIB))),
     best(ZLIB), ""),
    ("1.3: a compression behind a retry", "8879 4", taken(vec8(codes(ZLIB)), retried), best(ZLIB), ""),
] + [
    (f"1.3: compression {code} with status_request", "8879 4",
     taken(vec8(codes(code)), status=b"\1\0\0\0\0"), best(code), "", at(Client, STAPLED))
    for code in (BROTLI, ZLIB, ZSTD)
] + [
    (f"1.3: compression {code} without status_request, where there is a staple", "8879 4", taken(vec8(codes(code))),
     best(code), "", at(Client, STAPLED))
    for code in (BROTLI, ZLIB, ZSTD)
]

MALFORMED = [
    (f"1.3: compress_certificate {what}", "8879 3", refused(data), DECODE, "extension_malformed")
    for what, data in (
        ("empty", b""), ("with a list of nothing", vec8(b"")), ("of one byte", vec8(b"\0")),
        ("of odd length", vec8(b"\0\1\0")), ("with a list cut short", b"\4\0\1"),
        ("with a byte too many", vec8(codes(ZLIB)) + b"\0"), ("of 255 bytes", vec8(bytes(255))),
        ("with a length of two bytes", b"\0\2\0\1"),
    )
]

CASES = OFFERED + MALFORMED + [
    ("1.3: compress_certificate twice", "8446 4.2", lambda client: refused(vec8(codes(ZLIB)))(
        (client.hello.add(COMPRESS, vec8(codes(ZLIB))), client)[1]), ILLEGAL, "extension_duplicate"),
    ("1.3: compress_certificate gone from the second ClientHello", "8446 4.1.2", left_out, ILLEGAL, "retry_changed"),
    ("1.3: a CompressedCertificate that nobody asked for", "8879 3", unasked, UNEXPECTED, "unexpected_message",
     at(Shows13, NEEDED)),
    ("1.2: compress_certificate", "8879 3", in_12, "plain", "", Client12),
]
