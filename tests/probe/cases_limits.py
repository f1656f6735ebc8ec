"""How long records may be: record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 4), in both versions. Tables
as in cases_hello.py."""
import wire
from cases_retry import retried
from client import Client
from client12 import Client12
from identity import der, key
from shows import NEEDED, Shows12, Shows13, at
from wire import codes, message, u16

DECODE, ILLEGAL, OVERFLOW = "alert 50", "alert 47", "alert 22"
FRAGMENT, LIMIT = 1, 28
SIZES = {1: 512, 2: 1024, 3: 2048, 4: 4096}


class Measured:
    """Remembers how much content the protected records of the server have; its own have no more than `most`."""

    def __init__(self, address):
        super().__init__(address)
        self.longest, self.most, self.answers = 0, 1 << 14, {}

    def exactly(self, length):
        if self.reading and length > 5:
            self.longest = max(self.longest, length - self.overhead)
        return super().exactly(length)

    def take_answers(self):
        """The two extensions where the server may answer them: EncryptedExtensions, in TLS 1.2 the ServerHello."""
        kind = 8 if self.label == "1.3" else wire.SERVER_HELLO
        sent = next(sent for heard, sent in self.heard if heard == kind)
        block = sent[4:] if kind == 8 else sent[42 + sent[38] :]
        return {code: self.extension(block, code) for code in (FRAGMENT, LIMIT)}

    def exchange_text(self, size):
        """Records grow when much was sent (src/tls/limits.h): text goes there and back until one is of that size."""
        self.send(wire.DATA, b"echo\n")
        for _ in range(20):
            for _ in range(0, 30000, self.most):
                self.send(wire.DATA, bytes(self.most))
            left = -(-30000 // self.most) * self.most
            while left > 0:
                left -= len(self.text())
            if self.longest >= size:
                break
        return self.longest


class Measured13(Measured, Client):
    label, overhead = "1.3", 1 + 16  # RFC 8446 5.2: the type and the tag


class Measured12(Measured, Client12):
    label, overhead = "1.2", 8 + 16  # RFC 5288 3: the explicit nonce and the tag


BOTH = (Measured13, Measured12)


def limited(extensions, most, size):
    """(what was answered, the content of the longest record): RFC 8449 4 MUST NOT, RFC 6066 4 MUST: none is longer."""

    def action(client):
        for kind, data in extensions:
            client.hello.add(kind, data)
        client.connect()
        client.most = most
        longest = client.exchange_text(size)
        return answer(longest, **{f"_{code}": data for code, data in client.take_answers().items()})

    return action


def answer(longest, _1=None, _28=None):
    """`_1` and `_28` are what is in these extensions of the server's."""
    return f"records of {longest}, {'no' if _1 is None else _1.hex()} and {'no' if _28 is None else _28.hex()}"


def fragments():
    for kind in BOTH:
        for code, size in SIZES.items():
            yield (f"{kind.label}: records under max_fragment_length {code}", "6066 4",
                   limited([(FRAGMENT, bytes([code]))], size, size), answer(size, _1=bytes([code])), "", kind)
            for length, expected, reason in ((size, "echo", ""), (size + 1, OVERFLOW, "plaintext_too_long")):
                yield (f"{kind.label}: a record of {length} bytes under max_fragment_length {code}", "6066 4",
                       sending(code, length), expected, reason, kind)


def generous(client):
    client.hello.add(LIMIT, u16(65535))
    client.connect().echo()
    return answer(0, **{f"_{code}": data for code, data in client.take_answers().items()})


def sending(code, length):
    """The limit holds for the client as well."""

    def action(client):
        client.hello.add(FRAGMENT, bytes([code]))
        client.connect()
        return client.echo(b"echo\n" + bytes(length - 5))

    return action


def sizes():
    own = {"1.3": u16(16385), "1.2": u16(16384)}  # RFC 8449 4: in TLS 1.3 the type counts
    for kind in BOTH:
        counted = 1 if kind is Measured13 else 0
        for limit in (64, 65, 512, 1000, 4000):
            yield (f"{kind.label}: records under a record_size_limit of {limit}", "8449 4",
                   limited([(LIMIT, u16(limit))], 1 << 14, limit - counted),
                   answer(limit - counted, _28=own[kind.label]), "", kind)
        # "MUST NOT treat receipt of a limit larger than the protocol's as an error"
        yield (f"{kind.label}: a record_size_limit of 65535", "8449 4", generous, answer(0, _28=own[kind.label]), "",
               kind)
        for code, limit in ((1, 1000), (4, 64), (2, 4000)):
            both = [(FRAGMENT, bytes([code])), (LIMIT, u16(limit))]
            size = limit - counted
            for what, extensions in (("before", both), ("behind", both[::-1])):
                yield (f"{kind.label}: max_fragment_length {code} {what} record_size_limit {limit}", "8449 5",
                       limited(extensions, 1 << 14, size), answer(size, _28=own[kind.label]), "", kind)


def refused(*extensions):
    def action(client):
        for kind, data in extensions:
            client.hello.add(kind, data)
        client.send_hello()
        return client.verdict()

    return action


def malformed():
    for kind in BOTH:
        for code in (0, 5, 255):
            yield (f"{kind.label}: max_fragment_length {code}", "6066 4", refused((FRAGMENT, bytes([code]))), ILLEGAL,
                   "max_fragment_length", kind)
        for what, code, data in (("max_fragment_length of no byte", FRAGMENT, b""),
                                 ("max_fragment_length of two bytes", FRAGMENT, b"\1\1"),
                                 ("record_size_limit of one byte", LIMIT, b"\4"),
                                 ("record_size_limit of three bytes", LIMIT, bytes(3))):
            yield (f"{kind.label}: {what}", "8446 4.2", refused((code, data)), DECODE, "extension_malformed", kind)
        for limit in (0, 63):
            yield (f"{kind.label}: record_size_limit {limit}", "8449 4", refused((LIMIT, u16(limit))), ILLEGAL,
                   "record_size_limit", kind)
        yield (f"{kind.label}: max_fragment_length twice", "8446 4.2", refused((FRAGMENT, b"\1"), (FRAGMENT, b"\1")),
               ILLEGAL, "extension_duplicate", kind)
    yield ("1.3: another max_fragment_length in the second ClientHello", "8446 4.1.2", changed, ILLEGAL,
           "retry_changed")


def changed(client):
    client.hello.add(FRAGMENT, b"\1")
    retried(client)
    client.hello.set(FRAGMENT, b"\2")
    client.send_hello()
    return client.verdict()


# ---- "this also applies to handshake messages" of the client's: a Certificate is longer than 2^9


def shown(size):
    """A client's Certificate in records of so many bytes under a limit of 512."""

    def action(client):
        client.hello.add(FRAGMENT, b"\1")
        client.hear()
        sent = message(wire.CERTIFICATE, certificates(client))
        client.transcript += sent
        for start in range(0, len(sent), size):
            client.send(wire.HANDSHAKE, sent[start : start + size])
        return client.exchange().prove(key("alice"), 0x0403).end()

    return action


def certificates(client):
    chain = [der("alice"), der("intermediate")]
    if client.label == "1.3":
        return b"\0" + wire.vec24(b"".join(wire.vec24(one) + codes(0) for one in chain))
    return wire.vec24(b"".join(wire.vec24(one) for one in chain))


def certificate_records():
    for kind in (Shows13, Shows12):
        for size, expected, reason in ((512, "echo", ""), (513, OVERFLOW, "plaintext_too_long")):
            yield (f"{kind.label}: a Certificate in records of {size} bytes under max_fragment_length 1", "6066 4",
                   shown(size), expected, reason, at(kind, NEEDED))


CASES = [one for rows in (fragments, sizes, malformed, certificate_records) for one in rows()]
