"""What crosses the trust boundary: framed messages of plain data, and the limits on them.

A frame is two little-endian u32 lengths (header, body), a JSON header and raw bytes. A message is a JSON
list whose first item names it; JSON objects never occur, so that no key can be repeated. Values:

    null, true, 1, 1.5, "text"               as they are
    ["l", [...]]  ["t", [...]]               list, tuple
    ["d", [[key, value], ...]]               dict
    ["n", name, [fields], [values]]          named tuple
    ["a", dtype, [shape]]                    array; its bytes follow in the body, in order
    ["x", type name]                         anything else: only its type's name crosses

Both sides use this module; it imports NumPy and the standard library only.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from grader.sandbox import ProtocolError as ProtocolError
from grader.sandbox.values import Array, Named, Opaque, fields_of, type_name

MAX_HEADER = 256 * 1024
MAX_BODY = 64 * 1024 * 1024
MAX_DEPTH = 8
MAX_ITEMS = 4096
MAX_STRING = 64 * 1024
MAX_DIMENSIONS = 8
MAX_INTEGER_BITS = 1024
LENGTHS = struct.Struct("<II")
DTYPES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
)

KEYS = (str, int, float, type(None))


class Unsendable(Exception):
    """A value is plain data, but larger than a frame may be; the sentence says how."""


def pack(message: list[Any], body: bytes = b"") -> bytes:
    """Return the frame of a message and its body.

    Raises:
        Unsendable: header or body would be larger than the other side accepts.
    """
    header = json.dumps(message, separators=(",", ":")).encode()
    if len(header) > MAX_HEADER:
        raise Unsendable(f"it is larger than {MAX_HEADER // 1024} KiB without counting its arrays")
    if len(body) > MAX_BODY:
        raise Unsendable(f"its arrays are larger than {MAX_BODY // 2**20} MB")
    return LENGTHS.pack(len(header), len(body)) + header + body


def frame_size(prefix: bytes | bytearray) -> int:
    """Return the size in bytes of the whole frame that starts with these 8 bytes.

    Raises:
        ProtocolError: a length is above its limit.
    """
    header, body = LENGTHS.unpack(prefix[: LENGTHS.size])
    if header > MAX_HEADER or body > MAX_BODY:
        raise ProtocolError("a frame is larger than the limit")
    return int(LENGTHS.size + header + body)


def unpack(frame: bytes | bytearray) -> tuple[list[Any], memoryview]:
    """Return message and body of one whole frame.

    Raises:
        ProtocolError: the header is not a JSON list that starts with a word.
    """
    header, _ = LENGTHS.unpack_from(frame)
    start = LENGTHS.size + header
    try:
        message = json.loads(bytes(frame[LENGTHS.size : start]), object_pairs_hook=_refuse_object)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header is not JSON") from error
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ProtocolError("a header is not a message")
    return message, memoryview(frame)[start:]


def _refuse_object(_: list[tuple[str, Any]]) -> None:
    raise ProtocolError("a header holds an object")


# --- values out ---------------------------------------------------------------------------------------


def encode(value: Any, arrays: list[bytes]) -> Any:
    """Return the JSON form of a value; the bytes of its arrays are appended to ``arrays``.

    Raises:
        Unsendable: the value is too deep, too long or too large.
    """
    return _Encoder(arrays).encode(value, 0)


class _Encoder:
    def __init__(self, arrays: list[bytes]) -> None:
        self.arrays = arrays
        self.items = 0
        self.bytes = sum(map(len, arrays))

    def encode(self, value: Any, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH:
            raise Unsendable(f"it is nested more than {MAX_DEPTH} deep")
        if self.items > MAX_ITEMS:
            raise Unsendable(f"it holds more than {MAX_ITEMS} items; an array counts as one")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        if isinstance(value, int):
            if int.bit_length(value) > MAX_INTEGER_BITS:
                raise Unsendable(f"it holds an integer of more than {MAX_INTEGER_BITS} bits")
            return int(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            if len(value) > MAX_STRING:
                raise Unsendable(f"it holds a string of more than {MAX_STRING // 1024} KiB")
            return str(value)
        if isinstance(value, tuple):
            values = [self.encode(item, depth + 1) for item in tuple.__iter__(value)]
            fields = fields_of(value)
            if fields is None or len(fields) != len(values):
                return ["t", values]
            return ["n", type_name(value), list(fields), values]
        if isinstance(value, list):
            return ["l", [self.encode(item, depth + 1) for item in list.__iter__(value)]]
        if not isinstance(value, dict):
            return ["x", type_name(value)]
        pairs = [
            (key.item() if isinstance(key, np.generic) else key, item) for key, item in dict.items(value)
        ]
        if not all(isinstance(key, KEYS) for key, _ in pairs):
            return ["x", "dict whose keys are neither text nor numbers"]
        return ["d", [[self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in pairs]]

    def _array(self, value: Array | np.generic) -> Any:
        array = np.array(value, copy=None, subok=False)
        if array.dtype == np.longdouble and array.dtype.itemsize > 8:
            array = array.astype(np.float64)
        dtype = array.dtype.newbyteorder("<").str
        if dtype not in DTYPES:
            return ["x", f"array of dtype {array.dtype.name}"]
        if array.ndim > MAX_DIMENSIONS:
            raise Unsendable(f"an array has more than {MAX_DIMENSIONS} dimensions")
        self.bytes += array.nbytes
        if self.bytes > MAX_BODY:
            raise Unsendable(f"its arrays are larger than {MAX_BODY // 2**20} MB")
        self.arrays.append(array.astype(dtype, copy=False).tobytes())
        return ["a", dtype, list(array.shape)]


# --- values in ----------------------------------------------------------------------------------------


def decode(tree: Any, body: memoryview) -> Any:
    """Return the value of one JSON form; ``body`` must hold the bytes of its arrays and no more.

    Raises:
        ProtocolError: the form is not one that ``encode`` makes.
    """
    decoder = _Decoder(body)
    value = decoder.decode(tree, 0)
    if decoder.offset != len(body):
        raise ProtocolError("a body is longer than its arrays")
    return value


class _Decoder:
    """Takes array bytes in order, so none is ever copied twice."""

    def __init__(self, body: memoryview) -> None:
        self.body = body
        self.offset = 0
        self.items = 0

    def decode(self, tree: Any, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH + 1 or self.items > MAX_ITEMS:
            raise ProtocolError("a value is too deep or too long")
        if isinstance(tree, int) and tree.bit_length() > MAX_INTEGER_BITS:
            raise ProtocolError("an integer is too large")
        if isinstance(tree, str) and len(tree) > MAX_STRING:
            raise ProtocolError("a string is too long")
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        match tree:
            case ["l", list(items)]:
                return [self.decode(item, depth + 1) for item in items]
            case ["t", list(items)]:
                return tuple([self.decode(item, depth + 1) for item in items])
            case ["d", list(pairs)]:
                result: dict[Any, Any] = {}
                for pair in pairs:
                    if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[0], list):
                        raise ProtocolError("a dict has a malformed item")
                    key = self.decode(pair[0], depth + 1)
                    if key in result:
                        raise ProtocolError("a dict has a key twice")
                    result[key] = self.decode(pair[1], depth + 1)
                return result
            case ["n", str(name), list(fields), list(items)]:
                words = [field for field in fields if isinstance(field, str) and len(field) <= 80]
                if len(name) > 80 or len(words) != len(fields) or len(fields) != len(items):
                    raise ProtocolError("a named tuple has malformed fields")
                return Named.of(name, tuple(words), [self.decode(item, depth + 1) for item in items])
            case ["a", str(dtype), list(shape)]:
                return self._array(dtype, shape)
            case ["x", str(name)] if len(name) <= 200:
                return Opaque(name)
        raise ProtocolError("a value has an unknown form")

    def _array(self, dtype: str, shape: list[Any]) -> Array:
        if dtype not in DTYPES or len(shape) > MAX_DIMENSIONS:
            raise ProtocolError("an array has a dtype or rank that may not cross")
        possible = all(type(size) is int and 0 <= size <= MAX_BODY for size in shape)
        if not possible or math.prod(size or 1 for size in shape) > MAX_BODY:  # a zero excuses no other size
            raise ProtocolError("an array has an impossible shape")
        start, self.offset = self.offset, self.offset + math.prod(shape) * np.dtype(dtype).itemsize
        if self.offset > len(self.body):
            raise ProtocolError("a body is shorter than its arrays")
        data = self.body[start : self.offset]
        if dtype == "|b1" and data.tobytes().strip(b"\0\1"):
            raise ProtocolError("a boolean is neither 0 nor 1")
        return np.frombuffer(data, dtype).reshape(shape).copy()
