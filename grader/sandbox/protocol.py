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

import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.sandbox import ProtocolError as ProtocolError
from grader.sandbox.values import MAX_NAME, Array, Named, Opaque, fields_of, plain_text, type_name

MAX_HEADER = 256 * 1024
MAX_BODY = 64 * 1024 * 1024
MAX_DEPTH = 8
MAX_ITEMS = 4096
MAX_STRING = 64 * 1024
MAX_DIMENSIONS = 8
MAX_INTEGER_BITS = 1024
MAX_WORDS = 200  # characters that say what did not cross
LENGTHS = struct.Struct("<II")
DTYPES = {name: np.dtype(name) for name in "|b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8 <f2 <f4 <f8 <c8 <c16".split()}
ARRAYS = (np.ndarray, np.generic)
KEYS = (str, int, float, type(None))
SCALARS = (*KEYS, bool)


class Unsendable(Exception):
    """A value is plain data, but larger than a frame may be; the sentence says how."""


def pack(message: list[Any], body: bytes = b"") -> bytes:
    """Return the frame of a message and its body; Unsendable if it is larger than the other side accepts."""
    header = _to_json(message).encode()
    if len(header) > MAX_HEADER:
        raise Unsendable(f"it is larger than {MAX_HEADER // 1024} KiB without counting its arrays")
    if len(body) > MAX_BODY:
        raise Unsendable(f"its arrays are larger than {MAX_BODY // 2**20} MB")
    return LENGTHS.pack(len(header), len(body)) + header + body


def frame_size(prefix: bytes | bytearray) -> int:
    """Return the bytes of the whole frame that starts with these 8; ProtocolError if they are too many."""
    header, body = LENGTHS.unpack(prefix[: LENGTHS.size])
    if header > MAX_HEADER or body > MAX_BODY:
        raise ProtocolError("a frame is larger than the limit")
    return int(LENGTHS.size + header + body)


