"""What is spoken, and that nothing else is: every code but ours, and the points that no key exchange may take."""
import time

import wire
from client import Alert, Client, Closed
from client12 import Client12
from slots import resting
from wire import codes, message, share, vec8, vec16

FAILURE, ILLEGAL = "alert 40", "alert 47"
SUITES13 = (0x1301, 0x1302, 0x1303)
SUITES12 = (0xC02B, 0xC02C, 0xCCA9, 0xC02F, 0xC030, 0xCCA8, 0x009C, 0x009D)
GROUPS = (29, 23, 24)
HYBRIDS = (0x11EC,)  # draft-ietf-tls-ecdhe-mlkem: in TLS 1.3 alone
SCHEMES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601)
FALLBACK = (0x5600,)  # RFC 7507: no suite, and refused for what it says
BOTH = (("1.3", Client), ("1.2", Client12))
PIECE = 8000  # codes of one hello: 16,000 bytes


def all_but(ours):
    left = [code for code in range(1 << 16) if code not in ours]
    return [left[at : at + PIECE] for at in range(0, len(left), PIECE)]


def refused(change, pieces):
    """Each piece in a connection of its own, no faster than the log tells of them (probe.py); all are refused alike."""

    def action(client):
        answers = set()
        for number, piece in enumerate(pieces, 1):
            one = client.judged = type(client)(client.sock.getpeername())
            change(one.hello, codes(*piece))
            one.send_hello()
            answers.add(first_answer(one))
            if number < len(pieces):
                one.sock.close()
                with resting():
                    time.sleep(0.25)
        return " and ".join(sorted(answers))

    return action


def first_answer(client):
    try:
        return f"message {client.receive()[0]}"
    except (Alert, Closed) as end:
        return f"{type(end).__name__.lower()} {end.args[0]}"


def suites(hello, data):
    hello.suites = data


def schemes(hello, data):
    hello.set(wire.SCHEMES, vec16(data))


def groups(hello, data):
    hello.set(wire.GROUPS, vec16(data))
    if any(kind == wire.SHARE for kind, _ in hello.extensions):
        hello.set(wire.SHARE, vec16(b""))


NONE_BUT_OURS = [
    (f"{label}: every {what} but ours", section, refused(change, all_but(ours)), FAILURE, reason, kind)
    for label, kind in BOTH
    for what, section, change, ours, reason in (
        ("suite", "8446 9.1", suites, SUITES13 + SUITES12 + FALLBACK, "no_common_suite"),
        ("group", "8446 4.2.7", groups, GROUPS + HYBRIDS * (label == "1.3"), "no_common_group"),
        ("signature scheme", "8446 4.2.3", schemes, SCHEMES, "no_common_scheme"),
    )
]


def chosen(suite):
    """By the ServerHello; its own handshake needs no more."""

    def action(client):
        client.hello.suites = codes(suite)
        client.send_hello()
        kind, sent = next(client.messages())
        at = 39 + sent[38]
        return f"{int.from_bytes(sent[at : at + 2], 'big'):#06x}" if kind == wire.SERVER_HELLO else f"message {kind}"

    return action


CHOSEN = [
    (f"1.2: suite {suite:#06x} alone", "5246 7.4.1.3", chosen(suite), f"{suite:#06x}", "", Client12)
    for suite in (0xC02B, 0xC02C, 0xCCA9)
]


# ---- points (RFC 7748 6.1, RFC 8446 7.4.2): of small order, as they are and with the bit set that is to be ignored

P = (1 << 255) - 19
ORDER8 = (325606250916557431795983626356110631294008115727848805560023387167927233504,
          39382357235489614581723060781553021112529911719440698176882885853963445705823)
SMALL = {"zero": 0, "one": 1, "of order eight": ORDER8[0], "of order eight, the other": ORDER8[1], "p - 1": P - 1,
         "p": P, "p + 1": P + 1}


def point(number, is_high):
    return (number | is_high << 255).to_bytes(32, "little")


def offered(public):
    def action(client):
        client.hello.set(wire.SHARE, vec16(share(wire.X25519, public)))
        client.send_hello()
        return client.verdict()

    return action


