"""The program inside a worker: loads the student's source, calls its functions, sends plain data back.

It is started by exec with a clean environment. The warm process forks one worker after the other; where
fork is missing, the process itself is one worker. Nothing here is trusted by the grader.
"""

from __future__ import annotations

import _sitebuiltins
import ast
import builtins
import collections
import contextlib
import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import marshal
import os
import pkgutil
import signal
import socket
import struct
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from grader.sandbox import LAYERS, LOST, protocol
from grader.sandbox.confinement import Confinement, confine, prepare
from grader.sandbox.loading import TRACEBACK, Fault, describe, keeps_nothing, run_source
from grader.sandbox.values import Array, Named, class_of, map_leaves, type_name, walk_arrays

with contextlib.suppress(ImportError):  # Windows has none; nothing below calls it there
    import fcntl

CHANNEL = 3  # descriptor, in every worker

NUMPY_PARTS = [
    f"numpy.{name}" for name in "char core fft lib.stride_tricks random rec strings typing".split()
]
STANDARD_LIBRARY = (  # all that a script without files or network may ask for
    "_posixsubprocess _pydatetime _strptime _suggestions abc array ast base64 "
    "binascii bisect bz2 calendar cmath cmd code codecs collections.abc colorsys "
    "contextlib copy copyreg cProfile csv ctypes dataclasses datetime decimal difflib dis "
    "enum errno fnmatch fractions functools gc getopt glob graphlib gzip hashlib heapq inspect io "
    "itertools json keyword linecache locale lzma math mmap multiprocessing numbers operator "
    "os pathlib pdb pickle platform pprint queue quopri random re reprlib sched secrets shlex "
    "shutil signal site sqlite3 stat statistics string struct sys tempfile textwrap threading time timeit "
    "token tokenize traceback tracemalloc types typing unicodedata uuid warnings weakref "
    "xml.etree.ElementTree zlib zoneinfo"
).split()
SELDOM = (  # wanted, with all their parts; kept, and run where they are imported: they are large
    "argparse asyncio concurrent configparser doctest email html importlib.metadata importlib.resources "
    "logging numpy.ctypeslib numpy.lib.recfunctions numpy.ma numpy.polynomial numpy.testing optparse pydoc "
    "subprocess tomllib unittest zipfile"
).split()
ENCODINGS = (
    "ascii big5 cp437 cp1251 cp1252 euc_kr gbk iso8859_15 latin_1 mac_roman shift_jis utf_16 utf_8_sig"
).split()


# --- the warm process ---------------------------------------------------------------------------------


def serve_zygote(control: socket.socket, layers: list[str], server: WorkerServer) -> None:
    """Fork a worker for each request until the grader closes its end.

    Requests are short JSON lists: ``["spawn", bytes, seconds]`` with two descriptors (channel, output) makes
    a worker, which says on its channel that it is ready, or ``["refused", errno]`` is said there if the
    system starts no more processes; ``["end", n]`` kills that worker and answers ``["ended", status]``;
    ``["dismiss", n]`` kills it, too, but answers before it has gone.

    Args:
        server: which every worker becomes.
    """
    ready: Confinement | OSError
    try:
        ready = prepare(layers)
    except OSError as error:
        ready = error
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
        if not data:
            return
        match json.loads(data):
            case ["spawn", memory, seconds]:
                try:
                    if isinstance(ready, OSError):
                        raise ready
                    _fork_worker(server, descriptors, ready, (memory, seconds))
                except OSError as error:
                    os.write(descriptors[0], protocol.pack(["refused", error.errno or 0]))
                for descriptor in descriptors:
                    os.close(descriptor)
            case ["end" | "dismiss" as word, pid]:
                for kill in (os.killpg, os.kill):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        kill(pid, 9)  # it stays a zombie, so that its number is not given anew
                ended = word == "end" and os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                control.send(json.dumps(["ended", int(ended)]).encode())
                if word == "dismiss":
                    os.waitpid(pid, 0)


def _fork_worker(
    server: WorkerServer, descriptors: list[int], confinement: Confinement, budget: tuple[int, int]
) -> None:
    import random  # warm by now, without its wish to be called after each fork

    parent = os.getpid()
    random.seed(os.urandom(16))  # a fork repeats the parent's random streams
    np.random.seed([*os.urandom(16)])
    if os.fork() == 0:
        try:
            os.setsid()
            serve_worker(server, descriptors, confinement, parent, budget)
        except BaseException:
            sys.excepthook(*sys.exc_info())  # the grader reads it as this worker's output
        finally:
            os._exit(LOST)  # never back into the warm process's loop


