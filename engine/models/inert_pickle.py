"""Read pickles as inert data: classes and functions stay names; nothing is imported, made or called."""

import pickletools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

MOST_BYTES = 1 << 28
"""Longest pickle that is read; the tensors of a torch file lie outside its pickle."""
DICTS = frozenset(
    (module, name)
    for module in ("collections", "builtins", "__builtin__")
    for name in ("OrderedDict", "dict", "defaultdict", "Counter")
)
"""Classes whose objects are read as plain dicts."""


FREE_PARTS = 100_000
"""Parts that a small pickle may have, counting what it shares each time."""


class PickleError(ValueError):
    """Error of bytes that are no whole pickle."""


@dataclass(frozen=True, eq=False)
class Name:
    """Class or function that a pickle names."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Made:
    """Object that running a pickle would have made by calling `call`."""

    call: object
    arguments: object
    state: object = None
    """State that its attributes would have been set to."""
    entries: dict[object, object] = field(default_factory=dict)
    """Values that would have been put into it by key."""
    items: list[object] = field(default_factory=list)
    """Values that would have been added to it."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Object outside the pickle, such as a tensor's storage."""

    id: object


@dataclass(frozen=True, eq=False)
class Inert:
    """Content of a pickle."""

    content: object
    names: list[Name]
    """All classes and functions that it names."""
    stored: list[Stored]
    """All that it says lies outside it."""
    is_small: bool
    """Whether what running it would hash, copy or write out is no longer than the pickle, though it may share parts."""


def read_inert(pickled: bytes | BinaryIO) -> Inert:
    """Return what a pickle holds; in a file it begins at the file's position, which is behind it then.

    Raises PickleError."""
    if isinstance(pickled, bytes) and len(pickled) > MOST_BYTES:
        raise PickleError(f"its pickle has {len(pickled):,} bytes")
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            machine.steps += 1
            machine.run(opcode.name, argument)
        return Inert(machine.result, machine.names, machine.stored, machine.is_small)
    except PickleError:
        raise
    except Exception as error:  # of bytes that are no pickle: an empty stack, a missing memo, a bad length
        raise PickleError("its pickle is damaged") from error


