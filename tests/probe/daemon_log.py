"""The daemon's log, read on as it grows: what it says of the connection from an address."""
import re
import threading
import time

# A refused handshake has its reason; a connection that began well says how it ended.
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')  # what a client may have a hand in
LINE = re.compile(r"\bclient=(\S*):\d+\b.*?\b(?:reason|end)=(\S+)")


class DaemonLog:
    def __init__(self, path):
        self.file, self.lock, self.rest = open(path, "rb"), threading.Lock(), b""
        self.file.seek(0, 2)
        self.reasons = {}

    def read_on(self):
        with self.lock:
            *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
            for line in lines:
                if found := LINE.search(QUOTED.sub("", line.decode("utf-8", "replace"))):
                    self.reasons[found.group(1)] = found.group(2)

    def reason(self, name, seconds=2):
        """What is said of the connection of that name; "" where no line comes in time."""
        end = time.monotonic() + seconds
        while True:
            self.read_on()
            if name in self.reasons or time.monotonic() > end:
                return self.reasons.get(name, "")
            time.sleep(0.02)