@dataclass(eq=False)
class Archive(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules that are kept as code until they are imported, so that each fork holds less."""

    _kept: dict[str, tuple[importlib.machinery.ModuleSpec, bytes]] = field(default_factory=dict)

    def keep(self, name: str, folders: Sequence[str] | None = None) -> None:
        """Keep a module with all that is inside it; what it needs besides has to be there."""
        spec = importlib.machinery.PathFinder.find_spec(name, folders)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            code = b""
            with contextlib.suppress(OSError):  # as Python keeps it, if its source has not changed since
                now, compiled = os.stat(spec.loader.path), spec.loader.get_data(spec.cached or "")
                stamp = struct.pack("<3L", 0, int(now.st_mtime) % 2**32, now.st_size)
                code = compiled[16:] if compiled[:16] == importlib.util.MAGIC_NUMBER + stamp else b""
            self._kept[name] = spec, code or marshal.dumps(spec.loader.get_code(name))
            inside = spec.submodule_search_locations or []
            for part in {part.name for part in pkgutil.iter_modules(inside)} - {"test", "tests", "__main__"}:
                self.keep(f"{name}.{part}", inside)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Return how a module is imported, if it is kept; Python's import asks."""
        if spec := self._kept[name][0] if name in self._kept else None:
            lazy = name.rpartition(".")[0] == "numpy"  # `from numpy import *` names them all, and uses none
            spec.loader = importlib.util.LazyLoader(self) if lazy else self
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        """Run a module's code; Python's import asks."""
        exec(marshal.loads(self._kept[module.__name__][1]), vars(module))


RECORDER = importlib.machinery.SourceFileLoader("recording", f"{os.path.dirname(__file__)}/recording.py")
PREPARED: dict[bytes, Any] = {RECORDER.get_data(RECORDER.path): RECORDER.get_code("recording")}
"""By source, the code of a program of ours that many workers load: it records what student code computes."""


def _warm_up(borrowed: list[str]) -> None:
    """Import all that student code may want, since a confined worker opens no file.

    Afterwards only NumPy and the standard library are within reach of an import.
    """
    # What asks to be called after a fork is not: a worker has one thread, as we have, and new random numbers.
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    np.f2py = types.ModuleType("numpy.f2py")  # compiles Fortran, and is large; `from numpy import *` names it
    for name in (*NUMPY_PARTS, *STANDARD_LIBRARY, *(f"encodings.{name}" for name in ENCODINGS)):
        with contextlib.suppress(ImportError):  # some are younger or older than this Python
            importlib.import_module(name)
    sys.meta_path.insert(0, archive := Archive())
    for name in SELDOM:
        package = sys.modules.get(name.rpartition(".")[0])
        archive.keep(name, list(package.__path__) if package else None)
    os.register_at_fork = register
    sys.breakpointhook = vars(sys.modules["pdb"])["set_trace"] = _no_debugger
    for name in ("exit", "quit"):  # scripts expect them, and `python -S` leaves them out
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D"))
    sys.path[:] = [path for path in sys.path if path not in borrowed]
    for name in [name for name in sys.modules if name.partition(".")[0] == "grader"]:
        del sys.modules[name]
    sys.dont_write_bytecode = True


def _no_debugger(*_: Any, **__: Any) -> None:
    raise EOFError("no debugger stops here")


# --- one worker ---------------------------------------------------------------------------------------


REHEARSED = b"""import numpy as np
from typing import NamedTuple
class Pair(NamedTuple):
    a: np.ndarray
    b: np.ndarray
def both(x: np.ndarray, pair: Pair) -> np.ndarray:
    return np.tanh(pair.a @ x + pair.b), Pair(x.T, np.zeros_like(x).sum(axis=1, keepdims=True))
"""


def stand_ready() -> WorkerServer:
    """Make what every worker has, so that a fork finds it made; descriptors 1 to 3 only become its own.

    Until then they are an end of a socket, as they will be, that nobody reads from. And it does once what
    every worker does, so that a fork finds code that has run: it is faster, and stays as it is.
    """
    unread = socket.socketpair()[0].detach()
    for descriptor in (1, 2, CHANNEL):
        os.dup2(unread, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        # Unbuffered: nothing that was printed is lost when the process is killed.
        raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    server = WorkerServer(open(CHANNEL, "r+b", buffering=0))  # noqa: SIM115
    rehearsing = WorkerServer(io.BytesIO())
    pair = Named.of("Pair", ("a", "b"), [np.ones((2, 3)), np.ones((2, 1))])
    tree, arrays = protocol.encode((np.ones((3, 4)), pair))
    request = ["call", "both", tree, []]
    rehearsing.send(["loaded", rehearsing._load("rehearsed", "rehearsed.py", REHEARSED)])
    keeps_nothing(vars(rehearsing.module), "rehearsed.py")
    for _ in range(16):  # after a few, Python has made the code what it will be
        rehearsing.send(*rehearsing._call(*protocol.unpack(protocol.pack(request, b"".join(arrays)))))
    del sys.modules["rehearsed"]
    sys.modules["linecache"].cache.clear()
    gc.freeze()  # what is here now is never looked at again, not even once, and so not copied for that
    gc.enable()  # it was off from the start: there was little to collect
    return server


def serve_worker(
    server: WorkerServer,
    sockets: Sequence[int],
    confinement: Confinement,
    parent: int,
    budget: tuple[int, int],
) -> None:
    """Confine this process, whose parent is the warm one, then answer the grader until it hangs up.

    Args:
        sockets: descriptors of the channel to the grader, and of where printed text goes, above ``CHANNEL``.
        budget: bytes of memory and seconds of processor time.
    """
    channel, output = sockets
    for descriptor, source in ((1, output), (2, output), (CHANNEL, channel)):
        os.dup2(source, descriptor)
    confine(confinement, parent, *budget)
    os.closerange(CHANNEL + 1, 65536)
    server.send(["ready", list(confinement.layers), os.getpid()])
    try:
        server.serve()
    finally:
        os._exit(LOST)  # student code may have broken everything that would be said now


@dataclass(eq=False)
class WorkerServer:
    """Holds the student's module."""

    channel: io.RawIOBase | BinaryIO
    module: types.ModuleType = field(default_factory=lambda: types.ModuleType("student"))
    filename: str = ""

    def serve(self) -> None:
        """Answer one message after another until the grader hangs up."""
        while frame := self._receive():
            message, body = protocol.unpack(frame)
            if message[0] == "load":
                _, name, filename = message
                faults = self._load(name, filename, bytes(body))
                self.send(["loaded", faults, keeps_nothing(vars(self.module), filename)])
                continue
            try:
                self.send(*self._call(message, body))
            except protocol.Unsendable as error:
                self.send(["unsendable", str(error)])

    def _receive(self) -> bytes:
        """Return the next frame; empty if the grader has hung up."""
        frame, size = bytearray(), protocol.LENGTHS.size
        while len(frame) < size:
            part = self.channel.read(min(size - len(frame), 2**20))
            if not part:
                return b""
            frame += part
            if len(frame) == protocol.LENGTHS.size:
                size = protocol.frame_size(frame)
        return bytes(frame)

    def send(self, message: list[Any], body: bytes = b"") -> None:
        """Send one frame."""
        frame = memoryview(protocol.pack(message, body))
        while frame:
            frame = frame[self.channel.write(frame) or 0 :]

    def _load(self, name: str, filename: str, source: bytes) -> list[Fault]:
        """Run the student's source as a module; return what was left out of it, or stopped it."""
        self.module, self.filename = types.ModuleType(name), filename
        self.module.__file__ = filename
        sys.modules[name] = self.module
        if source in PREPARED:
            exec(PREPARED[source], vars(self.module))
            return []
        return run_source(source, filename, self.module.__dict__)

    def _call(self, message: list[Any], body: memoryview) -> tuple[list[Any], bytes]:
        """Call a function with private copies; return the answer's message and body."""

        def state(array: Array) -> tuple[Any, ...]:
            return array.shape, array.dtype.str, array.tobytes()

        _, name, tree, substitutes = message
        try:  # the module, and its named tuples, are the student's: they may raise wherever they are touched
            function = getattr(self.module, name, None)
            if not callable(function):
                return ["missing", "" if function is None else type_name(function)], b""
            arguments = self._rebuild(protocol.decode(tree, body))
            before = [(path, array, state(array)) for path, array in walk_arrays(arguments)]
            for substitute in substitutes:
                setattr(self.module, substitute, functools.partial(self._ask, substitute))
            value = function(*arguments)
            encoded, arrays = protocol.encode(value)
            if type(value) is types.CoroutineType:
                value.close()  # else Python warns about our line, which called the student's async function
            changed = [list(path) for path, array, old in before if state(array) != old]
            return ["value", encoded, changed], b"".join(arrays)
        except protocol.Unsendable:
            raise
        except BaseException as error:
            own = self.filename
            trace, raised_in = TRACEBACK.__get__(error), ""
            while trace is not None:
                raised_in, trace = trace.tb_frame.f_code.co_filename, trace.tb_next
            # a stub of another module is not this one's
            stub = isinstance(error, NotImplementedError) and raised_in == own
            return ["raised", *describe(error, own), not stub], b""

    def _rebuild(self, value: Any) -> Any:
        """Turn the grader's named tuples into the student's class of that name, if there is one."""
        own = vars(self.module)
        return map_leaves(
            value,
            lambda leaf: leaf,
            lambda named: class_of(named, own) or collections.namedtuple(named.type_name, named.fields),
        )

    def _ask(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        """Stand in for one of the student's own functions: the grader answers."""
        try:
            tree, arrays = protocol.encode((arguments, named))
            self.send(["ask", name, tree], b"".join(arrays))
        except protocol.Unsendable:
            raise TypeError(f"{name} cannot be called with these arguments") from None
        message, body = protocol.unpack(self._receive())
        if message[0] == "refused":
            raise TypeError(message[1])
        return self._rebuild(protocol.decode(message[1], body))


# --- start --------------------------------------------------------------------------------------------


def fork_zygotes(count: int, borrowed: list[str], held: list[int]) -> list[socket.socket]:
    """Fork warm processes off this one, which holds nothing but NumPy yet; return where they take orders.

    Both have in common what NumPy takes of memory and of time. The arguments are as in :func:`main`.

    Args:
        held: descriptors of this process that they should not hold.
    """
    gc.freeze()  # neither looks through what both have, and so copies it
    ours, theirs = zip(*(socket.socketpair() for _ in range(count)), strict=True)
    if os.fork() == 0:
        try:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            for descriptor in (nothing, *held, *(each.detach() for each in ours)):
                os.close(descriptor)
            main("zygote", [each.detach() for each in theirs], borrowed, list(LAYERS), [])
        finally:
            os._exit(LOST)
    for each in theirs:
        each.close()
    return list(ours)


def main(
    mode: str, descriptors: list[int], borrowed: list[str], layers: list[str], budget: list[int]
) -> None:
    """Entry point of the exec'ed process; see ``process.Spawned``.

    Args:
        mode: ``zygote`` forks workers, ``worker`` is one.
        descriptors: inherited sockets: control, or channel and output; none on Windows. A zygote that has
            several of the first becomes as many.
        borrowed: folders of the grader and of NumPy, on ``sys.path`` only while this process warms up.
        layers: names of the layers of confinement that are wanted.
        budget: bytes and seconds of a worker; none for a zygote.
    """
    _warm_up(borrowed)
    if os.name != "posix":  # sockets cannot be inherited: they arrive, shared with this process, on stdin
        shared = [ast.literal_eval(sys.stdin.readline()) for _ in range(2)]
        channel, output = map(socket.fromshare, shared)  # type: ignore[attr-defined]
        sys.stdin = open(os.devnull)  # noqa: SIM115
        sys.stdout = sys.stderr = output.makefile("w", encoding="utf-8")
        server = WorkerServer(channel.makefile("rwb", buffering=0))
        server.send(["ready", [], os.getpid()])
        server.serve()
        return
    folder = f"/tmp/grader-{os.getpid()}-{os.urandom(8).hex()}"
    with contextlib.suppress(OSError):  # a folder that exists no longer is empty, and nothing is made in it
        os.mkdir(folder, 0o700)
        os.chdir(folder)
        os.rmdir(folder)
    parent = os.getppid()
    sockets = [fcntl.fcntl(each, fcntl.F_DUPFD, CHANNEL + 1) for each in descriptors]
    for each in descriptors:
        os.close(each)
    server = stand_ready()
    if mode == "zygote":
        while len(sockets) > 1 and os.fork():
            os.close(sockets.pop())
        control = sockets.pop()
        for each in sockets:
            os.close(each)
        serve_zygote(socket.socket(fileno=control), layers, server)
    else:  # a process of one check has no children, so it needs no namespaces to keep them in
        confinement = prepare(set(layers) - {"namespaces"})
        serve_worker(server, sockets, confinement, parent, (budget[0], budget[1]))
