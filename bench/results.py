"""results.py: from the lines that a run wrote to the table of medians.

    results.py FILE.jsonl      prints the table again
"""
import collections
import json
import statistics
import sys

from servers import FLOOR, OURS

QUIET = 0.25  # cores that others may have used during a measurement that was not disturbed

# One row of the table: cells is server -> Cell.
Line = collections.namedtuple("Line", "kind label unit cells")
Cell = collections.namedtuple("Cell", "median low high by_round")


class Results:
    def __init__(self, lines):
        self.about = lines[0]
        self.runs = lines[1:]
        self.servers = self.about["servers"]

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls([json.loads(line) for line in file])

    def good(self):
        return [run for run in self.runs if "failed" not in run]

    def lines(self):
        """The rows in the order in which they were measured first."""
        order = {}
        for run in self.good():
            for figure, prefix, unit in run["figures"]:
                order.setdefault((run["row"], figure), Line(run["kind"], prefix + run["row"], unit, {}))
        for (row, figure), line in order.items():
            for server in self.servers:
                cell = self.cell(row, server, figure)
                if cell:
                    line.cells[server] = cell
        return list(order.values())

    def cell(self, row, server, figure):
        runs = [run for run in self.good() if run["row"] == row and run["server"] == server]
        quiet = [run for run in runs if run["foreign"] < QUIET]
        if len(quiet) >= 2:
            runs = quiet
        values = [run[figure] for run in runs]
        if not values:
            return None
        return Cell(statistics.median(values), min(values), max(values), {run["round"]: run[figure] for run in runs})


def best_peer(line):
    """The peer with the lowest median: the smaller figure is the better one in every row."""
    peers = [server for server in line.cells if server not in (OURS, FLOOR)]
    return min(peers, key=lambda server: line.cells[server].median) if peers else None


def ratio(line):
    """Ours to the best peer's: of the medians, and the least and the greatest in any round."""
    peer = best_peer(line)
    if not peer or OURS not in line.cells:
        return None
    ours, theirs = line.cells[OURS], line.cells[peer]
    rounds = [ours.by_round[n] / theirs.by_round[n] for n in ours.by_round if theirs.by_round.get(n)]
    of_medians = ours.median / theirs.median if theirs.median else float("inf")
    return peer, Cell(of_medians, min(rounds, default=of_medians), max(rounds, default=of_medians), {})


def figure_text(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def cell_text(cell):
    if cell is None:
        return "-"
    return f"{figure_text(cell.median)} [{figure_text(cell.low)}-{figure_text(cell.high)}]"


def ratio_text(line):
    found = ratio(line)
    if not found:
        return "-"
    peer, cell = found
    return f"{cell.median:.2f} [{cell.low:.2f}-{cell.high:.2f}] {peer}"


def heading(results):
    about = results.about
    used = [run["foreign"] for run in results.good()]
    yield f"sallyport bench, {about['date']}: {about['method']}"
    yield f"{about['machine']}"
    yield ", ".join(f"{name} {version}" for name, version in about["servers"].items())
    if used:
        yield (f"other processes used {statistics.median(used):.2f} cores (median of the runs, "
               f"{max(used):.2f} at most)")
    yield "median [least-greatest] of the rounds; the ratio is ours to the best peer's, and its spread over the rounds"
    yield from about["notes"]


def table(results):
    lines = results.lines()
    rows = [["", *results.servers, "ratio to the best peer"]]
    unit = None
    for line in lines:
        if line.unit != unit:
            unit = line.unit
            rows.append([unit + ":"])
        rows.append(["  " + line.label, *(cell_text(line.cells.get(server)) for server in results.servers),
                     ratio_text(line)])
    columns = range(max(map(len, rows)))
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in columns]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in columns[1:] if i < len(row))]
        yield "  ".join(cells).rstrip()


def failures(results):
    failed = collections.Counter((run["server"], run["row"], run["failed"]) for run in results.runs if "failed" in run)
    for (server, row, why), count in failed.items():
        yield f"FAILED, {count} times: {server}, {row}: {why}"


def report(results):
    return "\n".join([*heading(results), "", *table(results), *failures(results)]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(report(Results.read(sys.argv[1])))
