"""Records, alerts, Finished, and each message where it does not belong: tables as in cases_hello.py."""
import wire
from wire import message, record

UNEXPECTED, DECODE, MAC, DECRYPT, OVERFLOW, ILLEGAL = "alert 10", "alert 50", "alert 20", "alert 51", "alert 22", "alert 47"


def first(data):
    def action(client):
        client.raw(data)
        return client.verdict()

    return action


def in_state(prepare, kind, content, **options):
    def action(client):
        prepare(client)
        client.send(kind, content, **options)
        return client.verdict()

    return action


def before_finished(client):
    client.until_finished()


def connected(client):
    client.connect().echo()


def wrong_finished(change):
    def action(client):
        client.until_finished()
        client.send(wire.HANDSHAKE, message(wire.FINISHED, change(client.finished()[4:])))
        return client.verdict()

    return action


def tampered(prepare):
    def action(client):
        prepare(client)
        sealed = bytearray(client.writing.seal(wire.DATA, b"text"))
        sealed[-1] ^= 1
        client.raw(bytes(sealed))
        return client.verdict()

    return action


def updates(client):
    connected(client)
    for asks in (b"\0", b"\1", b"\0"):
        client.send(wire.HANDSHAKE, message(wire.KEY_UPDATE, asks))
        client.writing = client.writing.updated()
    return client.echo(b"after the new keys")


def closes(client):
    connected(client)
    client.send(wire.ALERT, b"\1\0")
    return client.verdict()


def pieces(size):
    def action(client):
        whole = message(wire.CLIENT_HELLO, client.hello.body())
        client.transcript += whole
        for at in range(0, len(whole), size):
            client.raw(record(wire.HANDSHAKE, whole[at : at + size]))
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


STATES = [("before Finished", before_finished), ("when connected", connected)]
MESSAGES = [t for t in range(26) if t not in (wire.FINISHED, wire.KEY_UPDATE)] + [67, 203, 254, 255]
OUT_OF_PLACE = [
    (f"handshake type {kind} {where}", "8446 4", in_state(prepare, wire.HANDSHAKE, message(kind, b"\0")), UNEXPECTED,
     "unexpected_message")
    for where, prepare in STATES
    for kind in MESSAGES
] + [
    (f"handshake type {kind} first of all", "8446 4", first(record(22, message(kind, b"\0"))), UNEXPECTED,
     "unexpected_message")
    for kind in MESSAGES + [wire.FINISHED, wire.KEY_UPDATE]
    if kind != wire.CLIENT_HELLO
] + [
    ("KeyUpdate before Finished", "8446 4.6.3", in_state(before_finished, 22, message(24, b"\0")), UNEXPECTED,
     "unexpected_message"),
    ("a second Finished", "8446 4", in_state(connected, 22, message(20, bytes(32))), UNEXPECTED, "unexpected_message"),
]

RECORDS = [
    (f"content type {kind} {where}", "8446 5", in_state(prepare, kind, b"x"), UNEXPECTED, "record_type")
    for where, prepare in STATES
    for kind in (19, 24, 25, 255)
] + [
    (f"{what} {where}", "8446 5.4", in_state(prepare, kind, content), UNEXPECTED, reason)
    for where, prepare in STATES
    for what, kind, content, reason in (
        ("an empty handshake record", 22, b"", "empty_fragment"),
        ("a protected ChangeCipherSpec", 20, b"\1", "ccs_unexpected"),
        ("nothing but padding", 0, b"", "record_all_padding"),
    )
] + [
    (f"a record that does not verify {where}", "8446 5.2", tampered(prepare), MAC, "record_mac") for where,
    prepare in STATES
] + [
    (f"a ClientHello in records of {size} bytes", "8446 5.1", pieces(size), "echo",
     "") for size in (1, 2, 3, 4, 5, 64, 100)
] + [
    ("data before Finished", "8446 4.4.4", in_state(before_finished, 23, b"x"), UNEXPECTED, "data_before_finished"),
    ("a ClientHello of 2^24-1 bytes announced", "8446 4", first(record(22, b"\1\xff\xff\xff")), ILLEGAL,
     "message_too_long"),
    ("a first record longer than 2^14", "8446 5.1", first(b"\x16\3\1\x40\1\1\0\0\0"), OVERFLOW, "record_too_long"),
    ("an empty handshake record first", "8446 5.1", first(record(22, b"")), UNEXPECTED, "empty_fragment"),
]

FINISHED = [
    (f"Finished {what}", "8446 4.4.4", wrong_finished(change), expected, reason)
    for what, change, expected, reason in (
        ("with its first bit wrong", lambda v: bytes([v[0] ^ 128]) + v[1:], DECRYPT, "finished_mac"),
        ("with its last bit wrong", lambda v: v[:-1] + bytes([v[-1] ^ 1]), DECRYPT, "finished_mac"),
        ("of zeros", lambda v: bytes(len(v)), DECRYPT, "finished_mac"),
        ("a byte short", lambda v: v[:-1], DECODE, "finished_length"),
        ("a byte long", lambda v: v + b"\0", DECODE, "finished_length"),
        ("of 12 bytes as in TLS 1.2", lambda v: v[:12], DECODE, "finished_length"),
        ("empty", lambda v: b"", DECODE, "finished_length"),
    )
]

AFTER = [
    ("KeyUpdate of no byte", "8446 4.6.3", in_state(connected, 22, message(24, b"")), DECODE, "key_update_malformed"),
    ("KeyUpdate of two bytes", "8446 4.6.3", in_state(connected, 22, message(24, b"\0\0")), DECODE,
     "key_update_malformed"),
    ("KeyUpdate of value 2", "8446 4.6.3", in_state(connected, 22, message(24, b"\2")), ILLEGAL, "key_update_value"),
    ("KeyUpdate of value 255", "8446 4.6.3", in_state(connected, 22, message(24, b"\xff")), ILLEGAL,
     "key_update_value"),
    ("three KeyUpdates, one of them asking", "8446 4.6.3", updates, "echo", ""),
    ("KeyUpdate and more in one record", "8446 5.1", in_state(connected, 22, 2 * message(24, b"\0")), UNEXPECTED,
     "across_key_change"),
    ("close_notify is answered by close_notify", "8446 6.1", closes, "alert 0", "clean"),
    ("an alert of one byte", "8446 6", in_state(connected, 21, b"\2"), DECODE, "alert_malformed"),
    ("an alert of three bytes", "8446 6", in_state(connected, 21, b"\2\x28\0"), DECODE, "alert_malformed"),
    ("an alert of level 3", "8446 6", in_state(connected, 21, b"\3\x28"), ILLEGAL, "alert_level"),
    ("a fatal alert is not answered", "8446 6.2", in_state(connected, 21, b"\2\x28"), "closed", "alert_received"),
]

CASES = OUT_OF_PLACE + RECORDS + FINISHED + AFTER
