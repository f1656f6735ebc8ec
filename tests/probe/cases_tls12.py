"""TLS 1.2 (RFC 5246), with its tickets (RFC 5077): each step with one thing wrong. Tables as in cases_hello.py."""
import os
import time

import wire
from client12 import Client12
from wire import codes, message, record, share, vec8, vec16

UNEXPECTED, MAC, OVERFLOW, FAILURE, ILLEGAL = "alert 10", "alert 20", "alert 22", "alert 40", "alert 47"
DECODE, DECRYPT, VERSION, FALLBACK, RENEGOTIATION = "alert 50", "alert 51", "alert 70", "alert 86", "alert 100"
FULL, RESUMED = "full, echo", "resumed, echo"
SUITE, HELLO_MALFORMED, CCS = "no_common_suite", "client_hello_malformed", "ccs_unexpected"


def hello(change):
    def action(client):
        change(client.hello)
        return client.connect().echo()

    return action


def refused(change):
    def action(client):
        change(client.hello)
        client.send_hello()
        return client.verdict()

    return action


# ---- the states, as RFC 5246 Figure 1 goes through them


def flight(client):
    client.flight()


def exchanged(client):
    client.flight().key_exchange()


def changed(client):
    client.flight().key_exchange().change_cipher_spec()


def connected(client):
    client.connect().echo()


def then(prepare, kind, content):
    def action(client):
        prepare(client)
        client.send(kind, content)
        return client.verdict()

    return action


def raw(prepare, make):
    def action(client):
        prepare(client)
        client.raw(make(client))
        return client.verdict()

    return action


# ---- messages


def exchange(change):
    def action(client):
        client.flight()
        client.send(wire.HANDSHAKE, message(wire.CLIENT_KEY_EXCHANGE, change(client.public()[0])))
        return client.verdict()

    return action


def p256(change):
    def action(client):
        client.hello.set(wire.GROUPS, vec16(codes(wire.P256)))
        return exchange(change)(client)

    return action


def finished(change):
    def action(client):
        changed(client)
        right = client.verify_data(b"client finished")
        client.send(wire.HANDSHAKE, message(wire.FINISHED, change(right, client)))
        return client.verdict()

    return action


def sealed(prepare, change):
    """A record of text with one byte of it changed."""

    def make(client):
        whole = bytearray(client.writing.seal(wire.DATA, b"echo\ntext"))
        change(whole)
        return bytes(whole)

    return raw(prepare, make)


def flip(place):
    def change(whole):
        whole[place] ^= 1

    return change


def set_to(place, value):
    def change(whole):
        whole[place] = value

    return change


def short(length):
    return raw(connected, lambda client: record(wire.DATA, bytes(length)))


def padded_out(length):
    """A record that long, well protected: what is in it is too long."""
    return lambda client: client.writing.seal(wire.DATA, bytes(length - 24))


def foreign(length):
    return lambda client: record(wire.DATA, bytes(length))


def in_parts(client, whole, ends):
    """What one of them holds has been read before the next one comes."""
    ends = [end % len(whole) for end in ends]
    for start, end in zip((0, *ends), (*ends, len(whole))):
        client.raw(whole[start:end])
        time.sleep(0.05 if end < len(whole) else 0)


def parted(prepare, make, ends):
    def action(client):
        prepare(client)
        in_parts(client, make(client), ends)
        return client.verdict()

    return action


def longest(ends):
    def action(client):
        connected(client)
        in_parts(client, client.writing.seal(wire.DATA, bytes(1 << 14)), ends)
        got = 0
        while got < 1 << 14:
            got += len(client.text())
        return f"{got} bytes"

    return action


def warned(description):
    """RFC 5246 7.2.2: a warning does not end the connection."""

    def action(client):
        connected(client)
        client.send(wire.ALERT, bytes([1, description]))
        return client.echo(b"still here")

    return action


def again(change=None, prepare=None, skip=False):
    """A session and its ticket, and what comes of them in a second connection."""

    def action(client):
        client.hello.add(wire.TICKET, b"")
        client.connect().echo()
        assert client.ticket, "no ticket came"
        other = client.judged = client.come_back(change(client.ticket) if change else None)
        if prepare:
            prepare(other.hello)
        try:
            other.flight()
            if skip:
                other.send(wire.HANDSHAKE, message(wire.CLIENT_KEY_EXCHANGE, vec8(bytes(32))))
                return other.verdict()
            if not other.resumed:
                other.key_exchange()
            other.change_cipher_spec().finish()
            return ("resumed, " if other.resumed else "full, ") + other.echo()
        except Exception as end:
            return other.after_alert(end.args[0]) if type(end).__name__ == "Alert" else repr(end)
        finally:
            other.sock.close()

    return action


