"""Client certificates (RFC 8446 4.4.2, 4.4.3; RFC 5246 7.4.6, 7.4.8) in both versions. Tables as in cases_hello.py."""
import wire
from client import Client
from client12 import Client12
from identity import der, issue, key, long_key, loop, proof
from wire import message, u16, vec8, vec16, vec24

UNEXPECTED, FAILURE, BAD, UNSUPPORTED, EXPIRED = "alert 10", "alert 40", "alert 42", "alert 43", "alert 45"
ILLEGAL, UNKNOWN_CA, DECODE, DECRYPT, EXTENSION, REQUIRED = "alert 47", "alert 48", "alert 50", "alert 51", "alert 110", "alert 116"
OUT_OF_ORDER, MALFORMED = "unexpected_message", "certificate_malformed"
CONTEXT13 = b" " * 64 + b"TLS 1.3, client CertificateVerify\0"
OPTIONAL, NEEDED, OTHER_CA, TWIN, CRL = 3, 2, 4, 5, 7  # ports above the first, as in probe.sh


def speak(client, kind, body):
    """RFC 8446 5.1: a message longer than a record goes on in the next one."""
    sent = message(kind, body)
    client.transcript += sent
    for start in range(0, len(sent), 1 << 14):
        client.send(wire.HANDSHAKE, sent[start : start + (1 << 14)])
    return client


class Shows13(Client):
    """An honest client of TLS 1.3 that shows a certificate; every body it sends can be another."""

    label, section = "1.3", "8446 4.4.2"

    def hear(self):
        return self.until_finished()

    def say(self, kind, body):
        return speak(self, kind, body)

    def content_of(self, transcript):
        return CONTEXT13 + self.digest(transcript)

    def content(self):
        return self.content_of(self.transcript)

    def show(self, chain=(), body=None):
        entries = b"".join(vec24(one) + vec16(b"") for one in chain)
        return self.say(wire.CERTIFICATE, vec8(b"") + vec24(entries) if body is None else body)

    def exchange(self):
        return self

    def prove(self, private, scheme):
        return self.say(wire.CERTIFICATE_VERIFY, proof(private, scheme, self.content()))

    def end(self):
        self.say(wire.FINISHED, self.writing.finished(self.transcript))
        self.writing = self.next_writing
        return self.echo()


class Shows12(Client12):
    label, section = "1.2", "5246 7.4.6"

    def say(self, kind, body):
        return speak(self, kind, body)

    def hear(self):
        return self.flight()

    def content_of(self, transcript):
        return transcript

    def content(self):
        return self.transcript

    def show(self, chain=(), body=None):
        self.say(wire.CERTIFICATE, vec24(b"".join(vec24(one) for one in chain)) if body is None else body)
        return self

    def exchange(self):
        return self.key_exchange()

    def prove(self, private, scheme):
        self.say(wire.CERTIFICATE_VERIFY, proof(private, scheme, self.content()))
        return self

    def end(self):
        return self.change_cipher_spec().finish().echo()


BOTH = (Shows13, Shows12)


def at(kind, place):
    return lambda address: kind((address[0], address[1] + place))


def case(kind, what, action, expected, reason, place=NEEDED, section=None):
    return f"{kind.label}: {what}", section or kind.section, action, expected, reason, at(kind, place)


# ---- what is shown


def shown(chain, private, scheme):
    def action(client):
        return client.hear().show(chain).exchange().prove(private, scheme).end()

    return action


def refused(chain=(), body=None):
    def action(client):
        return client.hear().show(chain, body).verdict()

    return action


def good():
    schemes = (("P-256", 0x0403), ("P-384", 0x0503), ("P-521", 0x0603), ("rsa2048", 0x0804), ("rsa2048", 0x0805),
               ("rsa2048", 0x0806), ("rsa4096", 0x0804))
    for kind in BOTH:
        classic = (("rsa2048", 0x0401), ("rsa2048", 0x0601), ("P-384", 0x0403)) if kind is Shows12 else ()
        for place in (NEEDED, OPTIONAL):
            for name, scheme in schemes + classic:
                chain, private = [der(f"client-{name}")], key(f"client-{name}")
                yield case(kind, f"a {name} certificate proved by {scheme:#06x}{' where it is optional' * (place == OPTIONAL)}",
                           shown(chain, private, scheme), "echo", "", place)
        for what, rest in (("", ["intermediate"]), (" and the root", ["intermediate", "root"])):
            yield case(kind, f"a certificate with its intermediate{what}",
                       shown([der(n) for n in ["alice"] + rest], key("alice"), 0x0403), "echo", "")


