"""A session never opens more than its first handshake did (RFC 8446 4.6.1, RFC 5077): where, for whom and for how long."""
import os
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import wire
from cases_psk import binder, identity, taken
from daemon_log import says
from identity import der, issue, key
from keys import derive
from shows import BOTH, NEEDED, OPTIONAL, OTHER_CA, TWIN, Shows12, Shows13, at
from slots import resting
from wire import codes, vec8, vec16

OPEN = 0
PLACES = {OPEN: "the open listener", NEEDED: "the one that requires a certificate",
          OPTIONAL: "the one where it is optional",
          OTHER_CA: "the one of another authority", TWIN: "the open one's twin"}
FULL, RESUMED = "full, echo", "resumed, echo"
NOBODY = None


def who(place):
    """Whom a client may say it is there."""
    name = {NEEDED: "client-P-256", OPTIONAL: "client-P-256", OTHER_CA: "nobody"}.get(place)
    return ([der(name)], key(name)) if name else NOBODY


def prepared(client):
    if isinstance(client, Shows13):
        client.hello.suites = codes(0x1301)
    else:
        client.hello.add(wire.TICKET, b"")
    return client


def complete(client, shows):
    """The handshake to its end, and the identity where one is asked for."""
    client.hear()
    if client.is_asked():
        client.show(shows[0] if shows else ())
    if isinstance(client, Shows13) or not client.resumed:
        client.exchange()
    if client.is_asked() and shows:
        client.prove(shows[1], 0x0403)
    return ("resumed, " if client.resumed else "full, ") + client.end()


def take(client):
    """(ticket, secret, lifetime) of a connection that is open."""
    if isinstance(client, Shows12):
        assert client.ticket, "no ticket came"
        return client.ticket, client.master, client.ticket_lifetime
    ticket, psk = taken(client, derive(client.alg, client.master, b"res master", client.transcript))
    return ticket, psk, int.from_bytes(client.tickets[4:8], "big")


def return_to(first, place, session, kind=None):
    """Another client of the same kind, that offers the session at a listener."""
    host, _ = first.sock.getpeername()
    client = first.judged = (kind or type(first))((host, first.base + place))
    if isinstance(client, Shows12):
        client.hello.session_id, client.psk = os.urandom(32), session[1]
        client.hello.add(wire.TICKET, session[0])
    else:
        client.hello.suites, client.psk = codes(0x1301), session[1]
    return client


def offer(client, session, change_binder=lambda right: right):
    """RFC 8446 4.2.11.2: the binder is over all that went before, and this hello up to the binders."""
    if isinstance(client, Shows12):
        return client
    client.hello.drop(wire.PSK).add(wire.PSK, vec16(identity(session[0])) + vec16(vec8(bytes(32))))
    head = wire.message(wire.CLIENT_HELLO, client.hello.body())[:-35]
    right = change_binder(binder(session[1], client.transcript + head))
    client.hello.set(wire.PSK, vec16(identity(session[0])) + vec16(vec8(right)))
    return client


def begun(client, place, shows, name=b"app.example"):
    client.base = client.sock.getpeername()[1] - place
    named(client, name)
    assert complete(prepared(client), shows) == FULL, "the first handshake"
    return take(client)


def named(client, name):
    if name is None:
        client.hello.drop(wire.SNI)
    else:
        client.hello.set(wire.SNI, wire.server_name(name))


def moved(begin, end, shows, first_shows="the one who belongs there", names=(b"app.example", b"app.example")):
    def action(client):
        session = begun(client, begin, who(begin) if first_shows else NOBODY, names[0])
        again = return_to(client, end, session)
        named(again, names[1])
        return complete(offer(again, session), shows)

    return action


def row(kind, what, action, expected, reason, place):
    return f"{kind.label}: {what}", "8446 4.6.1" if kind is Shows13 else "5077 3", action, expected, reason, at(kind, place)


def places():
    for kind in BOTH:
        for begin, where in PLACES.items():
            for end, there in PLACES.items():
                yield row(kind, f"a session of {where} at {there}", moved(begin, end, who(end)),
                          RESUMED if begin == end else FULL, "", begin)
        missing = ("alert 116", "client_certificate_missing") if kind is Shows13 else ("alert 40", "client_certificate_missing_12")
        for begin in (OPEN, OPTIONAL, OTHER_CA, TWIN):
            yield row(kind, f"a session of {PLACES[begin]}, and no certificate, where one is required",
                      moved(begin, NEEDED, NOBODY), *missing, begin)
        yield row(kind, "a session of somebody, taken up without showing the certificate again",
                  moved(NEEDED, NEEDED, NOBODY), RESUMED, "", NEEDED)
        yield row(kind, "a session of nobody where a certificate is optional",
                  moved(OPTIONAL, OPTIONAL, NOBODY, NOBODY), RESUMED,
                  "", OPTIONAL)
        yield row(kind, "a session of nobody, where a certificate is required",
                  moved(OPTIONAL, NEEDED, NOBODY, NOBODY), *missing,
                  OPTIONAL)


