"""kills.py HOST PORT MASTER ROLE KILLS EVERY LATE LATEST LOG: clients beside a process that is killed every EVERY seconds,
in turn; the next one is at work before LATE seconds are over (the median), each before LATEST. LOG is sallyport's.

Clients that come and go, and relays that are kept. Of a worker that is about to be killed it is noted first, while it
is stopped, which connections it has: those may die with it, nothing else may fail. A keyholder has none: nothing may.
"""
import datetime
import os
import re
import signal
import sys
import threading
import time

from tlsclient import Client

VISITORS, RELAYS = 6, 12
host, port, master, role = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
kills, every, late, latest = int(sys.argv[5]), *map(float, sys.argv[6:9])

doomed = {}  # local port of a client -> when the worker that had its connection was killed
killed_at = []
over = threading.Event()
lock = threading.Lock()
errors, served, lost = [], [], []
waits, echoes = [], []  # (when, how long)


class Visit:
    """One connection: where it comes from and since when, so that its end can be told from an error."""

    def __init__(self):
        self.began = time.monotonic()
        self.client = Client(host, port, timeout=20)
        self.port = self.client.sock.getsockname()[1]

    def was_doomed(self):
        return doomed.get(self.port, 0) >= self.began


def settle(visit, fault):
    with lock:
        if visit and visit.was_doomed():
            lost.append(visit.port)
        else:
            errors.append(f"{time.monotonic() - start:.2f} s: {type(fault).__name__}: {fault}")


def visit_again_and_again():
    while not over.is_set():
        visit, began = None, time.monotonic()
        try:
            visit = Visit()
            visit.client.handshake()
            visit.client.send(b"say hello\n")
            if visit.client.receive_exactly(5) != b"hello":
                raise AssertionError("another answer")
            with lock:
                served.append(visit.port)
                waits.append((began, time.monotonic() - began))
        except (OSError, EOFError, AssertionError) as fault:
            settle(visit, fault)
        finally:
            if visit:
                visit.client.sock.close()
        time.sleep(0.01)


def relay():
    visit = None
    while not over.is_set():
        try:
            if not visit:
                visit = Visit()
                visit.client.handshake()
                visit.client.send(b"echo\n")
            began = time.monotonic()
            visit.client.send(b"0123456789")
            if visit.client.receive_exactly(10) != b"0123456789":
                raise AssertionError("another echo")
            with lock:
                echoes.append((began, time.monotonic() - began))
        except (OSError, EOFError, AssertionError) as fault:
            settle(visit, fault)
            visit = None
        time.sleep(0.05)


def words(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read().split("\0")
    except OSError:
        return []


def processes():
    with open(f"/proc/{master}/task/{master}/children") as file:
        return [int(pid) for pid in file.read().split() if role in words(pid)[2:3]]


def connections(pid):
    """The ports of the clients whose accepted connections it has."""
    inodes = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(entry.path)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    octets = [int(octet) for octet in host.split(".")]
    here = "".join(f"{octet:02X}" for octet in reversed(octets)) + f":{port:04X}"
    found = set()
    with open("/proc/net/tcp") as file:
        for line in file:
            if here in line:
                fields = line.split()
                if fields[1] == here and fields[3] != "0A" and fields[9] in inodes:
                    found.add(int(fields[2].rpartition(":")[2], 16))
    return found


def stopped(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def kill(pid):
    os.kill(pid, signal.SIGSTOP)
    while not stopped(pid):
        time.sleep(0.001)
    if role == "worker":
        for client in connections(pid):
            doomed[client] = time.monotonic()
    else:
        time.sleep(0.1)  # so that questions are in its hands
    now = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    killed_at.append(now)
    return now


def wait_for(condition, limit):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def replace(victim, before):
    """Kills it; when that was by the clock, who comes next, and the seconds until it is there."""
    began, clock = kill(victim), time.time()
    assert wait_for(lambda: set(processes()) - set(before), 10), f"nobody comes in the place of {victim}"
    return clock, (set(processes()) - set(before)).pop(), time.monotonic() - began


def first_accepts():
    """By process: when it accepted the first connection that it told of."""
    first = {}
    pattern = re.compile(r"ts=(\S+) .* event=connection .* t_total=([0-9.]+) .* pid=(\d+)$")
    with open(sys.argv[9]) as file:
        for line in file:
            match = pattern.match(line.rstrip())
            if match:
                ended = datetime.datetime.fromisoformat(match[1].replace("Z", "+00:00")).timestamp()
                pid, accepted = int(match[3]), ended - float(match[2])
                first[pid] = min(accepted, first.get(pid, accepted))
    return first


def near(samples):
    """Those that began around a kill, longest first."""
    return sorted((took for began, took in samples if any(at - 0.5 < began < at + 1 for at in killed_at)), reverse=True)


def share(samples, part):
    ordered = sorted(took for _, took in samples)
    return ordered[int(len(ordered) * part)] * 1000 if ordered else 0


start = time.monotonic()
threads = [threading.Thread(target=visit_again_and_again, daemon=True) for _ in range(VISITORS)]
threads += [threading.Thread(target=relay, daemon=True) for _ in range(RELAYS)]
for thread in threads:
    thread.start()
time.sleep(5.5)  # whoever ends sooner after its start waits before it comes back
line, killings = sorted(processes()), []
count = len(line)
for turn in range(kills):
    began = time.monotonic()
    line = [pid for pid in line if pid in processes()]
    victim = line.pop(0)
    killings.append(replace(victim, line + [victim]))
    line += sorted(set(processes()) - set(line))
    time.sleep(max(0.0, every - (time.monotonic() - began)))
over.set()
for thread in threads:
    thread.join()

if role == "worker":
    first = first_accepts()
    replaced = sorted(first[fresh] - clock for clock, fresh, _ in killings)
else:
    replaced = sorted(took for _, _, took in killings)
print(f"{role}: {kills} kills of {count} in turn, one every {every:g} s; {len(served)} connections served, "
      f"{len(lost)} died with their worker, {len(errors)} errors")
print(f"{role}: the next one is at work after {replaced[len(replaced) // 2] * 1000:.0f} ms (median), "
      f"{replaced[-1] * 1000:.0f} ms (longest)")
print(f"{role}: connect to answer {share(waits, 0.5):.0f} ms (median), {share(waits, 0.99):.0f} ms (99 %), longest "
      f"around a kill {(near(waits) or [0])[0] * 1000:.0f} ms; echo {share(echoes, 0.5):.0f} ms (median), "
      f"{share(echoes, 0.99):.0f} ms (99 %), longest around a kill {(near(echoes) or [0])[0] * 1000:.0f} ms")
for error in errors[:20]:
    print("error:", error)
assert not errors, f"{len(errors)} errors of connections that were not on a killed worker"
assert len(served) > kills * every * 10, "hardly a load"
assert role != "worker" or lost, "nobody was on a worker that was killed: this test looks at nothing"
assert replaced[len(replaced) // 2] <= late, "the next one is late"
assert replaced[-1] <= latest, f"one came as late as after {replaced[-1]:.2f} s"
