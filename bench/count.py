#!/usr/bin/env python3
"""count.py [OPTIONS] SALLYPORT: what the program does for a connection, counted and not timed.

The program runs under callgrind, once for few connections and once for many, one after the other: the difference is
what a connection costs when all is warm, in instructions of the process outside the kernel, and in calls for memory,
our own (base/alloc.h) and those of libraries. Only the event loop counts: what happens at start does not.

The counts are compared with counts.txt: a change of more than 1 % (of our own part of it: 2 %), or of an allocation,
is told and makes the exit status 1. They are those of one compiler and of one version of each library; the file may
hold several of these. --update writes the section of the ones at hand anew.
"""
import argparse
import collections
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import callgrind
from rows import V12, V13
from servers import Backend, Failed, HERE, LOAD_CORE, Server, all_kinds, pinned

COUNTS = os.path.join(HERE, "counts.txt")
# Of all instructions, and of ours. These are a small part, and how often the loop turns depends on when the bytes come.
TOLERANCE = (0.01, 0.02)
# In what portions an upload is read depends on nothing else.
TOLERANCE_OF_UPLOAD = (0.02, 0.20)
FEW, MANY = 20, 120
MEGABYTE = 1000 * 1000
RELAYED = 4  # MB a connection, in the rows of the relay
PATIENCE, PATIENCE_TO_STOP = 600, 60  # seconds
OUR_OBJECT = "sallyport"
COLUMNS = ["instructions", "ours", "allocations", "libraries"]

Row = collections.namedtuple("Row", "name identity arguments connections")
Count = collections.namedtuple("Count", COLUMNS)

ROWS = [
    Row("full-1.3-ecdsa", "ecdsa", V13, MANY),
    Row("full-1.3-rsa", "rsa", V13, MANY),
    Row("full-1.2-ecdsa", "ecdsa", V12, MANY),
    Row("resumed-1.3", "ecdsa", V13 + ["--resume"], MANY),
    Row("resumed-1.2", "ecdsa", V12 + ["--resume"], 2 * MANY),
    Row("relay-down", "ecdsa", V13 + ["--resume", "--request", str(RELAYED * MEGABYTE)], FEW + 20),
    Row("relay-up", "ecdsa", V13 + ["--resume", "--up", "--request", str(RELAYED * MEGABYTE)], FEW + 20),
]
# The relay's rows are per MB: what opening the connection costs is taken off.
OPENING = {"relay-down": "resumed-1.3", "relay-up": "resumed-1.3"}

HEADING = """\
# What `./dev bench --count` counted: for a warm connection (of a byte each way), or for a MB through one, the
# instructions of the process outside the kernel, those of them in our own code, our calls for memory, and those of
# libraries. `./dev bench --count` compares, `./dev bench --count --update` writes the section of the compiler and the
# libraries at hand.
"""