class _Machine:
    """Pickle's stack machine over inert values."""

    def __init__(self) -> None:
        self.result: object = None
        self.names: list[Name] = []
        self.stored: list[Stored] = []
        self.steps = 0
        self.is_small = True
        self._parts = 0
        self._copied = 0
        self._stack: list[object] = []
        self._marked: list[list[object]] = []
        self._memo: dict[int, object] = {}
        self._handlers: dict[str, Callable[[], None]] = {
            "MARK": self._mark, "POP": self._drop, "POP_MARK": self._drop_to_mark,
            "DUP": lambda: self._push(self._stack[-1]), "STOP": self._stop,
            "MEMOIZE": lambda: self._memo.__setitem__(len(self._memo), self._stack[-1]),
            "NONE": lambda: self._push(None), "NEWTRUE": lambda: self._push(True),
            "NEWFALSE": lambda: self._push(False), "EMPTY_LIST": lambda: self._push([]),
            "EMPTY_TUPLE": lambda: self._push(()), "EMPTY_DICT": lambda: self._push({}),
            "EMPTY_SET": lambda: self._push([]), "FROZENSET": lambda: self._push(self._to_mark()),
            "LIST": lambda: self._push(self._to_mark()), "TUPLE": lambda: self._push(tuple(self._to_mark())),
            "TUPLE1": lambda: self._tuple(1), "TUPLE2": lambda: self._tuple(2),
            "TUPLE3": lambda: self._tuple(3), "DICT": self._dict,
            "APPEND": lambda: self._add([self._pop()]), "APPENDS": lambda: self._add(self._to_mark()),
            "ADDITEMS": lambda: self._add(self._to_mark()), "SETITEMS": lambda: self._set(self._to_mark()),
            "SETITEM": lambda: self._set([self._pop(), self._pop()][::-1]),
            "STACK_GLOBAL": self._stack_global, "REDUCE": self._call, "NEWOBJ": self._call,
            "NEWOBJ_EX": self._call_with_keywords, "OBJ": self._object, "BUILD": self._build,
            "BINPERSID": lambda: self._store(self._pop()),
        }  # fmt: skip

    def run(self, opcode: str, argument: object) -> None:
        """Do what an opcode says, to inert values."""
        match opcode:
            case "PROTO" | "FRAME":
                pass
            case "GLOBAL" | "INST":
                module, _, name = str(argument).partition(" ")
                named = self._name(module, name)
                if opcode == "GLOBAL":
                    self._push(named)
                else:
                    self._make(named, self._to_mark())
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[int(str(argument))] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._push(self._memo[int(str(argument))])
            case "EXT1" | "EXT2" | "EXT4":
                self._push(self._name("copyreg", f"extension {argument}"))
            case "PERSID":
                self._store(argument)
            case _ if opcode in self._handlers:
                self._handlers[opcode]()
            case _ if argument is not None:  # a number, a text or bytes
                self._push(argument)
            case _:
                raise PickleError(f"its pickle has {opcode}, which torch never writes")

    def _count(self, *values: object) -> None:
        """Count the parts of values that a loader would go through, each as often as it occurs."""
        waiting = list(values)
        while waiting and self.is_small:
            value = waiting.pop()
            self._parts += 1
            self.is_small = self._parts <= FREE_PARTS + 4 * self.steps
            if isinstance(value, dict):
                waiting.extend(value.values())
            elif isinstance(value, (list, tuple)):
                self._parts += len(value)
                waiting.extend(each for each in value if isinstance(each, (dict, list, tuple)))

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        return self._stack.pop()

    def _mark(self) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def _to_mark(self) -> list[object]:
        items, self._stack = self._stack, self._marked.pop()
        return items

    def _drop(self) -> None:
        if self._stack:
            self._pop()
        else:
            self._to_mark()

    def _drop_to_mark(self) -> None:
        self._to_mark()

    def _stop(self) -> None:
        self.result = self._pop()

    def _tuple(self, count: int) -> None:
        items = self._stack[-count:]
        del self._stack[-count:]
        self._push(tuple(items))

    def _dict(self) -> None:
        items = self._to_mark()
        self._push({})
        self._set(items)

    def _add(self, items: Iterable[object]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Made):
            target.items.extend(items)

    def _set(self, items: list[object]) -> None:
        target = self._stack[-1]
        entries = target.entries if isinstance(target, Made) else target
        self._count(*items[::2])
        if isinstance(entries, dict):
            _put(entries, zip(items[::2], items[1::2], strict=True))

    def _name(self, module: object, name: object) -> Name:
        if not (isinstance(module, str) and isinstance(name, str) and f"{module}{name}".isprintable()):
            raise PickleError("its pickle has a class or function without a name")
        named = Name(module, name)
        self.names.append(named)
        return named

    def _store(self, identity: object) -> None:
        self._count(identity)
        self.stored.append(Stored(identity))
        self._push(self.stored[-1])

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._push(self._name(module, name))

    def _call(self) -> None:
        arguments, call = self._pop(), self._pop()
        self._count(call, arguments)
        self._make(call, arguments)

    def _make(self, call: object, arguments: object) -> None:
        made = _made(call, arguments)
        self._copied += len(made) if isinstance(made, dict) else 0
        if self._copied > FREE_PARTS + 4 * self.steps:
            raise PickleError("its pickle copies a dict again and again")
        self._push(made)

    def _call_with_keywords(self) -> None:
        self._pop()
        self._call()

    def _object(self) -> None:
        call, *arguments = self._to_mark()
        self._make(call, arguments)

    def _build(self) -> None:
        state, target = self._pop(), self._stack[-1]
        if isinstance(target, Made):
            target.state = state


def _made(call: object, arguments: object) -> object:
    """Return what a call would make: a dict for the classes of dicts, else inert."""
    if not isinstance(call, Name) or (call.module, call.name) not in DICTS:
        return Made(call, arguments)
    entries: dict[object, object] = {}
    first = arguments[0] if isinstance(arguments, (list, tuple)) and arguments else None
    pairs = first.items() if isinstance(first, dict) else first if isinstance(first, list) else ()
    _put(entries, (pair for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == 2))
    return entries


def _put(entries: dict[object, object], pairs: Iterable[Iterable[object]]) -> None:
    """Put pairs into a dict; keys other than numbers and texts name no tensor, and are left out."""
    for key, value in pairs:
        if isinstance(key, (str, int)):
            entries[key] = value
