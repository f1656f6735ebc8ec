#!/usr/bin/env python3
"""Turns published figures for SHA-3 (FIPS 202) and ML-KEM-768 (FIPS 203) into the form described in README.md.

    convert_fips.py sha3 DIRECTORY     the .rsp files of CAVP's sha-3bytetestvectors.zip and shakebytetestvectors.zip
    convert_fips.py mlkem DIRECTORY    keyGen/ and encapDecap/ with prompt.json and expectedResults.json of the ACVP server
    convert_fips.py cctv DIRECTORY     ML-KEM/ of a checkout of C2SP's CCTV

What is written goes to standard output.
"""
import json
import os
import sys

directory = sys.argv[2]


# ---- SHA-3: every length to beyond one block, a few of several blocks, a few of each output length
def responses(name):
    vector = {}
    with open(os.path.join(directory, name + ".rsp")) as f:
        for text in f:
            key, equals, value = (part.strip() for part in text.strip().partition("="))
            if not equals or text[0] in "#[":
                continue
            vector[key] = value
            if key in ("MD", "Output"):
                yield vector


def sha3_file(name, alg, step, count):
    for i, vector in enumerate(responses(name)):
        if i % step or i // step >= count:
            continue
        message = vector["Msg"] if vector.get("Len", "") != "0" else ""
        print(f"{name}-{i} alg={alg} message={message} output={vector.get('MD') or vector['Output']}")


def sha3():
    print("# NIST's figures for FIPS 202 (CAVP, CAVS 19.0, public domain), chosen by convert_fips.py, numbered as there.")
    for alg, name in (("sha3-256", "SHA3_256"), ("sha3-512", "SHA3_512"), ("shake128", "SHAKE128"),
                      ("shake256", "SHAKE256")):
        sha3_file(name + "ShortMsg", alg, 1, 175)
        sha3_file(name + "LongMsg", alg, 1, 5)
        if name.startswith("SHAKE"):
            sha3_file(name + "VariableOut", alg, 60, 20)


# ---- ML-KEM-768
def groups(mode):
    with open(os.path.join(directory, mode, "prompt.json")) as f:
        prompts = json.load(f)["testGroups"]
    with open(os.path.join(directory, mode, "expectedResults.json")) as f:
        results = {t["tcId"]: t for group in json.load(f)["testGroups"] for t in group["tests"]}
    for group in prompts:
        if group["parameterSet"] == "ML-KEM-768":
            for t in group["tests"]:
                result = results[t["tcId"]]
                yield group.get("function", "keyGen"), t["tcId"], {
                    k: v.lower() if isinstance(v, str) else v for k, v in (t | result).items()}


def mlkem():
    print("# NIST's figures for ML-KEM-768 of FIPS 203 (ACVP server, release 1.1.0.40, public domain), numbered as there;")
    print("# by convert_fips.py. ek, which stands in the middle of dk, is left out of keyGen.")
    for function, number, t in [*groups("keyGen"), *groups("encapDecap")]:
        verdict = "valid" if t.get("testPassed", True) else "invalid"
        if function == "keyGen":
            if t["dk"][2 * 1152:2 * (1152 + 1184)] != t["ek"]:
                raise SystemExit("ek is not in dk")
            text = f"d={t['d']} z={t['z']} dk={t['dk']}"
        elif function == "encapsulation":
            text = f"ek={t['ek']} m={t['m']} c={t['c']} k={t['k']}"
        elif function == "decapsulation":
            text = f"dk={t['dk']} c={t['c']} k={t['k']}"
        else:
            text = f"ek={t['ek']}" if function == "encapsulationKeyCheck" else f"dk={t['dk']}"
        print(f"acvp-{number} function={function} {text} result={verdict}")


def cctv():
    print("# C2SP's Community Cryptography Test Vectors for ML-KEM-768 (github.com/C2SP/CCTV, CC0), by convert_fips.py:")
    print("# a key that many numbers are rejected for, and ciphertexts that differ behind a zero byte from what is expected.")
    for name in ("unluckysample", "strcmp"):
        with open(os.path.join(directory, name, "ML-KEM-768.txt")) as f:
            t = {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in f) if value}
        if "m" in t:
            print(f"{name} function=encapsulation ek={t['ek']} m={t['m']} c={t['c']} k={t['K']} result=valid")
        print(f"{name} function=decapsulation dk={t['dk']} c={t['c']} k={t['K']} result=valid")


{"sha3": sha3, "mlkem": mlkem, "cctv": cctv}[sys.argv[1]]()
