"""nameserver.py ADDRESS ZONE: answers on UDP port 53 of ADDRESS what the file ZONE says at that moment.

A line is "NAME ADDRESS...", or "NAME silent", which is never answered. Other names do not exist. What is asked is told
on standard output, a line each: "A NAME" or "AAAA NAME".
"""
import socket
import struct
import sys

TYPES = {1: "A", 28: "AAAA"}


def read_name(question):
    labels, at = [], 0
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels), at + 1


def look_up(zone, name):
    with open(zone, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == name:
                return words[1:]
    return None


def record(address):
    return b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(address)


def reply(query, zone):
    name, length = read_name(query[12:])
    kind = struct.unpack(">H", query[12 + length:14 + length])[0]
    print(TYPES.get(kind, kind), name, flush=True)
    found = look_up(zone, name)
    if found == ["silent"]:
        return None
    records = [record(address) for address in found or [] if kind == 1]
    flags = 0x8180 if found is not None else 0x8183
    header = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
    return header + query[12:16 + length] + b"".join(records)


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print("ready", flush=True)
    while True:
        query, client = server.recvfrom(512)
        answer = reply(query, sys.argv[2])
        if answer:
            server.sendto(answer, client)


main()
