"""Hidden suite of `l2_sp_penalty`."""

import pytest
import torch

from tunelab import expect
from tunelab.models import minilm_classifier

CALL = "l2_sp_penalty(model, start, strength, head_strength, head)"


def small_model(seed, head="classifier"):
    """A body of two layers and a head, and beside the head a layer of the body whose name begins like it."""
    torch.manual_seed(seed)
    parts = {
        "encoder": torch.nn.Linear(4, 5),
        "norm": torch.nn.LayerNorm(5),
        head + "_norm": torch.nn.LayerNorm(5),
        head: torch.nn.Linear(5, 3),
    }
    model = torch.nn.Sequential()
    for name, part in parts.items():
        model.add_module(name, part)
    return model.double()


def start_of(model):
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def nudge(model, amount):
    """Moves one of the body's weights by `amount`; gives the head's weights, as one list of tensors."""
    with torch.no_grad():
        model.bert.encoder.layer[2].output.dense.weight[3, 4] += amount
    return [p.detach().clone() for p in model.classifier.parameters()]


def moved(model, rng, names):
    """Adds random numbers to the parameters whose part is in `names`; gives the sum of the squares of what was added."""
    total = 0.0
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.split(".")[0] in names:
                change = torch.from_numpy(rng.normal(size=tuple(p.shape)))
                p += change
                total += float((change**2).sum())
    return total


def value(got, call):
    expect.tensor(got, call=call, shape=())
    return float(got.detach())


def off(got, wanted):
    return abs(got - wanted) > 1e-6 * max(1.0, abs(wanted))


def mistakes(model, start, strength, head_strength, head):
    """What each mistake that is often made gives, and the sentence that names it."""
    rows = [(name, p.detach(), start[name], name.startswith(head + ".")) for name, p in model.named_parameters()]
    halves = {True: head_strength / 2, False: strength / 2}

    def total(of_body, of_head, inside=lambda name, own: own):
        return sum(float(halves[inside(name, own)] * (of_head(p, s) if inside(name, own) else of_body(p, s))) for name, p, s, own in rows)

    def squares(p, s):
        return (p**2).sum()

    def distances(p, s):
        return ((p - s) ** 2).sum()

    yield (
        total(squares, squares),
        "The body is pulled to zero. What it knows is in its start: the distance from there counts.",
    )
    yield (
        total(distances, distances),
        "The head is pulled to its own start. That was random and means nothing; a new head is pulled to zero.",
    )
    yield total(distances, lambda p, s: 0.0), "It left the head out."
    yield 2 * total(distances, squares), "The factor of one half is missing."
    yield (
        total(lambda p, s: ((p - s) ** 2).mean(), lambda p, s: (p**2).mean()),
        "That is a mean over each tensor. All numbers count alike: add up their squares.",
    )
    yield (
        total(lambda p, s: (p - s).norm(), lambda p, s: p.norm()),
        "That is a sum of lengths. The squares are to be added up, without a root.",
    )
    yield (
        total(distances, squares, inside=lambda name, own: name.startswith(head)),
        "A part whose name only begins like the head's was taken for the head. The head's parameters begin with its name and a dot.",
    )
    halves = {True: strength / 2, False: head_strength / 2}
    yield total(distances, squares), "The strengths are mixed up: `strength` is for the body and `head_strength` for the head."


def agree(got, wanted, arguments, call, hint):
    """The penalty is right; where it is just what one known mistake gives, that mistake is named."""
    if not off(got, wanted):
        return
    named = [sentence for amount, sentence in mistakes(*arguments) if not off(got, amount)]
    raise AssertionError(f"{call} gave {got:.6g}, which is not right. {named[0] if len(named) == 1 else hint}")


@pytest.mark.points(3)
def test_the_body_is_held_to_its_start(learner, rng):
    """The body costs half of strength times the sum of its squared distances from the start."""
    model = small_model(int(rng.integers(1000)))
    start, strength = start_of(model), float(rng.uniform(0.5, 3))
    call = f"l2_sp_penalty(model, start, {strength:.3f}, 0.0, 'classifier'), after the body was moved,"
    squares = moved(model, rng, ("encoder", "norm", "classifier_norm"))
    got = value(learner.l2_sp_penalty(model, start, strength, 0.0, "classifier"), call)
    hint = "It is half of strength times the sum of (weight - start) ** 2 over the body."
    agree(got, strength / 2 * squares, (model, start, strength, 0.0, "classifier"), call, hint)


@pytest.mark.points(2)
def test_the_head_is_held_to_zero(learner, rng):
    """The new head costs half of head_strength times the sum of its squared weights, wherever it began."""
    model = small_model(int(rng.integers(1000)))
    start, strength = start_of(model), float(rng.uniform(0.5, 3))
    moved(model, rng, ("classifier",))
    call = f"l2_sp_penalty(model, start, 1.0, {strength:.3f}, 'classifier'), where only the head has moved,"
    got = value(learner.l2_sp_penalty(model, start, 1.0, strength, "classifier"), call)
    head = sum(float((p.detach() ** 2).sum()) for p in model.classifier.parameters())
    hint = "It is half of head_strength times the sum of the head's squared weights, for the body hasn't moved."
    agree(got, strength / 2 * head, (model, start, 1.0, strength, "classifier"), call, hint)
    bodyless = {name: tensor for name, tensor in start.items() if not name.startswith("classifier.")}
    try:
        again = value(learner.l2_sp_penalty(model, bodyless, 1.0, strength, "classifier"), call)
    except KeyError as error:
        raise AssertionError(f"{CALL} raised KeyError: {error}, where `start` has no entry for the head. The head needs none.") from None
    assert not off(again, strength / 2 * head), f"{CALL} gave {again:.4f} where `start` has no entry for the head. The head needs none."


