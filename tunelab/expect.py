"""The ladder of checks: is there a value, of the right type, shape and dtype, finite, and only then is it right?

Each function passes or raises AssertionError with a sentence for the learner that begins with the call. None of them prints the value that was expected.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from tunelab.codec import Fields, Handle, Table


def _describe(value: Any) -> str:
    """A value as a learner would name it: its type, and the value itself when it is short."""
    import torch

    if isinstance(value, np.ndarray | torch.Tensor) and value.ndim == 0:
        kind = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        return f"{_number(value.item())} ({kind} without dimensions, of type {str(value.dtype).removeprefix('torch.')})"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and type {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, Handle | Fields | Table):
        return _with_article(value.type_name)
    text = _number(value) if isinstance(value, float) else repr(value)
    kind = f"np.{type(value).__name__}" if isinstance(value, np.generic) else type(value).__name__
    kind = _with_article(kind)
    return f"{text} ({kind})" if len(text) <= 60 else kind + (f" of length {len(value)}" if hasattr(value, "__len__") else "")


def _number(value: Any) -> str:
    """A number in as many digits as a reader needs."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _with_article(name: str) -> str:
    """ "an int", "a float", "an ndarray": the article goes by how the name is spoken."""
    return f"an {name}" if name.lower().startswith(("a", "e", "i", "o", "nd", "np.")) else f"a {name}"


def value(got: Any, *, call: str) -> Any:
    """Something came back, not None."""
    assert got is not None, f"{call} gave None. Does every path through your function end in a `return`?"
    return got


def of_type(got: Any, kind: type | tuple[type, ...], *, call: str, advice: str = "") -> Any:
    """The exact type: a subclass, or a NumPy scalar for a float, is not enough."""
    value(got, call=call)
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = _with_article(" or ".join(k.__name__ for k in kinds))
    assert type(got) in kinds, f"{call} gave {_describe(got)}, where {names} is asked for." + (f" {advice}" if advice else "")
    return got


def integer(got: Any, *, call: str, low: int | None = None, high: int | None = None) -> int:
    """An exact `int` (no bool, no NumPy integer) within [low, high]."""
    of_type(got, int, call=call, advice="`int(...)` turns a NumPy or torch number into one." if not isinstance(got, float) else "")
    _within(got, str(got), call, low, high)
    return got


def number(got: Any, *, call: str, low: float | None = None, high: float | None = None) -> float:
    """An exact, finite `float` within [low, high]."""
    of_type(got, float, call=call, advice="`float(...)` turns a NumPy or torch number into one.")
    assert math.isfinite(got), f"{call} gave {got}. Look for a division by zero, or a mean of nothing."
    _within(got, _number(got), call, low, high)
    return got


def _within(got: float, shown: str, call: str, low: float | None, high: float | None) -> None:
    inside = (low is None or got >= low) and (high is None or got <= high)
    assert inside, f"{call} gave {shown}, which is outside of what is possible ({_range(low, high)})."


def _range(low: float | None, high: float | None) -> str:
    return f"at least {low}" if high is None else f"at most {high}" if low is None else f"from {low} to {high}"


def mapping(got: Any, *, call: str, keys: Collection[str], exact: bool = True) -> dict:
    """A `dict` that has all of `keys`, and with `exact` no others."""
    of_type(got, dict, call=call)
    missing, extra = [k for k in keys if k not in got], [k for k in got if k not in keys]
    assert not missing, f"{call} gave a dict without {', '.join(map(repr, missing))}; it has {', '.join(map(repr, got)) or 'nothing'}."
    assert not (exact and extra), f"{call} gave a dict with more than was asked for: {', '.join(map(repr, extra))}."
    return got


def sequence(got: Any, *, call: str, kind: type | tuple[type, ...] = list, length: int | None = None) -> Any:
    """A list (or `kind`) of a given length."""
    of_type(got, kind, call=call)
    assert length is None or len(got) == length, (
        f"{call} gave {len(got)} item{'s' * (len(got) != 1)}, where {length} {'are' if length != 1 else 'is'} asked for."
    )
    return got


_KINDS = {"integer": "iu", "float": "f", "boolean": "b"}


def array(got: Any, *, call: str, shape: tuple[int, ...] | None = None, dtype: Any = None, finite: bool = True) -> np.ndarray:
    """A NumPy array of a shape and dtype (`"integer"`, `"float"`, `"boolean"` or an exact one), without NaN or infinity."""
    of_type(
        got,
        np.ndarray,
        call=call,
        advice="`np.array(...)` makes an array of a list; `.numpy()` of a tensor." if not isinstance(got, np.generic) else "",
    )
    assert shape is None or got.shape == tuple(shape), f"{call} gave an array of shape {got.shape}, where {tuple(shape)} is asked for."
    if dtype is not None:
        right = got.dtype.kind in _KINDS[dtype] if isinstance(dtype, str) and dtype in _KINDS else got.dtype == np.dtype(dtype)
        assert right, (
            f"{call} gave an array of type {got.dtype}, where {dtype if isinstance(dtype, str) else np.dtype(dtype)} is asked for."
        )
    assert not finite or got.dtype.kind not in "fc" or np.isfinite(got).all(), (
        f"{call} gave an array with NaN or infinity in it. Look for a division by zero."
    )
    return got


def tensor(got: Any, *, call: str, shape: tuple[int, ...] | None = None, dtype: Any = None, finite: bool = True) -> Any:
    """A torch tensor of a shape and dtype, without NaN or infinity."""
    import torch

    of_type(got, (torch.Tensor, torch.nn.Parameter), call=call)
    assert shape is None or tuple(got.shape) == tuple(shape), (
        f"{call} gave a tensor of shape {tuple(got.shape)}, where {tuple(shape)} is asked for."
    )
    assert dtype is None or got.dtype == dtype, f"{call} gave a tensor of type {got.dtype}, where {dtype} is asked for."
    assert not finite or bool(torch.isfinite(got.detach()).all()), f"{call} gave a tensor with NaN or infinity in it."
    return got


def close(got: Any, wanted: Any, *, call: str, hint: str, atol: float = 1e-6, rtol: float = 1e-6) -> None:
    """The numbers agree; `hint` says what to look at when they don't. `wanted` is never printed."""
    left, right = (np.asarray(x.detach() if hasattr(x, "detach") else x, dtype=float) for x in (got, wanted))
    assert left.shape == right.shape, f"{call} gave {_describe(got)}: another shape than is asked for. {hint}"
    wrong = ~np.isclose(left, right, rtol=rtol, atol=atol)
    assert not wrong.any(), f"{call} gave {_where_wrong(got, left, wrong)}. {hint}"


def _where_wrong(got: Any, numbers: np.ndarray, wrong: np.ndarray) -> str:
    """What came back, where it isn't right: the value itself when it is one, else how many are wrong and the first of them."""
    if numbers.size == 1:
        inside = f" with {_number(numbers.item())} in it" if numbers.ndim else ""
        return f"{_describe(got)}{inside}, which is not right"
    first = tuple(int(place) for place in np.argwhere(wrong)[0])
    many = (
        "none of its numbers is" if wrong.all() else f"{wrong.sum()} of its {wrong.size} numbers {'is' if wrong.sum() == 1 else 'are'} not"
    )
    place = ", ".join(map(str, first))
    return f"{_describe(got)}: {many} as its contract asks; the first wrong one is {_number(float(numbers[first]))}, at [{place}]"
