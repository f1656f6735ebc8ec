"""What a client may repeat and how long anything may be: each bound from both its sides, in both versions."""
import wire
from client import Client
from client12 import Client12
from wire import message, record, vec8, vec16

UNEXPECTED, ILLEGAL, OVERFLOW, MAC, DECODE = "alert 10", "alert 47", "alert 22", "alert 20", "alert 50"
CCS = record(wire.CCS, b"\1")
BOTH = (("1.3", Client), ("1.2", Client12))


def connected(client):
    client.connect().echo()
    return client


def repeated(count, kind, content, **options):
    """So many records in the open connection, then what comes of it."""

    def action(client):
        connected(client)
        for _ in range(count):
            client.send(kind, content, **options)
        return client.echo(b"still here")

    return action


def updates(count, asks, between=0):
    """RFC 8446 4.6.3: KeyUpdates without anything else, or with data after so many."""

    def action(client):
        connected(client)
        for number in range(1, count + 1):
            client.send(wire.HANDSHAKE, message(wire.KEY_UPDATE, asks))
            client.writing = client.writing.updated()
            if between and number % between == 0:
                client.echo(b"meanwhile")
        return client.echo(b"still here")

    return action


def answered_once(client):
    """RFC 8446 4.6.3: many that ask before data goes out have one answer, so that nobody makes us write without end."""
    connected(client)
    sent = b""
    for _ in range(20):
        sent += client.writing.seal(wire.HANDSHAKE, message(wire.KEY_UPDATE, b"\1"))
        client.writing = client.writing.updated()
    client.raw(sent + client.writing.seal(wire.DATA, b"text"))
    first, got, answers = client.reading, b"", 0
    while got != b"text":
        got += client.text()
    while client.reading.secret != first.secret and answers < 20:
        first, answers = first.updated(), answers + 1
    return f"{answers} answer"


def changes(count):
    """RFC 8446 D.4: ChangeCipherSpec, which a client sends once, so many times before Finished."""

    def action(client):
        client.until_finished()
        client.raw(count * CCS)
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


def raw(prepare, data):
    def action(client):
        prepare(client)
        client.raw(data)
        return client.verdict()

    return action


def nothing(client):
    pass


def greeted(client):
    client.until_finished() if type(client) is Client else client.flight()


FLOODS = [
    (f"{label}: {count} empty records of data", "8446 5.4", repeated(count, wire.DATA, b""), expected, reason, kind)
    for label, kind in BOTH
    for count, expected, reason in ((32, "echo", ""), (33, UNEXPECTED, "empty_records"),
                                    (5000, UNEXPECTED, "empty_records"))
] + [
    ("1.3: 33 records of data that hold padding alone", "8446 5.4", repeated(33, wire.DATA, b"", padding=1000),
     UNEXPECTED,
     "empty_records"),
    ("1.2: 4 warning alerts", "5246 7.2", repeated(4, wire.ALERT, b"\1\x5a"), "echo", "", Client12),
    ("1.2: 5 warning alerts", "5246 7.2", repeated(5, wire.ALERT, b"\1\x5a"), UNEXPECTED, "alert_flood", Client12),
    ("1.2: 5000 warning alerts", "5246 7.2", repeated(5000, wire.ALERT, b"\1\x5a"), UNEXPECTED, "alert_flood",
     Client12),
    ("1.3: 4 times user_canceled", "8446 6.1", repeated(4, wire.ALERT, b"\1\x5a"), "echo", ""),
    ("1.3: 5 times user_canceled", "8446 6.1", repeated(5, wire.ALERT, b"\1\x5a"), UNEXPECTED, "alert_flood"),
    ("1.3: a warning is as good as fatal", "8446 6.2", repeated(1, wire.ALERT, b"\1\x29"), "closed", "alert_received"),
] + [
    (f"1.3: {count} KeyUpdates {what}", "8446 4.6.3", updates(count, asks), expected, reason)
    for asks, what in ((b"\0", "that ask for none"), (b"\1", "that ask for one"))
    for count, expected, reason in ((32, "echo", ""), (33, UNEXPECTED, "handshake_flood"),
                                    (2000, UNEXPECTED, "handshake_flood"))
] + [
    ("1.3: 20 KeyUpdates that ask, in one write", "8446 4.6.3", answered_once, "1 answer", ""),
    ("1.3: 90 KeyUpdates with data between", "8446 4.6.3", updates(90, b"\1", 30), "echo", ""),
] + [
    (f"1.3: {count} ChangeCipherSpecs before Finished", "8446 5", changes(count), expected, reason)
    for count, expected, reason in ((1, "echo", ""), (2, "echo", ""), (3, UNEXPECTED, "ccs_flood"),
                                    (20000, UNEXPECTED, "ccs_flood"))
] + [
    (f"1.3: ChangeCipherSpec {what}", "8446 5", raw(prepare, data), UNEXPECTED, reason)
    for what, prepare, data, reason in (
        ("before the ClientHello", nothing, CCS, "ccs_unexpected"),
        ("of value 2", greeted, record(20, b"\2"), "ccs_malformed"),
        ("of no byte", greeted, record(20, b""), "ccs_malformed"),
        ("of two bytes", greeted, record(20, b"\1\1"), "ccs_malformed"),
        ("in the open connection", connected, CCS, "ccs_unexpected"),
    )
]


