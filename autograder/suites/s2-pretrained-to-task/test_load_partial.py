"""Hidden suite of `load_partial`."""

import pytest
import torch
from torch import nn

from tunelab import expect
from tunelab.models import tiny_bert

LISTS = ("loaded", "missing", "unexpected", "mismatched")


def network(labels=3):
    """A small network with a body, a buffer and a head; its entries have no prefix."""
    return nn.Sequential(
        *[nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, labels)],
    )


def fresh(rng, model):
    """A state with the model's names and shapes, and numbers of its own."""
    return {name: drawn(rng, tensor) for name, tensor in model.state_dict().items()}


def drawn(rng, tensor):
    values = torch.from_numpy(rng.normal(3.0, 1.0, size=tuple(tensor.shape)))
    return values.to(tensor.dtype) if tensor.is_floating_point() else torch.full_like(tensor, int(rng.integers(5, 50)))


def copied(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def report(learner, model, state, call):
    """What load_partial gave, after the ladder: a LoadReport of four lists of names."""
    try:
        got = learner.load_partial(model, state)
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise AssertionError(
            f"{call} raised RuntimeError: `load_state_dict` is strict unless told otherwise, and refuses a tensor of another shape in any case. A partial load isn't an error."
        ) from None
    expect.value(got, call=call)
    assert getattr(got, "type_name", "") == "LoadReport", (
        f"{call} gave no LoadReport, but a {getattr(got, 'type_name', type(got).__name__)}."
    )
    for name in LISTS:
        expect.sequence(getattr(got, name), call=f"{call}: `{name}`", kind=list)
    return got


def same(got, wanted, call, name, hint):
    """A list has the names that it must have, in their order."""
    found = list(getattr(got, name))
    extra, lacking = [n for n in found if n not in wanted], [n for n in wanted if n not in found]
    assert not extra, f"{call} has {extra[0]!r} among `{name}`, where it doesn't belong. {hint}"
    assert not lacking, f"{call} lacks {lacking[0]!r} in `{name}`, which holds {len(found)} name{'s' * (len(found) != 1)}. {hint}"
    order = "the state" if name == "unexpected" else "`model.state_dict()`"
    assert found == wanted, f"{call} has the right names in `{name}`, in another order or twice. They stand in the order of {order}."


@pytest.mark.points(2)
def test_what_fits_is_loaded(learner, rng):
    """Entries that the state has get its numbers, and the others keep theirs, though the state isn't complete."""
    model = network()
    state = {name: tensor for name, tensor in fresh(rng, model).items() if not name.startswith("2.")}
    before, names = copied(model), list(model.state_dict())
    call = "load_partial(model, state), with a state that lacks the head,"
    got = report(learner, model, state, call)
    after = model.state_dict()
    lost = [name for name in state if not torch.equal(after[name], state[name])]
    assert not lost, f"{call} left {lost[0]} without the state's numbers. Parameters and buffers are both in `model.state_dict()`."
    moved = [name for name in before if name not in state and not torch.equal(after[name], before[name])]
    assert not moved, f"{call} changed {moved[0]}, which the state doesn't have."
    same(got, [name for name in names if name in state], call, "loaded", "It holds what was copied.")
    same(got, [name for name in names if name not in state], call, "missing", "It holds what the model has and the state doesn't.")


@pytest.mark.points(3)
def test_the_four_lists(learner, rng):
    """Loaded, missing, unexpected and mismatched are told apart, each in its order."""
    model = network()
    state = fresh(rng, model)
    for name in ("0.bias", "1.running_mean"):
        del state[name]
    state = {"pooler.weight": torch.ones(2), **dict(reversed(state.items())), "2.weight": torch.ones(7, 5), "old.bias": torch.ones(3)}
    names = list(model.state_dict())
    call = "load_partial(model, state), with 2 entries absent from the state, 2 too many and 1 of another shape,"
    got = report(learner, model, state, call)
    same(
        got,
        [n for n in names if n in ("0.bias", "1.running_mean")],
        call,
        "missing",
        "It holds the model's entries for which the state has nothing.",
    )
    same(
        got,
        ["pooler.weight", "old.bias"],
        call,
        "unexpected",
        "It holds what the state has and the model hasn't, by the state's own names.",
    )
    same(got, ["2.weight"], call, "mismatched", "It holds the model's entries for which the state has a tensor of another shape.")
    same(got, [n for n in names if n in state and n != "2.weight"], call, "loaded", "It holds what was copied, and nothing else.")


@pytest.mark.points(2)
def test_another_shape_stays_out(learner, rng):
    """A tensor of another shape is reported, and not a number of it is copied."""
    for shape in ((7, 5), (2, 5), (1, 5), (5, 3)):
        model = network()
        before, state = copied(model), fresh(rng, model)
        state["2.weight"] = torch.from_numpy(rng.normal(size=shape)).float()
        call = f"load_partial(model, state), where 2.weight is (3, 5) in the model and {shape} in the state,"
        got = report(learner, model, state, call)
        after = model.state_dict()
        assert torch.equal(after["2.weight"], before["2.weight"]), (
            f"{call} changed 2.weight. A head for other classes isn't yours: don't take the rows that fit, and don't let `copy_` stretch one row over all."
        )
        assert "2.weight" not in got.missing, (
            f"{call} has 2.weight both missing and mismatched, or missing alone. It is mismatched: the state has it, in another shape."
        )
        same(got, ["2.weight"], call, "mismatched", "It holds the model's entries for which the state has a tensor of another shape.")
        assert torch.equal(after["0.weight"], state["0.weight"]), f"{call} didn't load 0.weight, which fits."
        assert "2.weight" not in got.loaded, f"{call} has 2.weight among `loaded`."


@pytest.mark.points(3)
def test_prefixes_come_and_go(learner, rng):
    """A bare encoder's weights find their places in a classifier, and a classifier's in a bare encoder."""
    classifier, encoder = tiny_bert(layers=1, hidden=16), tiny_bert(layers=1, hidden=16, seed=1).base_model
    for model, source, words in (
        (classifier, encoder, "a classifier, from the state of a bare encoder,"),
        (encoder, classifier, "a bare encoder, from the state of a classifier,"),
    ):
        state = fresh(rng, source)
        call = f"load_partial(model, state), on {words}"
        got = report(learner, model, state, call)
        after = model.state_dict()
        wanted = [name for name in after if not name.startswith("classifier.")]
        assert list(got.loaded), (
            f"{call} loaded nothing. The same entry is called `bert.x` on one side and `x` on the other: see `model.base_model_prefix`."
        )
        same(got, wanted, call, "loaded", "The names are the model's own.")
        for name in wanted:
            there = (
                state[name] if name in state else state[f"bert.{name}"] if f"bert.{name}" in state else state[name.removeprefix("bert.")]
            )
            assert torch.equal(after[name], there), f"{call} has {name} among `loaded`, but it hasn't got the state's numbers."
        heads = ["classifier.weight", "classifier.bias"]
        same(got, heads if model is classifier else [], call, "missing", "The head is what a bare encoder lacks.")
        same(
            got, heads if source is classifier else [], call, "unexpected", "By the state's own names: only what has no place in the model."
        )
        same(got, [], call, "mismatched", "All shapes agree here.")


@pytest.mark.points(2)
def test_names_that_fit_stay(learner, rng):
    """A name that the model has is taken as it is, whatever it begins with, and comes before one that needs a prefix."""
    model = tiny_bert(layers=1, hidden=16)
    state = fresh(rng, model)
    call = "load_partial(model, state), where model and state both are a BERT classifier's,"
    got = report(learner, model, state, call)
    same(
        got, list(model.state_dict()), call, "loaded", "Is the prefix stripped from every name? A name that the model has needs no change."
    )
    wrong = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, state[name])]
    assert not wrong, f"{call} left {wrong[0]} without the state's numbers."
    name = "bert.pooler.dense.bias"
    state = {"pooler.dense.bias": torch.zeros(16), **fresh(rng, model)}
    call = f"load_partial(model, state), where the state has both {name} and pooler.dense.bias,"
    got = report(learner, model, state, call)
    assert torch.equal(model.state_dict()[name], state[name]), f"{call} took the numbers of the second for {name}. The exact name wins."
    same(got, ["pooler.dense.bias"], call, "unexpected", "When the exact name is there, the other has no place.")
    plain = network()
    state = {f"bert.{name}": tensor for name, tensor in fresh(rng, plain).items()}
    call = "load_partial(model, state), on a model without `base_model_prefix`, from a state whose names begin with `bert.`,"
    got = report(learner, plain, state, call)
    same(
        got, list(state), call, "unexpected", "The prefix is the model's own `base_model_prefix`; without one, names are taken as they are."
    )


