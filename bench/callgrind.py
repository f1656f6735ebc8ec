"""callgrind.py: reads what callgrind wrote: instructions by object, and who called for memory how often.

The format: https://valgrind.org/docs/manual/cl-format.html
"""
import collections
import os
import re

# base/alloc.h is our only way to memory; whatever else asks the C library for it is the doing of a library.
OURS = {"memory_new", "memory_new_array", "memory_resize", "memory_copy", "memory_copy_string"}
ALLOCATORS = {"malloc", "calloc", "realloc", "strdup", "posix_memalign", "aligned_alloc", "reallocarray"}
LIBC = "libc.so"
COST = re.compile(r"[+*-]?\d*(?: (\d+))?$")  # a position, relative or not, and how much

# Both by object: "sallyport", "libcrypto.so.3".
Counts = collections.namedtuple("Counts", "instructions allocations")


class Names:
    """Written as "(12) name" the first time, as "(12)" from then on."""

    def __init__(self):
        self.known = {}

    def resolve(self, text):
        number, _, name = text.partition(" ")
        if name:
            self.known[number] = name
        return self.known.get(number, number)


def plain_name(function):
    """Without the depth of a recursion or the version that may stand behind it."""
    return re.sub(r"('\d+|@.*)$", "", function)


class Reader:
    def __init__(self):
        self.objects, self.functions = Names(), Names()
        self.object = self.function = self.callee = ""
        self.instructions, self.allocations = collections.Counter(), collections.Counter()
        self.is_call = False

    def note_call(self, count):
        caller, callee = plain_name(self.function), plain_name(self.callee)
        if caller in OURS or LIBC in self.object:
            return  # on the way of a call that has been counted
        if callee in OURS or callee in ALLOCATORS:
            self.allocations[self.object] += count

    def take(self, line):
        key, _, value = line.partition("=")
        if key == "ob":
            self.object = os.path.basename(self.objects.resolve(value))
        elif key == "fn":
            self.function = self.functions.resolve(value)
        elif key == "cob":
            self.objects.resolve(value)
        elif key == "cfn":
            self.callee = self.functions.resolve(value)
        elif key == "calls":
            self.note_call(int(value.split()[0]))
            self.is_call = True
        else:
            self.take_cost(line)

    def take_cost(self, line):
        """What a line of source cost; below a call, what the call cost, which the callee's lines have too."""
        cost = COST.match(line) if line else None
        if cost and not self.is_call:
            self.instructions[self.object] += int(cost.group(1) or 0)
        if cost:
            self.is_call = False


def read(path):
    reader = Reader()
    total = None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("totals: "):
                total = int(line.split()[1])
            reader.take(line.rstrip("\n"))
    counted = sum(reader.instructions.values())
    if counted != total:
        raise ValueError(f"{path}: its lines come to {counted} instructions, its total is {total}")
    return Counts(reader.instructions, reader.allocations)


def read_all(folder):
    """What all processes of a program came to; each has a file in the folder."""
    counts = Counts(collections.Counter(), collections.Counter())
    for name in os.listdir(folder):
        of_one = read(os.path.join(folder, name))
        counts.instructions.update(of_one.instructions)
        counts.allocations.update(of_one.allocations)
    if not counts.instructions:
        raise ValueError("callgrind counted nothing")
    return counts
