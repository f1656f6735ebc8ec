"""Whom a client says it is: chains of tests/data/client_trust, and an authority of our own for what must be fresh."""
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wire import u16, vec16

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "client_trust")
SERVERS = os.path.join(FOLDER, "..", "certificates")
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


def der(name):
    with open(os.path.join(FOLDER, f"{name}.crt"), "rb") as file:
        return x509.load_pem_x509_certificate(file.read()).public_bytes(DER)


def key(name):
    with open(os.path.join(FOLDER, f"{name}.key"), "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


HASHES = {2: hashes.SHA1(), 4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512()}
PSS = {0x0804: hashes.SHA256(), 0x0805: hashes.SHA384(), 0x0806: hashes.SHA512()}


def signature(private, scheme, content):
    """RFC 8446 4.2.3: by this scheme, or where the key cannot, by the nearest it can."""
    alg = PSS.get(scheme) or HASHES.get(scheme >> 8) or hashes.SHA256()
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(content, ec.ECDSA(alg))
    if scheme in PSS:
        return private.sign(content, padding.PSS(padding.MGF1(alg), alg.digest_size), alg)
    return private.sign(content, padding.PKCS1v15(), alg)


def proof(private, scheme, content):
    """The body of CertificateVerify: RFC 8446 4.4.3, RFC 5246 7.4.8."""
    return u16(scheme) + vec16(signature(private, scheme, content))


# ---- the authority of our own: made by probe.sh before the daemon starts, its key in the folder PROBE_AUTHORITY


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def usage(signs):
    return x509.KeyUsage(not signs, False, False, False, False, signs, signs, False, False)


def certified(name, public, issuer, by, seconds, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(subject(issuer), subject(name), public, x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(seconds=seconds))
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(by, hashes.SHA256())


def issue(name, seconds=3600, public=None, names=()):
    """A client's certificate of so few seconds: (private key or None, DER)."""
    with open(os.path.join(os.environ["PROBE_AUTHORITY"], "authority.key"), "rb") as file:
        authority = serialization.load_pem_private_key(file.read(), None)
    private = None if public else ec.generate_private_key(ec.SECP256R1())
    extensions = [(usage(False), True), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)]
    if names:
        extensions.append((x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False))
    made = certified(name, public or private.public_key(), "probe authority", authority, seconds, extensions)
    return private, made.public_bytes(DER)


def loop():
    """A leaf of A, A certified by B, B certified by A."""
    leaf, a, b = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ca = [(x509.BasicConstraints(True, None), True), (usage(True), True)]
    return [
        certified("leaf", leaf.public_key(), "A", a, 3600, [(usage(False), True)]).public_bytes(DER),
        certified("A", a.public_key(), "B", b, 3600, ca).public_bytes(DER),
        certified("B", b.public_key(), "A", a, 3600, ca).public_bytes(DER),
    ]


def long_key(bits):
    """RSA public keys that are never proved: any odd number will do."""
    return rsa.RSAPublicNumbers(65537, int.from_bytes(b"\xc5" * (bits // 8), "big")).public_key()


def make_authority(folder):
    private = ec.generate_private_key(ec.SECP256R1())
    ca = [(x509.BasicConstraints(True, None), True), (usage(True), True)]
    made = certified("probe authority", private.public_key(), "probe authority", private, 86400, ca)
    with open(os.path.join(folder, "authority.key"), "wb") as file:
        file.write(private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    with open(os.path.join(folder, "authority.crt"), "wb") as file:
        file.write(made.public_bytes(PEM))


def make_staple(folder):
    """An OCSP response for the server's certificate, of its issuer; the extension is there to be found again."""
    with open(os.path.join(SERVERS, "p256.crt"), "rb") as file:
        leaf = x509.load_pem_x509_certificate(file.read())
    with open(os.path.join(SERVERS, "intermediate.crt"), "rb") as file:
        issuer = x509.load_pem_x509_certificate(file.read())
    with open(os.path.join(SERVERS, "intermediate.key"), "rb") as file:
        private = serialization.load_pem_private_key(file.read(), None)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    builder = ocsp.OCSPResponseBuilder().add_response(
        leaf, issuer, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, now - datetime.timedelta(hours=1),
        now + datetime.timedelta(days=1), None, None)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
    builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.1"), b"probe staple"),
                                    False)
    with open(os.path.join(folder, "staple.der"), "wb") as file:
        file.write(builder.sign(private, hashes.SHA256()).public_bytes(DER))


if __name__ == "__main__":
    make_authority(os.environ["PROBE_AUTHORITY"])
    make_staple(os.environ["PROBE_AUTHORITY"])
