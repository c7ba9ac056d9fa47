"""The wire format: what crosses arrives unchanged, what is malformed is refused with ProtocolError alone."""

from __future__ import annotations

import enum
import json
import math
import os
import random
import struct
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from grader.sandbox import protocol
from grader.sandbox.protocol import ProtocolError, Unsendable
from grader.sandbox.values import Named, Opaque

FRAMES = 1_000_000 if os.environ.get("GRADER_LONG") == "1" else 3_000
BOUNDED = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


class Point(NamedTuple):
    """A named tuple like those of the exercises."""

    x: Any
    y: Any


def there(value: Any) -> Any:
    """Send a value over the wire and return what arrives."""
    tree, arrays = protocol.encode(value)
    frame = protocol.pack(["value", tree], b"".join(arrays))
    assert protocol.frame_size(frame[:8]) == len(frame)
    message, body = protocol.unpack(frame)
    assert message[0] == "value"
    return protocol.decode(message[1], body)


def decode(tree: Any, body: bytes = b"") -> Any:
    return protocol.decode(tree, memoryview(body))


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal in type and content, NaN equal to NaN."""
    if isinstance(a, np.ndarray | np.generic) or isinstance(b, np.ndarray | np.generic):
        a, b = np.asarray(a), np.asarray(b)
        equal_nan = a.dtype.kind in "fc"
        same_kind = a.dtype.newbyteorder("<") == b.dtype.newbyteorder("<") and a.shape == b.shape
        return same_kind and np.array_equal(a, b, equal_nan=equal_nan)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(k, m) and same(v, w) for (k, v), (m, w) in zip(a.items(), b.items(), strict=True)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)


# --- round trips --------------------------------------------------------------------------------------

ARRAYS = hnp.arrays(
    dtype=st.sampled_from(sorted(protocol.DTYPES)),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**1000), 2**1000) | st.floats() | st.text(max_size=50)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 5), inner, max_size=4)
    ),
    max_leaves=8,
)


def depth_of(value: Any) -> int:
    items = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(map(depth_of, items), default=0) if isinstance(items, list | tuple) else 0


@BOUNDED
@given(VALUES.filter(lambda value: depth_of(value) <= protocol.MAX_DEPTH))
def test_plain_data_arrives_unchanged(value: Any) -> None:
    assert same(there(value), value)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0, 2), (), (1,) * 8])
def test_empty_and_odd_shapes_arrive(shape: tuple[int, ...]) -> None:
    arrived = there(np.ones(shape))
    assert arrived.shape == shape
    assert arrived.dtype == np.float64


def test_memory_layout_does_not_matter() -> None:
    base = np.arange(24.0).reshape(4, 6)
    views = [
        base.T,
        base[::2, 1::2],
        base[::-1, ::-1],
        np.asfortranarray(base),
        np.broadcast_to(base[0], (3, 6)),
    ]
    for view in views:
        assert np.array_equal(there(view), view)
        assert there(view).flags.c_contiguous


def test_big_endian_numbers_keep_their_value() -> None:
    arrived = there(np.array([1.5, -2.0], dtype=">f8"))
    assert arrived.dtype == np.dtype("<f8")
    assert arrived.tolist() == [1.5, -2.0]


def test_an_arrived_array_is_writable_and_private() -> None:
    original = np.zeros(3)
    one, other = there((original, original))
    one[0] = 7
    assert original[0] == other[0] == 0


def test_longdouble_becomes_double() -> None:
    arrived = there(np.array([0.1], dtype=np.longdouble))
    assert arrived.dtype == np.float64
    assert arrived[0] == 0.1


def test_numpy_scalars_arrive_as_arrays_without_dimensions() -> None:
    for scalar in (np.float64(0.5), np.int8(3), np.bool_(True)):
        arrived = there(scalar)
        assert arrived.shape == ()
        assert arrived == scalar


def test_subclasses_arrive_as_what_they_are_made_of() -> None:
    class Level(enum.IntEnum):
        HIGH = 3

    class Word(str):
        pass

    class Lying(np.ndarray):
        def tobytes(self, *_: Any) -> bytes:
            return b"\0" * 16

    arrived = there([Level.HIGH, Word("a"), OrderedDict(k=1), np.ones(2).view(Lying)])
    assert [type(item) for item in arrived] == [int, str, dict, np.ndarray]
    assert arrived[:3] == [3, "a", {"k": 1}]
    assert arrived[3].tolist() == [1, 1]


def test_masked_arrays_and_matrices_arrive_as_plain_arrays() -> None:
    arrived = there(np.ma.masked_array([1.0, 2.0], mask=[True, False]))
    assert type(arrived) is np.ndarray


def test_a_named_tuple_keeps_its_name_and_fields() -> None:
    arrived = there(Point(np.ones(2), {"k": Point(1, 2)}))
    assert isinstance(arrived, Named)
    assert (arrived.type_name, arrived.fields) == ("Point", ("x", "y"))
    assert isinstance(arrived[1]["k"], Named)
    assert tuple(arrived[1]["k"]) == (1, 2)
    assert there(arrived).fields == ("x", "y")  # and once more, from its stand-in


def test_a_named_tuple_with_lying_fields_is_a_plain_tuple() -> None:
    class Liar(tuple[int, ...]):
        _fields = ("only",)

    assert there(Liar((1, 2))) == (1, 2)
    assert type(there(Liar((1, 2)))) is tuple


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (object(), "object"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (1j, "complex"),
        (len, "builtin_function_or_method"),
        ((i for i in "abc"), "generator"),
        (np.array([object()]), "array of dtype object"),
        (np.array(["text"]), "array of dtype str128"),
        (np.array(["2020-01-01"], "M8[D]"), "array of dtype datetime64[D]"),
        (np.zeros(1, dtype=[("a", "f8")]), "array of dtype void64"),
        (Opaque("widget"), "widget"),
    ],
)
def test_anything_else_crosses_as_the_name_of_its_type(thing: Any, name: str) -> None:
    assert there(thing) == Opaque(name)
    assert there([thing]) == [Opaque(name)]


def test_a_type_name_is_cut() -> None:
    assert len(there(type("X" * 10_000, (), {})()).type_name) == 80


@pytest.mark.parametrize("key", [np.int64(3), (1, 2), Point(1, 2), None, 1.5, True])
def test_a_dict_with_such_a_key_can_be_read_back_or_is_refused_when_sent(key: Any) -> None:
    """A key that one side sends and the other side calls malformed would be blamed on the student."""
    try:
        arrived = there({key: 1})
    except Unsendable:
        return
    assert isinstance(arrived, Opaque) or list(arrived.values()) == [1]


# --- limits -------------------------------------------------------------------------------------------


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_depth_has_a_limit() -> None:
    assert depth_of(there(nested(protocol.MAX_DEPTH + 1))) == protocol.MAX_DEPTH + 1
    with pytest.raises(Unsendable, match="nested more than 8 deep"):
        there(nested(protocol.MAX_DEPTH + 2))


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(Unsendable, match="nested"):
        there(endless)


def test_the_number_of_items_has_a_limit() -> None:
    assert len(there([0] * (protocol.MAX_ITEMS - 1))) == protocol.MAX_ITEMS - 1
    with pytest.raises(Unsendable, match="4096 items"):
        there([0] * protocol.MAX_ITEMS)


def test_a_string_has_a_limit() -> None:
    assert len(there("x" * protocol.MAX_STRING)) == protocol.MAX_STRING
    with pytest.raises(Unsendable, match="string of more than 64 KiB"):
        there("x" * (protocol.MAX_STRING + 1))


def test_an_integer_has_a_limit() -> None:
    assert there(-(2**protocol.MAX_INTEGER_BITS) + 1) == -(2**1024) + 1
    with pytest.raises(Unsendable, match="1024 bits"):
        there(2**protocol.MAX_INTEGER_BITS)


def test_the_number_of_dimensions_has_a_limit() -> None:
    with pytest.raises(Unsendable, match="8 dimensions"):
        there(np.zeros((1,) * 9))


def test_the_bytes_of_all_arrays_have_a_limit() -> None:
    half = np.zeros(protocol.MAX_BODY // 2 // 8 + 1)
    assert protocol.encode(half)[0] == ["a", "<f8", [half.size]]
    with pytest.raises(Unsendable, match="64 MB"):
        protocol.encode([half, half])
    with pytest.raises(Unsendable, match="64 MB"):
        protocol.encode(np.broadcast_to(np.float64(0), (2**40,)))  # before a byte of it is copied


def test_a_header_has_a_limit() -> None:
    with pytest.raises(Unsendable, match="256 KiB"):
        there(["x" * 60_000] * 5)


def test_a_body_has_a_limit() -> None:
    with pytest.raises(Unsendable, match="64 MB"):
        protocol.pack(["value"], bytes(protocol.MAX_BODY + 1))


@pytest.mark.parametrize(
    "lengths", [(protocol.MAX_HEADER + 1, 0), (0, protocol.MAX_BODY + 1), (2**32 - 1,) * 2]
)
def test_an_announced_length_above_the_limit_is_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(ProtocolError, match="larger than the limit"):
        protocol.frame_size(struct.pack("<II", *lengths))


def test_the_largest_announced_lengths_are_accepted() -> None:
    prefix = struct.pack("<II", protocol.MAX_HEADER, protocol.MAX_BODY)
    assert protocol.frame_size(prefix) == 8 + protocol.MAX_HEADER + protocol.MAX_BODY


# --- malformed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b"5",
        b"[5]",
        b"[null]",
        b'["value"',
        b'["value", {}]',
        b'["value", ["d", {"a": 1, "a": 2}]]',
        b'["value"] ["value"]',
        b"\xff\xfe",
        b'["value", \x00]',
        b'["value", ' + b"9" * 5000 + b"]",
        b"[" * 100_000,
        b'["value", ' + b"[" * 50_000 + b"]" * 50_000 + b"]",
    ],
)
def test_a_malformed_header_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.unpack(struct.pack("<II", len(header), 0) + header)


@pytest.mark.parametrize(
    "tree",
    [
        [],
        ["l"],
        ["l", 5],
        ["l", [], []],
        ["z", []],
        [5, []],
        ["t", {"a": 1}],
        ["d", [5]],
        ["d", [["k"]]],
        ["d", [["k", 1, 2]]],
        ["d", [[["l", []], 1]]],
        ["d", [["k", 1], ["k", 2]]],
        ["n", "P", ["x"], []],
        ["n", "P", [5], [1]],
        ["n", 5, ["x"], [1]],
        ["n", "P" * 81, ["x"], [1]],
        ["n", "P", ["x" * 81], [1]],
        ["x"],
        ["x", 5],
        ["x", "n" * 201],
        ["a", "<f8"],
        ["a", "<f8", 5],
        ["a", "<f8", [1]],
        ["a", "<f8", [-1]],
        ["a", "<f8", [True]],
        ["a", "<f8", [0.0]],
        ["a", "<f8", ["0"]],
        ["a", "<f8", [2**62, 2**62]],
        ["a", "<f8", [0, 2**62]],
        ["a", "<f8", [0, 2**20, 2**20]],
        ["a", "<f8", [0] * 9],
        ["a", "|O", [0]],
        ["a", "O", [0]],
        ["a", ">f8", [0]],
        ["a", "<f16", [0]],
        ["a", "<U4", [0]],
        ["a", "<M8[s]", [0]],
        ["a", "|V8", [0]],
        ["a", "", [0]],
        ["a", [["f", "<f8"]], [0]],
        2**1024,
        -(2**2000),
        "x" * (protocol.MAX_STRING + 1),
        ["l", [0] * protocol.MAX_ITEMS],
    ],
    ids=lambda tree: json.dumps(tree)[:40],
)
def test_a_malformed_value_is_refused(tree: Any) -> None:
    with pytest.raises(ProtocolError):
        decode(tree)


def test_a_nested_bomb_is_refused() -> None:
    tree: Any = 0
    for _ in range(500):
        tree = ["l", [tree]]
    with pytest.raises(ProtocolError, match="too deep"):
        decode(tree)


def test_a_wide_bomb_is_refused() -> None:
    tree: Any = 0
    for _ in range(5):
        tree = ["l", [tree] * 20]
    with pytest.raises(ProtocolError, match="too long"):
        decode(tree)


@pytest.mark.parametrize("size", [0, 15, 17, 100])
def test_the_body_must_be_exactly_the_arrays(size: int) -> None:
    assert decode(["a", "<f8", [2]], bytes(16)).tolist() == [0, 0]
    with pytest.raises(ProtocolError, match="a body is"):
        decode(["a", "<f8", [2]], bytes(size))


def test_a_body_without_arrays_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode(None, b"x")


def test_a_boolean_of_another_byte_is_refused() -> None:
    assert decode(["a", "|b1", [2]], b"\0\1").tolist() == [False, True]
    for body in (b"\0\2", b"\2\0", b"\1\xff"):
        with pytest.raises(ProtocolError, match="boolean"):
            decode(["a", "|b1", [2]], body)
    with pytest.raises(ProtocolError, match="boolean"):
        decode(["a", "|b1", [3]], b"\1\2\1")


# --- random damage ------------------------------------------------------------------------------------

SEEDS: tuple[Any, ...] = (
    None,
    [True, 1, -1.5, math.inf, math.nan, "text"],
    {"a": np.arange(3.0), 1: (1, 2)},
    Point(np.ones((2, 3)), np.array([True, False])),
    [Opaque("thing"), np.zeros((0, 4)), np.array(2 + 1j)],
)
TOKENS = (
    b"[",
    b"]",
    b'"',
    b",",
    b"{",
    b"}",
    b"null",
    b"-1",
    b"1e999",
    b"9" * 400,
    b"NaN",
    b'"a"',
    b'"<f8"',
    b"\\ud800",
)


def receive(data: bytes) -> Any:
    """Do what the grader does with bytes from a channel that then falls silent; None if it would wait."""
    if len(data) < protocol.LENGTHS.size:
        return None
    size = protocol.frame_size(data[: protocol.LENGTHS.size])
    if len(data) < size:
        return None
    message, body = protocol.unpack(data[:size])
    return [protocol.decode(tree, body) for tree in message[1:2]]


def damage(frame: bytearray, rng: random.Random) -> None:
    """Change a frame at one to four places: bits, bytes, tokens, cuts."""
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(frame) or 1)
        kind = rng.randrange(5)
        if kind == 0 and frame:
            frame[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            frame[place:place] = rng.choice(TOKENS)
        elif kind == 2:
            del frame[place : place + rng.randint(1, 8)]
        elif kind == 3:
            token = rng.choice(TOKENS)
            frame[place : place + len(token)] = token
        else:
            other = rng.randrange(len(frame) or 1)
            frame[place:place] = frame[other : other + rng.randint(1, 30)]


def mended(frame: bytearray, body: int) -> bytes:
    """Write lengths that fit, so that the damage reaches the inner readers."""
    rest = bytes(frame[8:])
    body = min(body, len(rest))
    return struct.pack("<II", len(rest) - body, body) + rest


def test_damaged_frames_raise_protocol_errors_alone() -> None:
    rng, accepted, refused = random.Random(1), 0, 0
    frames = []
    for value in SEEDS:
        tree, arrays = protocol.encode(value)
        frames.append((protocol.pack(["value", tree], b"".join(arrays)), sum(map(len, arrays))))
    for _ in range(FRAMES):
        whole, body = rng.choice(frames)
        frame = bytearray(whole)
        damage(frame, rng)
        try:
            receive(mended(frame, body) if rng.random() < 0.7 else bytes(frame))
            accepted += 1
        except ProtocolError:
            refused += 1
    assert refused > FRAMES / 4  # the damage did reach the readers,
    assert accepted > FRAMES / 100  # and not only at the first byte


@BOUNDED
@given(st.binary(max_size=300))
def test_random_bytes_raise_protocol_errors_alone(data: bytes) -> None:
    try:
        receive(struct.pack("<II", len(data), 0) + data)
    except ProtocolError:
        return


@BOUNDED
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.sampled_from(["l", "t", "d", "n", "a", "x", "<f8"]),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=20,
    ),
    st.binary(max_size=32),
)
def test_random_trees_raise_protocol_errors_alone(tree: Any, body: bytes) -> None:
    try:
        decode(tree, body)
    except ProtocolError:
        return