def changed_byte(place):
    return lambda ticket: ticket[:place] + bytes([ticket[place] ^ 1]) + (ticket[place + 1 :] if place != -1 else b"")


def pieces(size):
    """Every handshake message of the client in records of so few bytes."""

    def action(client):
        def send(kind, content, **options):
            parts = [content[at : at + size] for at in range(0, len(content), size)] if kind == 22 else [content]
            for part in parts:
                Client12.send(client, kind, part, **options)

        client.send = send
        client.connect()
        del client.send
        return client.echo()

    return action


def nonces(client):
    """RFC 5288 3: the explicit nonces of the server never repeat."""
    connected(client)
    seen, open_record = set(), client.reading.open

    def watch(kind, body):
        assert body[:8] not in seen, "a nonce came twice"
        seen.add(body[:8])
        return open_record(kind, body)

    client.reading.open = watch
    for _ in range(20):
        client.echo(b"again")
    return f"{len(seen)} nonces" if len(seen) < 20 else "echo"


def sentinel(client):
    """RFC 8446 4.1.3: a server of TLS 1.3 says in its random that it was talked down to 1.2."""
    client.flight()
    return "sentinel" if client.server_random[24:] == b"DOWNGRD\1" else client.server_random.hex()


def other_hello(client):
    """A ClientHello in the open connection: renegotiation."""
    connected(client)
    client.send(wire.HANDSHAKE, message(wire.CLIENT_HELLO, client.hello.body()))
    return client.verdict()


HELLO = [
    (f"1.2: a ClientHello {what}", section, hello(change), "echo", "")
    for what, section, change in (
        ("as it should be", "5246 7.4.1.2", lambda h: None),
        ("with a session id", "5246 7.4.1.2", lambda h: h.__dict__.update(session_id=os.urandom(32))),
        ("of version 3.4 without supported_versions", "8446 4.2.1", lambda h: h.__dict__.update(version=0x0304)),
        ("of version 3.255 without supported_versions", "8446 4.2.1", lambda h: h.__dict__.update(version=0x03FF)),
        ("without the extended master secret", "7627 5.3", lambda h: h.drop(wire.EMS)),
        ("without renegotiation_info", "5746 3.6", lambda h: h.drop(wire.RI)),
        ("with the SCSV for it", "5746 3.3", lambda h: h.drop(wire.RI).__dict__.update(suites=codes(0xC02B, 0x00FF))),
        ("without groups", "8422 5.1", lambda h: h.drop(wire.GROUPS)),
        ("without point formats", "8422 5.1.2", lambda h: h.drop(wire.POINTS)),
        ("with point formats that hold others too", "8422 5.1.2", lambda h: h.set(wire.POINTS, vec8(b"\1\2\0"))),
        ("with P-256 alone", "8422 5.1.1", lambda h: h.set(wire.GROUPS, vec16(codes(wire.P256)))),
        ("with two compression methods", "5246 7.4.1.2", lambda h: h.__dict__.update(compression=b"\1\0")),
        ("with suites that nobody knows", "8701 3.1",
         lambda h: h.__dict__.update(suites=codes(0x0A0A, 0xFFFE, 0xC02B))),
        ("with extensions that nobody knows", "8701 3.1", lambda h: h.add(0x0A0A, b"").add(0xFFFE, b"\0")),
        ("with a ticket that was never given", "5077 3.4", lambda h: h.add(wire.TICKET, bytes(180))),
        ("with a ticket of one byte", "5077 3.4", lambda h: h.add(wire.TICKET, b"\1")),
        ("with a key share for TLS 1.3", "8446 4.2", lambda h: h.add(wire.SHARE, vec16(share(29, bytes(range(32)))))),
    )
] + [
    (f"1.2: a ClientHello {what}", section, refused(change), expected, reason)
    for what, section, change, expected, reason in (
        ("of version 3.2", "8996 5", lambda h: h.__dict__.update(version=0x0302), VERSION, "no_common_version"),
        ("of version 3.1", "8996 4", lambda h: h.__dict__.update(version=0x0301), VERSION, "no_common_version"),
        ("of version 3.0", "7568 3", lambda h: h.__dict__.update(version=0x0300), VERSION, "legacy_version"),
        ("of version 2.0", "6176 3", lambda h: h.__dict__.update(version=0x0200), VERSION, "legacy_version"),
        ("with TLS_FALLBACK_SCSV", "7507 3", lambda h: h.__dict__.update(suites=codes(0xC02B, 0x5600)), FALLBACK,
         "inappropriate_fallback"),
        ("without null compression", "5246 7.4.1.2", lambda h: h.__dict__.update(compression=b"\1"), ILLEGAL,
         "compression"),
        ("with suites of CBC", "5246 7.4.1.3", lambda h: h.__dict__.update(suites=codes(0xC009, 0xC013, 0x002F)),
         FAILURE, SUITE),
        ("with classic RSA where it is off", "5246 7.4.1.3", lambda h: h.__dict__.update(suites=codes(0x009C)),
         FAILURE, SUITE),
        ("with a suite for RSA certificates", "5246 7.4.1.3", lambda h: h.__dict__.update(suites=codes(0xC02F)),
         FAILURE, "no_common_scheme"),
        ("with suites of TLS 1.3 alone", "8446 4.1.2", lambda h: h.__dict__.update(suites=codes(0x1301)), FAILURE,
         SUITE),
        ("with groups that we do not have", "8422 5.1", lambda h: h.set(wire.GROUPS, vec16(codes(30, 25))), FAILURE,
         "no_common_group"),
        ("without any scheme of ours", "5246 7.4.1.4.1", lambda h: h.set(wire.SCHEMES, vec16(codes(0x0807))), FAILURE,
         "no_common_scheme"),
        ("without uncompressed points", "8422 5.1.2", lambda h: h.set(wire.POINTS, vec8(b"\1")), ILLEGAL,
         "point_formats"),
        ("with point formats of none", "8422 5.1.2", lambda h: h.set(wire.POINTS, vec8(b"")), DECODE,
         "extension_malformed"),
        ("with extended_master_secret of a byte", "7627 5.1", lambda h: h.set(wire.EMS, b"\0"), DECODE,
         "extension_malformed"),
        ("with renegotiation_info of another connection", "5746 3.6", lambda h: h.set(wire.RI, vec8(bytes(12))),
         FAILURE,
         "renegotiation_info"),
        ("with renegotiation_info cut off", "5746 3.2", lambda h: h.set(wire.RI, b"\1"), DECODE, "extension_malformed"),
        ("with early_data", "8446 4.2.10", lambda h: h.add(wire.EARLY, b"\0"), DECODE, "extension_malformed"),
        ("with a session id of 33 bytes", "5246 7.4.1.2", lambda h: h.__dict__.update(session_id=bytes(33)), DECODE,
         HELLO_MALFORMED),
        ("with suites of three bytes", "5246 7.4.1.2", lambda h: h.__dict__.update(suites=b"\xc0\x2b\0"), DECODE,
         HELLO_MALFORMED),
    )
]

