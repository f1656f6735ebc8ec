"""CertificateVerify and the order of it all (RFC 8446 4.4.3; RFC 5246 7.4.8) in both versions. Tables as in
cases_hello.py."""
import wire
from identity import der, key, proof
from shows import BOTH, CONTEXT13, NEEDED, OPTIONAL, Shows12, Shows13, case
from wire import message, u16, vec16

UNEXPECTED, ILLEGAL, DECODE, DECRYPT, OUT_OF_ORDER = "alert 10", "alert 47", "alert 50", "alert 51", "unexpected_message"
EC, RSA = "client-P-256", "client-rsa2048"
SIGNATURE, SCHEME, VERIFY_MALFORMED = (f"certificate_verify_{what}" for what in ("signature", "scheme", "malformed"))


def proved(name, scheme, change=lambda body: body, content=lambda client: client.content(), private=None):
    """A CertificateVerify with one thing wrong."""

    def action(client):
        client.hear().show([der(name)]).exchange()
        body = change(proof(private or key(name), scheme, content(client)))
        client.say(wire.CERTIFICATE_VERIFY, body)
        return client.verdict()

    return action


def resized(change):
    """The signature another one, its length right."""
    return lambda body: body[:2] + vec16(change(body[4:]))


def flip(place):
    def change(sent):
        whole = bytearray(sent)
        whole[place] ^= 1
        return bytes(whole)

    return change


WRONG_SIGNATURES = (
    ("with its last bit wrong", EC, 0x0403, resized(flip(-1))), ("of no byte", EC, 0x0403, resized(lambda s: b"")),
    ("that is no DER", EC, 0x0403, resized(lambda s: bytes(len(s)))),
    ("cut off", EC, 0x0403, resized(lambda s: s[:-1])),
    ("with a byte behind it", EC, 0x0403, resized(lambda s: s + b"\0")),
    ("of the numbers zero and zero", EC, 0x0403, resized(lambda s: bytes.fromhex("3006020100020100"))),
    ("of the numbers one and one", EC, 0x0403, resized(lambda s: bytes.fromhex("3006020101020101"))),
    ("of RSA with its first bit wrong", RSA, 0x0804, resized(flip(0))),
    ("of RSA with its last bit wrong", RSA, 0x0804, resized(flip(-1))),
    ("of RSA of zeros", RSA, 0x0804, resized(lambda s: bytes(256))),
    ("of RSA a byte short", RSA, 0x0804, resized(lambda s: s[1:])),
    ("of RSA a byte long", RSA, 0x0804, resized(lambda s: b"\0" + s)),
    ("of RSA above the modulus", RSA, 0x0804, resized(lambda s: b"\xff" * 256)),
    ("by PKCS #1 that calls itself PSS", RSA, 0x0401, lambda body: u16(0x0804) + body[2:]),
)

WRONG_SCHEMES = (
    ("ECDSA with SHA-1", EC, 0x0203), ("PKCS #1 with SHA-1", RSA, 0x0201), ("RSASSA-PSS by an EC key", EC, 0x0804),
    ("ECDSA by an RSA key", RSA, 0x0403), ("Ed25519 by an EC key", EC, 0x0807), ("scheme 0", EC, 0),
    ("GREASE", EC, 0x0A0A),
    ("RSASSA-PSS of the other OID", RSA, 0x0809), ("DSA", EC, 0x0402),
)
WRONG_SCHEMES13 = (("PKCS #1", RSA, 0x0401), ("PKCS #1 with SHA-384", RSA, 0x0501),
                   ("P-384 by a P-256 key", EC, 0x0503),
                   ("P-256 by a P-384 key", "client-P-384", 0x0403))

WRONG_CONTENTS = (
    ("the server's context", lambda c: CONTEXT13.replace(b"client", b"server") + c.digest(c.transcript)),
    ("a transcript without the Certificate", lambda c: c.content_of(c.before)),
    ("the ClientHello alone", lambda c: c.content_of(c.transcript[: 4 + int.from_bytes(c.transcript[1:4], "big")])),
    ("nothing", lambda c: b""),
)