class Counter:
    def __init__(self, build, sallyport):
        os.environ["SALLYPORT_KEY_ISOLATION"] = "off"  # a keyholder waits in a loop that is not counted
        self.load = os.path.join(build, "bench_load")
        self.kind = all_kinds(sallyport)[0]
        self.scratch = tempfile.mkdtemp(prefix="sallyport-count-")
        os.chmod(self.scratch, 0o755)
        self.backend = Backend(os.path.join(build, "bench_backend"))

    def close(self):
        self.backend.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run_load(self, row, connections, port):
        """The connections, one after the other, and that they were what the row says."""
        told = subprocess.run(
            pinned(LOAD_CORE, [self.load, "handshake", "--connections", "1", "--count", str(connections),
                               "--port", str(port), *row.arguments]),
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        if told.returncode != 0:
            raise Failed(f"{row.name}: {told.stderr.strip()}")
        told = json.loads(told.stdout)
        resumed = connections - 1 if "--resume" in row.arguments else 0
        if told["errors"] or told["resumed"] != resumed or told["version"][-3:] != row.arguments[1]:
            raise Failed(f"{row.name}: {connections} connections, {told['errors']} failed, {told['resumed']} resumed, "
                         f"version {told['version']}")

    def run(self, row, connections):
        folder = tempfile.mkdtemp(dir=self.scratch)
        server = Server(self.kind, row.identity, self.backend.port, self.scratch, 1024,
                        ["valgrind", "--quiet", "--tool=callgrind", "--trace-children=yes",
                         "--toggle-collect=event_base_dispatch", f"--callgrind-out-file={folder}/%p"])
        try:
            self.run_load(row, connections, server.port)
        finally:
            server.stop(PATIENCE_TO_STOP)
        return callgrind.read_all(folder)

    def count(self, row):
        few, many = self.run(row, FEW), self.run(row, row.connections)
        connections = row.connections - FEW

        def each(what):
            more = {name: count - getattr(few, what)[name] for name, count in getattr(many, what).items()}
            return sum(more.values()) / connections, more.get(OUR_OBJECT, 0) / connections

        instructions, ours = each("instructions")
        all_allocations, our_allocations = each("allocations")
        return Count(instructions, ours, our_allocations, all_allocations - our_allocations)


def per_megabyte(count, opening):
    return Count(*((all_of_it - once) / RELAYED for all_of_it, once in zip(count, opening)))


def count_rows(counter, names):
    """The rows of these names, or all; with a row of the relay comes the one that is taken off."""
    wanted = {*names, *(OPENING[name] for name in names if name in OPENING)} if names else {row.name for row in ROWS}
    counts = {}
    for row in ROWS:
        if row.name not in wanted:
            continue
        count = counter.count(row)
        if row.name in OPENING:
            count = per_megabyte(count, counts[OPENING[row.name]])
        counts[row.name] = count
    return counts


# ---- the file

def environment(sallyport):
    """What the counts depend on besides our own code."""
    told = subprocess.run([sallyport, "-V"], capture_output=True, text=True, timeout=10, check=True).stdout
    compiler = re.search(r"^build: ([^,]*)", told, re.MULTILINE)
    crypto = re.search(r"^crypto: (.*)", told, re.MULTILINE)
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        wide = " with AVX2" if re.search(r"^flags.* avx2( |$)", file.read(), re.MULTILINE) else ""
    return ", ".join([compiler.group(1), crypto.group(1), valgrind.strip(), platform.machine() + wide])


def read_counts():
    """section -> row -> Count"""
    sections, section = {}, None
    with open(COUNTS, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("["):
                section = sections.setdefault(line.strip("[]"), {})
            elif line and not line.startswith("#"):
                name, *figures = line.split()
                section[name] = Count(*map(float, figures))
    return sections


def count_line(name, figures):
    return f"{name:<16} {figures[0]:>12} {figures[1]:>12} {figures[2]:>12} {figures[3]:>12}\n"


def figures_of(count):
    no_negative_zero = [round(figure, 1) + 0.0 for figure in count]
    return [f"{figure:.{digits}f}" for figure, digits in zip(no_negative_zero, (0, 0, 1, 1))]


def write_counts(sections):
    with open(COUNTS, "w", encoding="utf-8") as file:
        file.write(HEADING)
        for section, rows in sorted(sections.items()):
            file.write(f"\n[{section}]\n")
            file.write(count_line("#", COLUMNS))
            for name, count in rows.items():
                file.write(count_line(name, figures_of(count)))


# ---- the comparison

def changes(name, before, now):
    """In words, what is not as it was. Allocations come in whole ones, but one may be made for several connections:
    half a one is no change."""
    tolerances = TOLERANCE_OF_UPLOAD if name == "relay-up" else TOLERANCE
    for column, tolerance in zip(("instructions", "ours"), tolerances):
        old, new = getattr(before, column), getattr(now, column)
        if abs(new - old) > tolerance * old:
            yield f"{column} {old:.0f} -> {new:.0f} ({100 * (new - old) / old:+.1f} %)"
    for column in ("allocations", "libraries"):
        old, new = getattr(before, column), getattr(now, column)
        if abs(new - old) > 0.5:
            yield f"{column} {old:.1f} -> {new:.1f}"


def compare(before, counts):
    """Prints the table; answers whether all is as it was."""
    is_same = True
    print(count_line("", COLUMNS), end="")
    for name, count in counts.items():
        told = list(changes(name, before[name], count)) if name in before else ["nothing to compare with in counts.txt"]
        is_same = is_same and not told
        print(count_line(name, figures_of(count)).rstrip("\n") + "".join("  " + words for words in told))
    return is_same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sallyport", help="the program")
    parser.add_argument("--build", required=True, help="the folder with bench_load and bench_backend")
    parser.add_argument("--update", action="store_true", help="the counts become those of counts.txt")
    parser.add_argument("--row", action="append", choices=[row.name for row in ROWS], help="(may be repeated)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    where = environment(options.sallyport)
    sections = read_counts()
    counter = Counter(options.build, os.path.abspath(options.sallyport))
    try:
        counts = count_rows(counter, options.row)
    finally:
        counter.close()
    print(where)
    is_same = compare(sections.get(where, {}), counts)
    if options.update:
        sections[where] = {**sections.get(where, {}), **counts}
        write_counts(sections)
    return 0 if is_same or options.update else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, ValueError, subprocess.SubprocessError) as failed:
        sys.exit(f"count: {failed}")