@pytest.mark.points(2)
def test_both_halves(learner, rng):
    """Body and head add up, each with its own strength; the strengths aren't mixed up."""
    model = small_model(int(rng.integers(1000)), head="score")
    start, strength, head_strength = start_of(model), float(rng.uniform(0.5, 1)), float(rng.uniform(2, 3))
    body = moved(model, rng, ("encoder", "norm", "score_norm"))
    moved(model, rng, ("score",))
    call = f"l2_sp_penalty(model, start, {strength:.3f}, {head_strength:.3f}, 'score')"
    got = value(learner.l2_sp_penalty(model, start, strength, head_strength, "score"), call)
    head = sum(float((p.detach() ** 2).sum()) for p in model.score.parameters())
    hint = "Work out what the body alone costs and what the head alone costs, and add the two."
    agree(got, strength / 2 * body + head_strength / 2 * head, (model, start, strength, head_strength, "score"), call, hint)


@pytest.mark.points(1)
def test_a_name_is_not_a_beginning(learner, rng):
    """A part whose name only begins like the head's belongs to the body."""
    model = small_model(int(rng.integers(1000)))
    start = start_of(model)
    squares = moved(model, rng, ("classifier_norm",))
    call = f"{CALL}, with head = 'classifier' and a part `classifier_norm` that has moved,"
    got = value(learner.l2_sp_penalty(model, start, 2.0, 0.0, "classifier"), call)
    assert got > 1e-9, f"{call} took that part for the head. The head's parameters begin with its name and a dot."
    agree(
        got, squares, (model, start, 2.0, 0.0, "classifier"), call, "That part's squared distances count, as those of any part of the body."
    )


@pytest.mark.points(2)
def test_it_can_be_trained_with(learner, rng):
    """The penalty hangs on the graph of body and head, and changes nothing by itself."""
    for what, head in (("body", "none_of_them"), ("head", "classifier")):
        model = small_model(int(rng.integers(1000)))
        if what == "head":
            model = torch.nn.Sequential()
            model.add_module("classifier", torch.nn.Linear(3, 2).double())
        start = start_of(model)
        moved(model, rng, ("encoder", "classifier"))
        now = start_of(model)
        got = learner.l2_sp_penalty(model, start, 1.0, 1.0, head)
        call = f"{CALL}, on a model that is all {what},"
        assert value(got, call) > 0, f"{call} gave nothing, though there is something to pull."
        assert got.requires_grad, (
            f"{call} gave a tensor that hangs on no graph: no gradient would come of it. `state_dict()`, `.data` and `.detach()` cut it; `named_parameters()` doesn't."
        )
        assert all(torch.equal(now[n], t) for n, t in model.state_dict().items()), f"{call} changed the model's weights."
        assert all(torch.equal(start[n], t) for n, t in learner.last.args[1].items()), f"{call} changed `start`."


@pytest.mark.points(1)
def test_a_missing_start(learner, rng):
    """A weight of the body that isn't in `start` is an error that names it."""
    model = small_model(int(rng.integers(1000)))
    start = start_of(model)
    del start["norm.weight"]
    call = f"{CALL}, where `start` lacks 'norm.weight',"
    try:
        got = learner.l2_sp_penalty(model, start, 1.0, 1.0, "classifier")
    except KeyError as error:
        assert "norm.weight" in str(error), f"{call} raised KeyError: {error}, which doesn't name the parameter."
        return
    shown = f"{float(got.detach()):.4g}" if isinstance(got, torch.Tensor) and got.dim() == 0 else f"a {type(got).__name__}"
    raise AssertionError(f"{call} gave {shown}, where a KeyError is asked for. A weight that is silently left out isn't held.")


@pytest.mark.points(1)
def test_a_real_minilm(learner, rng):
    """On the real MiniLM, one weight that moved and the head make up the penalty."""
    model = learner.make(minilm_classifier)
    start = learner.make(start_of, model)
    amount = float(rng.uniform(1, 2))
    head = sum(float((t.double() ** 2).sum()) for t in learner.probe(nudge, model, amount))
    call = f"l2_sp_penalty(model, start, 2.0, 0.5, 'classifier'), on MiniLM with one weight moved by {amount:.3f},"
    got = value(learner.l2_sp_penalty(model, start, 2.0, 0.5, "classifier"), call)
    hint = "All of `bert` is the body, `classifier` is the head: see what the other checks say about each."
    expect.close(got, amount**2 + 0.25 * head, call=call, hint=hint, atol=1e-4, rtol=1e-4)