def proofs():
    for kind in BOTH:
        section = "8446 4.4.3" if kind is Shows13 else "5246 7.4.8"
        for what, name, scheme, change in WRONG_SIGNATURES:
            yield case(kind, f"a signature {what}", proved(name, scheme, change), DECRYPT, SIGNATURE, section=section)
        for what, name, scheme in WRONG_SCHEMES + (WRONG_SCHEMES13 if kind is Shows13 else ()):
            yield case(kind, f"a CertificateVerify by {what}", proved(name, scheme), ILLEGAL, SCHEME, section=section)
        yield case(kind, "a CertificateVerify by another key", proved(EC, 0x0403, private=key("alice")), DECRYPT,
                   SIGNATURE,
                   section=section)
        for what, content in WRONG_CONTENTS:
            yield case(kind, f"a CertificateVerify over {what}", over(content), DECRYPT, SIGNATURE, section=section)
        for what, change in (("of no byte", lambda b: b""), ("of a scheme alone", lambda b: b[:2]),
                             ("cut off", lambda b: b[:-1]),
                             ("with a byte behind it", lambda b: b + b"\0")):
            yield case(kind, f"a CertificateVerify {what}", proved(EC, 0x0403, change), DECODE, VERIFY_MALFORMED,
                       section=section)
        yield case(kind, "a CertificateVerify of 2000 bytes", proved(EC, 0x0403, lambda b: b[:2] + vec16(bytes(2000))),
                   DECODE,
                   VERIFY_MALFORMED, section=section)


def over(content):
    def action(client):
        client.hear()
        client.before = client.transcript
        client.show([der(EC)]).exchange()
        client.say(wire.CERTIFICATE_VERIFY, proof(key(EC), 0x0403, content(client)))
        return client.verdict()

    return action


# ---- the order


def steps(*names):
    """Steps of an honest client in an order that is none; the last one is refused."""
    verbs = {
        "certificate": lambda c: c.show([der(EC)]), "none": lambda c: c.show(), "exchange": lambda c: c.exchange(),
        "verify": lambda c: c.prove(key(EC), 0x0403),
        "finished": lambda c: c.send(wire.HANDSHAKE, message(wire.FINISHED, bytes(32 if c.label == "1.3" else 12))),
        "change": lambda c: c.change_cipher_spec(), "end": lambda c: c.end(),
    }

    def action(client):
        client.hear()
        for name in names:
            verbs[name](client)
        return client.verdict()

    return action


ORDER13 = (("verify",), ("certificate", "finished"), ("certificate", "certificate"),
           ("certificate", "verify", "verify"),
           ("certificate", "verify", "certificate"), ("none", "verify"),
           ("certificate", "verify", "end", "certificate"),
           ("certificate", "verify", "end", "verify"))
ORDER12 = (("exchange",), ("verify",), ("certificate", "verify"), ("certificate", "certificate"),
           ("certificate", "exchange", "certificate"), ("certificate", "exchange", "finished"),
           ("certificate", "exchange", "verify", "verify"), ("certificate", "exchange", "verify", "certificate"),
           ("none", "exchange", "verify"), ("certificate", "exchange", "verify", "end", "certificate"))


def order():
    for kind, rows in ((Shows13, ORDER13), (Shows12, ORDER12)):
        for names in rows:
            place = OPTIONAL if "none" in names else NEEDED
            yield case(kind, f"in the order {', '.join(names)}", steps(*names), UNEXPECTED, OUT_OF_ORDER, place)
        yield case(kind, "a Certificate that nobody asked for", steps("certificate"), UNEXPECTED, OUT_OF_ORDER, 0)
        yield case(kind, "an empty Certificate that nobody asked for", steps("none"), UNEXPECTED, OUT_OF_ORDER, 0)
    yield case(Shows12, "ChangeCipherSpec in place of CertificateVerify", steps("certificate", "exchange", "change"),
               UNEXPECTED,
               "ccs_unexpected")
    for kind in BOTH:
        yield case(kind, "a Finished that leaves out the certificate", forgetful, DECRYPT, "finished_mac")


def forgetful(client):
    client.hear()
    before = client.transcript
    client.show([der(EC)]).exchange().prove(key(EC), 0x0403)
    if client.label == "1.2":
        client.change_cipher_spec()
    client.transcript = before
    body = client.writing.finished(before) if client.label == "1.3" else client.verify_data(b"client finished")
    client.send(wire.HANDSHAKE, message(wire.FINISHED, body))
    return client.verdict()


CASES = [one for rows in (proofs, order) for one in rows()]