def unpack(frame: bytes | bytearray) -> tuple[list[Any], memoryview]:
    """Return message and body of one whole frame; ProtocolError if its header is no message."""
    header, _ = LENGTHS.unpack_from(frame)
    start = LENGTHS.size + header
    try:
        message = _from_json(frame[LENGTHS.size : start].decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header is not JSON") from error
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ProtocolError("a header is not a message")
    return message, memoryview(frame)[start:]


def _refuse_object(_: list[tuple[str, Any]]) -> None:
    raise ProtocolError("a header holds an object")


_to_json = json.JSONEncoder(separators=(",", ":")).encode
_from_json = json.JSONDecoder(object_pairs_hook=_refuse_object).decode


def encode(value: Any) -> tuple[Any, list[bytes]]:
    """Return the JSON form of a value, and the bytes of its arrays; Unsendable if it is too large."""
    encoder = _Encoder()
    return encoder.encode(value, 0), encoder.arrays


@dataclass
class _Encoder:
    arrays: list[bytes] = field(default_factory=list)
    items: int = 0
    size: int = 0  # bytes of the arrays

    def encode(self, value: Any, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH:
            raise Unsendable(f"it is nested more than {MAX_DEPTH} deep")
        if self.items > MAX_ITEMS:
            raise Unsendable(f"it holds more than {MAX_ITEMS} items; an array counts as one")
        if value is None or value is True or value is False:
            return value
        kind = type(value)  # and not isinstance: a value may answer otherwise when it is asked for its class
        if issubclass(kind, ARRAYS):
            return self._array(value)
        if issubclass(kind, int):
            if int.bit_length(value) > MAX_INTEGER_BITS:
                raise Unsendable(f"it holds an integer of more than {MAX_INTEGER_BITS} bits")
            return int.__int__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, str):
            if len(text := plain_text(value)) > MAX_STRING:
                raise Unsendable(f"it holds a string of more than {MAX_STRING // 1024} KiB")
            return text
        if issubclass(kind, tuple):
            values = [self.encode(item, depth + 1) for item in tuple.__iter__(value)]
            fields = [plain_text(field) for field in fields_of(value) or ()]
            if len(fields) != len(values) or not fields or max(map(len, fields)) > MAX_NAME:
                return ["t", values]
            return ["n", type_name(value), fields, values]
        if issubclass(kind, list):
            return ["l", [self.encode(item, depth + 1) for item in list.__iter__(value)]]
        if issubclass(kind, dict):
            return self._dict(value, depth + 1)
        return ["x", type_name(value)]

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        pairs = [
            (key.item() if issubclass(type(key), np.generic) else key, item)
            for key, item in dict.items(value)
        ]
        if not all(issubclass(type(key), KEYS) for key, _ in pairs):
            return ["x", "dict whose keys are neither text nor numbers"]
        encoded = [[self.encode(key, depth), self.encode(item, depth)] for key, item in pairs]
        if len({key if key == key else math.nan for key, _ in encoded}) < len(encoded):
            raise Unsendable("it holds a dict in which two keys are the same text or number")
        return ["d", encoded]

    def _array(self, value: Array | np.generic) -> Any:
        array = value if type(value) is np.ndarray else np.array(value, copy=None, subok=False)
        dtype = array.dtype.str
        if dtype not in DTYPES:
            if array.dtype == np.longdouble:
                array = array.astype(np.float64)
            dtype = array.dtype.newbyteorder("<").str if array.dtype.kind in "biufc" else ""
            if dtype not in DTYPES:
                return ["x", f"array of dtype {array.dtype.name}"[:MAX_WORDS]]
            array = array.astype(dtype)
        if array.ndim > MAX_DIMENSIONS:
            raise Unsendable(f"an array has more than {MAX_DIMENSIONS} dimensions")
        self.size += array.nbytes
        if self.size > MAX_BODY:
            raise Unsendable(f"its arrays are larger than {MAX_BODY // 2**20} MB")
        if not array.size and math.prod(size or 1 for size in array.shape) > MAX_BODY:
            raise Unsendable(f"it holds an empty array of shape {array.shape}, which is too long an axis")
        self.arrays.append(array.tobytes())
        return ["a", dtype, list(array.shape)]


def decode(tree: Any, body: memoryview) -> Any:
    """Return the value of a JSON form, with the bytes of its arrays and no more; ProtocolError otherwise."""
    decoder = _Decoder(body)
    value = decoder.decode(tree, 0)
    if decoder.offset != len(body):
        raise ProtocolError("a body is longer than its arrays")
    return value


@dataclass
class _Decoder:
    """Takes array bytes in order, so none is ever copied twice."""

    body: memoryview
    offset: int = 0
    items: int = 0

    def decode(self, tree: Any, depth: int) -> Any:
        self.items += 1
        if depth > MAX_DEPTH + 1 or self.items > MAX_ITEMS:
            raise ProtocolError("a value is too deep or too long")
        if isinstance(tree, SCALARS):
            if isinstance(tree, int) and tree.bit_length() > MAX_INTEGER_BITS:
                raise ProtocolError("an integer is too large")
            if isinstance(tree, str) and len(tree) > MAX_STRING:
                raise ProtocolError("a string is too long")
            return tree
        match tree:
            case ["a", str() as dtype, list() as shape]:
                return self._array(dtype, shape)
            case ["l", list() as items]:
                return [self.decode(item, depth + 1) for item in items]
            case ["t", list() as items]:
                return tuple([self.decode(item, depth + 1) for item in items])
            case ["d", list() as pairs]:
                result: dict[Any, Any] = {}
                for pair in pairs:
                    if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[0], list):
                        raise ProtocolError("a dict has a malformed item")
                    key = self.decode(pair[0], depth + 1)
                    if key in result:
                        raise ProtocolError("a dict has a key twice")
                    result[key] = self.decode(pair[1], depth + 1)
                return result
            case ["n", str() as name, list() as fields, list() as items]:
                words = [field for field in fields if isinstance(field, str) and len(field) <= MAX_NAME]
                if len(name) > MAX_NAME or len(words) != len(fields) or len(fields) != len(items):
                    raise ProtocolError("a named tuple has malformed fields")
                return Named.of(name, tuple(words), [self.decode(item, depth + 1) for item in items])
            case ["x", str() as name] if len(name) <= MAX_WORDS:
                return Opaque(name)
        raise ProtocolError("a value has an unknown form")

    def _array(self, dtype: str, shape: list[Any]) -> Array:
        if dtype not in DTYPES or len(shape) > MAX_DIMENSIONS:
            raise ProtocolError("an array has a dtype or rank that may not cross")
        count = longest = 1  # a zero excuses no other size
        for size in shape:
            if type(size) is not int or size < 0:
                raise ProtocolError("an array has an impossible shape")
            count, longest = count * size, longest * (size or 1)
        if longest > MAX_BODY:
            raise ProtocolError("an array has an impossible shape")
        start, self.offset = self.offset, self.offset + count * DTYPES[dtype].itemsize
        if self.offset > len(self.body):
            raise ProtocolError("a body is shorter than its arrays")
        data = self.body[start : self.offset]
        if dtype == "|b1" and data.tobytes().strip(b"\0\1"):
            raise ProtocolError("a boolean is neither 0 nor 1")
        return np.frombuffer(data, DTYPES[dtype]).reshape(shape).copy()