TYPES = (0, 2, 4, 11, 12, 13, 14, 15, 22, 67, 255)
STATES = (
    ("before ClientKeyExchange", flight, TYPES + (1, 20)),
    ("before ChangeCipherSpec", exchanged, TYPES + (1, 16, 20)),
    ("before Finished", changed, TYPES + (1, 16)),
    ("in the open connection", connected, TYPES + (16, 20)),
)
OUT_OF_PLACE = [
    (f"1.2: handshake type {kind} {where}", "5246 7.3", then(prepare, 22, message(kind, b"")), UNEXPECTED,
     "unexpected_message")
    for where, prepare, kinds in STATES
    for kind in kinds
] + [
    (f"1.2: data {where}", "5246 7.3", then(prepare, 23, b"x"), UNEXPECTED, "data_before_finished")
    for where, prepare, _ in STATES[:3]
] + [
    (f"1.2: a record of type 24 {where}", "5246 6", then(prepare, 24, b"x"), UNEXPECTED, "record_type")
    for where, prepare, _ in STATES
] + [
    (f"1.2: a fatal alert {where} is not answered", "5246 7.2.2", then(prepare, 21, b"\2\x28"), "closed",
     "alert_received")
    for where, prepare, _ in STATES
]

EXCHANGE = [
    (f"1.2: a ClientKeyExchange {what}", "8422 5.7", make(change), expected,
     "key_share_invalid" if expected == ILLEGAL else "client_key_exchange_malformed")
    for what, make, change, expected in (
        ("of no byte", exchange, lambda p: b"", DECODE),
        ("of no point", exchange, lambda p: vec8(b""), DECODE),
        ("cut off", exchange, lambda p: vec8(p)[:-1], DECODE),
        ("with a byte behind it", exchange, lambda p: vec8(p) + b"\0", DECODE),
        ("of 31 bytes for X25519", exchange, lambda p: vec8(p[:31]), ILLEGAL),
        ("of 33 bytes for X25519", exchange, lambda p: vec8(p + b"\0"), ILLEGAL),
        ("of zeros for X25519", exchange, lambda p: vec8(bytes(32)), ILLEGAL),
        ("of the point of order two for X25519", exchange, lambda p: vec8(b"\1" + bytes(31)), ILLEGAL),
        ("that is not on P-256", p256, lambda p: vec8(p[:-1] + bytes([p[-1] ^ 1])), ILLEGAL),
        ("of a compressed point", p256, lambda p: vec8(b"\2" + p[1:33]), ILLEGAL),
        ("of form 5", p256, lambda p: vec8(b"\5" + p[1:]), ILLEGAL),
        ("of the point at infinity", p256, lambda p: vec8(b"\0"), ILLEGAL),
        ("of 64 bytes for P-256", p256, lambda p: vec8(p[:64]), ILLEGAL),
        ("beyond the field of P-256", p256, lambda p: vec8(b"\4" + b"\xff" * 64), ILLEGAL),
    )
]

