"""Public checks of `pack_adapter`: examples to check oneself by."""

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from tunelab import expect
from tunelab.project import Budget


def test_there_and_back(learner):
    """What is packed comes out again."""
    call = 'pack_adapter({"a": torch.ones(2), "b": torch.arange(6.0).reshape(2, 3).T}, Budget())'
    adapter = {"a": torch.ones(2), "b": torch.arange(6.0).reshape(2, 3).T}
    got = expect.of_type(learner.pack_adapter(adapter, Budget()), bytes, call=call)
    try:
        back = load(got)
    except SafetensorError as error:
        raise AssertionError(
            f"{call} gave bytes that safetensors can't read: {error}. `torch.save` writes a pickle; `safetensors.torch.save` writes this format."
        ) from None
    assert set(back) == {"a", "b"} and all(torch.equal(back[name], adapter[name]) for name in back), (
        f"{call} gave a file from which other tensors come back."
    )


def test_refusals(learner):
    """NaN, another dtype, too little room, and an empty adapter."""
    nan, half = torch.tensor([1.0, float("nan")]), torch.ones(2, dtype=torch.float16)
    for adapter, budget in (
        ({"a": nan}, Budget()),
        ({"a": half}, Budget()),
        ({"a": torch.ones(2)}, Budget(adapter_bytes=20)),
        ({}, Budget()),
    ):
        try:
            learner.pack_adapter(adapter, budget)
        except ValueError:
            pass
        else:
            raise AssertionError(f"pack_adapter({adapter}, Budget(adapter_bytes={budget.adapter_bytes})) raised no ValueError.")