# RFC 8446 6.2 names the alerts. Those of one row are chains that differ in one thing from a good one.
CHAINS = (
    (UNKNOWN_CA, "client_certificate_unknown_ca", (
        ("nobody",), ("alice",), ("alice", "root", "intermediate"), ("alice", "intermediate", "intermediate"),
        ("client-P-256", "other-root"))),
    (EXPIRED, "client_certificate_expired", (("expired",), ("future",), ("under-expired", "expired-intermediate"))),
    (UNSUPPORTED, "client_certificate_unsupported", (
        ("server-only",), ("email-only",), ("no-signature",), ("big",), ("p224",), ("under-leaf-ca", "leaf-ca"),
        ("alice", "alice", "intermediate"), ("under-no-cert-sign", "no-cert-sign"),
        ("under-pathlen", "below-pathlen", "pathlen"),
        ("under-constrained", "constrained"), ("under-constrained-critical", "constrained-critical"),
        ("under-sha1", "sha1-intermediate"), ("under-weak", "weak-intermediate"))),
    (BAD, "client_certificate_bad", (
        ("under-forged-ca", "forged-ca"), tuple(f"deep{n}" for n in range(7, 0, -1)), ("client-P-256",) * 9)),
)


def unfit():
    for kind in BOTH:
        for place in (NEEDED, OPTIONAL):
            where = " where it is optional" * (place == OPTIONAL)
            for alert, reason, chains in CHAINS:
                for names in chains:
                    shown_names = ", ".join(names) if len(names) < 4 else f"{len(names)} certificates"
                    yield case(kind, f"the chain {shown_names}{where}", refused([der(n) for n in names]), alert,
                               reason, place)


def absent():
    for kind, alert, reason in ((Shows13, REQUIRED, "client_certificate_missing"),
                                (Shows12, FAILURE, "client_certificate_missing_12")):
        yield case(kind, "an empty list where a certificate is required", refused(), alert, reason)
        yield case(kind, "an empty list where it is optional", lambda c: c.hear().show().exchange().end(), "echo", "",
                   OPTIONAL)
        for place, what in ((NEEDED, "required"), (OPTIONAL, "optional")):
            yield case(kind, f"no Certificate at all where it is {what}", without_certificate, UNEXPECTED,
                       OUT_OF_ORDER, place)
    yield case(Shows12, "a certificate is required and there is no extended master secret", without_ems, FAILURE,
               "client_certificate_without_ems", NEEDED, "7627 5.3")
    for place, what in ((NEEDED, "required"), (OPTIONAL, "optional")):
        yield (f"1.3: a Certificate is asked for by a request without a context, {what}", "8446 4.3.2", requested,
               "asked", "",
               at(Shows13, place))


def without_certificate(client):
    client.hear()
    if client.label == "1.2":
        client.send(wire.HANDSHAKE, message(wire.CLIENT_KEY_EXCHANGE, vec8(client.public()[0])))
    else:
        client.send(wire.HANDSHAKE, client.finished())
    return client.verdict()


def without_ems(client):
    client.hello.drop(wire.EMS)
    client.send_hello()
    return client.verdict()


def requested(client):
    """RFC 8446 4.3.2: the context SHALL be of no byte in a handshake; signature_algorithms MUST be there."""
    client.hear()
    asks = [sent for kind, sent in client.heard if kind == wire.CERTIFICATE_REQUEST]
    block = asks[0][5:] if asks else b"\0\0"
    good_request = asks and asks[0][4] == 0 and client.extension(block, wire.SCHEMES)
    return "asked" if good_request else f"{asks}"


# ---- how it is written

GOOD = der("client-P-256")


def entry13(certificate=GOOD, extensions=b""):
    return vec24(certificate) + vec16(extensions)