def names():
    for kind in BOTH:
        for before, after in ((b"app.example", None), (None, b"app.example"), (b"app.example", b"www.example")):
            yield row(kind, f"a session of somebody for the name {before}, under {after}, and no certificate",
                      moved(NEEDED, NEEDED, NOBODY, names=(before, after)),
                      "alert 116" if kind is Shows13 else "alert 40",
                      "client_certificate_missing" + ("" if kind is Shows13 else "_12"), NEEDED)
        for name in (None, b"APP.example"):
            yield row(kind, f"a session of somebody for the name {name}, under {name}",
                      moved(NEEDED, NEEDED, NOBODY, names=(name, name)), RESUMED, "", NEEDED)
        yield row(kind, "a name in capitals is the same name",
                  moved(NEEDED, NEEDED, NOBODY, names=(b"app.example", b"APP.Example")),
                  RESUMED, "", NEEDED)


# ---- for how long


def lives_no_longer(seconds):
    """RFC 8446 4.6.1 leaves the lifetime to the server: it is not to be longer than the certificate's."""

    def action(client):
        private, certificate = issue("shortlived", seconds)
        lifetime = begun(client, NEEDED, ([certificate], private))[2]
        return "short" if 0 < lifetime <= seconds else f"{lifetime} s"

    return action


def outlived(client):
    private, certificate = issue("ephemeral", 7)
    session = begun(client, NEEDED, ([certificate], private))
    with resting():
        time.sleep(8)
    return complete(offer(return_to(client, NEEDED, session), session), ([certificate], private))


def lifetimes():
    for kind in BOTH:
        yield row(kind, "a ticket of a certificate of a minute", lives_no_longer(60), "short", "", NEEDED)
        yield row(kind, "a ticket whose certificate ended meanwhile", outlived, "alert 45",
                  "client_certificate_expired", NEEDED)


# ---- tickets used twice, changed, and of another version


def twice(client):
    """Tickets are stateless: one that is used twice resumes twice, which no early data makes harmless (RFC 8446 8)."""
    session = begun(client, OPEN, NOBODY)
    results = [complete(offer(return_to(client, OPEN, session), session), NOBODY) for _ in range(2)]
    return " and ".join(results)


def at_once(client):
    session = begun(client, OPEN, NOBODY)
    pair = [offer(return_to(client, OPEN, session), session) for _ in range(2)]
    for one in pair:
        one.hear()
    return " and ".join(("resumed, " if one.resumed else "full, ") + one.end() for one in pair)


def every_byte(client):
    """Each byte of a ticket changed, one connection for each: none of them resumes."""
    session = begun(client, OPEN, NOBODY)
    for place in range(len(session[0])):
        ticket = bytearray(session[0])
        ticket[place] ^= 1 << place % 8
        changed = (bytes(ticket), *session[1:])
        again = offer(return_to(client, OPEN, changed), changed)
        again.hear()
        again.sock.close()
        if again.resumed:
            return f"resumed with byte {place} changed"
    return "none"


def other_version(client):
    """A ticket of one version is none of the other's."""
    session = begun(client, OPEN, NOBODY)
    kind = Shows12 if isinstance(client, Shows13) else Shows13
    again = return_to(client, OPEN, session, kind)
    return complete(offer(again, (session[0], session[1][:32], 0)), NOBODY)


def uses():
    for kind in BOTH:
        yield row(kind, "a ticket twice, one after the other", twice, f"{RESUMED} and {RESUMED}", "", OPEN)
        yield row(kind, "a ticket twice at once", at_once, f"{RESUMED} and {RESUMED}", "", OPEN)
        yield row(kind, "a ticket with each of its bytes changed", every_byte, "none", "", OPEN)
        yield row(kind, "a ticket in a handshake of the other version", other_version, FULL, "", OPEN)


# ---- what the tickets themselves are

NAME, NONCE = 16, 12  # the head of each: which key sealed it, and the nonce under that key


