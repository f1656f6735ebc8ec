#!/usr/bin/env python3
"""isolation.py [OPTIONS] SALLYPORT: what it costs that private keys lie in a process of their own.

Two daemons, one with `key-isolation`, one without, each with all its processes on one core, where every question to the
keyholder is a change of process: where there are more cores than work it costs less. They are measured in turn, a short
window each, and each pair gives a ratio of CPU time for a connection: what disturbs the machine for long falls on both
of a pair. The median of the ratios is told, and between what the middle half of them lies.
"""
import argparse
import functools
import os
import shutil
import statistics
import sys
import tempfile

from bench import Bench, raise_limits, say
from rows import all_rows
from servers import Failed, Kind, sallyport_config


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sallyport", help="the program")
    parser.add_argument("--build", required=True, help="the folder with bench_load and bench_backend")
    parser.add_argument("--rounds", type=int, default=40, help="pairs of windows (40)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a window (0.5)")
    parser.add_argument("--rows", default="", help="handshakes with this in their label")
    parser.add_argument("--connections", help="at a time (32): with few, questions are asked one by one")
    options = parser.parse_args()
    options.sallyport = os.path.abspath(options.sallyport)
    options.warmup = 0.1
    options.rounds = max(options.rounds, 2)
    return options


def all_handshakes(options):
    rows = [row for row in all_rows(0) if row.kind == "handshake" and options.rows in row.label]
    for row in rows:
        if options.connections:
            row.arguments[row.arguments.index("--connections") + 1] = options.connections
    return rows


def kind_with(isolation, options):
    config = functools.partial(sallyport_config, isolation=isolation)
    return Kind(f"key-isolation {isolation}", options.sallyport, "-", config, ["-c", "{config}"], "-V")


def cost(bench, row, kind):
    told = bench.measure_window(row, kind)
    fault = row.fault(kind, told)
    if fault:
        raise Failed(f"{kind.name}, {row.label}: {fault}")
    return told["cpu_us"]


def measure(bench, row, kinds, rounds):
    """The costs of all pairs; who goes first changes."""
    pairs = []
    for number in range(rounds):
        turn = kinds if number % 2 else kinds[::-1]
        costs = {kind.name: cost(bench, row, kind) for kind in turn}
        pairs.append([costs[kind.name] for kind in kinds])
    return pairs


def tell(row, pairs):
    more = sorted(100 * (isolated / together - 1) for isolated, together in pairs)
    low, middle, high = statistics.quantiles(more, n=4)
    isolated, together = (statistics.median(column) for column in zip(*pairs))
    print(f"{row.label:32} {together:8.1f} us without, {isolated:8.1f} us with: {middle:+5.1f} %  ({low:+.1f} to {high:+.1f})",
          flush=True)


def main():
    options = parse()
    raise_limits()
    kinds = [kind_with("on", options), kind_with("off", options)]
    rows = all_handshakes(options)
    scratch = tempfile.mkdtemp(prefix="sallyport-bench-")
    os.chmod(scratch, 0o755)
    try:
        bench = Bench(options, kinds, scratch, None)
        try:
            for row in rows:
                say(row.label)
                tell(row, measure(bench, row, kinds, options.rounds))
        except Failed as failed:
            say(f"failed: {failed}")
            return 1
        finally:
            bench.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0 if rows else 2


if __name__ == "__main__":
    sys.exit(main())
