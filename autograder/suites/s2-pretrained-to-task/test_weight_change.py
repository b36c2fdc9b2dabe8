"""Hidden suite of `weight_change`."""

import math

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert


def normal(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(scale=scale, size=shape)).float()


def length(*tensors):
    return math.sqrt(sum(float(tensor.double().square().sum()) for tensor in tensors))


def mistakes(starts, ends):
    """What each mistake that is often made gives for the tensors of one part, and the sentence that names it."""
    way, size, reached = length(*(e - s for s, e in zip(starts, ends, strict=True))), length(*starts), length(*ends)
    rows = list(zip(starts, ends, strict=True))
    yield way, "That is the absolute distance. Divide by the length of the start."
    if size:
        yield (
            abs(reached - size) / size,
            "That is the difference of the two lengths. A weight that turns moves too, though its length stays: take the length of the difference.",
        )
        yield way**2 / size**2, "That is a ratio of sums of squares. Take the square root."
        yield (
            abs(sum(float((e - s).double().sum()) for s, e in rows)) / size,
            "Ups and downs cancel in a plain sum. Square the differences before you add them up.",
        )
        yield (
            sum(float((e - s).double().abs().sum()) for s, e in rows) / sum(float(s.double().abs().sum()) for s in starts),
            "That is a ratio of sums of absolute values. An L2 length is the root of a sum of squares.",
        )
    if reached:
        yield way / reached, "That is divided by the length of the end. Divide by that of the start."
    if len(rows) > 1:
        ratios = [length(e - s) / length(s) if length(s) else float(length(e) > 0) for s, e in rows]
        yield (
            sum(ratios) / len(rows),
            "That is the mean of the tensors' own distances, in which a small tensor counts like a large one: add up squares over the whole part first.",
        )
        yield sum(ratios), "That is the sum of the tensors' own distances: add up squares over the whole part first."


def agree(got, wanted, starts, ends, call, hint):
    """The distance of a part is right; where it is just what one known mistake gives, that mistake is named."""
    if math.isclose(got, wanted, rel_tol=1e-4, abs_tol=1e-6):
        return
    named = [sentence for value, sentence in mistakes(starts, ends) if math.isclose(got, value, rel_tol=1e-5, abs_tol=1e-9)]
    raise AssertionError(f"{call} gave {got:.4g}, which is not right. {named[0] if len(named) == 1 else hint}")


def called(learner, before, after, parts, words):
    call = f"weight_change(before, after), {words},"
    got = expect.mapping(learner.weight_change(before, after), call=call, keys=parts)
    for part, value in got.items():
        expect.number(value, call=f"{call.rstrip(',')}: the value of {part!r}", low=0)
    return got, call


@pytest.mark.points(3)
def test_relative_to_the_start(learner, rng):
    """The distance is the length of the difference, divided by the length of the start."""
    start, end = normal(rng, 6, 7, scale=3.0), normal(rng, 6, 7, scale=4.0)
    got, call = called(learner, {"head.weight": start}, {"head.weight": end}, ["head"], "with one matrix, head.weight")
    hint = "It is the root of the sum of the squared differences, over the root of the sum of the squared starts."
    agree(got["head"], length(end - start) / length(start), [start], [end], call, hint)


@pytest.mark.points(2)
def test_all_elements_weigh_alike(learner, rng):
    """In a part of several tensors each element counts alike: a large tensor weighs more than a small one."""
    before = {"encoder.layer.0.output.dense.weight": normal(rng, 9, 9), "encoder.layer.0.output.dense.bias": normal(rng, 3, scale=0.1)}
    after = {name: tensor + normal(rng, *tensor.shape, scale=0.5) for name, tensor in before.items()}
    part = "encoder.layer.0"
    got, call = called(learner, before, after, [part], "with a matrix of 81 and a bias of 3 elements in one layer")
    wanted = length(*(after[name] - before[name] for name in before)) / length(*before.values())
    agree(got[part], wanted, [*before.values()], [*after.values()], call, "Take the part for one long vector of all its elements.")


@pytest.mark.points(3)
def test_the_parts_of_a_model(learner, rng):
    """Parts are found by the rule of the contract: layers by their number, the rest by their name."""
    model = tiny_bert(layers=11, hidden=4, heads=1, vocab=20)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    before |= {
        "scale": normal(rng, 3),
        "projection.weight": normal(rng, 3, 2),
        "blocks.7.weight": normal(rng, 3),
        "a.0.b.1.c.weight": normal(rng, 3),
    }
    names = {name: part_by_hand(name) for name in before}
    parts = list(dict.fromkeys(names.values()))
    factors = {part: float(rng.uniform(0.1, 0.9)) for part in parts}
    after = {name: tensor * (1 + factors[names[name]]) if tensor.is_floating_point() else tensor for name, tensor in before.items()}
    call = "weight_change(before, after), with the names of a BERT classifier of 11 layers and a few more"
    got = expect.value(learner.weight_change(before, after), call=call)
    expect.of_type(got, dict, call=call)
    extra = [part for part in got if part not in parts]
    assert not extra, (
        f"{call} gave {extra[0]!r} as the name of a part. See the rule: up to the first number in the name; without a number, all but the last two words, and at least the first."
    )
    expect.mapping(got, call=call, keys=parts)
    assert list(got) == parts, f"{call} gave the parts in another order than the names in `before`."
    for part in parts:
        expect.number(got[part], call=f"{call}: the value of {part!r}", low=0)
        own = [name for name in before if names[name] == part and before[name].is_floating_point()]
        starts, ends = ([state[name] for name in own] for state in (before, after))
        hint = "Are layers 1 and 10 told apart, and all tensors of a part together?"
        agree(got[part], factors[part], starts, ends, f"{call}: the value of {part!r}, all of whose numbers grew by the same share,", hint)


