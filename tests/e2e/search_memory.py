# search_memory.py KEY TICKET_KEY PID...: where the private scalar of a P-256 key, or the secret part of a ticket key
# file (its last 32 bytes), is in the memory of processes. The last line: how many of each were found.
import re
import subprocess
import sys


def forms_of_key(path):
    text = subprocess.run(["openssl", "ec", "-in", path, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
    scalar = bytes.fromhex(re.sub(r"[:\s]", "", re.search(r"priv:\s*([0-9a-f:\s]+?)\s*pub:", text).group(1)))[-32:]
    return {"key, big end first": scalar, "key, little end first": scalar[::-1],
            "key, PEM": open(path, "rb").read().split(b"\n")[1][:40]}


def forms_of_tickets(path):
    secret = open(path, "rb").read()[16:]
    return {"ticket key, first half": secret[:16], "ticket key, second half": secret[16:]}


def pieces(pid):
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in open(f"/proc/{pid}/maps"):
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:
                continue
            try:
                memory.seek(start)
                yield line.strip(), memory.read(end - start)
            except OSError:
                continue


def main():
    forms = {**forms_of_key(sys.argv[1]), **forms_of_tickets(sys.argv[2])}
    found = {"key": 0, "ticket": 0}
    total = 0
    for pid in sys.argv[3:]:
        for where, piece in pieces(pid):
            total += len(piece)
            for name, form in forms.items():
                if form in piece:
                    print(f"{pid}: {name} in {where}")
                    found[re.split("[, ]", name)[0]] += 1
    assert total > 1 << 20, "hardly any memory could be read"
    print(f"keys {found['key']}, ticket keys {found['ticket']}")


main()
