"""slopes.py PID SECONDS FILE: what the processes of a sallyport grow by: memory of their own and descriptors, by their role.

A sample every few seconds goes to FILE. The first quarter is warming up; of the rest a straight line is laid through the
samples, and its slope is printed for each role, an hour's worth. The exit status is 1 when descriptors or memory grew by
more than a measurement of that length can be wrong by: 2 descriptors, 1 MiB or, in shorter ones, 3 MiB.
"""
import collections
import json
import os
import statistics
import sys
import time


def processes(master):
    """Role -> process ids."""
    out = {"master": [master]}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            if parent != master:
                continue
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                role = file.read().split("\0")[0].removeprefix("sallyport: ").split(" ")[0]
        except OSError:
            continue
        out.setdefault(role, []).append(int(name))
    return out


def memory_of(pid):
    """What the process has written to: what it shares is as much as others let it be."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("Private_Dirty:", "Swap:"))) * 1024


def sample(master):
    """Role -> (bytes, descriptors) of all processes of the role together."""
    out = {}
    for role, pids in processes(master).items():
        try:
            out[role] = (sum(map(memory_of, pids)), sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids))
        except (OSError, StopIteration):
            continue  # one of them has just ended: the next sample has it
    return out


def slope(points):
    """Of a straight line by least squares, per hour."""
    line = statistics.linear_regression([at for at, _ in points], [value for _, value in points])
    return line.slope * 3600


def ends(values):
    """The medians of the first and the last fifth: a single sample may fall into a reload."""
    fifth = max(1, len(values) // 5)
    return statistics.median(values[:fifth]), statistics.median(values[-fifth:])


def main():
    master, seconds, path = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    began, samples = time.monotonic(), collections.defaultdict(list)
    with open(path, "w", encoding="ascii") as file:
        while (at := time.monotonic() - began) < seconds:
            now = sample(master)
            file.write(json.dumps({"at": round(at, 1), **now}) + "\n")
            file.flush()
            for role, figures in now.items():
                if at > seconds / 4:
                    samples[role].append((at, *figures))
            time.sleep(min(5, seconds / 60))
    allowed, has_grown = (1 if seconds >= 3600 else 3) << 20, False
    for role, points in sorted(samples.items()):
        if role == "loader" or len(points) < 10:
            continue
        memory, descriptors = ends([point[1] for point in points]), ends([point[2] for point in points])
        hourly = slope([point[:2] for point in points])
        print(f"{role}: {memory[0] / 1024:.0f} -> {memory[1] / 1024:.0f} KiB ({hourly / 1024:+.0f} an hour), "
              f"{descriptors[0]:.0f} -> {descriptors[1]:.0f} descriptors, {len(points)} samples")
        grown = min(hourly * seconds / 3600, memory[1] - memory[0]) if seconds < 3600 else min(hourly, memory[1] - memory[0])
        has_grown = has_grown or grown > allowed or descriptors[1] - descriptors[0] > 2
    sys.exit(has_grown)


if __name__ == "__main__":
    main()