def exchanged(public):
    def action(client):
        client.flight()
        client.send(wire.HANDSHAKE, message(wire.CLIENT_KEY_EXCHANGE, vec8(public)))
        return client.verdict()

    return action


POINTS = [
    (f"{label}: the X25519 point {what}{' with its highest bit set' * is_high}", "8446 7.4.2",
     send(point(number, is_high)), ILLEGAL,
     "key_share_invalid", kind)
    for label, kind, send in (("1.3", Client, offered), ("1.2", Client12, exchanged))
    for what, number in SMALL.items()
    for is_high in (False, True)
] + [
    (f"1.3: a P-{bits} share {what}", "8446 4.2.8.2",
     lambda c, group=group, data=data: (c.hello.set(wire.GROUPS, vec16(codes(group))), offered_for(group, data)(c))[1],
     ILLEGAL,
     "key_share_invalid")
    for bits, group, size in ((384, 24, 48),)
    for what, data in (
        ("not on the curve", b"\4" + b"\1" * 2 * size), ("compressed", b"\2" + b"\1" * size),
        ("of the point at infinity", b"\0"),
        ("beyond the field", b"\4" + b"\xff" * 2 * size), ("a byte short", b"\4" + b"\1" * (2 * size - 1)),
    )
] + [
    # the encapsulation key, 768 numbers of 12 bits below 3329 and 32 bytes (FIPS 203 7.2), then a point of X25519
    (f"1.3: an X25519MLKEM768 share {what}", "8446 4.2.8",
     lambda c, data=data: (c.hello.set(wire.GROUPS, vec16(codes(0x11EC))), offered_for(0x11EC, data)(c))[1], ILLEGAL,
     "key_share_invalid")
    for what, data in (
        ("with a number that is q", b"\x01\x0d" + bytes(1182) + b"\5" * 32),
        ("with a last number beyond q", bytes(1150) + b"\xf0\xff" + bytes(32) + b"\5" * 32),
        ("with a point of small order", bytes(1216)), ("of ML-KEM alone", bytes(1184)),
        ("of X25519 alone", b"\5" * 32), ("a byte short", bytes(1184) + b"\5" * 31),
        ("a byte long", bytes(1184) + b"\5" * 33),
        ("with X25519's part first", b"\5" * 32 + b"\xff" * 1184),
    )
]


def offered_for(group, data):
    def action(client):
        client.hello.set(wire.SHARE, vec16(share(group, data)))
        client.send_hello()
        return client.verdict()

    return action


# ---- randoms


def different(client):
    """RFC 8446 4.1.3: thirty-two random bytes, of which no two ServerHellos have the same, nor the same half."""
    seen = set()
    for _ in range(60):
        one = type(client)(client.sock.getpeername())
        one.send_hello()
        _, sent = next(one.messages())
        one.sock.close()
        seen.add(sent[6:22])
    return f"{len(seen)} of 60"


RANDOM = [(f"{label}: the randoms of sixty ServerHellos", "8446 4.1.3", different, "60 of 60", "", kind) for label,
          kind in BOTH]


# ---- a ClientHello cut at every place (RFC 8446 5.1), between records and between segments


def cut_everywhere(between):
    def action(client):
        length = len(message(wire.CLIENT_HELLO, client.hello.body()))
        for place in range(1, length):
            one = type(client)(client.sock.getpeername())
            whole = message(wire.CLIENT_HELLO, one.hello.body())
            between(one, whole, place)
            kind, _ = next(one.messages())
            one.sock.close()
            if kind != wire.SERVER_HELLO:
                return f"message {kind} when cut at {place}"
        return "answered"

    return action


def records(client, whole, place):
    client.raw(wire.record(wire.HANDSHAKE, whole[:place]) + wire.record(wire.HANDSHAKE, whole[place:]))


def segments(client, whole, place):
    sent = wire.record(wire.HANDSHAKE, whole)
    client.raw(sent[:place])
    client.raw(sent[place:])


CUT = [
    (f"{label}: a ClientHello cut at each place between {what}", "8446 5.1", cut_everywhere(between), "answered", "",
     kind)
    for label, kind in BOTH
    for what, between in (("records", records), ("segments", segments))
]

CASES = NONE_BUT_OURS + CHOSEN + POINTS + RANDOM + CUT
