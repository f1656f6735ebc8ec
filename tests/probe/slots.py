"""So many connections are talked on at a time. On a busy machine a handshake takes long, and sixty at once longer than
sallyport waits for a key (src/proxy/limits.h). What only waits, for an end or for its turn, takes no slot."""
import threading
from contextlib import contextmanager

SLOTS = threading.BoundedSemaphore(8)
own = threading.local()


@contextmanager
def talking():
    SLOTS.acquire()
    own.held = True
    try:
        yield
    finally:
        own.held = False
        SLOTS.release()


@contextmanager
def resting():
    """Lends the slot out, in a case that has one."""
    if not getattr(own, "held", False):
        yield
        return
    SLOTS.release()
    try:
        yield
    finally:
        SLOTS.acquire()
