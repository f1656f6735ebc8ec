"""probe.py HOST PORT LOG: every case against a running sallyport; what it answers, and its log's reason, are compared."""
import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cases_hello
import cases_psk
import cases_record
import cases_retry
import cases_rsa
import cases_tls12
from client import Alert, Client, Closed


def reason_of(log, begin, port):
    """The reason in the log's line, behind `begin`, about the connection from this port; "" where none comes.

    Ports come again in one run: what stands before was said of another connection.
    """
    end = time.monotonic() + 2
    while time.monotonic() < end:
        with open(log, "rb") as lines:
            lines.seek(begin)
            for line in lines.read().decode("utf-8", "replace").splitlines():
                if re.search(rf"client=\S*:{port}\b", line) and (found := re.search(r"\breason=(\S+)", line)):
                    return found.group(1)
        time.sleep(0.05)
    return ""


# Sallyport writes so many lines a second about failed handshakes and leaves out the rest (src/proxy/limits.h): the
# cases begin no faster, so that each finds its line.
PACE = 0.11
turn, next_start = threading.Lock(), [0.0]


def wait_for_turn():
    with turn:
        time.sleep(max(0.0, next_start[0] - time.monotonic()))
        next_start[0] = time.monotonic() + PACE


def run(case, host, port, log):
    name, section, action, expected, reason, *make = case
    client = None
    wait_for_turn()
    begin = os.path.getsize(log)
    try:
        client = (make[0] if make else Client)((host, port))
        local = client.sock.getsockname()[1]
        try:
            got = action(client)
        except Alert as alert:
            got = client.after_alert(alert.args[0])
        except Closed as closed:
            got = str(closed)
        if got == expected and reason and (logged := reason_of(log, begin, local)) != reason:
            got, expected = f"reason {logged}", f"reason {reason}"
    except Exception as error:  # a client that cannot go on is a finding, not the end of the run
        got = repr(error)
    finally:
        if client:
            client.sock.close()
    title = f"{name} (RFC {section})"
    return got == expected, f"ok: {title}" if got == expected else f"not ok: {title}: expected {expected}, got {got}"


def main():
    host, port, log = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    cases = cases_hello.CASES + cases_record.CASES + cases_retry.CASES + cases_psk.CASES
    cases += cases_tls12.CASES + cases_rsa.CASES
    assert len({case[0] for case in cases}) == len(cases), "two cases of one name"
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda case: run(case, host, port, log), cases))
    for _, line in results:
        print(line)
    print(f"{sum(is_ok for is_ok, _ in results)} of {len(cases)} cases hold")
    return 0 if all(is_ok for is_ok, _ in results) else 1


sys.exit(main())
