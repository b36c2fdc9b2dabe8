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

    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and type {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, Handle | Fields | Table):
        return _with_article(value.type_name)
    text = f"{value:.6g}" if isinstance(value, float | np.floating) else str(value) if isinstance(value, np.generic) else repr(value)
    kind = f"np.{type(value).__name__}" if isinstance(value, np.generic) else type(value).__name__
    kind = _with_article(kind)
    return f"{text} ({kind})" if len(text) <= 60 else kind + (f" of length {len(value)}" if hasattr(value, "__len__") else "")


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
    _within(got, f"{got:.6g}", call, low, high)
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
    """The numbers agree; `hint` says what to look at when they don't. Of an array or a tensor the first place that differs is named; `wanted` is never printed."""
    left, right = (np.asarray(x.detach() if hasattr(x, "detach") else x, dtype=float) for x in (got, wanted))
    assert left.shape == right.shape, f"{call} gave {_describe(got)}: another shape than is asked for. {hint}"
    same = np.isclose(left, right, rtol=rtol, atol=atol)
    if same.all():
        return
    if left.size == 1:
        raise AssertionError(f"{call} gave {_short(left.item())}, which is not right. {hint}")
    first = np.argwhere(~same)[0].tolist()
    where = f" (the first that differs is {_short(left[tuple(first)])}, at {first})" if hasattr(got, "shape") else ""
    raise AssertionError(f"{call} gave other numbers than its contract asks for{where}. {hint}")


def _short(number: float) -> str:
    """A number with at most six digits, a whole one without a point."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
