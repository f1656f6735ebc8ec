"""churn.py HOST PORT END [brief]: some 250 requests a second until the file END is there; the exit status is 1 when one failed.

Most come over connections that are kept: one for good (not where they are to be brief), the others for a hundred
requests each. The rest have a connection of their own. The first line is "begun", the last "good REQUESTS RATE CONNECTIONS".
"""
import os
import sys
import threading
import time

from tlsclient import Client

KEEPERS, VISITORS = 4, 2
PER_SECOND = {"keeper": 50, "visitor": 25}
host, port, end = sys.argv[1], int(sys.argv[2]), sys.argv[3]
is_brief = sys.argv[4:] == ["brief"]
over = threading.Event()
requests, connections, faults = [], [], []  # append() is atomic


def ask_echo(client):
    client.send(b"x")
    if client.receive_exactly(1) != b"x":
        raise AssertionError("another echo")


def visit():
    client = Client(host, port).handshake()
    client.send(b"say hello\n")
    if client.receive_exactly(5) != b"hello":
        raise AssertionError("another answer")
    client.close_notify()
    if client.receive() != b"":
        raise AssertionError("no end in order")
    connections.append(1)


def visitor():
    while True:
        visit()
        yield


def keeper(length):
    while True:
        client = Client(host, port).handshake()
        client.send(b"echo\n")
        connections.append(1)
        asked = 0
        while not length or asked < length:
            ask_echo(client)
            asked += 1
            yield
        client.close()


def run(requester, per_second):
    """A request at each beat of its own clock; what is late follows at once."""
    due = time.monotonic()
    try:
        for _ in requester:
            requests.append(1)
            due += 1 / per_second
            if over.wait(max(0.0, due - time.monotonic())):
                return
    except (OSError, EOFError, AssertionError) as fault:
        faults.append(f"{type(fault).__name__}: {fault}")
        over.set()


jobs = [(keeper(100 if number or is_brief else 0), PER_SECOND["keeper"]) for number in range(KEEPERS)]
jobs += [(visitor(), PER_SECOND["visitor"]) for _ in range(VISITORS)]
threads = [threading.Thread(target=run, args=job, daemon=True) for job in jobs]
began = time.monotonic()
for thread in threads:
    thread.start()
while not requests and not faults:
    time.sleep(0.01)
print("begun", flush=True)
while not os.path.exists(end) and not over.is_set():
    time.sleep(0.05)
took = time.monotonic() - began
over.set()
for thread in threads:
    thread.join(30)
    if thread.is_alive():
        faults.append("a request is not answered")
for fault in faults:
    print("fault:", fault)
if faults:
    sys.exit(1)
print("good", len(requests), int(len(requests) / took), len(connections), flush=True)
