# hold.py HOST PORT: an echo, and again whenever a line comes
import itertools, sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"echo\n")
for line in itertools.chain(["begin"], sys.stdin):
    client.send(b"0123456789")
    assert client.receive_exactly(10) == b"0123456789"
    print("echoed", flush=True)
client.close_notify()
assert client.receive() == b""
print("finished", flush=True)
