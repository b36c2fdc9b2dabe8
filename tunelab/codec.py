"""What crosses between a test and the learner's code: pickles towards the learner, plain data back.

The way out is trusted (`pack_request`): cloudpickle, with handles as persistent ids. The way back is not (`encode`, `decode`): msgpack for structure, safetensors
for tensors, raw bytes for arrays. Nothing that comes back is ever unpickled, and its size, depth and hash keys are bounded before anything is built of it.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import io
import pathlib
import pickle
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import msgpack
import numpy as np

MAX_STRUCTURE = 8 * 2**20
"""Bytes of structure (everything but arrays and tensors) in one reply."""
MAX_REPLY = 256 * 2**20
"""Bytes of one reply in all."""
MAX_DEPTH = 64
MAX_NUMBER_KEYS = 10_000
"""Keys of sets and dictionaries that aren't text: numbers can be chosen to collide, and each collision costs a comparison."""
MAX_BIG_INTEGER = 4096

_ARRAY_KINDS = "biufcSUMm"


class Kind(enum.IntEnum):
    """What an extension in a reply stands for."""

    TUPLE = 1
    SET = 2
    FROZENSET = 3
    BIGINT = 4
    COMPLEX = 5
    SCALAR = 6
    ARRAY = 7
    TENSOR = 8
    REFERENCE = 9
    FIELDS = 10
    TABLE = 11
    HANDLE = 12
    MAPPING = 13
    TEXTUAL = 14
    DEQUE = 15


class CodecError(ValueError):
    """A value cannot be encoded, or bytes are not a well-formed reply."""


