"""Hidden suite of `merged_weight`."""

import pytest
import torch
from torch import nn

from tunelab import expect


def drawn(rng, rows, columns, rank, dtype=torch.float32):
    """A weight and two factors."""
    shapes = ((rows, columns), (rank, columns), (rows, rank))
    return [torch.from_numpy(rng.normal(size=shape)).to(dtype) for shape in shapes]


def merged_by_peft(base, a, b, alpha, rank):
    """What peft's own merge makes of them."""
    from peft import LoraConfig, get_peft_model

    model = nn.Sequential(nn.Linear(base.shape[1], base.shape[0], bias=False))
    adapted = get_peft_model(model, LoraConfig(r=rank, lora_alpha=alpha, target_modules=["0"]))
    layer = adapted.base_model.model[0]
    with torch.no_grad():
        layer.base_layer.weight.copy_(base)
        layer.lora_A["default"].weight.copy_(a)
        layer.lora_B["default"].weight.copy_(b)
    return adapted.merge_and_unload()[0].weight.detach()


def called(learner, base, a, b, alpha, rank):
    call = f"merged_weight(base, a, b, {alpha:.4g}, {rank}), with a base of shape {tuple(base.shape)},"
    try:
        got = learner.merged_weight(base, a, b, alpha, rank)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(
            f"{call} raised: {str(error)[:150]}. `a` is (rank, in) and `b` is (out, rank): the product that has the base's shape is `b @ a`, in this order."
        ) from None
    return expect.tensor(got, call=call, shape=tuple(base.shape), finite=True), call


def judged(got, base, a, b, alpha, rank, call, otherwise, right=None, atol=1e-4):
    """Passes the right weight; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    got, base, update, scale = got.double(), base.double(), (b @ a).double(), alpha / rank
    right = base + scale * update if right is None else right.double()
    if torch.allclose(got, right, atol=atol, rtol=min(atol, 1e-5)):
        return

    def came_out(wrong):
        return torch.allclose(got, wrong, atol=1e-4, rtol=1e-4)

    assert not came_out(base), f"{call} gave the base as it was. The update is to be added to it."
    if base.shape[0] == base.shape[1]:
        assert not came_out(base + scale * update.T), (
            f"{call} added a transposed update, which only a square matrix lets pass. The update is `b @ a`, of shape (out, in) as the weight itself."
        )
    words = (
        (scale, ""),
        (1.0, ", unscaled"),
        (float(alpha), " times alpha alone"),
        (1 / rank, " over the rank alone"),
        (rank / alpha, " times rank / alpha"),
    )
    for factor, told in words:
        assert not came_out(factor * update), f"{call} gave the update alone{told}. It is added to the base, scaled by alpha / rank."
    assert not came_out(base - scale * update), f"{call} took the update away. It is added."
    found = float(((got - base) * update).sum() / (update**2).sum())
    if came_out(base + found * update) and abs(found - scale) > 1e-4:
        known = [told for factor, told in words if told and abs(found - factor) < 1e-4]
        told = known[0].lstrip(", ") if len(known) == 1 else f"times {found:.3g}"
        raise AssertionError(f"{call} added the update {told}. The scale belongs to the update: it is alpha / rank.")
    row, column = (int(i) for i in torch.nonzero((got - right).abs() > atol)[0])
    raise AssertionError(f"{call} gave wrong numbers, the first of them in row {row}, column {column}. {otherwise}")


@pytest.mark.points(3)
def test_as_peft_merges(learner, rng):
    """The merged weight is the one that peft's `merge_and_unload` gives, to 1e-5."""
    for rows, columns, rank in ((6, 9, 2), (8, 5, 3), (7, 7, 4)):
        alpha = int(rng.integers(rank + 1, 4 * rank))
        base, a, b = drawn(rng, rows, columns, rank)
        got, call = called(learner, base, a, b, alpha, rank)
        right = merged_by_peft(base, a, b, alpha, rank)
        otherwise = "peft's `merge_and_unload` gives base + alpha / rank * (b @ a)."
        judged(got, base, a, b, alpha, rank, call, otherwise, right, atol=1e-5)


