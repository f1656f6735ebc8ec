#!/usr/bin/env python3
"""report.py CONFIG LOG SKIPPED [all]: what the cases of a run came to, from the runner's output and the decisions that
the shim wrote down.

Disabled cases are run as well. One that passes has nothing to be disabled for, and is a failure of the list; with
`all`, where the run had every disabled case, so is a pattern that disables none that fails. Exit status 0: no failure.
"""
import collections
import json
import re
import sys

MAX_SHOWN = 30
OTHER_KINDS = ("client", "DTLS", "QUIC")
# What no decision can be about: an option that is new, a file that is not there, a crash.
BEYOND_DISABLING = re.compile(r'neither done nor decided|not as expected|child: "signal')


def pattern_of(glob):
    """Go's filepath.Match, for names without a slash: * and ?, and [classes] as in a regular expression."""
    parts = re.findall(r"\[[^]]*\]|.", glob)
    return re.compile("".join({"*": ".*", "?": "."}.get(part, part if len(part) > 1 else re.escape(part))
                              for part in parts))


def read_log(path):
    """The verdict on each case, and what the runner says of it."""
    verdicts, words, name = {}, collections.defaultdict(str), None
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            if match := re.fullmatch(r"(PASSED|FAILED|UNIMPLEMENTED) \((.+)\)\n", line):
                name = match[2]
                verdicts[name] = match[1]
            elif name:
                words[name] += line
    return verdicts, words


def read_skipped(path):
    with open(path, encoding="utf-8") as file:
        return collections.Counter(line.rstrip("\n") for line in file)


def print_counts(title, counter):
    print(f"\n{title}")
    for text, count in counter.most_common():
        print(f"{count:6} {text}")


def sort_cases(verdicts, words, patterns):
    """Names that passed, that failed, and that failed and are disabled, with the pattern."""
    passed, failed, disabled = [], [], {}
    for name, verdict in verdicts.items():
        pattern = next((glob for glob, regex in patterns.items() if regex.fullmatch(name)), None)
        if verdict == "PASSED":
            passed.append((name, pattern))
        elif verdict == "FAILED" and pattern and not BEYOND_DISABLING.search(words[name]):
            disabled[name] = pattern
        elif verdict == "FAILED":
            failed.append(name)
    return passed, failed, disabled


def idle_patterns(patterns, disabled):
    """Those that match no case that fails, whether another one matches it too or not."""
    return [glob for glob, regex in patterns.items() if not any(regex.fullmatch(name) for name in disabled)]


def main():
    config_path, log_path, skipped_path = sys.argv[1:4]
    with open(config_path, encoding="utf-8") as file:
        reasons = json.load(file)["DisabledTests"]
    patterns = {glob: pattern_of(glob) for glob in reasons}
    verdicts, words = read_log(log_path)
    skipped = read_skipped(skipped_path)
    passed, failed, disabled = sort_cases(verdicts, words, patterns)
    ours = collections.Counter({text: n for text, n in skipped.items() if text not in OTHER_KINDS})

    faults = [f"{name}\n{words[name].rstrip()}" for name in failed]
    faults += [f"{name} passes, and is disabled by {glob!r}" for name, glob in passed if glob]
    if sys.argv[4:] == ["all"]:
        faults += [f"{glob!r} disables no case that fails" for glob in idle_patterns(patterns, disabled)]
    if sum(skipped.values()) != list(verdicts.values()).count("UNIMPLEMENTED"):
        faults.append("the shim did not write down every case that it skipped")

    if disabled:
        print_counts("disabled (tests/bogo/config.json):", collections.Counter(reasons[g] for g in disabled.values()))
    if ours:
        print_counts("skipped by decision (tests/bogo/decisions.c):", ours)
    for fault in faults[:MAX_SHOWN]:
        print(f"\nFAILED: {fault}")
    if len(faults) > MAX_SHOWN:
        print(f"\n... and {len(faults) - MAX_SHOWN} more")
    print("\nnot of a TLS server: " + ", ".join(f"{skipped[kind]} {kind}" for kind in OTHER_KINDS))
    print(f"{len(passed) + len(failed)} cases run, {len(passed)} passed, {len(failed)} failed; "
          f"{len(disabled)} disabled, {sum(ours.values())} skipped by decision; {len(faults)} faults")
    return 0 if passed and not faults or disabled and not faults else 1


if __name__ == "__main__":
    sys.exit(main())
