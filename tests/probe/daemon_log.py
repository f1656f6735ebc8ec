"""The daemon's log, read on as it grows: what it says of the connection from a port."""
import re
import threading
import time

# A refused handshake has its reason; a connection that began well says how it ended.
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')  # what a client may have a hand in
LINE = re.compile(r"\bclient=\S*:(\d+)\b.*?\b(?:reason|end)=(\S+)")


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
                    self.reasons[int(found.group(1))] = found.group(2)

    def forget(self, port):
        """Ports come again in one run: what was said before was said of another connection."""
        self.read_on()
        self.reasons.pop(port, None)

    def reason(self, port, expected, seconds=2):
        """The one expected, or what else was said last; "" where no line comes in time. A line of the connection that
        had the port before may still come late: it is no answer."""
        end = time.monotonic() + seconds
        while True:
            self.read_on()
            said = self.reasons.get(port, "")
            if said == expected or time.monotonic() > end:
                return said
            time.sleep(0.02)
