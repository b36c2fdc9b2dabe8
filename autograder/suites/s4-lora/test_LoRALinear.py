"""Hidden suite of `LoRALinear`."""

import pytest
import torch
from torch import nn

from tunelab import expect
from tunelab.learner import LearnerError


def linear(rng, rows, columns, bias=True):
    """A linear layer whose weights nobody can know beforehand."""
    layer = nn.Linear(columns, rows, bias=bias)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(normal(rng, *parameter.shape))
    return layer


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


def set_factors(layer, a, b):
    """Puts numbers into the two factors."""
    with torch.no_grad():
        layer.a.copy_(a)
        layer.b.copy_(b)


def factors(layer):
    return {"a": layer.a.detach().clone(), "b": layer.b.detach().clone()}


def holds(layer, base):
    return layer.base is base


def switched(layer, training):
    layer.train(training)


def gradients(layer, x):
    """The gradients of the sum of squares of what the layer gives, by name; None where there is none."""
    layer.zero_grad()
    (layer(x) ** 2).sum().backward()
    return {name: None if p.grad is None else p.grad.detach().clone() for name, p in layer.named_parameters()}


def made(learner, base, rank, alpha, dropout=None):
    """A layer of the learner's, with the form that its contract asks for, and its call in words."""
    more = "" if dropout is None else f", {dropout}"
    call = f"LoRALinear(base, {rank}, {alpha}{more}), with a base of {base.in_features} inputs and {base.out_features} outputs,"
    layer = learner.LoRALinear(base, rank, alpha) if dropout is None else learner.LoRALinear(base, rank, alpha, dropout)
    found = getattr(layer, "parameters", None)
    assert isinstance(found, dict), f"{call} gave something that isn't a module. Keep `nn.Module` in the class's first line."
    for name, shape in (("a", (rank, base.in_features)), ("b", (base.out_features, rank))):
        assert name in found, (
            f"{call} has no parameter `{name}`. Wrap the factor in `nn.Parameter` and make it an attribute of the module: "
            "a plain tensor, or one in a list, is invisible to optimizers."
        )
        assert found[name][0] == shape, (
            f"{call} has a factor `{name}` of shape {found[name][0]}. `a` has `rank` rows and reads the input, `b` has `rank` columns and gives the output."
        )
    return layer, call


def output(layer, x, call, advice=""):
    try:
        got = layer(x)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        advice = (
            "Are all numbers of one dtype, that of the base's weight?"
            if "dtype" in str(error)
            else advice
            or "Follow the shapes through the product: x has the inputs in its last axis, `a` is (rank, inputs) and `b` (outputs, rank), so both are "
            "transposed on the way."
        )
        raise AssertionError(
            f"{call} called with a tensor of shape {tuple(x.shape)}, of type {x.dtype}, raised: {str(error)[:150]}. {advice}"
        ) from None
    return expect.tensor(got, call=f"{call} called with a tensor of shape {tuple(x.shape)}", shape=None, finite=True)


def by_hand(base, a, b, scale, x):
    """What the layer must give, row by row in double precision."""
    weight = base.weight.detach().double() + scale * b.double() @ a.double()
    given = x.double() @ weight.T
    return given if base.bias is None else given + base.bias.detach().double()


