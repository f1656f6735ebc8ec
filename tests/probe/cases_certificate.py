"""Client certificates (RFC 8446 4.4.2; RFC 5246 7.4.6) in both versions: what is shown and how it is written. Tables as in
cases_hello.py."""
import wire
from identity import der, issue, key, long_key, loop
from shows import BOTH, CRL, NEEDED, OPTIONAL, Shows12, Shows13, at, case, refused, shown
from wire import message, u16, vec8, vec16, vec24

UNEXPECTED, FAILURE, BAD, UNSUPPORTED, EXPIRED = "alert 10", "alert 40", "alert 42", "alert 43", "alert 45"
ILLEGAL, UNKNOWN_CA, DECODE, EXTENSION, REQUIRED = "alert 47", "alert 48", "alert 50", "alert 110", "alert 116"
OUT_OF_ORDER, MALFORMED = "unexpected_message", "certificate_malformed"


# ---- what is shown


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
        for count, alert, reason in ((256, "echo", ""), (257, BAD, "client_certificate_bad"),
                                     (2000, BAD, "client_certificate_bad")):
            yield case(kind, f"a certificate with {count} names",
                       fresh("many", [f"host{n}.clients.example" for n in range(count)]), alert, reason)
        # RFC 5280 4.1.2.4 lets a name hold anything: the log's line stays one, and ends as the connection did
        yield case(kind, "a certificate whose name would write a line of the log", fresh(FORGED[:64]), "echo",
                   "truncated")
        for name, alert, reason in (("client-P-384", "echo", ""),
                                    ("client-P-256", "alert 44", "client_certificate_revoked")):
            yield case(kind, f"{name} where there is a CRL",
                       shown([der(name)], key(name), 0x0403 if kind is Shows12 else SCHEME_OF[name]),
                       alert, reason, CRL)


SCHEME_OF = {"client-P-256": 0x0403, "client-P-384": 0x0503}

CASES = [one for rows in (good, unfit, absent, written, sizes, authority) for one in rows()]
