#!/usr/bin/env python3
"""Turns the files of a Wycheproof checkout that concern us into the form described in README.md.

    convert_wycheproof.py CHECKOUT OUTPUT_DIRECTORY
"""
import json
import os
import sys


def load(name):
    with open(os.path.join(sys.argv[1], "testvectors_v1", name + "_test.json")) as f:
        return json.load(f)["testGroups"]


def write(name, vectors):
    """A field that is as in the vector before is written as '^'."""
    before = {}
    with open(os.path.join(sys.argv[2], name), "w") as f:
        f.write("# Project Wycheproof (github.com/C2SP/wycheproof), Apache-2.0. Made by convert_wycheproof.py.\n")
        for title, fields in vectors:
            text = " ".join(f"{k}={'^' if v and before.get(k) == v else v}" for k, v in fields.items())
            f.write(f"{title} {text}\n")
            before = fields
    print(f"{name}: {len(vectors)}")


def vector(name, test, **fields):
    return f"{name}-{test['tcId']}", {**fields, "result": test["result"]}


def aead():
    out = []
    for file in ("aes_gcm", "chacha20_poly1305"):
        for group in load(file):
            if group["ivSize"] != 96 or group["tagSize"] != 128 or group["keySize"] not in (128, 256):
                continue
            alg = f"aes-{group['keySize']}-gcm" if file == "aes_gcm" else "chacha20-poly1305"
            for t in group["tests"]:
                out.append(vector(alg, t, alg=alg, key=t["key"], nonce=t["iv"], aad=t["aad"], text=t["msg"],
                                  sealed=t["ct"], tag=t["tag"]))
    write("wycheproof_aead.txt", out)


def exchanges():
    out = []
    for group in load("x25519"):
        for t in group["tests"]:
            # RFC 7748 6.1 lets the all-zero secret be refused and RFC 8446 7.4.2 demands it.
            if t["result"] == "acceptable":
                t["result"] = "invalid" if set(t["shared"]) == {"0"} else "valid"
            out.append(vector("x25519", t, scalar=t["private"], share=t["public"], shared=t["shared"]))
    write("wycheproof_x25519.txt", out)
    out = []
    for curve, size in (("secp256r1", 32), ("secp384r1", 48)):
        for group in load(f"ecdh_{curve}_ecpoint"):
            for t in group["tests"]:
                # RFC 8446 4.2.8.2: compressed points are not for us.
                if t["result"] == "acceptable" and t["public"][:2] in ("02", "03"):
                    t["result"] = "invalid"
                scalar = int(t["private"], 16).to_bytes(size, "big").hex()
                out.append(vector(curve, t, alg=curve, scalar=scalar, share=t["public"], shared=t["shared"]))
    write("wycheproof_ecdh.txt", out)


def macs():
    out = []
    for digest in ("sha256", "sha384"):
        for group in load("hmac_" + digest):
            for t in group["tests"]:
                if 8 * len(t["tag"]) // 2 == int(digest[3:]):  # ours are never cut
                    out.append(vector(digest, t, hash=digest, key=t["key"], message=t["msg"], mac=t["tag"]))
    write("wycheproof_hmac.txt", out)
    out = []
    for digest in ("sha256", "sha384"):
        for group in load("hkdf_" + digest):
            for t in group["tests"]:
                out.append(vector(digest, t, hash=digest, salt=t["salt"], ikm=t["ikm"], info=t["info"],
                                  len=f"{t['size']:04x}", okm=t["okm"]))
    write("wycheproof_hkdf.txt", out)


# The file, our name of the algorithm, how many of each flag and verdict are kept (ALL: every one). The files of one
# algorithm differ by the length of the key alone.
ALL = 10000
SIGNATURES = (
    ("ecdsa_secp256r1_sha256", "ecdsa_p256_sha256", ALL), ("ecdsa_secp384r1_sha384", "ecdsa_p384_sha384", ALL),
    ("ecdsa_secp521r1_sha512", "ecdsa_p521_sha512", ALL), ("ecdsa_secp256r1_sha512", "ecdsa_sha512", 1),
    ("ecdsa_secp384r1_sha256", "ecdsa_sha256", 1), ("ecdsa_secp384r1_sha512", "ecdsa_sha512", 1),
    ("rsa_signature_2048_sha256", "pkcs1_sha256", ALL), ("rsa_signature_3072_sha256", "pkcs1_sha256", 1),
    ("rsa_signature_2048_sha384", "pkcs1_sha384", 2), ("rsa_signature_3072_sha384", "pkcs1_sha384", 1),
    ("rsa_signature_2048_sha512", "pkcs1_sha512", 2), ("rsa_signature_4096_sha512", "pkcs1_sha512", 1),
    ("rsa_pss_2048_sha256_mgf1_32", "pss_sha256", ALL), ("rsa_pss_2048_sha384_mgf1_48", "pss_sha384", 3),
    ("rsa_pss_3072_sha256_mgf1_32", "pss_sha256", 1), ("rsa_pss_4096_sha512_mgf1_64", "pss_sha512", 1),
    ("rsa_pss_4096_sha384_mgf1_48", "pss_sha384", 1), ("rsa_pss_2048_sha256_mgf1_0", "pss_sha256", 1),
    ("rsa_pss_4096_sha512_mgf1_32", "pss_sha512", 1))


def is_wanted(test, kept, limit):
    """Whether one of its flags has not been kept `limit` times with this result."""
    keys = [(flag, test["result"]) for flag in test["flags"] or ["none"]]
    if not any(kept.get(key, 0) < limit for key in keys):
        return False
    for key in keys:
        kept[key] = kept.get(key, 0) + 1
    return True


def is_salt_ours(group, test, hash_len):
    """A salt of another length than the hash is wrong for us (RFC 8446 4.2.3); a few say in words that it is right."""
    return group["sLen"] == hash_len or test.get("comment") == f"s_len changed to {hash_len}"


def signatures():
    out = []
    for name, alg, limit in SIGNATURES:
        kept = {}
        for group in load(name):
            for t in group["tests"]:
                # "Acceptable" is a DigestInfo without NULL: RFC 8017 9.2 (note 1) compares with the one that has it.
                if t["result"] == "acceptable":
                    t["result"] = "invalid"
                if alg.startswith("pss"):
                    hash_len = int(alg[-3:]) // 8
                    if group["sLen"] != hash_len:
                        t["result"] = "valid" if is_salt_ours(group, t, hash_len) else "invalid"
                if is_wanted(t, kept, limit):
                    out.append(vector(name, t, alg=alg, spki=group["publicKeyDer"], message=t["msg"],
                                      signature=t["sig"]))
    write("wycheproof_signatures.txt", out)


os.makedirs(sys.argv[2], exist_ok=True)
aead()
exchanges()
macs()
signatures()