class Fields:
    """A dataclass, named tuple, enumeration or configuration that came back: its type's name and its fields as attributes."""

    def __init__(self, type_name: str, fields: dict[str, Any]):
        self.type_name = type_name
        self.fields = fields

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["fields"][name]
        except KeyError:
            raise AttributeError(f"{self.__dict__.get('type_name')} has no field {name!r}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and (self.type_name, self.fields) == (other.type_name, other.fields)

    __hash__ = None

    def __repr__(self) -> str:
        return f"{self.type_name}({', '.join(f'{k}={v!r}' for k, v in self.fields.items())})"


@dataclass(frozen=True)
class Table:
    """A `datasets.Dataset` or `pandas.DataFrame` that came back, as columns.

    `columns` maps a name to a list of rows, `dtypes` a name to the library's name of the column's type, `format` is a Dataset's output format (`None`, `"torch"`, ...).
    """

    type_name: str
    columns: dict[str, list]
    dtypes: dict[str, str]
    format: str | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


class TypedDict(dict):
    """A mapping that is neither a dict nor one of the standard library's: its items, and its type's name."""

    type_name = "dict"


class Handle:
    """Something that stays where the learner's code runs. Pass it as an argument, call it, or look at it with a probe.

    For modules `parameters` maps each name to (shape, dtype, trainable), and `training` is the mode it was left in.
    """

    def __init__(self, number: int, type_name: str, parameters: dict[str, tuple] | None, training: bool | None, call=None):
        self.number, self.type_name, self.parameters, self.training = number, type_name, parameters, training
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


# ---------------------------------------------------------------- out: trusted


class _RequestPickler(cloudpickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return ("handle", obj.number) if type(obj) is Handle else None


def pack_request(request: dict) -> bytes:
    """Pickles a request. Handles travel as their numbers, functions of test files by value."""
    buffer = io.BytesIO()
    _RequestPickler(buffer).dump(request)
    return buffer.getvalue()


def unpack_request(data: bytes, objects: Mapping[int, Any]) -> dict:
    """Rebuilds a request where the learner's code runs; `objects` maps handle numbers to what they stand for."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, identity: tuple[str, int]) -> Any:
            return objects[identity[1]]

    return Unpickler(io.BytesIO(data)).load()


# ---------------------------------------------------------------- back: untrusted


@dataclass(frozen=True)
class Kept:
    """A value that is to come back as a handle, whatever it is."""

    value: Any


@dataclass
class Encoder:
    """Turns one reply into bytes. `references` maps the id of a tensor or module of an argument to (argument, name); `keep` files an object and gives its handle's number."""

    references: dict[int, tuple] = field(default_factory=dict)
    keep: Any = None
    blobs: list[bytes] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)
    depth: int = 0

    def encode(self, value: Any) -> bytes:
        """The bytes of `value`. Raises CodecError when it is too deep, too large, or refers to itself."""
        try:
            structure = self.pack(value)
            message = msgpack.packb([structure, _save_tensors(self.tensors), self.blobs])
        except CodecError:
            raise
        except (ValueError, TypeError, OverflowError, RecursionError, RuntimeError, MemoryError) as error:
            raise CodecError(f"it cannot be passed on ({type(error).__name__}: {error})"[:300]) from None
        if len(structure) > MAX_STRUCTURE or len(message) > MAX_REPLY:
            raise CodecError(f"it is too large ({len(message) / 2**20:.0f} MiB)")
        return message

    def pack(self, value: Any) -> bytes:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CodecError(f"it is nested more than {MAX_DEPTH} deep, or holds itself")
        try:
            return msgpack.packb(value, default=self.node, strict_types=True, unicode_errors="surrogatepass")
        finally:
            self.depth -= 1

    def node(self, value: Any) -> msgpack.ExtType:
        """What msgpack doesn't know, as an extension: a code and the packed payload."""
        code, payload = self.describe(value)
        return msgpack.ExtType(code, self.pack(payload))

    def describe(self, value: Any) -> tuple[int, Any]:
        kind = type(value)
        if kind is Kept:
            return self.handle(value.value, type(value.value))
        if id(value) in self.references:
            return Kind.REFERENCE, list(self.references[id(value)])
        simple = _SIMPLE.get(kind)
        if simple is not None:
            return simple(value)
        if kind in _TEXTUAL:
            return Kind.TEXTUAL, [kind.__name__ if kind.__module__ != "numpy" else "np." + kind.__name__, _TEXTUAL[kind](value)]
        if isinstance(value, pathlib.PurePath):
            return Kind.TEXTUAL, ["Path", str(value)]
        if isinstance(value, np.generic):
            return Kind.SCALAR, [value.dtype.str, value.tobytes()]
        if isinstance(value, np.dtype):
            return Kind.TEXTUAL, ["np.dtype", value.str]
        if kind is np.ndarray:
            return self.array(value)
        return self.library_value(value, kind)

    def array(self, value: np.ndarray) -> tuple[int, Any]:
        if value.dtype.kind not in _ARRAY_KINDS:
            return Kind.FIELDS, ["ndarray of objects", [["dtype", str(value.dtype)], ["shape", list(value.shape)]]]
        self.blobs.append(np.ascontiguousarray(value).tobytes())
        return Kind.ARRAY, [value.dtype.str, list(value.shape), len(self.blobs) - 1]

    def library_value(self, value: Any, kind: type) -> tuple[int, Any]:
        import torch

        if (
            kind in (torch.Tensor, torch.nn.Parameter)
            and value.layout == torch.strided
            and not value.is_quantized
            and value.device.type == "cpu"
        ):
            self.tensors[str(len(self.tensors))] = value
            return Kind.TENSOR, [len(self.tensors) - 1, bool(value.requires_grad), kind is torch.nn.Parameter]
        if kind is torch.Size:
            return Kind.TUPLE, [int(n) for n in value]
        if kind in (torch.dtype, torch.device):
            return Kind.TEXTUAL, ["torch." + kind.__name__, str(value)]
        if isinstance(value, enum.Enum):
            return Kind.FIELDS, [kind.__name__, [["name", value.name], ["value", value.value]]]
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return Kind.FIELDS, [kind.__name__, [[name, getattr(value, name)] for name in kind._fields]]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return Kind.FIELDS, [kind.__name__, [[f.name, getattr(value, f.name, None)] for f in dataclasses.fields(value)]]
        return self.module_or_data(value, kind)

    def module_or_data(self, value: Any, kind: type) -> tuple[int, Any]:
        origin = kind.__module__.partition(".")[0]
        if origin == "datasets" and hasattr(value, "column_names") and hasattr(value, "features"):
            plain = value.with_format(None)
            features = {name: str(getattr(f, "dtype", f)) for name, f in value.features.items()}
            return Kind.TABLE, [kind.__name__, {name: list(plain[name]) for name in plain.column_names}, features, value.format.get("type")]
        if origin == "pandas" and kind.__name__ == "DataFrame":
            return Kind.TABLE, [
                kind.__name__,
                {str(name): value[name].to_list() for name in value},
                {str(n): str(d) for n, d in value.dtypes.items()},
                None,
            ]
        if origin == "transformers" and hasattr(value, "to_diff_dict") and hasattr(value, "model_type"):
            return Kind.FIELDS, [kind.__name__, [[str(k), v] for k, v in value.to_dict().items()]]
        if isinstance(value, Mapping) and not isinstance(value, dict | types.MappingProxyType) and hasattr(value, "data"):
            return Kind.MAPPING, [kind.__name__, [[k, v] for k, v in value.items()]]
        if isinstance(value, dict) and not hasattr(value, "forward"):
            return Kind.MAPPING, [kind.__name__, [[k, v] for k, v in dict.items(value)]]
        if isinstance(value, BaseException):
            return Kind.FIELDS, [kind.__name__, [["message", str(value)[:2000]]]]
        if isinstance(value, Iterator) and not hasattr(value, "read"):
            return self.describe_iterator(value)
        return self.handle(value, kind)

    def describe_iterator(self, value: Iterator) -> tuple[int, Any]:
        items = []
        for item in value:
            items.append(item)
            if len(items) > 1_000_000:
                raise CodecError("it is an iterator without an end")
        return Kind.DEQUE, ["list", items]

    def handle(self, value: Any, kind: type) -> tuple[int, Any]:
        import torch

        parameters = training = None
        if isinstance(value, torch.nn.Module):
            parameters = [[name, [list(p.shape), str(p.dtype), bool(p.requires_grad)]] for name, p in value.named_parameters()]
            training = bool(value.training)
        if self.keep is None:
            raise CodecError(f"a {kind.__name__} cannot be passed on")
        return Kind.HANDLE, [self.keep(value), kind.__name__, parameters, training]


def _save_tensors(tensors: dict[str, Any]) -> bytes:
    from safetensors.torch import save

    return save({name: t.detach().clone().contiguous() for name, t in tensors.items()}) if tensors else b""


def _big_integer(value: int) -> tuple[int, Any]:
    size = (value.bit_length() + 8) // 8
    if size > MAX_BIG_INTEGER:
        raise CodecError("it holds an integer of thousands of digits")
    return Kind.BIGINT, value.to_bytes(size, "little", signed=True)


_SIMPLE = {
    tuple: lambda v: (Kind.TUPLE, list(v)),
    set: lambda v: (Kind.SET, list(v)),
    frozenset: lambda v: (Kind.FROZENSET, list(v)),
    int: _big_integer,
    complex: lambda v: (Kind.COMPLEX, [v.real, v.imag]),
    collections.deque: lambda v: (Kind.DEQUE, ["deque", list(v)]),
}
_TEXTUAL = {
    datetime.datetime: lambda v: v.isoformat(),
    datetime.date: lambda v: v.isoformat(),
    datetime.time: lambda v: v.isoformat(),
    datetime.timedelta: lambda v: [v.days, v.seconds, v.microseconds],
    decimal.Decimal: str,
    fractions.Fraction: lambda v: [v.numerator, v.denominator],
    range: lambda v: [v.start, v.stop, v.step],
    slice: lambda v: [v.start, v.stop, v.step],
    type(Ellipsis): lambda v: None,
}
_MAPPINGS = {"Counter": collections.Counter, "OrderedDict": collections.OrderedDict}


@dataclass
class Decoder:
    """Builds one reply again. `refer` gives the suite's own object for (argument, name); `call` is what calling a handle does."""

    refer: Any = None
    call: Any = None
    depth: int = 0
    number_keys: int = 0
    tensors: dict[str, Any] = field(default_factory=dict)
    blobs: list[bytes] = field(default_factory=list)

    def decode(self, message: bytes) -> Any:
        """The value that `message` holds. Raises CodecError for anything that isn't a well-formed, bounded reply."""
        if len(message) > MAX_REPLY:
            raise CodecError(f"a reply of {len(message) / 2**20:.0f} MiB is too large")
        try:
            structure, tensors, blobs = msgpack.unpackb(message, max_array_len=100_000, max_map_len=0, max_ext_len=0)
            if type(structure) is not bytes or type(tensors) is not bytes or type(blobs) is not list or len(structure) > MAX_STRUCTURE:
                raise CodecError("a reply without its parts")
            self.tensors = _load_tensors(tensors)
            self.blobs = blobs
            return self.unpack(structure)
        except CodecError:
            raise
        except Exception as error:
            raise CodecError(f"a malformed reply ({type(error).__name__})") from None

    def unpack(self, data: bytes) -> Any:
        self.depth += 1
        if self.depth > 2 * MAX_DEPTH:
            raise CodecError("a reply nested too deep")
        try:
            return msgpack.unpackb(
                data, ext_hook=self.build, object_pairs_hook=self.mapping, strict_map_key=False, unicode_errors="surrogatepass"
            )
        finally:
            self.depth -= 1

    def keys(self, keys: list) -> None:
        self.number_keys += sum(1 for key in keys if type(key) not in (str, bytes))
        if self.number_keys > MAX_NUMBER_KEYS:
            raise CodecError(f"a reply with more than {MAX_NUMBER_KEYS} keys that aren't text")

    def mapping(self, pairs: list[tuple]) -> dict:
        self.keys([key for key, _ in pairs])
        return dict(pairs)

    def build(self, code: int, data: bytes) -> Any:
        payload = self.unpack(bytes(data))
        match code:
            case Kind.TUPLE:
                return tuple(_exact(payload, list))
            case Kind.SET | Kind.FROZENSET:
                self.keys(_exact(payload, list))
                return set(payload) if code == Kind.SET else frozenset(payload)
            case Kind.BIGINT:
                return int.from_bytes(_exact(payload, bytes)[:MAX_BIG_INTEGER], "little", signed=True)
            case Kind.COMPLEX:
                return complex(_exact(payload[0], float), _exact(payload[1], float))
            case Kind.SCALAR:
                return np.frombuffer(_exact(payload[1], bytes), dtype=_dtype(payload[0]), count=1)[0]
            case Kind.ARRAY:
                return self.array(*payload)
            case Kind.TENSOR:
                return self.tensor(*payload)
            case Kind.REFERENCE:
                return self.refer(*payload)
            case Kind.FIELDS:
                return Fields(_exact(payload[0], str), {_exact(k, str): v for k, v in payload[1]})
            case Kind.TABLE:
                return _table(*payload)
            case Kind.HANDLE:
                return self.handle(*payload)
            case Kind.MAPPING:
                return self.typed_mapping(*payload)
            case Kind.TEXTUAL:
                return _textual(*payload)
            case Kind.DEQUE:
                return collections.deque(payload[1]) if payload[0] == "deque" else list(payload[1])
        raise CodecError(f"unknown kind {code}")

    def array(self, dtype: str, shape: list, blob: int) -> np.ndarray:
        data, self.blobs[blob] = _exact(self.blobs[blob], bytes), None
        return np.frombuffer(data, dtype=_dtype(dtype)).reshape([_size(n) for n in shape]).copy()

    def tensor(self, number: int, requires_grad: bool, is_parameter: bool) -> Any:
        import torch

        tensor = self.tensors.pop(str(_exact(number, int)))
        if is_parameter:
            return torch.nn.Parameter(tensor, requires_grad=bool(requires_grad))
        return tensor.requires_grad_(bool(requires_grad))

    def handle(self, number: int, type_name: str, parameters: list | None, training: bool | None) -> Handle:
        if parameters is not None:
            parameters = {
                _exact(name, str): (tuple(_size(n) for n in shape), _exact(dtype, str), bool(on)) for name, (shape, dtype, on) in parameters
            }
        return Handle(_exact(number, int), _exact(type_name, str), parameters, training, self.call)

    def typed_mapping(self, name: str, pairs: list) -> dict:
        self.keys([key for key, _ in pairs])
        if name == "defaultdict":
            return collections.defaultdict(None, pairs)
        if name in _MAPPINGS:
            return _MAPPINGS[name]({key: value for key, value in pairs})
        result = TypedDict(pairs)
        result.type_name = _exact(name, str)
        return result


def _load_tensors(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    from safetensors.torch import load

    if int.from_bytes(data[:8], "little") > 2**20:
        raise CodecError("a reply with too many tensors")
    return load(data)


def _exact(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise CodecError(f"{kind.__name__} expected")
    return value


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise CodecError("a shape of non-negative integers expected")
    return value


def _dtype(name: Any) -> np.dtype:
    dtype = np.dtype(_exact(name, str))
    if dtype.kind not in _ARRAY_KINDS or (dtype.itemsize == 0 and dtype.kind not in "SU"):
        raise CodecError("an array type that isn't plain")
    return dtype


def _table(type_name: str, columns: dict, dtypes: dict, format_name: str | None) -> Table:
    if len({len(_exact(rows, list)) for rows in columns.values()}) > 1:
        raise CodecError("a table with columns of unequal length")
    return Table(_exact(type_name, str), columns, dtypes, format_name)


def _textual(name: str, payload: Any) -> Any:
    match name:
        case "datetime":
            return datetime.datetime.fromisoformat(payload)
        case "date":
            return datetime.date.fromisoformat(payload)
        case "time":
            return datetime.time.fromisoformat(payload)
        case "timedelta":
            return datetime.timedelta(*payload)
        case "Decimal":
            return decimal.Decimal(_exact(payload, str)[:1000])
        case "Fraction":
            return fractions.Fraction(*payload)
        case "range":
            return range(*payload)
        case "slice":
            return slice(*payload)
        case "ellipsis":
            return ...
        case "Path":
            return pathlib.PurePosixPath(_exact(payload, str))
        case "np.dtype":
            return _dtype(payload)
        case "torch.dtype" | "torch.device":
            return _torch_name(name, _exact(payload, str))
    raise CodecError("an unknown plain value")


def _torch_name(kind: str, text: str) -> Any:
    import torch

    value = torch.device(text) if kind == "torch.device" else getattr(torch, text.removeprefix("torch."), None)
    if not isinstance(value, torch.dtype | torch.device):
        raise CodecError("an unknown torch type")
    return value
