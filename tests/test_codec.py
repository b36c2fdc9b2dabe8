"""What comes back from a worker: exact types survive, and nothing malformed or hostile does harm."""

import collections
import contextlib
import dataclasses
import datetime
import enum
import pathlib
import time

import msgpack
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tunelab import codec
from tunelab.codec import CodecError, Decoder, Encoder, Kind


def back(value):
    return Decoder().decode(Encoder(keep=lambda _: 0).encode(value))


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=20,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_plain_values_come_back_with_their_exact_types(value):
    assert same(value, back(value))


@pytest.mark.parametrize(
    "value",
    [
        np.float64(0.5), np.int32(3), np.bool_(True), datetime.date(2020, 3, 1), datetime.datetime(2020, 3, 1, 2, 3), datetime.timedelta(days=2),
        collections.Counter("aab"), collections.OrderedDict(b=1, a=2), {(1, "a"): 2}, {1, 2}, range(3), slice(1, None), collections.deque([1]), torch.float16, np.dtype("f4"), "\ud800",
    ],
    ids=repr,
)  # fmt: skip
def test_other_standard_values_come_back_too(value):
    got = back(value)
    assert type(got) is type(value)
    assert got == value


def test_a_subclass_of_float_is_not_a_float():
    class Sly(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    got = back(Sly(0.25))
    assert type(got) is codec.Handle
    assert got.type_name == "Sly"
    assert got != 0.25


def test_a_subclass_of_tensor_is_not_a_tensor():
    class Sly(torch.Tensor):
        pass

    assert type(back(torch.ones(2).as_subclass(Sly))) is codec.Handle


@pytest.mark.parametrize(
    "array",
    [np.arange(6).reshape(2, 3).T, np.array(["a", "bc"]), np.zeros((0, 3)), np.array(2.5), np.array([1, 2], "datetime64[D]")],
    ids=str,
)
def test_arrays_keep_dtype_shape_and_values(array):
    got = back([array])[0]
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    assert (got == array).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8], ids=str)
def test_tensors_keep_dtype_shape_and_gradient_flag(dtype):
    tensor = torch.ones(2, 3).to(dtype).t()
    got = back({"x": tensor})["x"]
    assert (got.dtype, got.shape, got.requires_grad) == (dtype, (3, 2), False)
    assert torch.equal(got, tensor)
    assert back(torch.ones(1, requires_grad=True)).requires_grad
    assert type(back(torch.nn.Parameter(torch.ones(1)))) is torch.nn.Parameter


def test_records_come_back_as_fields():
    @dataclasses.dataclass
    class Plan:
        steps: int
        share: float

    class Strategy(enum.Enum):
        EPOCH = "epoch"

    plan = back(Plan(3, 0.5))
    assert (plan.type_name, plan.steps, plan.share) == ("Plan", 3, 0.5)
    assert back(Strategy.EPOCH).value == "epoch"
    assert back(collections.namedtuple("Pair", "a b")(1, [2])).b == [2]
    assert back(pathlib.Path("a/b")) == pathlib.PurePosixPath("a/b")


def test_tables_come_back_as_columns():
    import datasets

    table = back(datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}).with_format("torch"))
    assert (table.columns, table.format, len(table)) == ({"text": ["a", "b"], "label": [0, 1]}, "torch", 2)
    assert back(pd.DataFrame({"x": [1.5, 2.5]})).columns == {"x": [1.5, 2.5]}


def test_iterators_come_back_as_lists():
    assert back(n * n for n in range(3)) == [0, 1, 4]


def test_values_that_hold_themselves_are_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(CodecError):
        back(loop)
    deep: tuple = ()
    for _ in range(500):
        deep = (deep,)
    with pytest.raises(CodecError, match="nested"):
        back(deep)


# ---------------------------------------------------------------- hostile bytes


def message(structure, tensors=b"", blobs=()):
    return msgpack.packb([structure, tensors, list(blobs)])


def ext(code, payload):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(payload)))


def chain(depth):
    data = b"\x90"
    for _ in range(depth):
        data = msgpack.packb(msgpack.ExtType(Kind.TUPLE, data))
    return data


HOSTILE = {
    "nothing": b"",
    "noise": b"\xc1" * 100,
    "a number": msgpack.packb(3),
    "no parts": msgpack.packb([1, 2, 3]),
    "unknown kind": message(ext(99, [])),
    "array of objects": message(ext(Kind.ARRAY, ["|O", [1], 0]), blobs=[b"12345678"]),
    "array too short": message(ext(Kind.ARRAY, ["<f8", [1000], 0]), blobs=[b"12345678"]),
    "array of negative size": message(ext(Kind.ARRAY, ["<f8", [-1], 0]), blobs=[b"12345678"]),
    "a blob twice": message(msgpack.packb([msgpack.ExtType(Kind.ARRAY, msgpack.packb(["<f8", [1], 0]))] * 2), blobs=[b"12345678"]),
    "tensor that isn't there": message(ext(Kind.TENSOR, [0, False, False])),
    "broken safetensors": message(msgpack.packb(1), tensors=b"\xff" * 64),
    "safetensors with a vast header": message(msgpack.packb(1), tensors=(2**40).to_bytes(8, "little") + b"{}"),
    "nested too deep": message(chain(1000)),
    "lists nested too deep": message(b"\x91" * 3000 + b"\x90"),
    "a reference to nothing": message(ext(Kind.REFERENCE, ["0", "parameter", "x"])),
    "an unhashable key": message(b"\x81" + ext(Kind.SET, []) + b"\x01"),
    "a table with unequal columns": message(ext(Kind.TABLE, ["Dataset", {"a": [1], "b": []}, {}, None])),
    "a type that isn't torch's": message(ext(Kind.TEXTUAL, ["torch.dtype", "torch.load"])),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_malformed_replies_are_one_kind_of_error(data):
    with pytest.raises(CodecError):
        Decoder().decode(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_an_error_or_plain_data(noise):
    with contextlib.suppress(CodecError):
        Decoder().decode(message(noise))


def test_colliding_numbers_do_not_keep_the_suite_busy():
    colliding = [n * (2**61 - 1) for n in range(200_000)]
    start = time.process_time()
    with pytest.raises(CodecError, match="keys"):
        Decoder().decode(Encoder().encode({"x": set(range(200_000))}))
    for small in (set(colliding[:9_000]), dict.fromkeys(colliding[:9_000])):
        Decoder().decode(Encoder().encode(small))
    assert time.process_time() - start < 20


def test_nothing_is_ever_unpickled_on_the_way_back():
    class Bomb:
        def __reduce__(self):
            raise AssertionError("pickled")

    assert type(back(Bomb())) is codec.Handle
