"""backend.py ADDRESS: a plaintext backend that does what the first line of a connection says.

ADDRESS is HOST:PORT, [HOST]:PORT or unix:PATH. One line of standard output for each thing that happens:
"ready", "N open", "N order ...", "N eof BYTES SHA256", "N reset BYTES", "N sent BYTES", "N closed".

Orders:
    echo            sends back all that comes, until the end
    count           reads to the end, answers "BYTES SHA256\\n", closes
    send N          sends N bytes of the known stream, then ends its side and reads on
    half N          ends its side at once after N bytes, then counts what still comes
    hold            reads and says nothing
    deaf            stops reading, for ever
    reset           resets the connection
    say TEXT        sends TEXT, keeps open
    tell TEXT       sends TEXT and a line's end, then ends its side and reads on
A PROXY header (v1 or v2) before the order is told as "N proxy HEX".
"""
import hashlib
import os
import socket
import struct
import sys
import threading
import time

V2 = b"\r\n\r\n\x00\r\nQUIT\n"
lock = threading.Lock()


def tell(*words):
    with lock:
        print(*words, flush=True)


def known_stream(length):
    """Bytes that anyone can make again: a counter, hashed, 1 MiB at a time."""
    block = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(32768))
    number = 0
    while length > 0:
        piece = (number.to_bytes(8, "big") + block[8:])[:length]
        yield piece
        number += 1
        length -= len(piece)


class Input:
    def __init__(self, sock):
        self.sock = sock
        self.held = b""

    def some(self):
        if self.held:
            piece, self.held = self.held, b""
            return piece
        return self.sock.recv(1 << 17)

    def need(self, length):
        while len(self.held) < length:
            piece = self.sock.recv(4096)
            if not piece:
                return False
            self.held += piece
        return True

    def take(self, length):
        self.need(length)
        piece, self.held = self.held[:length], self.held[length:]
        return piece

    def line(self):
        while b"\n" not in self.held:
            if not self.need(len(self.held) + 1):
                break
        line, _, self.held = self.held.partition(b"\n")
        return line


def proxy_header(number, stream):
    """Takes a PROXY header away, if there is one."""
    if not stream.need(6):
        return
    if stream.held[:6] == b"PROXY ":
        tell(number, "proxy", stream.line().hex())
    elif stream.held[:6] == V2[:6]:
        head = stream.take(16)
        tell(number, "proxy", (head + stream.take(struct.unpack(">H", head[14:16])[0])).hex())


def read_to_end(number, stream):
    digest, length = hashlib.sha256(), 0
    try:
        while True:
            piece = stream.some()
            if not piece:
                tell(number, "eof", length, digest.hexdigest())
                return length, digest.hexdigest()
            digest.update(piece)
            length += len(piece)
    except ConnectionResetError:
        tell(number, "reset", length, digest.hexdigest())
        return length, None


def send_known(number, sock, length):
    sent = 0
    try:
        for piece in known_stream(length):
            sock.sendall(piece)
            sent += len(piece)
    except OSError as error:
        tell(number, "unsent", sent, type(error).__name__)
        return
    tell(number, "sent", sent)


def echo(number, sock, stream):
    try:
        while piece := stream.some():
            sock.sendall(piece)
        tell(number, "eof")
    except ConnectionResetError:
        tell(number, "reset")


def serve(number, sock):
    stream = Input(sock)
    try:
        proxy_header(number, stream)
        words = stream.line().decode("latin-1").split(" ", 1)
    except ConnectionResetError:
        tell(number, "reset 0")
        return
    argument = words[1] if len(words) > 1 else ""
    tell(number, "order", *words)
    if words[0] == "echo":
        echo(number, sock, stream)
    elif words[0] == "count":
        length, digest = read_to_end(number, stream)
        if digest:
            sock.sendall(f"{length} {digest}\n".encode())
    elif words[0] in ("send", "half"):
        send_known(number, sock, int(argument))
        sock.shutdown(socket.SHUT_WR)
        read_to_end(number, stream)
    elif words[0] == "say":
        sock.sendall(argument.encode("latin-1"))
        read_to_end(number, stream)
    elif words[0] == "tell":
        sock.sendall(argument.encode("latin-1") + b"\n")
        sock.shutdown(socket.SHUT_WR)
        read_to_end(number, stream)
    elif words[0] == "deaf":
        time.sleep(3600)
    elif words[0] == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        read_to_end(number, stream)


def connection(number, sock):
    tell(number, "open")
    try:
        serve(number, sock)
    except OSError as error:
        tell(number, "error", type(error).__name__)
    sock.close()
    tell(number, "closed")


def listen(address):
    if address.startswith("unix:"):
        path = address[5:]
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
    else:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
    listener.listen(1024)
    return listener


def main():
    listener = listen(sys.argv[1])
    tell("ready")
    number = 0
    while True:
        sock, _ = listener.accept()
        number += 1
        threading.Thread(target=connection, args=(number, sock), daemon=True).start()


if __name__ == "__main__":
    main()
