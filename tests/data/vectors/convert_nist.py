#!/usr/bin/env python3
"""Turns answer files of NIST's Cryptographic Algorithm Validation Program into the form described in README.md.

    convert_nist.py DIRECTORY OUTPUT_DIRECTORY

DIRECTORY is that of Debian's package python3-cryptography-vectors, .../dist-packages/cryptography_vectors.
"""
import os
import re
import sys

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def read(*path):
    """Each vector with the headings that hold for it, in brackets, and its fields."""
    headings, fields = {}, {}
    with open(os.path.join(sys.argv[1], *path)) as f:
        for line in f:
            line = line.strip()
            if line.startswith("["):
                for part in line.strip("[]").split(", "):
                    key, _, value = part.partition(" = ")
                    headings[key] = value
                    if not value:
                        headings["title"] = key
            elif " =" in line or line == "FAIL":
                key, _, value = line.partition(" =")
                fields[key] = value.strip()
            elif not line and fields:
                yield headings, fields
                fields = {}
    if fields:
        yield headings, fields


def write(name, vectors):
    with open(os.path.join(sys.argv[2], name), "w") as f:
        f.write("# Figures of NIST's validation program (CAVS), public domain. Made by convert_nist.py.\n")
        for i, (title, fields) in enumerate(vectors):
            f.write(f"{title}-{i + 1} {' '.join(f'{k}={v}' for k, v in fields.items())}\n")
    print(f"{name}: {len(vectors)}")


def aead():
    out = []
    for size in ("128", "256"):
        seen = {}
        for h, f in read("ciphers", "AES", "GCM", f"gcmDecrypt{size}.rsp"):
            if h["IVlen"] != "96" or h["Taglen"] != "128":
                continue
            # One that is whole and one that is not, of each pair of lengths.
            kind = (h["PTlen"], h["AADlen"], "FAIL" in f)
            if seen.setdefault(kind, 0):
                continue
            seen[kind] = 1
            out.append((f"aes-{size}-gcm", dict(
                alg=f"aes-{size}-gcm", key=f["Key"], nonce=f["IV"], aad=f["AAD"], text=f.get("PT", ""), sealed=f["CT"],
                tag=f["Tag"], result="invalid" if "FAIL" in f else "valid")))
    write("nist_aead.txt", out)


def exchanges():
    out = []
    for h, f in read("asymmetric", "ECDH", "KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_resp.fax"):
        curve = {"EC - SHA256": ("secp256r1", 64), "ED - SHA384": ("secp384r1", 96)}.get(h["title"])
        is_bad_point = "CAVS's Static public key" in f.get("Result", "")
        if not curve or not (f["Result"].startswith("P") or is_bad_point):
            continue  # the rest is about what is made of Z
        name, width = curve
        share = "04" + f["QsCAVSx"].zfill(width) + f["QsCAVSy"].zfill(width)
        out.append((name, dict(alg=name, scalar=f["dsIUT"].zfill(width), share=share, shared=f["Z"].zfill(width),
                               result="invalid" if is_bad_point else "valid")))
    write("nist_ecdh.txt", out)


def spki(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


def ecdsa():
    curves = {"P-256": (ec.SECP256R1(), "ecdsa_p256_sha256"), "P-384": (ec.SECP384R1(), "ecdsa_p384_sha384"),
              "P-521": (ec.SECP521R1(), "ecdsa_p521_sha512")}
    for h, f in read("asymmetric", "ECDSA", "FIPS_186-3", "SigVer.rsp"):
        curve, _, digest = h["title"].partition(",")
        if curve not in curves or digest not in ("SHA-256", "SHA-384", "SHA-512") or "Msg" not in f:
            continue
        digest = digest.replace("-", "").lower()
        group, own = curves[curve]
        alg = own if own.endswith(digest) else f"ecdsa_{digest}"  # another hash than the curve's: TLS 1.2 alone
        try:
            key = ec.EllipticCurvePublicNumbers(int(f["Qx"], 16), int(f["Qy"], 16), group).public_key()
        except ValueError:
            continue  # no point: its key is refused before any signature
        signature = encode_dss_signature(int(f["R"], 16), int(f["S"], 16)).hex()
        yield f"{curve}-{digest}", dict(alg=alg, spki=spki(key), message=f["Msg"], signature=signature,
                                        result="valid" if f["Result"].startswith("P") else "invalid")


def rsa_pkcs1():
    n = None
    for h, f in read("asymmetric", "RSA", "FIPS_186-2", "SigVer15_186-3.rsp"):
        n = f.get("n", n)
        digest = f.get("SHAAlg", "")
        if h.get("mod") != "2048" or digest not in ("SHA256", "SHA384", "SHA512"):
            continue
        key = rsa.RSAPublicNumbers(int(f["e"], 16), int(n, 16)).public_key()
        yield f"rsa2048-{digest.lower()}", dict(
            alg=f"pkcs1_{digest.lower()}", spki=spki(key), message=f["Msg"], signature=f["S"],
            result="valid" if f["Result"].startswith("P") else "invalid")


def hashes():
    out = []
    for digest in ("SHA256", "SHA384"):
        short = list(read("hashes", "SHA2", f"{digest}ShortMsg.rsp"))
        for _, f in short[::2] + list(read("hashes", "SHA2", f"{digest}LongMsg.rsp"))[:12:3]:
            if "Len" not in f:
                continue
            message = f["Msg"] if f["Len"] != "0" else ""
            out.append((digest.lower(), dict(hash=digest.lower(), message=message, digest=f["MD"])))
    write("nist_hash.txt", out)


aead()
exchanges()
hashes()
write("nist_signatures.txt", [v for v in ecdsa() if re.match("P-256-sha256|P-384-sha384|P-521-sha512", v[0])] +
      [v for v in ecdsa() if "ecdsa_sha" in v[1]["alg"]][::3] + list(rsa_pkcs1())[::2])