def part_by_hand(name):
    if name in ("scale",):
        return name
    if name.startswith(("blocks.7", "a.0", "projection", "classifier")):
        return {"b": "blocks.7", "a": "a.0", "p": "projection", "c": "classifier"}[name[0]]
    if ".layer." in name:
        return "bert.encoder.layer." + name.split(".")[3]
    return ".".join(name.split(".")[:2])


@pytest.mark.points(2)
def test_a_start_at_zero(learner, rng):
    """A part that began at zero gives 0.0 when it stayed there and 1.0 when it moved; a zero tensor among others is no trouble."""
    zero = torch.zeros(4)
    before = {"still.a": zero, "moved.a": zero, "mixed.a": zero, "mixed.b": torch.ones(4)}
    after = {"still.a": zero, "moved.a": normal(rng, 4) + 0.1, "mixed.a": torch.tensor([0.3, -0.3, 0.3, -0.3]), "mixed.b": torch.ones(4)}
    call = "weight_change(before, after), with parts that began at zero"
    try:
        got = learner.weight_change(before, after)
    except ZeroDivisionError:
        raise AssertionError(
            f"{call}, raised ZeroDivisionError. New biases often begin at zero: see the contract for such parts."
        ) from None
    expect.mapping(got, call=call, keys=["still", "moved", "mixed"])
    for part, value in got.items():
        expect.of_type(value, float, call=f"{call}: the value of {part!r}", advice="`float(...)` turns a torch number into one.")
        assert math.isfinite(value), (
            f"{call}, gave {value} for {part!r}: a division by zero. See the contract for parts that began at zero."
        )
    assert got["still"] == 0, f"{call}, gave {got['still']:.4g} for a part that stayed at zero. It didn't move."
    starts, ends = ([state["mixed.a"], state["mixed.b"]] for state in (before, after))
    hint = "Only a part that is zero as a whole is a special case."
    agree(got["mixed"], 0.3, starts, ends, f"{call}: a part of zeros and ones, of which the zeros moved by 0.3, up or down,", hint)
    expect.close(got["moved"], 1.0, call=f"{call}: a part that left zero", hint="The contract says what its distance is then.")


@pytest.mark.points(1)
def test_half_precision_and_whole_numbers(learner, rng):
    """Squares don't overflow in 16 bits, and tensors of whole numbers are left out."""
    start = torch.full((50,), 400.0, dtype=torch.float16)
    before = {"head.weight": start, "head.position_ids": torch.arange(10), "counters.steps": torch.tensor(1)}
    after = {"head.weight": start * 1.5, "head.position_ids": torch.arange(10) + 3, "counters.steps": torch.tensor(9)}
    call = "weight_change(before, after), with head.weight and two tensors of whole numbers"
    found = expect.of_type(learner.weight_change(before, after), dict, call=call)
    assert "counters" not in found, (
        f"{call}, gave a value for 'counters', a part that has whole numbers only. They are no weights and are left out."
    )
    got, call = called(learner, before, after, ["head"], "with a float16 head.weight of 400s and tensors of whole numbers")
    hint = "Go to float64 before you square: 400 squared is more than float16 can hold. And whole numbers aren't weights."
    assert math.isclose(got["head"], 0.5, rel_tol=1e-3), f"{call} gave {got['head']:.4g}, which is not right. {hint}"


@pytest.mark.points(1)
def test_two_models_that_differ(learner, rng):
    """Names or shapes that differ are refused with a ValueError that holds the name; the arguments are left alone."""
    x = normal(rng, 3, 4)
    for before, after, name, about in (
        ({"a.w": x}, {"a.w": x, "b.w": x}, "b.w", "is in `after` only"),
        ({"a.w": x, "b.w": x}, {"a.w": x}, "b.w", "is in `before` only"),
        ({"a.w": x}, {"a.w": x[:1]}, "a.w", "has another shape in `after`"),
    ):
        call = f"weight_change(before, after), where {name!r} {about},"
        try:
            learner.weight_change(before, after)
        except ValueError as error:
            assert name in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Let it hold the name."
        except NotImplementedError:
            raise
        except Exception as error:
            raise AssertionError(f"{call} raised {type(error).__name__}. The contract asks for a ValueError.") from None
        else:
            raise AssertionError(f"{call} raised nothing. Such states can't be compared: the contract asks for a ValueError.")
    got, call = called(learner, {"a.w": x}, {"a.w": x * 3}, ["a"], "with weights that trebled")
    agree(got["a"], 2.0, [x], [x * 3], call, "The difference is twice as long as the start.")
    assert torch.equal(learner.last.args[0]["a.w"], x), f"{call} changed `before`."
