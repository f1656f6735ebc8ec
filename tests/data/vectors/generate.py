#!/usr/bin/env python3
"""Makes the edge_*.txt files: values of our own at the edges of each algorithm, judged by OpenSSL.

Run by hand (needs python3-cryptography); the results are committed. Each line says what the right answer is:
result=valid or result=invalid. What is invalid by construction (a damaged tag, a point off the curve) is
also given to OpenSSL here, so that no line rests on our own belief alone.
"""
import hashlib
import os
import random

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

rng = random.Random(20260101)
HERE = os.path.dirname(os.path.abspath(__file__))


def some(n):
    return rng.randbytes(n)


class File:
    def __init__(self, name, comment):
        self.path = os.path.join(HERE, name)
        self.lines = ["# " + comment + " Made by generate.py."]
        self.count = 0

    def add(self, name, result, **fields):
        self.count += 1
        text = " ".join(f"{k}={v if isinstance(v, str) else v.hex()}" for k, v in fields.items())
        self.lines.append(f"{name}-{self.count} {text} result={'valid' if result else 'invalid'}")

    def close(self):
        with open(self.path, "w") as f:
            f.write("\n".join(self.lines) + "\n")


# ---- AEAD: every length around the blocks; every kind of damage
def aead():
    f = File("edge_aead.txt", "AES-GCM and ChaCha20-Poly1305 at lengths around their blocks, whole and damaged.")
    algorithms = {"aes-128-gcm": (AESGCM, 16), "aes-256-gcm": (AESGCM, 32), "chacha20-poly1305": (ChaCha20Poly1305, 32)}
    lengths = [(t, a) for t in (0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257) for a in (0, 1, 5, 13, 16, 17)]
    for name, (cls, key_len) in algorithms.items():
        for text_len, aad_len in lengths:
            key, nonce, aad, text = some(key_len), some(12), some(aad_len), some(text_len)
            both = cls(key).encrypt(nonce, text, aad)
            sealed, tag = both[:text_len], both[text_len:]
            f.add("whole", True, alg=name, key=key, nonce=nonce, aad=aad, text=text, sealed=sealed, tag=tag)
        key, nonce, aad, text = some(key_len), some(12), some(13), some(40)
        both = cls(key).encrypt(nonce, text, aad)

        def damaged(what, nonce, aad, sealed, tag):
            try:
                cls(key).decrypt(nonce, sealed + tag, aad)
                raise SystemExit("OpenSSL takes " + what)
            except InvalidTag:
                f.add(what, False, alg=name, key=key, nonce=nonce, aad=aad, text=text, sealed=sealed, tag=tag)

        def flip(value, bit):
            out = bytearray(value)
            out[bit // 8] ^= 1 << bit % 8
            return bytes(out)

        for bit in range(128):
            damaged("tag-bit", nonce, aad, both[:40], flip(both[40:], bit))
        damaged("tag-zero", nonce, aad, both[:40], bytes(16))
        damaged("tag-ones", nonce, aad, both[:40], b"\xff" * 16)
        for bit in (0, 7, 100, 127, 128, 255, 256, 319):
            damaged("text-bit", nonce, aad, flip(both[:40], bit), both[40:])
        for bit in (0, 50, 103):
            damaged("aad-bit", nonce, flip(aad, bit), both[:40], both[40:])
        for bit in (0, 95):
            damaged("nonce-bit", flip(nonce, bit), aad, both[:40], both[40:])
        damaged("aad-short", nonce, aad[:-1], both[:40], both[40:])
        damaged("text-short", nonce, aad, both[:39], both[40:])
    f.close()


# ---- X25519
P25519 = 2**255 - 19


def x25519_file():
    f = File("edge_x25519.txt", "X25519 at its edges: small orders, values from p on, the top bit, extreme scalars.")

    def line(name, scalar, u):
        try:
            shared = x25519.X25519PrivateKey.from_private_bytes(scalar).exchange(
                x25519.X25519PublicKey.from_public_bytes(u))
            f.add(name, True, scalar=scalar, share=u, shared=shared)
        except ValueError:
            f.add(name, False, scalar=scalar, share=u, shared=b"")

    for _ in range(60):
        line("random", some(32), some(32))
    small = [0, 1, P25519 - 1, 325606250916557431795983626356110631294008115727848805560023387167927233504,
             39382357235489614581723060781553021112529911719440698176882885853963445705823]
    for u in small + [P25519, P25519 + 1]:
        for top in (0, 1 << 255):
            line("small-order", some(32), (u | top).to_bytes(32, "little"))
    for u in range(P25519 + 2, 2**255):
        line("not-canonical", some(32), u.to_bytes(32, "little"))
        line("not-canonical-top", some(32), (u | 1 << 255).to_bytes(32, "little"))
    for u in [2, 3, 4, 9, 16, 2**32 - 1, 2**51 - 1, 2**51, 2**102, 2**128, 2**204, 2**254, 2**255 - 20 - 1, P25519 - 2, P25519 - 3]:
        line("special-point", some(32), u.to_bytes(32, "little"))
    for scalar in (bytes(32), b"\xff" * 32, b"\x08" + bytes(31), bytes(31) + b"\x40", b"\x07" + bytes(31), bytes(31) + b"\x80"):
        line("special-scalar", scalar, some(32))
    f.close()


# ---- ECDH on points
def ecdh():
    f = File("edge_ecdh.txt", "ECDH: leading zeros in the secret, extreme scalars, and points that are none.")
    for name, curve, p, a, b, order in (
        ("secp256r1", ec.SECP256R1(), 2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
         0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
         0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551),
        ("secp384r1", ec.SECP384R1(), 2**384 - 2**128 - 2**96 + 2**32 - 1, -3,
         0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef,
         0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973),
    ):
        size = (curve.key_size + 7) // 8

        def exchange(scalar, point):
            key = ec.derive_private_key(scalar, curve)
            try:
                peer = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
            except ValueError:
                return None
            return key.exchange(ec.ECDH(), peer)

        def line(what, scalar, point, must_fail=False):
            shared = exchange(scalar, point)
            if must_fail and what not in ("compressed", "hybrid"):
                assert shared is None, what
            valid = shared is not None and not must_fail
            f.add(f"{name}-{what}", valid, alg=name, scalar=scalar.to_bytes(size, "big"), share=point,
                  shared=shared if valid else b"")

        def public(scalar):
            return ec.derive_private_key(scalar, curve).public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

        def encoded(x, y, first=4):
            return bytes([first]) + x.to_bytes(size, "big") + y.to_bytes(size, "big")

        for _ in range(20):
            line("random", rng.randrange(1, order), public(rng.randrange(1, order)))
        for scalar in (1, 2, 3, order - 1, order - 2, order // 2, 2**128, 2**(curve.key_size - 1)):
            line("special-scalar", scalar, public(rng.randrange(1, order)))
            line("special-point", rng.randrange(1, order), public(scalar))
        found = 0
        while found < 4:
            scalar, point = rng.randrange(1, order), public(rng.randrange(1, order))
            if exchange(scalar, point)[0] == 0:
                line("leading-zero", scalar, point)
                found += 1
        scalar, point = rng.randrange(1, order), public(rng.randrange(1, order))
        x, y = int.from_bytes(point[1:1 + size], "big"), int.from_bytes(point[1 + size:], "big")
        wrong = {
            "empty": b"", "infinity": b"\0", "long-infinity": bytes(1 + 2 * size), "only-type": b"\4",
            "short": point[:-1], "long": point + b"\0", "x-only": point[:1 + size],
            "compressed": bytes([2 + (y & 1)]) + point[1:1 + size], "hybrid": bytes([6 + (y & 1)]) + point[1:],
            "type-0": b"\0" + point[1:], "type-1": b"\1" + point[1:], "type-5": b"\5" + point[1:],
            "origin": encoded(0, 0), "off-curve-x": encoded(x ^ 1, y), "off-curve-y": encoded(x, y ^ 1),
            "ones": b"\4" + b"\xff" * (2 * size), "x-is-p": encoded(p, y), "y-is-p": encoded(x, p),
            "zero-y": encoded(x, 0), "zero-x": encoded(0, y), "swapped": encoded(y, x),
        }
        # The same point with p added to a coordinate, where that still fits its bytes: not canonical, so refused.
        for candidate in range(0, 400):
            yy = (candidate**3 + a * candidate + b) % p
            root = pow(yy, (p + 1) // 4, p)
            if root * root % p == yy and candidate + p < 256**size:
                line("small-x", scalar, encoded(candidate, root))
                wrong["x-plus-p"] = encoded(candidate + p, root)
                break
        # A point of the twist: its x belongs to no point of the curve.
        for candidate in range(2, 400):
            yy = (candidate**3 + a * candidate + b) % p
            if pow(yy, (p - 1) // 2, p) == p - 1:
                wrong["twist"] = encoded(candidate, pow(-yy % p, (p + 1) // 4, p))
                break
        for what, value in wrong.items():
            line(what, scalar, value, must_fail=True)
    f.close()


# ---- ECDSA
def integer(value, size=None):
    body = value.to_bytes(size or (value.bit_length() // 8 + 1), "big", signed=value < 0)
    return b"\x02" + bytes([len(body)]) + body


def sequence(body):
    return b"\x30" + (bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)])) + body


def ecdsa():
    f = File("edge_ecdsa.txt", "ECDSA signatures: numbers out of range and every liberty that BER would take.")
    for name, curve, digest, order in (
        ("p256", ec.SECP256R1(), hashes.SHA256(), 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551),
        ("p384", ec.SECP384R1(), hashes.SHA384(),
         0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973),
    ):
        key = ec.derive_private_key(rng.randrange(1, order), curve)
        spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

        def line(what, message, signature):
            try:
                key.public_key().verify(signature, message, ec.ECDSA(digest))
                valid = True
            except InvalidSignature:
                valid = False
            f.add(f"{name}-{what}", valid, spki=spki, message=message, signature=signature)
            return valid

        for n in (0, 1, 20, 55, 56, 63, 64, 111, 112, 128, 200):
            message = some(n)
            assert line("whole", message, key.sign(message, ec.ECDSA(digest)))
        message = some(20)
        whole = key.sign(message, ec.ECDSA(digest))
        r, s = utils.decode_dss_signature(whole)
        assert line("other-s", message, sequence(integer(r) + integer(order - s)))
        assert not line("other-message", message + b"x", whole)
        for x in (0, 1, -1, -r, order, order - 1, order + 1, r + order, r ^ 1, 2**curve.key_size - 1):
            assert not line("r", message, sequence(integer(x) + integer(s)))
        for x in (0, 1, -1, -s, order, order - 1, order + 1, s + order, s ^ 1, 2**curve.key_size - 1):
            assert not line("s", message, sequence(integer(r) + integer(x)))
        for a in (0, 1, order - 1, order, order + 1):
            for b in (0, 1, order - 1, order, order + 1):
                assert not line("r-s", message, sequence(integer(a) + integer(b)))
        rr, ss = integer(r), integer(s)
        body = rr + ss
        liberties = {
            "empty": b"", "no-content": b"\x30\0", "no-s": sequence(rr), "three": sequence(body + integer(1)),
            "behind": sequence(body) + b"\0", "behind-null": sequence(body) + b"\5\0",
            "inside-null": sequence(body + b"\5\0"), "cut": sequence(body)[:-1],
            "length-too-long": b"\x30" + bytes([len(body) + 1]) + body,
            "length-too-short": b"\x30" + bytes([len(body) - 1]) + body,
            "indefinite": b"\x30\x80" + body + b"\0\0", "set": b"\x31" + bytes([len(body)]) + body,
            "long-length": b"\x30\x81" + bytes([len(body)]) + body,
            "longer-length": b"\x30\x82\0" + bytes([len(body)]) + body,
            "huge-length": b"\x30\x85\1\0\0\0" + bytes([len(body)]) + body,
            "r-padded": sequence(b"\x02" + bytes([len(rr) - 1]) + b"\0" + rr[2:] + ss),
            "s-padded": sequence(rr + b"\x02" + bytes([len(ss) - 1]) + b"\0" + ss[2:]),
            "r-empty": sequence(b"\2\0" + ss), "s-empty": sequence(rr + b"\2\0"),
            "r-octets": sequence(b"\4" + rr[1:] + ss), "r-bit-string": sequence(b"\3" + rr[1:] + ss),
            "r-long-length": sequence(b"\2\x81" + rr[1:] + ss), "nested": sequence(sequence(body)),
            "raw": r.to_bytes(curve.key_size // 8, "big") + s.to_bytes(curve.key_size // 8, "big"),
            "swapped": sequence(ss + rr), "boolean": sequence(b"\1\1\xff" + ss), "real": sequence(b"\x09\1\0" + ss),
        }
        for what, signature in liberties.items():
            assert not line(what, message, signature), what
        for _ in range(30):
            out = bytearray(whole)
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
            assert not line("bit", message, bytes(out))
    f.close()


# ---- RSA-PSS
def emsa_pss(message, bits, name, salt, *, mask_hash=None, trailer=0xbc, first_bits=0, pad=0, mark=1):
    """EMSA-PSS-ENCODE of RFC 8017 9.1.1, with a place to go wrong at every step."""
    size = (bits - 1 + 7) // 8
    digest = hashlib.new(name, message).digest()
    h = hashlib.new(name, bytes(8) + digest + salt).digest()
    db = bytearray(bytes(size - len(salt) - len(h) - 2) + bytes([mark]) + salt)
    if pad:
        db[0] |= 0
        db[1] = pad
    mask, counter = b"", 0
    while len(mask) < len(db):
        mask += hashlib.new(mask_hash or name, h + counter.to_bytes(4, "big")).digest()
        counter += 1
    masked = bytearray(x ^ y for x, y in zip(db, mask))
    masked[0] &= 0xff >> (8 * size - (bits - 1))
    masked[0] |= first_bits
    return bytes(masked) + h + bytes([trailer])


def rsa_pss():
    f = File("edge_rsa_pss.txt", "RSA-PSS: salts of the wrong length, other encodings, numbers out of range.")
    for bits, count in ((2048, 3), (3072, 1)):
        key = rsa.generate_private_key(65537, bits)
        n, d = key.public_key().public_numbers().n, key.private_numbers().d
        size = bits // 8
        spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for name, digest in (("sha256", hashes.SHA256()), ("sha384", hashes.SHA384()), ("sha512", hashes.SHA512())):
            scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)

            def line(what, message, signature):
                try:
                    key.public_key().verify(signature, message, scheme, digest)
                    valid = True
                except InvalidSignature:
                    valid = False
                f.add(f"{bits}-{name}-{what}", valid, hash=name, spki=spki, message=message, signature=signature)
                return valid

            def raw(encoded):
                return pow(int.from_bytes(encoded, "big"), d, n).to_bytes(size, "big")

            for i in range(count):
                message = some(17 * i)
                assert line("whole", message, key.sign(message, scheme, digest))
            message = some(20)
            whole = key.sign(message, scheme, digest)
            hlen = digest.digest_size
            assert line("encoded-by-hand", message, raw(emsa_pss(message, bits, name, some(hlen))))
            assert not line("other-message", message + b"x", whole)
            for salt_len in (0, 1, hlen - 1, hlen + 1, size - hlen - 2):
                assert not line("salt", message, raw(emsa_pss(message, bits, name, some(salt_len))))
            assert not line("mask-hash", message, raw(emsa_pss(message, bits, name, some(hlen), mask_hash="sha1")))
            assert not line("trailer", message, raw(emsa_pss(message, bits, name, some(hlen), trailer=0xcc)))
            assert not line("pad", message, raw(emsa_pss(message, bits, name, some(hlen), pad=1)))
            assert not line("mark", message, raw(emsa_pss(message, bits, name, some(hlen), mark=2)))
            assert not line("pkcs1", message, key.sign(message, padding.PKCS1v15(), digest))
            value = int.from_bytes(whole, "big")
            for what, number in (("zero", 0), ("one", 1), ("n-1", n - 1), ("n", n), ("n+1", n + 1), ("ones", 2**bits - 1)):
                assert not line(what, message, number.to_bytes(size, "big"))
            if value + n < 2**bits:
                assert not line("plus-n", message, (value + n).to_bytes(size, "big"))
            for what, signature in (("empty", b""), ("short", whole[:-1]), ("long", whole + b"\0"), ("front", b"\0" + whole)):
                assert not line(what, message, signature)
            for _ in range(8):
                out = bytearray(whole)
                out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
                assert not line("bit", message, bytes(out))
    f.close()


aead()
x25519_file()
ecdh()
ecdsa()
rsa_pss()
