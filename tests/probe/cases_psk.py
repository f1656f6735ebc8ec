"""Resumption in TLS 1.3 (RFC 8446 4.2.11, 4.6.1): tickets and binders with one thing wrong."""
import hashlib
import hmac

import wire
from client import Alert, Client
from keys import derive, expand_label, extract
from wire import vec8, vec16

DECRYPT, ILLEGAL, DECODE, MISSING = "alert 51", "alert 47", "alert 50", "alert 109"
FULL, RESUMED = "full, echo", "resumed, echo"


def session(client):
    """A ticket and its PSK: the first NewSessionTicket of a connection."""
    client.until_finished()
    finished = client.finished()
    client.send(wire.HANDSHAKE, finished)
    client.writing = client.next_writing
    resumption = derive(client.alg, client.master, b"res master", client.transcript + finished)
    client.echo()
    return taken(client, resumption)


def taken(client, resumption):
    ticket = client.ticket_messages()
    nonce, at = ticket[13 : 13 + ticket[12]], 13 + ticket[12]
    length = int.from_bytes(ticket[at : at + 2], "big")
    size = hashlib.new(client.alg).digest_size
    return ticket[at + 2 : at + 2 + length], expand_label(client.alg, resumption, b"resumption", nonce, size)


def binder(psk, hello):
    """`hello` is all that went before, up to the binders."""
    early = extract("sha256", bytes(32), psk)
    key = expand_label("sha256", derive("sha256", early, b"res binder", b""), b"finished", b"", 32)
    return hmac.new(key, hashlib.sha256(hello).digest(), "sha256").digest()


def identity(ticket, age=0):
    return vec16(ticket) + age.to_bytes(4, "big")


def resume(change_ticket=None, change_binder=None, prepare=None, identities=None, count=1):
    """A second connection with the first one's ticket; each argument makes something of it other than it should be."""

    def action(client):
        client.hello.suites = wire.codes(0x1301)
        ticket, psk = session(client)
        again = client.judged = Client(client.sock.getpeername())
        again.hello.suites, again.psk = client.hello.suites, psk
        if prepare:
            prepare(again.hello)
        if change_ticket:
            ticket = change_ticket(ticket)
        offered = identities(ticket) if identities else identity(ticket)
        binders = count * vec8(bytes(32))
        again.hello.add(wire.PSK, vec16(offered) + vec16(binders))
        head = wire.message(wire.CLIENT_HELLO, again.hello.body())[: -len(binders) - 2]
        right = binder(psk, head)
        made = change_binder(right) if change_binder else count * vec8(right)
        again.hello.set(wire.PSK, vec16(offered) + vec16(made))
        return outcome(again)

    return action


def outcome(client):
    try:
        client.send_hello()
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return ("resumed, " if client.resumed else "full, ") + client.echo()
    except Alert as alert:
        return client.after_alert(alert.args[0])
    finally:
        client.sock.close()


def flip(place):
    def change(ticket):
        whole = bytearray(ticket)
        whole[place] ^= 1
        return bytes(whole)

    return change


def behind(hello_extension):
    """pre_shared_key is not the last extension."""

    def action(client):
        client.hello.add(wire.PSK, vec16(identity(b"ticket")) + vec16(vec8(bytes(32)))).add(hello_extension, b"")
        client.send_hello()
        return client.verdict()

    return action


def raw_psk(data, prepare=None):
    def action(client):
        if prepare:
            prepare(client.hello)
        client.hello.add(wire.PSK, data)
        client.send_hello()
        return client.verdict()

    return action


def early(records):
    """RFC 8446 4.2.10: early data that is not taken is skipped."""

    def action(client):
        client.hello.suites = wire.codes(0x1301)
        client.hello.add(wire.EARLY, b"")
        client.hello.add(wire.PSK, vec16(identity(bytes(64))) + vec16(vec8(bytes(32))))
        client.send_hello()
        for size in records:
            client.raw(wire.record(wire.DATA, bytes(size)))
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