def judged(got, base, a, b, rank, alpha, x, call, otherwise, atol=1e-3):
    """Passes the right output; says of a wrong one from which mistake it comes, where that is plain, and else `otherwise`."""
    got, scale = got.detach().double(), alpha / rank
    right, plain = by_hand(base, a, b, scale, x), by_hand(base, a, b, 0.0, x)
    expect.tensor(got, call=call, shape=tuple(right.shape))
    if torch.allclose(got, right, atol=atol, rtol=min(atol, 1e-4)):
        return

    def came_out(wrong):
        return torch.allclose(got, wrong, atol=1e-3, rtol=1e-4)

    assert not came_out(plain), (
        f"{call} gave the base's output and no more. Is the update added? Does it go by `a` and `b` as they are now?"
    )
    assert not came_out(right - plain), f"{call} gave the update alone. The base's output belongs to it."
    if base.bias is not None:
        bias = base.bias.detach().double()
        assert not came_out(right - bias), f"{call} lost the base's bias. Call the base itself, it adds its own."
        assert not came_out(right + bias), f"{call} added the bias twice. The base adds its own."
    if base.in_features == base.out_features:
        turned = plain + scale * x.double() @ (b.double() @ a.double())
        assert not came_out(turned), (
            f"{call} multiplied by a transposed update. A linear layer computes x W^T: the update b a is transposed too."
        )
    update = (right - plain) / scale
    found = float(((got - plain) * update).sum() / (update**2).sum()) if bool(update.any()) else scale
    if came_out(plain + found * update) and abs(found - scale) > 1e-3:
        named = (
            (1.0, "not scaled at all"),
            (float(alpha), "scaled by alpha alone"),
            (float(alpha * rank), "scaled by alpha times rank"),
            (rank / alpha, "scaled by rank / alpha"),
            (1 / rank, "scaled by 1 / rank alone"),
            (float(alpha // rank), "scaled by alpha // rank, which drops the fraction"),
            (alpha / rank**0.5, "scaled by alpha over the root of the rank, as a variant of LoRA does"),
        )
        words = [text for wrong, text in named if abs(found - wrong) < 1e-3]
        told = f"that is {words[0]}" if len(words) == 1 else f"scaled by {found:.3g}"
        raise AssertionError(f"{call} gave the base's output and an update {told}. It is alpha / rank.")
    place = [int(i) for i in torch.nonzero((got - right).abs() > atol)[0]] if got.ndim else []
    raise AssertionError(f"{call} gave wrong numbers, the first of them at {place}. {otherwise}")


@pytest.mark.points(2)
def test_at_the_start_nothing_is_changed(learner, rng):
    """Before any training the layer gives what the base gives, though `a` is random already."""
    base, x = linear(rng, 5, 7), normal(rng, 4, 7)
    layer, call = made(learner, base, 3, 6.0)
    found = learner.probe(factors, layer)
    assert not bool(found["b"].any()), (
        f"{call} begins with a `b` that isn't zero. The update would change the layer before anything was learnt."
    )
    assert bool(found["a"].any()), (
        f"{call} begins with both factors zero. Then neither gets a gradient, since each one's gradient is multiplied by the other: `a` must be random."
    )
    assert torch.unique(found["a"]).numel() > 10, (
        f"{call} begins with equal numbers in `a`. All rows of `a` would stay alike: draw them at random."
    )
    again, _ = made(learner, base, 3, 6.0)
    assert not torch.equal(learner.probe(factors, again)["a"], found["a"]), (
        f"{call}, made twice, began with the same `a` twice. Draw from torch's global random state, without a seed of your own."
    )
    wide, told = made(learner, linear(rng, 2, 1000), 4, 6.0)
    drawn = learner.probe(factors, wide)["a"].double()
    # 4,000 numbers: their mean is within 6.5 standard errors of that of their distribution, but for one time in ten thousand million.
    assert abs(float(drawn.mean())) < 6.5 * float(drawn.std()) / drawn.numel() ** 0.5, (
        f"{told} began with an `a` whose 4,000 numbers have a mean of {float(drawn.mean()):.3f}. Draw them around 0, from a distribution with mean 0."
    )
    got = output(layer, x, call)
    hint = "With `b` zero it must give what the base gives."
    judged(got, base, found["a"], found["b"], 3, 6.0, x, f"{call} before training,", hint, atol=1e-5)


@pytest.mark.points(2)
def test_the_two_factors_train_and_nothing_else(learner, rng):
    """Trainable are `a` and `b` alone. The base is kept, not copied, and frozen with its bias."""
    base = linear(rng, 4, 6)
    before = {name: p.detach().clone() for name, p in base.named_parameters()}
    layer, call = made(learner, base, 2, 4.0)
    trainable = {name for name, (_, _, on) in layer.parameters.items() if on}
    assert {"a", "b"} <= trainable, f"{call} has a factor that doesn't train. Both need `requires_grad`, as a new `nn.Parameter` has."
    assert trainable == {"a", "b"}, (
        f"{call} trains {', '.join(sorted(trainable - {'a', 'b'}))} as well. The base must be frozen: its weight and its bias."
    )
    changed = [name for name, p in base.named_parameters() if not torch.equal(p, before[name])]
    assert not changed, f"{call} changed the base's {changed[0]}. The base stays as it is, and the update stays beside it."
    kept = learner.make(nn.Linear, 6, 4)
    layer = learner.LoRALinear(kept, 2, 4.0)
    assert learner.probe(holds, layer, kept) is True, (
        f"{call} doesn't hold the base itself as its attribute `base`. Keep it, don't copy it."
    )


@pytest.mark.points(3)
def test_base_and_update_together(learner, rng):
    """With factors that aren't zero, the layer gives the base's output plus the scaled update."""
    for rows, columns, rank in ((6, 9, 2), (8, 4, 3), (5, 5, 2)):
        base, x = linear(rng, rows, columns), normal(rng, 3, columns)
        a, b = normal(rng, rank, columns), normal(rng, rows, rank)
        layer, call = made(learner, base, rank, 2.5 * rank)
        learner.probe(set_factors, layer, a, b)
        got = output(layer, x, call)
        call = f"{call} with numbers put into `a` and `b`,"
        judged(got, base, a, b, rank, 2.5 * rank, x, call, "Expected is base(x) + alpha / rank * x a^T b^T.")


@pytest.mark.points(2)
def test_scaled_by_alpha_over_rank(learner, rng):
    """The update is multiplied by alpha / rank, whatever the two are."""
    for rank, alpha in ((2, 16), (4, 3.0), (5, float(rng.uniform(6, 9)))):
        base, x = linear(rng, 6, 8), normal(rng, 3, 8)
        a, b = normal(rng, rank, 8), normal(rng, 6, rank)
        layer, call = made(learner, base, rank, alpha)
        learner.probe(set_factors, layer, a, b)
        got = output(layer, x, call)
        judged(got, base, a, b, rank, alpha, x, call, "Expected is the base's output and an update scaled by alpha / rank.")


@pytest.mark.points(2)
def test_gradients_reach_the_factors(learner, rng):
    """At the start `b` gets a gradient, then `a` does; the base never."""
    base, x = linear(rng, 5, 7), normal(rng, 6, 7)
    layer, call = made(learner, base, 3, 6.0)
    output(layer, x, call)
    found = learner.probe(factors, layer)
    first = learner.probe(gradients, layer, x)
    call = call.removesuffix(",")
    detached = "Don't detach the factors, nor use `.data` or `no_grad` in `forward`."
    assert first["b"] is not None, f"{call}: `b` gets no gradient. {detached}"
    assert bool(found["a"].any()) or bool(first["b"].any()), (
        f"{call}: the first gradient of `b` is zero, since `a` is. Where `b` is zero too, nothing would ever be learnt: `a` must not be zero at the start."
    )
    assert bool(first["b"].any()), f"{call}: the first gradient of `b` is zero, though `a` isn't. Does the output go by `b`?"
    others = [name for name, gradient in first.items() if name not in ("a", "b") and gradient is not None]
    assert not others, f"{call}: {others[0]} gets a gradient. The base is frozen: it takes `requires_grad_(False)`."
    learner.probe(set_factors, layer, normal(rng, 3, 7), normal(rng, 5, 3))
    second = learner.probe(gradients, layer, x)
    for name in ("a", "b"):
        assert second[name] is not None and bool(second[name].any()), f"{call}, once `b` isn't zero: `{name}` gets no gradient. {detached}"


@pytest.mark.points(1)
def test_a_base_without_bias(learner, rng):
    """A base without a bias gives a layer without one."""
    base, x = linear(rng, 4, 6, bias=False), normal(rng, 3, 6)
    a, b = normal(rng, 2, 6), normal(rng, 4, 2)
    layer, call = made(learner, base, 2, 4.0)
    call = f"{call} the base having no bias,"
    assert set(layer.parameters) == {"a", "b", "base.weight"}, (
        f"{call} has the parameters {', '.join(layer.parameters)}. No bias belongs among them."
    )
    learner.probe(set_factors, layer, a, b)
    judged(output(layer, x, call), base, a, b, 2, 4.0, x, call, "See whether you rely on `base.bias`.")


@pytest.mark.points(1)
def test_any_leading_axes(learner, rng):
    """The input may have any number of axes before the last: none, one for texts, one more for tokens."""
    base = linear(rng, 4, 6)
    a, b = normal(rng, 2, 6), normal(rng, 4, 2)
    layer, call = made(learner, base, 2, 4.0)
    learner.probe(set_factors, layer, a, b)
    for shape in ((3, 6), (6,), (3, 5, 6), (2, 1, 3, 6), (0, 6)):
        x = normal(rng, *shape)
        advice = "With a shape of (3, 6) it went well. `mm` and `t` know rows and columns only; `@` and `.T` of `a` and `b` work with any number of axes of x."
        got = output(layer, x, call, "" if shape == (3, 6) else advice)
        told = f"{call} called with a tensor of shape {shape},"
        judged(got, base, a, b, 2, 4.0, x, told, "Only the last axis is multiplied.")


@pytest.mark.points(2)
def test_dropout_on_the_way_to_a(learner, rng):
    """In training mode dropout falls on the update's input alone; in evaluation mode there is none."""
    rate, count = 0.25, 2000
    base = linear(rng, 6, 8)
    a, b = normal(rng, 2, 8), normal(rng, 6, 2)
    layer, call = made(learner, base, 2, 4.0, rate)
    learner.probe(set_factors, layer, a, b)
    # Each row has one input of 1, so dropout on the input takes or leaves the row's update whole.
    one_hot = torch.zeros(count, 8)
    one_hot[torch.arange(count), torch.from_numpy(rng.integers(0, 8, size=count))] = 1.0
    learner.probe(switched, layer, False)
    quiet = output(layer, one_hot, call)
    told = f"{call} in evaluation mode,"
    same = torch.equal(output(layer, one_hot, call).detach(), quiet.detach())
    assert same, f"{told} gave different numbers for the same input. In evaluation mode nothing is dropped: `nn.Dropout` knows the mode."
    judged(quiet, base, a, b, 2, 4.0, one_hot, told, "In evaluation mode nothing is dropped: d(x) is x.")
    learner.probe(switched, layer, True)
    plain, update, bias = by_hand(base, a, b, 0.0, one_hot), 2.0 * one_hot.double() @ (b @ a).double().T, base.bias.detach().double()
    loud, nothing, more = output(layer, one_hot, call).detach().double(), torch.zeros_like(update), 1 / (1 - rate)
    call = f"{call} in training mode,"

    def rows_are(*wanted):
        return torch.stack([(loud - each).abs().amax(1) < 1e-3 for each in wanted])

    right = rows_are(plain, plain + more * update)
    if not bool(right.any(0).all()):
        assert not torch.allclose(loud, plain + update, atol=1e-3), f"{call} dropped nothing."
        through = more * (plain - bias)
        assert not bool(rows_are(nothing + bias, bias + through, bias + more * update, bias + through + more * update).any(0).all()), (
            f"{call} dropped inputs on the base's way too. The base gets x as it is, the update alone gets d(x)."
        )
        assert not bool(rows_are(plain, plain + update).any(0).all()), (
            f"{call} didn't enlarge what is kept. What isn't dropped is divided by 1 - dropout, as `nn.Dropout` does it."
        )
        raise AssertionError(
            f"{call} called with inputs of a single 1: the update must vanish whole or be divided by 1 - dropout, and the base's part must stay as it is. "
            "Dropout falls on x on its way to `a`, not on what comes out, nor on anything between."
        )
    # 2,000 draws at 0.25: 500 are dropped, give or take 19; 120 is over six of those, a false alarm below 1e-9.
    dropped = int(right[0].sum())
    assert abs(dropped - rate * count) < 120, (
        f"{call} dropped {dropped} of {count} inputs. `dropout` is the probability to drop an input, "
        + ("not to keep it." if abs(dropped - (1 - rate) * count) < 120 else f"so about {int(rate * count)} were to be dropped.")
    )


@pytest.mark.points(1)
def test_the_dtype_of_the_base(learner, rng):
    """The factors have the dtype of the base's weight."""
    base, x = linear(rng, 4, 6).double(), normal(rng, 3, 6).double()
    layer, call = made(learner, base, 2, 4.0)
    call = f"{call} the base being of float64,"
    kinds = {name: layer.parameters[name][1] for name in ("a", "b")}
    assert set(kinds.values()) == {"torch.float64"}, (
        f"{call} has an `a` of {kinds['a']} and a `b` of {kinds['b']}. They must be of the base's dtype."
    )
    a, b = normal(rng, 2, 6).double(), normal(rng, 4, 2).double()
    learner.probe(set_factors, layer, a, b)
    got = output(layer, x, call)
    expect.tensor(got, call=call, shape=(3, 4), dtype=torch.float64)
    judged(got, base, a, b, 2, 4.0, x, call, "Is anything rounded to 32 bits on the way?", atol=1e-9)


@pytest.mark.points(1)
def test_a_rank_of_nothing(learner, rng):
    """A rank below 1 is refused with a ValueError that names it; a rank of 1 is fine."""
    for rank in (0, -2):
        call = f"LoRALinear(base, {rank}, 8.0)"
        try:
            learner.LoRALinear(linear(rng, 4, 6), rank, 8.0)
        except ValueError as error:
            assert "rank" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name `rank` in it."
        except NotImplementedError:
            raise
        except (ZeroDivisionError, RuntimeError, LearnerError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {str(error)[:80]}. Look at `rank` first, and raise a ValueError."
            ) from None
        else:
            raise AssertionError(f"{call} raised nothing. A rank below 1 is no rank: the contract asks for a ValueError.")
    base, x = linear(rng, 4, 6), normal(rng, 3, 6)
    a, b = normal(rng, 1, 6), normal(rng, 4, 1)
    layer, call = made(learner, base, 1, 2.0)
    learner.probe(set_factors, layer, a, b)
    judged(output(layer, x, call), base, a, b, 1, 2.0, x, call, "At rank 1 alpha / rank is alpha.")