def fresh_nonces(client):
    """Two sealings under one nonce would give the key away (NIST SP 800-38D 8)."""
    seen = set()
    for _ in range(40):
        one = client.judged = type(client)(client.sock.getpeername())
        seen.add(begun(one, OPEN, NOBODY)[0][NAME : NAME + NONCE])
        one.sock.close()
    return f"{len(seen)} nonces"


def no_zero_key(client):
    """CVE-2020-13777: tickets that anyone could open, until the key was first changed. What GCM binds to is not known here:
    its counter mode alone, from block two on, would show the session's secret."""
    ticket, secret, _ = begun(client, OPEN, NOBODY)
    for length in (16, 32):
        counter = modes.CTR(ticket[NAME : NAME + NONCE] + (2).to_bytes(4, "big"))
        if secret in Cipher(algorithms.AES(bytes(length)), counter).decryptor().update(ticket[NAME + NONCE :]):
            return "opened by zeros"
    return "closed to zeros" if secret not in ticket else "in the clear"


def no_early_data(client):
    """RFC 8446 4.6.1: early_data in a ticket would allow what we do not take; and no ticket is for more than a week."""
    lifetime = begun(client, OPEN, NOBODY)[2]
    first = client.tickets[: 4 + int.from_bytes(client.tickets[1:4], "big")]
    return "no extension" if first.endswith(b"\0\0") and 0 < lifetime <= 604800 else first.hex()


def tickets():
    for kind in BOTH:
        yield row(kind, "the nonces of forty tickets", fresh_nonces, "40 nonces", "", OPEN)
        yield row(kind, "a ticket and a key of zeros", no_zero_key, "closed to zeros", "", OPEN)
    yield row(Shows13, "a ticket allows no early data", no_early_data, "no extension", "", OPEN)


# ---- with a HelloRetryRequest between (RFC 8446 4.1.2)


def retried(change, change_first=lambda right: right):
    """A session of somebody offered in a hello without a share; `change` prepares the second hello."""

    def action(client):
        session = begun(client, OPTIONAL, who(OPTIONAL))
        again = return_to(client, OPTIONAL, session)
        share = next(data for kind, data in again.hello.extensions if kind == wire.SHARE)
        again.hello.set(wire.SHARE, vec16(b""))
        offer(again, session, change_first).send_hello()
        again.read_server_hello()
        assert again.retried, "no HelloRetryRequest came"
        again.hello.set(wire.SHARE, share)
        change(again, session)
        return complete(again, NOBODY)

    return action


def wrong(right):
    return right[:-1] + bytes([right[-1] ^ 1])


def retries():
    for what, change, answer, log in (
        ("is taken up", offer, RESUMED, says("truncated", client_subject="CN=alice, O=Example", resumed="true")),
        ("is gone from the second hello", lambda c, s: c.hello.drop(wire.PSK), "alert 109", "retry_without_psk"),
        ("has a wrong binder in the second hello", lambda c, s: offer(c, s, wrong), "alert 51", "psk_binder"),
        ("has the first hello's binder in the second", lambda c, s: None, "alert 51", "psk_binder"),
        ("is another in the second hello", lambda c, s: offer(c, (bytes(len(s[0])), s[1])), FULL,
         says("truncated", client_subject=None, resumed=None)),
    ):
        yield (f"1.3: a session behind a retry {what}", "8446 4.1.2", retried(change), answer, log,
               at(Shows13, OPTIONAL))
    yield ("1.3: a session behind a retry with a wrong binder in the first hello", "8446 4.2.11",
           retried(offer, wrong), "alert 51",
           "psk_binder", at(Shows13, OPTIONAL))


# ---- RFC 7627 5.3: the extended master secret of the session and of its resumption


def bound(before, after):
    def action(client):
        client.base = client.sock.getpeername()[1]
        if not before:
            client.hello.drop(wire.EMS)
        complete(prepared(client), NOBODY)
        if not client.ticket:
            return "no ticket"
        session = take(client)
        again = return_to(client, OPEN, session)
        if not after:
            again.hello.drop(wire.EMS)
        return complete(again, NOBODY)

    return action


def secrets():
    for before, after, expected, reason in ((True, True, RESUMED, ""), (True, False, "alert 40", "resumed_without_ems"),
                                            (False, True, "no ticket", ""), (False, False, "no ticket", "")):
        words = ["without", "with"]
        yield (f"1.2: a session {words[before]} the extended master secret, taken up {words[after]}", "7627 5.3",
               bound(before, after), expected, reason, at(Shows12, OPEN))


CASES = [one for rows in (places, names, lifetimes, uses, tickets, retries, secrets) for one in rows()]
