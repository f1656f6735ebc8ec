"""The classic RSA key exchange: whatever is in the ciphertext, the answer is that of a wrong key (RFC 5246 7.4.7.1)."""
import os

import wire
from client12 import Client12
from daemon_log import says
from identity import der, key
from shows import PROVEN, Shows12, at
from wire import vec16

MAC, MALFORMED = "alert 20", "client_key_exchange_malformed"
PREMASTER = b"\3\3" + bytes(range(1, 47))


def rsa(address):
    return Client12((address[0], address[1] + 1), suite=0x009C)


def padding(length):
    return bytes(1 + byte % 255 for byte in os.urandom(length))


def block(premaster=PREMASTER, head=b"\0\2", end=b"\0"):
    return head + padding(256 - len(head) - len(end) - len(premaster)) + end + premaster


def exchange(make, is_wrapped=True):
    def action(client):
        client.flight()
        sent = client.encrypted(make()) if is_wrapped else make()
        client.key_exchange(vec16(sent), PREMASTER).change_cipher_spec().finish()
        return client.echo()

    return action


def with_zero_at(place):
    def make():
        whole = bytearray(block())
        whole[place] = 0
        return bytes(whole)

    return make


def body(content):
    def action(client):
        client.flight().key_exchange(content, PREMASTER).change_cipher_spec().finish()
        return client.echo()

    return action


CASES = [("a good classic RSA exchange", "5246 7.4.7.1", exchange(block), "echo", "", rsa)] + [
    (f"a classic RSA exchange {what}", "5246 7.4.7.1", exchange(make), MAC, "record_mac", rsa)
    for what, make in (
        ("with a first byte of 1", lambda: block(head=b"\1\2")),
        ("with block type 0", lambda: block(head=b"\0\0")),
        ("with block type 1", lambda: block(head=b"\0\1")),
        ("with block type 3", lambda: block(head=b"\0\3")),
        ("with the first byte of its padding zero", with_zero_at(2)),
        ("with the eighth byte of its padding zero", with_zero_at(9)),
        ("with the ninth byte of its padding zero", with_zero_at(10)),
        ("with a zero in the middle of its padding", with_zero_at(100)),
        ("with the last byte of its padding zero", with_zero_at(206)),
        ("without a zero behind its padding", lambda: block(end=b"\1")),
        ("without any zero", lambda: b"\0\2" + padding(254)),
        ("of a premaster of 47 bytes", lambda: block(PREMASTER[:47])),
        ("of a premaster of 49 bytes", lambda: block(PREMASTER + b"\1")),
        ("of an empty premaster", lambda: block(b"")),
        ("of a premaster of version 3.2", lambda: block(b"\3\2" + PREMASTER[2:])),
        ("of a premaster of version 3.4", lambda: block(b"\3\4" + PREMASTER[2:])),
        ("of a premaster of version 0.0", lambda: block(b"\0\0" + PREMASTER[2:])),
        ("of another premaster", lambda: block(PREMASTER[:-1] + b"\0")),
        ("of zeros", lambda: bytes(256)),
        ("of the number one", lambda: bytes(255) + b"\1"),
    )
] + [
    (f"a ciphertext {what}", "5246 7.4.7.1", exchange(make, False), MAC, "record_mac", rsa)
    for what, make in (
        ("of zeros", lambda: bytes(256)),
        ("above the modulus", lambda: b"\xff" * 256),
        ("of random bytes", lambda: b"\1" + os.urandom(255)),
        ("a byte short", lambda: bytes(255)),
        ("a byte long", lambda: bytes(257)),
        ("of one byte", lambda: b"\1"),
    )
] + [
    ("a ClientKeyExchange of no byte, by RSA", "5246 7.4.7.1", body(b""), "alert 50", MALFORMED, rsa),
    ("a ClientKeyExchange of SSL 3.0, without a length", "5246 7.4.7.1", body(bytes(range(1, 65)) * 4), "alert 50",
     MALFORMED, rsa),
    ("a byte behind the ciphertext", "5246 7.4.7.1", body(vec16(bytes(256)) + b"\0"), "alert 50", MALFORMED, rsa),
    ("a ciphertext cut off", "5246 7.4.7.1", body(vec16(bytes(256))[:-1]), "alert 50", MALFORMED, rsa),
]

