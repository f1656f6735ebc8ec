"""The daemon's log, read on as it grows: what it says of the connection from an address."""
import re
import threading
import time

# key=value or key="value": what a client has a hand in is quoted, so that no field begins inside of it.
FIELD = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|\S*)')


def fields_of(line):
    """A refused handshake has its reason; a connection that began well says how it ended: both are the reason here."""
    found = {key: value.strip('"') for key, value in FIELD.findall(line)}
    found.setdefault("reason", found.get("end", ""))
    return found


def says(reason, **fields):
    """Of a case that looks at more than the reason: fields of the line, None where one is not to be there."""
    return {"reason": reason, **fields}


class DaemonLog:
    def __init__(self, path):
        self.file, self.lock, self.rest = open(path, "rb"), threading.Lock(), b""
        self.file.seek(0, 2)
        self.lines = {}

    def read_on(self):
        with self.lock:
            *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
            for line in lines:
                fields = fields_of(line.decode("utf-8", "replace"))
                if fields["reason"] and "client" in fields:
                    self.lines[fields["client"].rpartition(":")[0]] = fields

    def line(self, name, seconds=2):
        """The fields of what is said of the connection of that name; {} where no line comes in time."""
        end = time.monotonic() + seconds
        while True:
            self.read_on()
            if name in self.lines or time.monotonic() > end:
                return self.lines.get(name, {})
            time.sleep(0.02)
