#!/usr/bin/env python3
"""bench.py [OPTIONS] SALLYPORT: sallyport beside other TLS-terminating proxies, on this machine, in one run.

All of them are measured in turn, round by round, so that what the machine does besides falls on everybody. The figures
are costs: CPU time of the server's processes for a connection or a MB, memory for an idle connection; and the time
that a small message takes beside a storm of handshakes. README.md tells the method.
"""
import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import plot
import results
from rows import all_rows, measures
from servers import Backend, Failed, IS_ROOT, LOAD_CORE, OURS, SERVER_CORE, Server, all_kinds, pinned

MAX_IDLE = 9500  # two descriptors each are about what a limit of 20,000 carries
BACKEND_PRIORITY, CLIENT_PRIORITY = 20, 10
GRACE = 60  # seconds that a load generator may take beyond its window


# ---- who else uses the machine

def process_tree(root):
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
            parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_of(pid):
    """Seconds so far, exact: the clock of clock_getcpuclockid(3)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


class Foreign:
    """How many cores the rest of the machine used while we measured."""

    def __init__(self, *roots):
        self.pids = [pid for root in roots for pid in process_tree(root)]
        self.start = self.reading()

    def reading(self):
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:]]
        busy = (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
        own = os.times()
        ours = sum(map(cpu_of, self.pids)) + own.user + own.system + own.children_user + own.children_system
        return time.monotonic(), busy - ours

    def cores(self):
        now, rest = self.reading()
        return round(max(0.0, (rest - self.start[1]) / (now - self.start[0])), 3)


# ---- one measurement

class Bench:
    def __init__(self, options, kinds, scratch, out):
        self.options, self.kinds, self.scratch, self.out = options, kinds, scratch, out
        self.load = os.path.join(options.build, "bench_load")
        self.files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.servers = {}
        self.backend = Backend(os.path.join(options.build, "bench_backend"))

    def close(self):
        for server in self.servers.values():
            server.stop()
        self.backend.stop()

    def start(self, kind, identity):
        return Server(kind, identity, self.backend.port, self.scratch, min(self.files, 1 << 20))

    def server(self, kind, identity):
        key = kind.name, "plain" if kind.is_plain else identity
        if key not in self.servers:
            self.servers[key] = self.start(kind, identity)
        return self.servers[key]

    def command(self, server, arguments, prefix=()):
        return pinned(LOAD_CORE, [*prefix, self.load, *arguments, "--port", str(server.port)])

    def run_load(self, server, arguments, prefix=(), patience=GRACE):
        command = self.command(server, [*arguments, "--server", str(server.process.pid)], prefix)
        told = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
        if told.returncode != 0:
            raise Failed(told.stderr.strip() or f"the load generator ended with status {told.returncode}")
        return json.loads(told.stdout)

    def window(self):
        return ["--warmup", str(self.options.warmup), "--seconds", str(self.options.seconds)]

    def measure_window(self, row, kind):
        server = self.server(kind, row.identity)
        foreign = Foreign(server.process.pid, self.backend.process.pid)
        told = self.run_load(server, row.arguments_for(kind) + self.window())
        return {**told, "foreign": foreign.cores()}

    def measure_idle(self, row, kind):
        """On a fresh server, after some connections that take what is needed once out of the figure."""
        server = self.start(kind, row.identity)
        try:
            versions = row.arguments_for(kind)[row.arguments_for(kind).index("--settle") + 2:]
            plain = ["--plain"] if kind.is_plain else []
            self.run_load(server, ["handshake", "--connections", "10", "--count", "200", *plain, *versions])
            time.sleep(1)
            foreign = Foreign(server.process.pid, self.backend.process.pid)
            told = self.run_load(server, row.arguments_for(kind), patience=4 * GRACE)
            return {**told, "foreign": foreign.cores()}
        finally:
            server.stop()

    def measure_latency(self, row, kind):
        """Client and backend before everything else on their core, so that what is timed is the server; the storm is
        at ordinary priority, and as fast as the server lets it be."""
        server = self.server(kind, row.identity)
        seconds = self.options.seconds + self.options.warmup + 0.3
        foreign = Foreign(server.process.pid, self.backend.process.pid)
        with self.in_front():
            window = ["--warmup", "0.3", "--seconds", str(seconds)]
            storm = subprocess.Popen(self.command(server, row.storm_for(kind) + window),
                                     stdout=subprocess.PIPE, text=True)
            try:
                time.sleep(0.2)
                prefix = ["chrt", "-f", str(CLIENT_PRIORITY)] if IS_ROOT else []
                told = self.run_load(server, row.arguments_for(kind) + self.window(), prefix)
                text = storm.communicate(timeout=GRACE)[0]
            finally:
                if storm.poll() is None:
                    storm.kill()
                storm.wait()
        return {**told, "foreign": foreign.cores(), "storm_per_second": json.loads(text)["per_second"] if text else 0}

    @contextlib.contextmanager
    def in_front(self):
        if not IS_ROOT:
            yield
            return
        pid = self.backend.process.pid
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(BACKEND_PRIORITY))
        try:
            yield
        finally:
            os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))

    def measure(self, row, kind, number):
        how = {"idle": self.measure_idle, "latency": self.measure_latency}.get(row.kind, self.measure_window)
        about = {"row": row.label, "kind": row.kind, "figures": row.figures, "server": kind.name, "round": number}
        try:
            told = how(row, kind)
            fault = row.fault(kind, told)
            if fault:
                told = {**told, "failed": fault}
        except (Failed, ValueError, subprocess.TimeoutExpired) as failed:
            told = {"failed": str(failed)}
        if "failed" in told:
            say(f"{kind.name}, {row.label}: {told['failed']}")
        self.out.write(json.dumps({**about, **told}) + "\n")
        self.out.flush()

    def run(self, rows):
        for number in range(self.options.rounds):
            turn = number % len(self.kinds)
            say(f"round {number + 1} of {self.options.rounds}")
            for row in rows:
                if row.kind == "idle" and number >= self.options.idle_rounds:
                    continue
                for kind in self.kinds[turn:] + self.kinds[:turn]:
                    if measures(row, kind):
                        self.measure(row, kind, number)


# ---- the run

def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def machine():
    system = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with contextlib.suppress(OSError), open("/etc/os-release", encoding="utf-8") as file:
        system = next(line.split("=", 1)[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME"))
    where = "one core for all"
    if LOAD_CORE is not None:
        where = f"server on core {SERVER_CORE}, load and backend on core {LOAD_CORE}"
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} processors, {system}, Linux {platform.release()}; {where}"


def about(options, kinds, notes):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    method = f"{options.rounds} rounds of {options.seconds:g} s, all servers in turn"
    return {"date": date, "method": method, "machine": machine(), "notes": notes,
            "load": [round(load, 2) for load in os.getloadavg()],
            "servers": {kind.name: kind.version() for kind in kinds}}


def choose(options):
    """The proxies and rows that can be measured here, and a line for each that cannot."""
    notes = []
    kinds = []
    for kind in all_kinds(options.sallyport):
        if options.only and kind.name not in options.only.split(",") and kind.name != OURS:
            continue
        missing = kind.missing()
        if missing:
            notes.append(f"left out: {kind.name} {missing}")
        else:
            kinds.append(kind)
    rows = all_rows(options.idle)
    if options.rows in {row.kind for row in rows}:
        rows = [row for row in rows if options.rows == row.kind]
    elif options.rows:
        rows = [row for row in rows if options.rows in row.label]
    if not IS_ROOT:
        rows = [row for row in rows if row.kind != "idle"]
        notes.append("left out: idle memory, as only root may look at that of sallyport")
        notes.append("client and backend had no priority, which only root can give: latencies are theirs, too")
    if os.getloadavg()[0] >= 2:
        notes.append(f"the machine was not quiet: its load was {os.getloadavg()[0]:.1f} when this began")
    return kinds, rows, notes


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sallyport", help="the program")
    parser.add_argument("--build", required=True, help="the folder with bench_load and bench_backend")
    parser.add_argument("--out", required=True, help="a folder for results.txt, results.jsonl and results.svg")
    parser.add_argument("--quick", action="store_true", help="a few minutes: fewer and shorter rounds")
    parser.add_argument("--rounds", type=int, help="(7, quick 3)")
    parser.add_argument("--seconds", type=float, help="of a window (2, quick 1)")
    parser.add_argument("--idle", type=int, help=f"idle connections ({MAX_IDLE}, quick 2000, or as files may be open)")
    parser.add_argument("--only", help="these peers alone, by name, with commas between")
    parser.add_argument("--rows", help="rows with this in their label, or handshake, bulk, idle, latency")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (1 if options.quick else 2)
    options.warmup = 0.3 if options.quick else 0.5
    options.idle_rounds = 1 if options.quick else 3
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    options.idle = min(options.idle or (2000 if options.quick else MAX_IDLE), (hard - 900) // 2)
    options.sallyport = os.path.abspath(options.sallyport)
    return options


def raise_limits():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    options = parse()
    raise_limits()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.makedirs(options.out, exist_ok=True)
    path = os.path.join(options.out, "results.jsonl")
    kinds, rows, notes = choose(options)
    scratch = tempfile.mkdtemp(prefix="sallyport-bench-")
    os.chmod(scratch, 0o755)
    try:
        with open(path, "w", encoding="utf-8") as out:
            out.write(json.dumps(about(options, kinds, notes)) + "\n")
            bench = Bench(options, kinds, scratch, out)
            try:
                bench.run(rows)
            finally:
                bench.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    found = results.Results.read(path)
    report = results.report(found)
    with open(os.path.join(options.out, "results.txt"), "w", encoding="utf-8") as file:
        file.write(report)
    with open(os.path.join(options.out, "results.svg"), "w", encoding="utf-8") as file:
        file.write(plot.svg(found))
    print(report, end="")
    return 1 if any("failed" in run for run in found.runs) else 0


if __name__ == "__main__":
    sys.exit(main())
