"""Reads Prometheus' text format 0.0.4 strictly, and answers questions about it.

    exposition.py FILE                      every rule of the format, as errors
    exposition.py FILE NAME [LABEL=VALUE]   the one sample that has these labels (0: there is none), or their sum
"""

import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"^({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)$")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Wrong(Exception):
    pass


def labels_of(text):
    pairs = re.findall(LABEL, text or "")
    if len({name for name, _ in pairs}) != len(pairs):
        raise Wrong(f"a label twice: {text}")
    return tuple(sorted(pairs))


def check_histogram(name, samples):
    """Buckets of each set of labels grow, end with +Inf, and agree with _count."""
    series = {}
    for suffix, labels, value in samples:
        rest = tuple(pair for pair in labels if pair[0] != "le")
        series.setdefault(rest, []).append((suffix, dict(labels).get("le"), value))
    for rest, parts in series.items():
        buckets = [(float(le.replace("+Inf", "inf")), value) for suffix, le, value in parts if suffix == "_bucket"]
        count = [value for suffix, _, value in parts if suffix == "_count"]
        if buckets != sorted(buckets) or [v for _, v in buckets] != sorted(v for _, v in buckets):
            raise Wrong(f"{name}{rest}: buckets do not grow")
        if not buckets or buckets[-1][0] != float("inf") or count != [buckets[-1][1]]:
            raise Wrong(f"{name}{rest}: +Inf and _count differ")
        if len([1 for suffix, _, _ in parts if suffix == "_sum"]) != 1:
            raise Wrong(f"{name}{rest}: no one _sum")


def check_family(family, kind, samples):
    if kind == "counter" and not family.endswith("_total"):
        raise Wrong(f"{family} is a counter and does not end with _total")
    if kind != "counter" and family.endswith("_total"):
        raise Wrong(f"{family} ends with _total and is a {kind}")
    if kind == "histogram":
        check_histogram(family, samples)


def parse(text):
    """{(name, labels): value}; raises Wrong."""
    families, values, current, helped = {}, {}, None, None
    if not text.endswith("\n"):
        raise Wrong("the last line does not end")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped = line.split(" ")[2]
            if not re.fullmatch(NAME, helped) or helped in families or len(line.split(" ", 3)) < 4:
                raise Wrong(f"HELP: {line}")
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name != helped or kind not in SUFFIXES or name in families:
                raise Wrong(f"TYPE: {line}")
            current, families[name] = name, (kind, [])
            continue
        match = SAMPLE.match(line)
        if not match or current is None:
            raise Wrong(f"no sample: {line}")
        kind, samples = families[current]
        suffix = match.group(1)[len(current):] if match.group(1).startswith(current) else None
        if suffix not in SUFFIXES[kind]:
            raise Wrong(f"{match.group(1)} is not of {current}")
        key = (match.group(1), labels_of(match.group(2)))
        if key in values:
            raise Wrong(f"twice: {line}")
        values[key] = float(match.group(len(match.groups())))
        samples.append((suffix, key[1], values[key]))
    for family, (kind, samples) in families.items():
        check_family(family, kind, samples)
    return values


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    try:
        values = parse(text)
    except Wrong as wrong:
        print(wrong)
        return 1
    if len(sys.argv) > 2:
        wanted = {tuple(argument.split("=", 1)) for argument in sys.argv[3:]}
        print(int(sum(value for (name, labels), value in values.items()
                      if name == sys.argv[2] and wanted <= set(labels))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