# ---- long messages and long records


def padded(length):
    """RFC 7685: a ClientHello of so many bytes in all."""

    def change(client):
        client.hello.add(21, b"")
        client.hello.set(21, bytes(length - len(client.hello.body()) - 4))

    return change


def long_hello(length, size):
    """In records of so many bytes."""

    def action(client):
        padded(length)(client)
        whole = message(wire.CLIENT_HELLO, client.hello.body())
        client.transcript += whole
        client.raw(b"".join(record(wire.HANDSHAKE, whole[at : at + size]) for at in range(0, len(whole), size)))
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


def many_extensions(last):
    def action(client):
        for kind in range(0x2000, 0x2000 + 3000):
            client.hello.add(kind, b"")
        client.hello.add(last, b"")
        client.send_hello()
        return client.verdict() if last < 0x2000 + 3000 else (client.read_server_hello(), "answered")[1]

    return action


def many_shares(client):
    client.hello.set(wire.SHARE, vec16(400 * wire.share(wire.X25519, b"\5" * 32)))
    client.send_hello()
    return client.verdict()


def sealed(inner):
    """RFC 8446 5.2: a record of these bytes, its type and padding among them."""

    def action(client):
        connected(client)
        client.raw(client.writing.seal_inner(inner))
        return client.verdict()

    return action


def full_record(client):
    connected(client)
    return client.echo(bytes(1 << 14))


def full_padding(client):
    connected(client)
    client.send(wire.DATA, b"text", padding=(1 << 14) - 4)
    got = b""
    while len(got) < 4:
        got += client.text()
    return "echo" if got == b"text" else repr(got)


LONG = [
    (f"1.3: a ClientHello of {length} bytes in records of {size}", "8446 5.1", long_hello(length, size), "echo", "")
    for length, size in ((1700, 1), (1700, 700), (16384, 1), (16384, 16384))
] + [
    ("1.3: a ClientHello of 16385 bytes", "8446 4", raw(nothing, record(22, b"\1" + (16385).to_bytes(3, "big"))),
     ILLEGAL,
     "message_too_long"),
    ("1.3: 3000 extensions that nobody knows", "8446 4.2", many_extensions(0x2000 + 3000), "answered", ""),
    ("1.3: 3000 extensions, the last of them the first again", "8446 4.2", many_extensions(0x2000), ILLEGAL,
     "extension_duplicate"),
    ("1.3: 400 shares for one group", "8446 4.2.8", many_shares, ILLEGAL, "key_share_duplicate"),
    ("1.3: a record of 2^14 bytes", "8446 5.1", full_record, "echo", ""),
    ("1.3: a record filled up with padding", "8446 5.4", full_padding, "echo", ""),
    ("1.3: a text of 2^14 + 1 bytes", "8446 5.2", sealed(bytes((1 << 14) + 1) + b"\x17"), OVERFLOW,
     "plaintext_too_long"),
    ("1.3: padding beyond 2^14 + 1 bytes", "8446 5.4", sealed(b"text\x17" + bytes(1 << 14)), OVERFLOW,
     "plaintext_too_long"),
    ("1.3: a ciphertext of 2^14 + 257 bytes", "8446 5.2", raw(connected, b"\x17\3\3\x41\1"), OVERFLOW,
     "record_too_long"),
    ("1.3: a ciphertext of no byte", "8446 5.2", raw(connected, b"\x17\3\3\0\0"), MAC, "record_mac"),
    ("1.3: a ciphertext shorter than its tag", "8446 5.2", raw(connected, record(23, bytes(15))), MAC, "record_mac"),
    ("1.3: a ciphertext of a tag alone", "8446 5.2", raw(connected, record(23, bytes(16))), MAC, "record_mac"),
    ("1.3: Finished of 2^16 bytes announced", "8446 4.4.4",
     lambda c: (greeted(c), c.send(22, b"\x14\1\0\0"), c.verdict())[2], DECODE, "finished_length"),
    ("1.3: KeyUpdate of 2^16 bytes announced", "8446 4.6.3",
     lambda c: (connected(c), c.send(22, b"\x18\1\0\0"), c.verdict())[2], DECODE, "key_update_malformed"),
    ("1.2: ClientKeyExchange of 2^16 bytes announced", "5246 7.4.7",
     lambda c: (greeted(c), c.send(22, b"\x10\1\0\0"), c.verdict())[2], DECODE, "client_key_exchange_malformed",
     Client12),
    ("1.2: a record of 2^14 bytes", "5246 6.2.1", full_record, "echo", "", Client12),
]


