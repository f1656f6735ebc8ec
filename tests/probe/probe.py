"""probe.py HOST PORT LOG: every case against a running sallyport; its answer and its log's line are compared."""
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import cases_algorithms
import cases_certificate
import cases_compression
import cases_first
import cases_flood
import cases_hello
import cases_limits
import cases_proof
import cases_psk
import cases_record
import cases_replay
import cases_resumption
import cases_retry
import cases_rsa
import cases_tls12
import cases_version
from client import Alert, Client, Closed
from daemon_log import DaemonLog
from slots import talking

MODULES = (
    cases_hello, cases_first, cases_version, cases_algorithms, cases_record, cases_flood, cases_retry, cases_psk,
    cases_tls12, cases_rsa, cases_compression, cases_limits, cases_certificate, cases_proof, cases_resumption,
    cases_replay,
)

# Sallyport writes ten lines a second about handshakes that failed for one reason and leaves out the rest
# (src/proxy/limits.h): cases of one reason begin no faster, so that each finds its line.
PACE = 0.11
turn, next_start = threading.Lock(), {}


def expected_line(case):
    """What a case wants the log's line to say: its fields, or no more than its reason; {} where it does not look."""
    said = case[4]
    return {"reason": said} if said and isinstance(said, str) else said or {}


def reason_of(case):
    return expected_line(case).get("reason")


def wait_for_turn(reason):
    if not reason:
        return
    with turn:
        begin = max(time.monotonic(), next_start.get(reason, 0.0))
        next_start[reason] = begin + PACE
    time.sleep(max(0.0, begin - time.monotonic()))


def in_turn(cases):
    """The first of each reason, then the second of each, and so on: so that few wait at one time."""
    seen, places = Counter(), []
    for case in cases:
        reason = reason_of(case)
        seen[reason] += 1 if reason else 0
        places.append(seen[reason])
    return [case for _, case in sorted(zip(places, cases), key=lambda pair: pair[0])]


def answer_of(action, client):
    try:
        return action(client)
    except Alert as alert:
        return client.judged.after_alert(alert.args[0])
    except Closed as closed:
        return str(closed)


def attempt(case, address, log):
    """(what was answered, the fields of the log's line), the latter only where the case looks at them."""
    name, section, action, expected, said, *make = case
    client = None
    try:
        with talking():
            client = (make[0] if make else Client)(address)
            got = answer_of(action, client)
        client.judged.sock.close()  # at its end a connection is logged
        return got, log.line(client.judged.name) if said and got == expected else {}
    except Exception as error:  # a client that cannot go on is a finding, not the end of the run
        return repr(error), {}
    finally:
        if client:
            client.sock.close()
            client.judged.sock.close()


def run(case, address, log):
    name, section, _, expected, *_ = case
    wanted = expected_line(case)
    for _ in range(4):  # again where the log left a line out because others came at the same time
        wait_for_turn(reason_of(case))
        got, line = attempt(case, address, log)
        if line or not wanted:
            break
    title = f"{name} (RFC {section})"
    if got != expected:
        return False, f"not ok: {title}: expected {expected}, got {got}"
    logged = {key: line.get(key) for key in wanted}
    if logged != wanted:
        return False, f"not ok: {title}: expected the log to say {wanted}, it says {logged if line else 'nothing'}"
    return True, f"ok: {title}"


def main():
    address, log = (sys.argv[1], int(sys.argv[2])), DaemonLog(sys.argv[3])
    cases = [case for module in MODULES for case in module.CASES]
    assert len({case[0] for case in cases}) == len(cases), "two cases of one name"
    with ThreadPoolExecutor(64) as pool:  # an alert is followed by a second in which the server lingers
        results = list(pool.map(lambda case: run(case, address, log), in_turn(cases)))
    for _, line in results:
        print(line)
    print(f"{sum(is_ok for is_ok, _ in results)} of {len(cases)} cases hold")
    return 0 if all(is_ok for is_ok, _ in results) else 1


sys.exit(main())