@pytest.mark.points(2)
def test_nothing_is_half_loaded(learner, rng):
    """A state with something in it that is no tensor is refused with a TypeError, and nothing has been loaded by then."""
    model = network()
    before, state = copied(model), fresh(rng, model)
    for bad in ("2.bias", "stray.entry"):
        call = f"load_partial(model, state), with a list as the state's last value, at {bad!r},"
        given = {name: tensor for name, tensor in state.items() if name != bad} | {bad: [1.0, 2.0, 3.0]}
        try:
            learner.load_partial(model, given)
        except TypeError as error:
            assert bad in str(error), f"{call} raised a TypeError that says {str(error)[:80]!r}. Let it hold that name."
        except NotImplementedError:
            raise
        except Exception as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {str(error)[:80]}. The contract asks for a TypeError, before anything is loaded."
            ) from None
        else:
            raise AssertionError(f"{call} raised nothing. The contract asks for a TypeError.")
        changed = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
        assert not changed, f"{call} had already loaded {changed[0]} when it raised. Look at every value before you copy the first one."


@pytest.mark.points(1)
def test_only_numbers_change(learner, rng):
    """Dtype, `requires_grad` and mode of the model stay, and the state is left alone."""
    model = network()
    model[0].requires_grad_(False)
    model.eval()
    state = {name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in fresh(rng, model).items()}
    call = "load_partial(model, state), with a state of float64,"
    report(learner, model, state, call)
    kinds = {str(p.dtype) for p in model.parameters()}
    assert kinds == {"torch.float32"}, (
        f"{call} gave the model parameters of {', '.join(sorted(kinds))}. The model's dtype stays; the numbers are converted."
    )
    flags = [p.requires_grad for p in model.parameters()]
    assert flags == [False, False, True, True, True, True], f"{call} changed `requires_grad` of a parameter. Loading changes numbers only."
    assert not model.training, f"{call} changed the model's mode."
    assert torch.allclose(model.state_dict()["2.weight"], state["2.weight"].float(), atol=1e-6), (
        f"{call} didn't load 2.weight. Another dtype isn't another shape."
    )
    left = learner.last.args[1]
    assert set(left) == set(state), f"{call} added names to the state, or took some away. Work on a copy: `dict(state)`."
    assert all(torch.equal(left[name], state[name]) for name in state), f"{call} changed numbers in the state."