CHANGE = [
    ("1.2: ChangeCipherSpec before ClientKeyExchange", "5246 7.1", then(flight, 20, b"\1"), UNEXPECTED, CCS),
    ("1.2: ChangeCipherSpec of value 0", "5246 7.1", then(exchanged, 20, b"\0"), UNEXPECTED, "ccs_malformed"),
    ("1.2: ChangeCipherSpec of value 2", "5246 7.1", then(exchanged, 20, b"\2"), UNEXPECTED, "ccs_malformed"),
    ("1.2: ChangeCipherSpec of two bytes", "5246 7.1", then(exchanged, 20, b"\1\1"), UNEXPECTED, "ccs_malformed"),
    ("1.2: ChangeCipherSpec once more", "5246 7.1", then(changed, 20, b"\1"), UNEXPECTED, CCS),
    ("1.2: ChangeCipherSpec in the open connection", "5246 7.1", then(connected, 20, b"\1"), UNEXPECTED, CCS),
    ("1.2: Finished in the clear behind ChangeCipherSpec", "5246 7.4.9",
     raw(changed, lambda client: record(22, message(20, bytes(12)))), MAC, "record_mac"),
    ("1.2: ChangeCipherSpec first of all", "5246 7.1", lambda c: (c.raw(record(20, b"\1")), c.verdict())[1],
     UNEXPECTED, CCS),
    ("1.2: a message that goes on behind ChangeCipherSpec", "5246 7.1",
     raw(flight, lambda c: record(22, message(16, vec8(bytes(32)))[:9]) + record(20, b"\1")), UNEXPECTED,
     "across_key_change"),
]

FINISHED = [
    (f"1.2: Finished {what}", "5246 7.4.9", finished(change), expected, reason)
    for what, change, expected, reason in (
        ("with its first bit wrong", lambda v, c: bytes([v[0] ^ 128]) + v[1:], DECRYPT, "finished_mac"),
        ("with a bit in its middle wrong", lambda v, c: v[:6] + bytes([v[6] ^ 1]) + v[7:], DECRYPT, "finished_mac"),
        ("with its last bit wrong", lambda v, c: v[:-1] + bytes([v[-1] ^ 1]), DECRYPT, "finished_mac"),
        ("of zeros", lambda v, c: bytes(12), DECRYPT, "finished_mac"),
        ("as the server makes it", lambda v, c: c.verify_data(b"server finished"), DECRYPT, "finished_mac"),
        ("a byte short", lambda v, c: v[:-1], DECODE, "finished_length"),
        ("a byte long", lambda v, c: v + b"\0", DECODE, "finished_length"),
        ("of 32 bytes as in TLS 1.3", lambda v, c: v + bytes(20), DECODE, "finished_length"),
        ("empty", lambda v, c: b"", DECODE, "finished_length"),
    )
]

# RFC 5246 6.2.3 allows 2^14 + 2048, more than any suite of ours needs: room for it is made at no time but then
PARTS = (("at once", ()), ("its last byte later", (-1,)), ("its header first", (5,)), ("in halves", (9000,)),
         ("in pieces", tuple(range(1400, 16000, 1400))))

