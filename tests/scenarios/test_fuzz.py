"""The fuzz targets on their kept corpus, and on mutations of it; GRADER_LONG=1 tries many more."""

from __future__ import annotations

import os
import random
import resource
from pathlib import Path

import numpy as np
import pytest

from grader.sandbox import protocol
from grader.sandbox.values import Named
from tests.fuzz.targets import CORPUS, TARGETS

LONG = bool(os.environ.get("GRADER_LONG"))
MUTATIONS = {"frames": 1_000_000 if LONG else 20_000, "yaml": 20_000 if LONG else 500}


def seeds(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Change a few bytes, cut, repeat or splice."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0:
                changed[at:at] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randint(1, 8)]
            case 2:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                changed[at:at] = changed[at : at + chance.randint(1, 16)]
            case 4:
                changed[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"[[[[", b'"a"', b"null", b"1e99"])
    return bytes(changed)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    kept = seeds(name)
    assert len(kept) >= 10
    for data in kept:
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_of_the_corpus(name: str) -> None:
    kept, chance = seeds(name), random.Random(1)
    for number in range(MUTATIONS[name]):
        if number == MUTATIONS[name] // 10:  # the first tenth warms caches up
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        data = mutate(chance.choice(kept), chance)
        if name == "frames" and chance.random() < 0.8:  # keep the lengths right, so that the rest is read
            data = relength(data)
        TARGETS[name](data)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, f"{grown} KiB more after {MUTATIONS[name]} mutations"


def relength(data: bytes) -> bytes:
    """Give a mutated frame lengths that fit."""
    rest = data[protocol.LENGTHS.size :]
    header = rest.rfind(b"]") + 1
    return protocol.LENGTHS.pack(header, len(rest) - header) + rest


def make_frames() -> dict[str, bytes]:
    """Return the hand-made part of the corpus: one frame of each kind."""
    values = (np.arange(6.0).reshape(2, 3), np.float32(1), [1, 2.5, "x", None, True], {"a": np.zeros((0, 2))})
    tree, arrays = protocol.encode(values)
    named = Named.of("P", ("a", "b"), [1, np.ones(2, bool)])
    second, more = protocol.encode(named)
    return {
        "value": protocol.pack(["value", tree, [["0"], ["1", "Whh"]]], b"".join(arrays)),
        "named": protocol.pack(["value", second, []], b"".join(more)),
        "scalar": protocol.pack(["value", 1.5, []]),
        "opaque": protocol.pack(["value", ["x", "generator"], []]),
        "raised": protocol.pack(["raised", "ValueError", "no", [[3, "f", "x = 1"]], True]),
        "unwritten": protocol.pack(["raised", "NotImplementedError", "", [], False]),
        "missing": protocol.pack(["missing", "int"]),
        "unsendable": protocol.pack(["unsendable", "too large"]),
        "ask": protocol.pack(["ask", "f", ["t", [["t", []], ["d", []]]]]),
        "deep": protocol.pack(["value", [["l"] * 3] * 3, []]),
    }


def test_the_corpus_has_one_frame_of_each_kind() -> None:
    for name, data in make_frames().items():
        path = Path(CORPUS / "frames" / name)
        assert path.read_bytes() == data, f"{path.name} is stale; write make_frames() anew"