def written():
    odd = (
        ("of no byte", b"", DECODE, MALFORMED),
        ("with a list cut off", vec24(vec24(GOOD))[:-1], DECODE, MALFORMED),
        ("with a byte behind the list", vec24(vec24(GOOD)) + b"\0", DECODE, MALFORMED),
        ("with a certificate of no byte", vec24(vec24(b"")), DECODE, MALFORMED),
        ("with a certificate longer than the list", vec24(len(GOOD).to_bytes(3, "big") + GOOD[:-1]), DECODE, MALFORMED),
        ("with two bytes of a length at the end", vec24(vec24(GOOD) + b"\0\0"), DECODE, MALFORMED),
        ("with a certificate that is none", vec24(vec24(b"certificate")), BAD, "client_certificate_bad"),
        ("with a certificate of zeros", vec24(vec24(bytes(500))), BAD, "client_certificate_bad"),
        ("with a certificate cut off", vec24(vec24(GOOD[:-1])), BAD, "client_certificate_bad"),
        ("with a byte behind the certificate", vec24(vec24(GOOD + b"\0")), BAD, "client_certificate_bad"),
    )
    for what, body, alert, reason in odd:
        yield case(Shows12, f"a Certificate {what}", refused(body=body), alert, reason)
    odd13 = (
        ("of no byte", b"", DECODE, MALFORMED),
        ("of a context alone", b"\0", DECODE, MALFORMED),
        ("with a context of one byte", vec8(b"x") + vec24(entry13()), ILLEGAL, "certificate_context"),
        ("with a context of 255 bytes", vec8(bytes(255)) + vec24(entry13()), ILLEGAL, "certificate_context"),
        ("with a context and no certificate", vec8(b"x") + vec24(b""), ILLEGAL, "certificate_context"),
        ("with a list cut off", b"\0" + vec24(entry13())[:-1], DECODE, MALFORMED),
        ("with a byte behind the list", b"\0" + vec24(entry13()) + b"\0", DECODE, MALFORMED),
        ("with a certificate of no byte", b"\0" + vec24(entry13(b"")), DECODE, MALFORMED),
        ("without a place for extensions, as in TLS 1.2", b"\0" + vec24(vec24(GOOD)), DECODE, MALFORMED),
        ("with extensions cut off", b"\0" + vec24(vec24(GOOD) + u16(4) + b"\0\5"), DECODE, MALFORMED),
        ("with a certificate that is none", b"\0" + vec24(entry13(b"certificate")), BAD, "client_certificate_bad"),
        ("with a certificate cut off", b"\0" + vec24(entry13(GOOD[:-1])), BAD, "client_certificate_bad"),
        ("with a byte behind the certificate", b"\0" + vec24(entry13(GOOD + b"\0")), BAD, "client_certificate_bad"),
        ("with an unknown extension", b"\0" + vec24(entry13(extensions=u16(0x1234) + vec16(b""))), EXTENSION,
         "certificate_extension"),
        ("with a staple that nobody asked for", b"\0" + vec24(entry13(extensions=u16(5) + vec16(b"\1\0\0\0"))),
         EXTENSION,
         "certificate_extension"),
        ("with an unknown extension in its second entry",
         b"\0" + vec24(entry13(der("alice")) + entry13(der("intermediate"), u16(18) + vec16(b""))), EXTENSION,
         "certificate_extension"),
    )
    for what, body, alert, reason in odd13:
        yield case(Shows13, f"a Certificate {what}", refused(body=body), alert, reason)


def announced(length):
    """The header alone: what is too long is refused before it comes."""

    def action(client):
        client.hear().send(wire.HANDSHAKE, bytes([wire.CERTIFICATE]) + length.to_bytes(3, "big"))
        return client.verdict()

    return action


def sizes():
    for kind in BOTH:
        for length in ((1 << 16) + 1, (1 << 24) - 1):
            yield case(kind, f"a Certificate of {length} bytes announced", announced(length), BAD,
                       "client_certificate_bad")
        yield case(kind, "a certificate with an RSA key of 16384 bits",
                   lambda c: refused([issue("long", public=long_key(16384))[1]])(c),
                   UNSUPPORTED, "client_certificate_unsupported")


# ---- how it is proved


def proved(name, scheme, change=lambda body: body, content=lambda client: client.content(), private=None):
    """A CertificateVerify with one thing wrong."""

    def action(client):
        client.hear().show([der(name)]).exchange()
        body = change(proof(private or key(name), scheme, content(client)))
        client.say(wire.CERTIFICATE_VERIFY, body)
        return client.verdict()

    return action


EC, RSA, SIGNATURE, SCHEME = "client-P-256", "client-rsa2048", "certificate_verify_signature", "certificate_verify_scheme"
VERIFY_MALFORMED = "certificate_verify_malformed"


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


# ---- what an authority of our own can make


def fresh(name, names=()):
    def action(client):
        private, certificate = issue(name, names=names)
        return shown([certificate], private, 0x0403)(client)

    return action


def looped(client):
    """Two authorities that certify each other, and nobody else does (CVE-2018-16875 and its like)."""
    return refused(loop())(client)


FORGED = "x\nts=1 level=notice event=connection client=192.0.2.1:1 end=forged"


def authority():
    for kind in BOTH:
        yield case(kind, "a certificate of two authorities that certify each other", looped, UNKNOWN_CA,
                   "client_certificate_unknown_ca")
        yield case(kind, "a certificate with 2000 names",
                   fresh("many", [f"host{n}.clients.example" for n in range(2000)]), "echo", "")
        # RFC 5280 4.1.2.4 lets a name hold anything: the log's line stays one, and ends as the connection did
        yield case(kind, "a certificate whose name would write a line of the log", fresh(FORGED[:64]), "echo",
                   "truncated")
        for name, alert, reason in (("client-P-384", "echo", ""),
                                    ("client-P-256", "alert 44", "client_certificate_revoked")):
            yield case(kind, f"{name} where there is a CRL",
                       shown([der(name)], key(name), 0x0403 if kind is Shows12 else SCHEME_OF[name]),
                       alert, reason, CRL)


SCHEME_OF = {"client-P-256": 0x0403, "client-P-384": 0x0503}

CASES = [one for rows in (good, unfit, absent, written, sizes, proofs, order, authority) for one in rows()]