@pytest.mark.points(2)
def test_the_layer_computes_the_same(learner, rng):
    """A layer with the merged weight gives what base and update gave side by side."""
    base, a, b = drawn(rng, 5, 8, 3)
    x = torch.from_numpy(rng.normal(size=(4, 8))).float()
    got, call = called(learner, base, a, b, 7.5, 3)
    judged(got, base, a, b, 7.5, 3, call, "A layer with this weight must compute what the layer with its adapter did.")
    expect.close(
        x @ got.T,
        x @ base.T + 2.5 * ((x @ a.T) @ b.T),
        call=f"A layer with the weight of {call}",
        hint="It must compute what the layer with its adapter did.",
        atol=1e-3,
    )


@pytest.mark.points(2)
def test_scaled_by_alpha_over_rank(learner, rng):
    """The update is multiplied by alpha / rank before it is added."""
    for rank, alpha in ((4, 32), (2, 3), (3, float(rng.uniform(4, 8)))):
        base, a, b = drawn(rng, 6, 9, rank)
        got, call = called(learner, base, a, b, alpha, rank)
        judged(got, base, a, b, alpha, rank, call, "Expected is the base, and added to it the update times alpha / rank.")


@pytest.mark.points(2)
def test_a_new_tensor(learner, rng):
    """A new tensor comes back; base and factors stay as they are, so that the adapter can be taken off again."""
    base, a, b = drawn(rng, 6, 9, 2)
    got, call = called(learner, base, a, b, 8.0, 2)
    left = learner.last.args
    for name, before, after in zip(("base", "a", "b"), (base, a, b), left, strict=False):
        assert isinstance(after, torch.Tensor) and torch.equal(before, after), (
            f"{call} changed `{name}` in place, so that the adapter can't be taken off again. Make a new tensor: `+=`, and methods whose names end with `_` "
            "(`add_`, `mul_`, `copy_`), change what they are called on."
        )
    judged(got, base, a, b, 8.0, 2, call, "Expected is base + alpha / rank * (b @ a).")


@pytest.mark.points(1)
def test_the_dtype_of_the_base(learner, rng):
    """The merged weight has the dtype of the base."""
    for dtype, slack in ((torch.float64, 1e-10), (torch.float32, 1e-4)):
        base, a, b = drawn(rng, 6, 9, 2, dtype)
        got, call = called(learner, base, a, b, 8.0, 2)
        call = f"{call} all of {dtype},"
        expect.tensor(got, call=call, dtype=dtype)
        judged(got, base, a, b, 8.0, 2, call, "Is anything rounded on the way?", atol=slack)


@pytest.mark.points(1)
def test_a_rank_that_does_not_fit(learner, rng):
    """A rank that isn't the factors' own is refused with a ValueError that names it: it would scale the update wrongly."""
    base, a, b = drawn(rng, 6, 9, 4)
    for rank in (2, 8):
        call = f"merged_weight(base, a, b, 16.0, {rank}), with factors of rank 4,"
        try:
            learner.merged_weight(base, a, b, 16.0, rank)
        except ValueError as error:
            assert "rank" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `rank` in it."
        else:
            raise AssertionError(
                f"{call} raised nothing. The update would be scaled wrongly, and nobody told: the contract asks for a ValueError."
            )
    for short_a, short_b in ((a[:3], b), (a, b[:, :3])):
        call = f"merged_weight(base, a, b, 16.0, 4), with an `a` of shape {tuple(short_a.shape)} and a `b` of shape {tuple(short_b.shape)},"
        try:
            learner.merged_weight(base, short_a, short_b, 16.0, 4)
        except NotImplementedError:
            raise
        except (ValueError, RuntimeError) as error:
            assert type(error) is ValueError and "rank" in str(error), (
                f"{call} raised a {type(error).__name__} that says {str(error)[:80]!r}. Look at both factors before you multiply: a ValueError that names `rank` is asked for."
            )
        else:
            raise AssertionError(f"{call} raised nothing. Look at both factors: one of them isn't of rank 4.")
    got, call = called(learner, base, a, b, 16.0, 4)
    judged(got, base, a, b, 16.0, 4, call, "Expected is base + alpha / rank * (b @ a).")
