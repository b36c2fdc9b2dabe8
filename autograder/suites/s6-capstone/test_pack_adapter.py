"""Hidden suite of `pack_adapter`."""

import pytest
import torch

from tunelab import expect
from tunelab.project import AdapterError, Budget, read_adapter

HEAD = "base_model.model.classifier"
QUERY = "base_model.model.encoder.encoder.layer.{}.attention.self.query.lora_{}.weight"


def drawn(rng, rank=2, layers=(0, 3)):
    """An adapter of the project with random numbers."""

    def normal(*shape):
        return torch.from_numpy(rng.normal(size=shape)).float()

    factors = {QUERY.format(layer, side): normal(*shape) for layer in layers for side, shape in (("A", (rank, 384)), ("B", (384, rank)))}
    return {**factors, f"{HEAD}.weight": normal(2, 384), f"{HEAD}.bias": normal(2)}


def called(learner, adapter, budget, call):
    got = expect.of_type(learner.pack_adapter(adapter, budget), bytes, call=call)
    assert got[:2] != b"PK" and got[:1] != b"\x80", (
        f"{call} gave a pickle, as `torch.save` writes it. Whoever opens a pickle runs it: safetensors holds numbers and nothing else."
    )
    return got


def read(content, call):
    try:
        return read_adapter(content)
    except AdapterError as error:
        raise AssertionError(f"{call} gave a file that can't be taken: {error}") from None


@pytest.mark.points(2)
def test_what_is_packed_comes_out_again(learner, rng):
    """Read with safetensors, the file gives the same names, shapes and numbers back."""
    call = "pack_adapter(adapter, Budget())"
    adapter = drawn(rng, rank=int(rng.integers(2, 6)))
    back = read(called(learner, adapter, Budget(), call), call)
    assert set(back) == set(adapter), (
        f"{call} gave a file with {len(back)} tensors, where the adapter has {len(adapter)}, or with other names."
    )
    for name, tensor in adapter.items():
        assert torch.equal(back[name], tensor), f"{call} gave a file in which {name} has other numbers. Are they rounded on the way?"


@pytest.mark.points(2)
def test_views_and_transposed_tensors(learner, rng):
    """Tensors that share memory, are transposed or ask for gradients are written as the numbers they hold."""
    call = "pack_adapter(adapter, Budget()), with transposed and shared tensors,"
    adapter = drawn(rng)
    both = torch.from_numpy(rng.normal(size=(4, 384))).float()
    names = [name for name in adapter if "lora_A" in name]
    adapter[names[0]], adapter[names[1]] = both[:2], both[2:]
    turned = QUERY.format(0, "B")
    adapter[turned] = adapter[turned].T.contiguous().T
    adapter[f"{HEAD}.weight"] = adapter[f"{HEAD}.weight"].clone().requires_grad_(True)
    try:
        content = called(learner, adapter, Budget(), call)
    except (ValueError, RuntimeError, TypeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {str(error)[:120]}. safetensors takes whole, contiguous tensors: give it detached copies."
        ) from None
    back = read(content, call)
    for name, tensor in adapter.items():
        assert name in back and torch.equal(back[name], tensor.detach()), f"{call} gave a file in which {name} has other numbers."
    left = learner.last.args[0]
    assert set(left) == set(adapter) and all(torch.equal(left[n].detach(), t.detach()) for n, t in adapter.items()), (
        f"{call} changed the caller's adapter."
    )


@pytest.mark.points(2)
def test_what_is_not_finite_is_refused(learner, rng):
    """A single NaN or infinity, in whatever tensor, is refused with a ValueError that names the tensor."""
    for bad in (float("nan"), float("inf"), float("-inf")):
        adapter = drawn(rng)
        name = list(adapter)[int(rng.integers(len(adapter)))]
        adapter[name].view(-1)[int(rng.integers(adapter[name].numel()))] = bad
        call = f"pack_adapter(adapter, Budget()), with one number of {name} set to {bad},"
        hint = (
            "NaN equals nothing, not even itself: how do you look for it?" if bad != bad else "Infinity is no NaN, and is refused as well."
        )
        refused(learner, adapter, Budget(), call, name, hint)


def refused(learner, adapter, budget, call, word, hint=""):
    try:
        learner.pack_adapter(adapter, budget)
    except ValueError as error:
        assert word in str(error), f"{call} raised a ValueError that says {str(error)[:120]!r}. Name what is wrong in it: {word!r}."
    else:
        raise AssertionError(f"{call} raised nothing, where the contract asks for a ValueError. {hint}".rstrip())


@pytest.mark.points(1)
def test_other_dtypes_are_refused(learner, rng):
    """A tensor that isn't float32 is refused with a ValueError that names it."""
    for dtype in (torch.float16, torch.float64):
        adapter = drawn(rng)
        name = list(adapter)[int(rng.integers(len(adapter)))]
        adapter[name] = adapter[name].to(dtype)
        refused(learner, adapter, Budget(), f"pack_adapter(adapter, Budget()), with {name} as {dtype},", name)


@pytest.mark.points(2)
def test_the_file_is_what_counts(learner, rng):
    """The whole file must fit the budget, its header too: one byte less than it needs is refused, exactly what it needs is enough."""
    adapter = drawn(rng, layers=(0, 1, 2, 3, 4, 5))
    size = len(called(learner, adapter, Budget(), "pack_adapter(adapter, Budget())"))
    numbers = sum(tensor.nbytes for tensor in adapter.values())
    call = f"pack_adapter(adapter, Budget(adapter_bytes={size})), where the file is {size} bytes long,"
    try:
        assert len(called(learner, adapter, Budget(adapter_bytes=size), call)) == size, f"{call} gave a file of another length."
    except ValueError as error:
        raise AssertionError(f"{call} raised a ValueError ({str(error)[:80]}). It is just small enough.") from None
    for allowed in (size - 1, numbers):
        call = f"pack_adapter(adapter, Budget(adapter_bytes={allowed})), where the numbers are {numbers} bytes and the file {size},"
        refused(learner, adapter, Budget(adapter_bytes=allowed), call, "")


@pytest.mark.points(1)
def test_nothing_is_no_adapter(learner):
    """An empty adapter is refused with a ValueError."""
    refused(learner, {}, Budget(), "pack_adapter({}, Budget())", "")