# ---- what comes between and across


def first_part(between):
    """RFC 8446 5.1 MUST NOT: another record inside a ClientHello."""

    def action(client):
        whole = message(wire.CLIENT_HELLO, client.hello.body())
        client.raw(record(22, whole[:50]) + between + record(22, whole[50:]))
        return client.verdict()

    return action


def with_hello(behind):
    """RFC 8446 5.1 MUST: messages that precede a key change end their record."""

    def action(client):
        client.raw(record(22, message(wire.CLIENT_HELLO, client.hello.body()) + behind))
        return client.verdict()

    return action


def finished_with(behind):
    def action(client):
        client.until_finished()
        client.send(wire.HANDSHAKE, client.finished() + behind)
        return client.verdict()

    return action


def in_two_parts(client):
    """Finished in two records is good; with ChangeCipherSpec between them it is not."""
    client.until_finished()
    sent = client.finished()
    client.send(wire.HANDSHAKE, sent[:10])
    client.raw(CCS)
    client.send(wire.HANDSHAKE, sent[10:])
    return client.verdict()


ACROSS = [
    (f"1.3: {what} inside a ClientHello", "8446 5.1", first_part(between), UNEXPECTED, reason)
    for what, between, reason in (
        ("data", record(23, b"x"), "data_before_finished"), ("ChangeCipherSpec", CCS, "records_interleaved"),
        ("an empty handshake record", record(22, b""), "empty_fragment"),
        ("user_canceled", record(21, b"\1\x5a"), "records_interleaved"),
        ("close_notify", record(21, b"\1\0"), "records_interleaved"),
        ("a record of type 24", record(24, b"x"), "record_type"),
    )
] + [
    (f"1.3: a ClientHello and {what} in one record", "8446 5.1", with_hello(behind), UNEXPECTED, "across_key_change")
    for what, behind in (("a byte", b"\0"), ("a Finished", message(20, bytes(32))),
                         ("another ClientHello's header", b"\1\0\0\x50"))
] + [
    (f"1.3: Finished and {what} in one record", "8446 5.1", finished_with(behind), UNEXPECTED, "across_key_change")
    for what, behind in (("a byte", b"\0"), ("a KeyUpdate", message(24, b"\0")),
                         ("another Finished", message(20, bytes(32))))
] + [
    ("1.3: ChangeCipherSpec inside Finished", "8446 5.1", in_two_parts, UNEXPECTED, "records_interleaved"),
    ("1.2: the end of ClientKeyExchange and part of Finished in one record", "5246 7.1",
     lambda c: (greeted(c), c.raw(record(22, message(16, vec8(c.public()[0])) + b"\x14\0") + CCS), c.verdict())[2],
     UNEXPECTED,
     "across_key_change", Client12),
] + [
    (f"1.3: {what} in the clear {where}", "8446 5", raw(prepare, data), expected, reason)
    for what, where, prepare, data, expected, reason in (
        ("an alert", "that says why the keys are wrong", greeted, record(21, b"\2\x33"), "closed", "alert_received"),
        ("an alert", "in the open connection", connected, record(21, b"\2\x33"), UNEXPECTED, "record_unprotected"),
        ("close_notify", "in the open connection", connected, record(21, b"\1\0"), UNEXPECTED, "record_unprotected"),
        ("a handshake message", "before Finished", greeted, record(22, message(20, bytes(32))), UNEXPECTED,
         "record_unprotected"),
        ("a KeyUpdate", "in the open connection", connected, record(22, message(24, b"\0")), UNEXPECTED,
         "record_unprotected"),
        ("data", "before Finished", greeted, record(23, b"text"), MAC, "record_mac"),
        ("data", "in the open connection", connected, record(23, b"echo\ntext and more of it"), MAC, "record_mac"),
    )
]


# ---- early data (RFC 8446 4.2.10): so much of it is skipped


def early(*sizes):
    def action(client):
        client.hello.add(wire.EARLY, b"")
        client.hello.add(wire.PSK, vec16(vec16(bytes(64)) + bytes(4)) + vec16(vec8(bytes(32))))
        client.send_hello()
        for size in sizes:
            client.raw(record(wire.DATA, bytes(size)))
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


EARLY = [
    (f"1.3: early data of {sum(sizes)} bytes in {len(sizes)} records", "8446 4.2.10", early(*sizes), expected, reason)
    for sizes, expected, reason in (
        ((16384,), "echo", ""), (512 * (32,), "echo", ""), (1024 * (16,), UNEXPECTED, "early_data_too_long"),
        ((16384, 17), UNEXPECTED, "early_data_too_long"),
        (17 * (1000,), UNEXPECTED, "early_data_too_long"))
] + [
    ("1.3: early data without early_data", "8446 4.2.10", raw(greeted, record(23, bytes(100))), MAC, "record_mac"),
]

CASES = FLOODS + LONG + ACROSS + EARLY