CASES = [
    ("a ticket resumes", "8446 4.6.1", resume(), RESUMED, ""),
    ("a ticket of a key that is not known, before one that is good", "8446 4.2.11",
     resume(identities=lambda t: identity(bytes(100)) + identity(t), count=2), RESUMED, ""),
    ("a good ticket, before one that is not known", "8446 4.2.11",
     resume(identities=lambda t: identity(t) + identity(bytes(100)), count=2), RESUMED, ""),
    ("the good ticket twice", "8446 4.2.11", resume(identities=lambda t: 2 * identity(t), count=2), RESUMED, ""),
    ("a ticket for another name", "8446 4.6.1",
     resume(prepare=lambda h: h.set(wire.SNI, wire.server_name(b"www.example"))), FULL, ""),
    ("a ticket for no name", "8446 4.6.1", resume(prepare=lambda h: h.drop(wire.SNI)), FULL, ""),
    ("a ticket with psk_ke alone", "8446 4.2.9", resume(prepare=lambda h: h.set(wire.MODES, vec8(b"\0"))), FULL, ""),
    ("a ticket with modes that nobody knows", "8446 4.2.9", resume(prepare=lambda h: h.set(wire.MODES, vec8(b"\x7f"))),
     FULL, ""),
    ("a ticket with both modes", "8446 4.2.9", resume(prepare=lambda h: h.set(wire.MODES, vec8(b"\0\1"))), RESUMED, ""),
    ("a ticket without psk_key_exchange_modes", "8446 4.2.9", resume(prepare=lambda h: h.drop(wire.MODES)), MISSING,
     "psk_without_modes"),
    ("a ticket whose suite is not offered", "8446 4.2.11",
     resume(prepare=lambda h: h.__dict__.update(suites=wire.codes(0x1302))), FULL, ""),
] + [
    (f"a ticket with {what} changed", "8446 4.6.1", resume(change_ticket=flip(place)), FULL, "")
    for what, place in (("its first byte", 0), ("its sixteenth byte", 15), ("its seventeenth byte", 16),
                        ("a byte in its middle", 60), ("its last byte but fifteen", -16), ("its last byte", -1))
] + [
    (f"a ticket {what}", "8446 4.6.1", resume(change_ticket=change), FULL, "")
    for what, change in (("a byte short", lambda t: t[:-1]), ("a byte long", lambda t: t + b"\0"),
                         ("of its key's name alone", lambda t: t[:16]), ("of one byte", lambda t: t[:1]),
                         ("of zeros", lambda t: bytes(len(t))), ("doubled", lambda t: t + t))
] + [
    (f"a binder {what}", "8446 4.2.11.2", resume(change_binder=change), DECRYPT, "psk_binder")
    for what, change in (
        ("with its first bit wrong", lambda b: vec8(bytes([b[0] ^ 128]) + b[1:])),
        ("with its last bit wrong", lambda b: vec8(b[:-1] + bytes([b[-1] ^ 1]))),
        ("of zeros", lambda b: vec8(bytes(32))),
    )
] + [
    ("pre_shared_key before another extension", "8446 4.2.11", behind(0x1234), ILLEGAL, "psk_not_last"),
    ("pre_shared_key empty", "8446 4.2.11", raw_psk(b""), DECODE, "extension_malformed"),
    ("pre_shared_key without identities", "8446 4.2.11", raw_psk(vec16(b"") + vec16(vec8(bytes(32)))), DECODE,
     "extension_malformed"),
    ("pre_shared_key without binders", "8446 4.2.11", raw_psk(vec16(identity(b"t")) + vec16(b"")), DECODE,
     "extension_malformed"),
    ("an identity of no byte", "8446 4.2.11", raw_psk(vec16(identity(b"") + b"\0") + vec16(vec8(bytes(32)))), DECODE,
     "extension_malformed"),
    ("an identity cut off", "8446 4.2.11", raw_psk(vec16(identity(b"ticket")[:-1]) + vec16(vec8(bytes(32)))), DECODE,
     "extension_malformed"),
    ("two identities and one binder", "8446 4.2.11", raw_psk(vec16(2 * identity(b"t")) + vec16(vec8(bytes(32)))),
     ILLEGAL,
     "psk_malformed"),
    ("one identity and two binders", "8446 4.2.11", raw_psk(vec16(identity(b"t")) + vec16(2 * vec8(bytes(32)))),
     ILLEGAL,
     "psk_malformed"),
    ("a byte behind the binders", "8446 4.2.11", raw_psk(vec16(identity(b"t")) + vec16(vec8(bytes(32))) + b"\0"),
     DECODE,
     "extension_malformed"),
    ("early data of no record", "8446 4.2.10", early([]), "echo", ""),
    ("early data of one record", "8446 4.2.10", early([100]), "echo", ""),
    ("early data of many records", "8446 4.2.10", early([17, 1000, 500, 17]), "echo", ""),
]
