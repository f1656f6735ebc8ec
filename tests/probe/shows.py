"""Clients that show a certificate, in both versions; every step and every body of it can be another."""
import wire
from client import Client
from client12 import Client12
from identity import proof
from wire import message, vec8, vec16, vec24

CONTEXT13 = b" " * 64 + b"TLS 1.3, client CertificateVerify\0"
OPTIONAL, NEEDED, OTHER_CA, TWIN, CRL, STAPLED, PROVEN = 3, 2, 4, 5, 7, 8, 9  # ports above the first, as in probe.sh


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


def shown(chain, private, scheme):
    def action(client):
        return client.hear().show(chain).exchange().prove(private, scheme).end()

    return action


def refused(chain=(), body=None):
    def action(client):
        return client.hear().show(chain, body).verdict()

    return action