# ---- with a client certificate (RFC 5246 7.4.8): the proof does not wait for the key to be asked


class RsaShows(Shows12):
    def __init__(self, address):
        super().__init__(address, suite=0x009C)


def proven(cut, make=block, is_at_once=False, change=lambda sent: sent):
    """Certificate, ClientKeyExchange and CertificateVerify in the records that `cut` makes of their bytes."""

    def action(client):
        client.hear()
        sent = []
        client.send = lambda kind, content: sent.append(content)
        client.show([der("alice"), der("intermediate")])
        client.key_exchange(vec16(client.encrypted(make())), PREMASTER)
        client.prove(key("alice"), 0x0403)
        del client.send
        sent[-1] = change(sent[-1])
        if is_at_once:
            return all_at_once(client, cut(*sent))
        for part in cut(*sent):
            client.send(wire.HANDSHAKE, part)
        return client.end()

    return action


def all_at_once(client, parts):
    """With what follows, ChangeCipherSpec and Finished, so that it is there before the key has answered."""
    segments, raw = [], client.raw
    client.raw = segments.append
    for part in parts:
        client.send(wire.HANDSHAKE, part)
    client.change_cipher_spec()
    client.send(wire.HANDSHAKE, wire.message(wire.FINISHED, client.verify_data(b"client finished")))
    client.raw = raw
    client.transcript += wire.message(wire.FINISHED, client.verify_data(b"client finished"))
    client.raw(b"".join(segments))
    client.say, say = lambda kind, body: None, client.say
    client.finish()
    client.say = say
    return client.echo()


def pieces(size):
    def cut(*sent):
        whole = b"".join(sent)
        return [whole[start : start + size] for start in range(0, len(whole), size)]

    return cut


CUTS = (
    ("in one record", lambda c, k, v: [c + k + v]),
    ("in two records, the certificate alone", lambda c, k, v: [c, k + v]),
    ("in two records, the proof alone", lambda c, k, v: [c + k, v]),
    ("in three records", lambda c, k, v: [c, k, v]),
    ("in two records, cut in the key exchange", lambda c, k, v: [c + k[:100], k[100:] + v]),
    ("in two records, cut in the proof", lambda c, k, v: [c + k + v[:3], v[3:]]),
    ("in three records, cut in the key exchange and in the proof",
     lambda c, k, v: [c + k[:2], k[2:] + v[:50], v[50:]]),
    ("in records of 100 bytes", pieces(100)),
)


def wrong(sent):
    return sent[:-1] + bytes([sent[-1] ^ 1])


def row(what, action, expected, log):
    return f"classic RSA with a client certificate, {what}", "5246 7.4.8", action, expected, log, at(RsaShows, PROVEN)


def with_certificate():
    whose = says("truncated", client_subject="CN=alice, O=Example", key_exchange="rsa", resumed=None)
    for how, cut in CUTS:
        yield row(how, proven(cut), "echo", whose)
        yield row(f"{how}, all at once", proven(cut, is_at_once=True), "echo", whose)
        yield row(f"{how}, of another premaster", proven(cut, lambda: block(PREMASTER[:-1] + b"\0")), MAC,
                  "record_mac")
        yield row(f"{how}, with a wrong proof", proven(cut, change=wrong), "alert 51", "certificate_verify_signature")
        yield row(f"{how}, with a wrong proof and of zeros", proven(cut, lambda: bytes(256), change=wrong), "alert 51",
                  "certificate_verify_signature")
        yield row(f"{how}, with a proof twice", proven(lambda c, k, v, cut=cut: cut(c, k, v + v)), "alert 10",
                  "unexpected_message")
    for how, cut in (("in one record", lambda c, k, v: [c + k]), ("in two records", lambda c, k, v: [c, k])):
        yield row(f"{how}, without a proof", proven(cut), "alert 10", "ccs_unexpected")
    yield row("none", lambda c: c.hear().show().verdict(), "alert 40", "client_certificate_missing_12")


CASES += with_certificate()