RECORDS = [
    (f"1.2: a record with {what} changed", "5246 6.2.3.3", sealed(connected, change), MAC, "record_mac")
    for what, change in (
        ("the first byte of its nonce", flip(5)),
        ("the last byte of its nonce", flip(12)),
        ("the first byte of its text", flip(13)),
        ("the last byte of its text", flip(-17)),
        ("the first byte of its tag", flip(-16)),
        ("the last byte of its tag", flip(-1)),
        ("its type, to handshake", set_to(0, 22)),
        ("its type, to alert", set_to(0, 21)),
        ("its version, to 3.1", set_to(2, 1)),
    )
] + [
    (f"1.2: a record of {length} bytes behind the keys", "5246 6.2.3.3", short(length), MAC, "record_mac")
    for length in (0, 1, 8, 23, 24)
] + [
    ("1.2: a record twice", "5246 6.2.3.3", raw(connected, lambda c: 2 * c.writing.seal(23, b"quiet")), MAC,
     "record_mac"),
    ("1.2: a record longer than 2^14 + 2048", "5246 6.2.3", raw(connected, lambda c: b"\x17\3\3\x48\1"), OVERFLOW,
     "record_too_long"),
    ("1.2: a text longer than 2^14", "5246 6.2.1", raw(connected, lambda c: c.writing.seal(23, bytes(16385))), OVERFLOW,
     "plaintext_too_long"),
    ("1.2: a fatal user_canceled", "5246 7.2.2", then(connected, 21, b"\2\x5a"), "closed", "alert_received"),
    ("1.2: a fatal user_canceled before Finished", "5246 7.2.2", then(exchanged, 21, b"\2\x5a"), "closed",
     "alert_received"),
    ("1.2: user_canceled as a warning", "5246 7.2.2", warned(90), "echo", ""),
    ("1.2: no_renegotiation, which is a warning", "5246 7.2.2", warned(100), "echo", ""),
    ("1.2: an alert of one byte", "5246 7.2", then(connected, 21, b"\2"), DECODE, "alert_malformed"),
    ("1.2: an alert of level 3", "5246 7.2", then(connected, 21, b"\3\x28"), ILLEGAL, "alert_level"),
    ("1.2: close_notify is answered by close_notify", "5246 7.2.1", then(connected, 21, b"\1\0"), "alert 0", "clean"),
    ("1.2: a ClientHello in the open connection", "5746 4.4", other_hello, RENEGOTIATION, "renegotiation"),
    ("1.2: no nonce comes twice", "5288 3", nonces, "echo", ""),
    ("1.2: the random tells of the downgrade", "8446 4.1.3", sentinel, "sentinel", ""),
] + [
    (f"1.2: a record of {length} bytes {what}, {how}", "5246 6.2.3", parted(connected, make(length), ends), alert,
     reason)
    for length in (16409, 17408, 17409, 18000, 18432)
    for how, ends in PARTS
    for what, make, alert, reason in (("that is nothing", foreign, MAC, "record_mac"),
                                      ("that holds as much", padded_out, OVERFLOW, "plaintext_too_long"))
] + [
    (f"1.2: a record of 18432 bytes before Finished, {how}", "5246 6.2.3",
     parted(changed, lambda client: record(wire.HANDSHAKE, bytes(18432)), ends), MAC, "record_mac")
    for how, ends in PARTS
] + [
    (f"1.2: a text of 2^14 bytes, {how}", "5246 6.2.1", longest(ends), "16384 bytes", "") for how, ends in PARTS
] + [
    (f"1.2: messages in records of {size} bytes", "5246 6.2.1", pieces(size), "echo", "") for size in (1, 3, 5, 50)
]

TICKETS = [
    ("1.2: a ticket resumes", "5077 3.1", again(), RESUMED, ""),
    ("1.2: a ticket without the extended master secret", "7627 5.3", again(prepare=lambda h: h.drop(wire.EMS)), FAILURE,
     "resumed_without_ems"),
    ("1.2: a ticket for another name", "6066 3",
     again(prepare=lambda h: h.set(wire.SNI, wire.server_name(b"www.example"))), FULL, ""),
    ("1.2: a ticket for no name", "6066 3", again(prepare=lambda h: h.drop(wire.SNI)), FULL, ""),
    ("1.2: ClientKeyExchange in a resumed handshake", "5077 3.1", again(skip=True), UNEXPECTED, "unexpected_message"),
] + [
    (f"1.2: a ticket with {what} changed", "5077 3.4", again(changed_byte(place)), FULL, "")
    for what, place in (("its first byte", 0), ("its seventeenth byte", 16), ("a byte in its middle", 60),
                        ("its last byte", -1))
] + [
    (f"1.2: a ticket {what}", "5077 3.4", again(change), FULL, "")
    for what, change in (("a byte short", lambda t: t[:-1]), ("a byte long", lambda t: t + b"\0"),
                         ("of its key's name alone", lambda t: t[:16]), ("of zeros", lambda t: bytes(len(t))))
]

CASES = [(*case, Client12) for case in HELLO + OUT_OF_PLACE + EXCHANGE + CHANGE + FINISHED + RECORDS + TICKETS]
