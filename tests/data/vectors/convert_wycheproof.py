#!/usr/bin/env python3
"""Turns the files of a Wycheproof checkout that concern us into the form described in README.md.

    convert_wycheproof.py CHECKOUT OUTPUT_DIRECTORY             everything
    convert_wycheproof.py CHECKOUT OUTPUT_DIRECTORY --subset    a few of each kind of signatures.txt: what is kept
"""
import json
import os
import sys


def load(name):
    with open(os.path.join(sys.argv[1], "testvectors_v1", name)) as f:
        return json.load(f)["testGroups"]


def write(name, lines):
    with open(os.path.join(sys.argv[2], name), "w") as f:
        f.write("# Project Wycheproof (github.com/C2SP/wycheproof), Apache-2.0. Made by convert_wycheproof.py.\n")
        f.write("\n".join(lines) + "\n")
    print(f"{name}: {len(lines)}")


def line(name, test, **fields):
    text = " ".join(f"{k}={v}" for k, v in fields.items())
    return f"{name}-{test['tcId']} {text} result={test['result']}"


def aead():
    out = []
    for file, is_aes in (("aes_gcm_test.json", True), ("chacha20_poly1305_test.json", False)):
        for group in load(file):
            if group["ivSize"] != 96 or group["tagSize"] != 128 or group["keySize"] not in (128, 256):
                continue
            alg = f"aes-{group['keySize']}-gcm" if is_aes else "chacha20-poly1305"
            for t in group["tests"]:
                out.append(line(alg, t, alg=alg, key=t["key"], nonce=t["iv"], aad=t["aad"], text=t["msg"],
                                sealed=t["ct"], tag=t["tag"]))
    write("edge_aead.txt", out)


def exchanges():
    out = []
    for group in load("x25519_test.json"):
        for t in group["tests"]:
            # RFC 7748 6.1 lets the all-zero secret be refused and RFC 8446 7.4.2 demands it.
            if t["result"] == "acceptable" and set(t["shared"]) == {"0"}:
                t["result"] = "invalid"
            out.append(line("x25519", t, scalar=t["private"], share=t["public"], shared=t["shared"]))
    write("edge_x25519.txt", out)
    out = []
    for curve, size in (("secp256r1", 32), ("secp384r1", 48)):
        for group in load(f"ecdh_{curve}_ecpoint_test.json"):
            for t in group["tests"]:
                # RFC 8446 4.2.8.2: compressed points are not for us.
                if t["result"] == "acceptable" and t["public"][:2] in ("02", "03"):
                    t["result"] = "invalid"
                scalar = int(t["private"], 16).to_bytes(size, "big").hex()
                out.append(line(curve, t, alg=curve, scalar=scalar, share=t["public"], shared=t["shared"]))
    write("edge_ecdh.txt", out)


def signatures():
    out = []
    for curve, digest in (("secp256r1", "sha256"), ("secp384r1", "sha384")):
        for group in load(f"ecdsa_{curve}_{digest}_test.json"):
            for t in group["tests"]:
                out.append(line(curve, t, spki=group["publicKeyDer"], message=t["msg"], signature=t["sig"]))
    write("edge_ecdsa.txt", out)
    out = []
    for name, digest in (("2048_sha256_mgf1_32", "sha256"), ("2048_sha256_mgf1_0", "sha256"),
                         ("2048_sha384_mgf1_48", "sha384"), ("3072_sha256_mgf1_32", "sha256"),
                         ("4096_sha256_mgf1_32", "sha256"), ("4096_sha384_mgf1_48", "sha384"),
                         ("4096_sha512_mgf1_64", "sha512"), ("4096_sha512_mgf1_32", "sha512")):
        for group in load(f"rsa_pss_{name}_test.json"):
            hash_len = int(digest[3:]) // 8
            for t in group["tests"]:
                # Our salts are as long as the hash (RFC 8446 4.2.3); what is right with another length is wrong here.
                if group["sLen"] != hash_len:
                    is_ours = t.get("comment") == f"s_len changed to {hash_len}"
                    t["result"] = "valid" if is_ours else "invalid"
                out.append(line(name, t, hash=digest, spki=group["publicKeyDer"], message=t["msg"], signature=t["sig"]))
    write("edge_rsa_pss.txt", out)


# What a client may prove itself with: the file, our name of the algorithm, how many of each flag the subset keeps.
CLIENT_SIGNATURES = (
    ("ecdsa_secp256r1_sha256", "ecdsa_p256_sha256", 3), ("ecdsa_secp384r1_sha384", "ecdsa_p384_sha384", 2),
    ("ecdsa_secp521r1_sha512", "ecdsa_p521_sha512", 3), ("ecdsa_secp256r1_sha512", "ecdsa_sha512", 1),
    ("ecdsa_secp384r1_sha256", "ecdsa_sha256", 1), ("ecdsa_secp384r1_sha512", "ecdsa_sha512", 1),
    ("rsa_signature_2048_sha256", "pkcs1_sha256", 4), ("rsa_signature_3072_sha256", "pkcs1_sha256", 0),
    ("rsa_signature_2048_sha384", "pkcs1_sha384", 0), ("rsa_signature_3072_sha384", "pkcs1_sha384", 1),
    ("rsa_signature_2048_sha512", "pkcs1_sha512", 0), ("rsa_signature_4096_sha512", "pkcs1_sha512", 1),
    ("rsa_pss_2048_sha256_mgf1_32", "pss_sha256", 2), ("rsa_pss_2048_sha384_mgf1_48", "pss_sha384", 0),
    ("rsa_pss_4096_sha512_mgf1_64", "pss_sha512", 1), ("rsa_pss_2048_sha256_mgf1_0", "pss_sha256", 1))


def is_wanted(test, kept, limit):
    """Whether one of its flags has not been kept `limit` times with this result."""
    keys = [(flag, test["result"]) for flag in test["flags"] or ["none"]]
    if not any(kept.get(key, 0) < limit for key in keys):
        return False
    for key in keys:
        kept[key] = kept.get(key, 0) + 1
    return True


def client_signatures(is_subset):
    out = []
    for name, alg, limit in CLIENT_SIGNATURES:
        kept = {}
        for group in load(name + "_test.json"):
            for t in group["tests"]:
                # "Acceptable" is a DigestInfo without NULL: RFC 8017 9.2 (note 1) compares with the one that has it.
                # A salt of another length than the hash is wrong for us (RFC 8446 4.2.3).
                if t["result"] == "acceptable":
                    t["result"] = "invalid"
                if group.get("sLen") == 0:
                    t["result"] = "valid" if t.get("comment") == "s_len changed to 32" else "invalid"
                if not is_subset or is_wanted(t, kept, limit):
                    out.append(line(name, t, alg=alg, spki=group["publicKeyDer"], message=t["msg"],
                                    signature=t["sig"]))
    write("signatures.txt", out)


os.makedirs(sys.argv[2], exist_ok=True)
client_signatures(sys.argv[3:] == ["--subset"])
if sys.argv[3:]:
    sys.exit()
aead()
exchanges()
signatures()
