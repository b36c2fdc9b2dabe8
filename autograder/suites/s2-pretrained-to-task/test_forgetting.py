"""Hidden suite of `forgetting`."""

import math

import pytest

from tunelab import expect

DOMAINS = ("news", "plots", "reviews", "code")


def losses(rng):
    """Losses before and after, each at least 0.2 worse."""
    before = {name: float(rng.uniform(1.5, 4.0)) for name in DOMAINS}
    return before, {name: loss + float(rng.uniform(0.2, 1.0)) for name, loss in before.items()}


def mistakes(a, b):
    """What each mistake that is often made gives for a loss of `a` before and `b` after, and the sentence that names it."""
    yield math.exp(a - b) - 1, "The sign is off: it is after minus before, so that a loss that has risen gives a number above 0."
    yield 1 - math.exp(a - b), "That is relative to the perplexity after. It is to be relative to that before."
    yield b - a, "That is the difference of the losses. The perplexity is e to the power of the loss."
    yield b / a - 1, "That comes from the ratio of the losses. Turn them into perplexities first."
    yield math.exp(b - a), "That is the factor by which the perplexity grew. For the rise, subtract 1."
    yield math.exp(b) - math.exp(a), "That is a difference of perplexities, which isn't relative. Divide by the perplexity before."
    yield 2 ** (b - a) - 1, "These losses are in nats: the base is e, not 2."
    yield abs(math.exp(b - a) - 1), "Nothing drops the sign: an improvement is a negative rise."
    yield max(0.0, math.exp(b - a) - 1), "Nothing cuts the numbers at zero: an improvement is a negative rise."


def agree(got, a, b, call, hint):
    """The rise is right; where it is just what one known mistake gives, that mistake is named."""
    if math.isclose(got, math.exp(b - a) - 1, rel_tol=2e-6, abs_tol=1e-6):
        return
    named = {sentence for value, sentence in mistakes(a, b) if math.isclose(got, value, rel_tol=1e-6, abs_tol=1e-9)}
    raise AssertionError(f"{call} gave {got:.4g}, which is not right. {named.pop() if len(named) == 1 else hint}")


@pytest.mark.points(3)
def test_the_rise_of_perplexity(learner, rng):
    """The perplexity's relative rise: the perplexity after, over that before, minus 1."""
    before, after = losses(rng)
    call = "forgetting(before, after)"
    got = expect.mapping(learner.forgetting(before, after), call=call, keys=DOMAINS)
    for name in DOMAINS:
        a, b, value = before[name], after[name], expect.number(got[name], call=f"{call}[{name!r}]")
        agree(value, a, b, f"{call}, with a loss of {a:.3f} before and {b:.3f} after,", "It is the ratio of the two perplexities, minus 1.")


@pytest.mark.points(2)
def test_getting_better_is_negative(learner, rng):
    """A domain on which the loss has fallen gives a negative number, an unchanged one zero."""
    loss, fall = float(rng.uniform(2, 4)), float(rng.uniform(0.2, 0.8))
    call = f"forgetting({{'a': {loss:.3f}, 'b': 2.0}}, {{'a': {loss - fall:.3f}, 'b': 2.0}})"
    got = expect.mapping(learner.forgetting({"a": loss, "b": 2.0}, {"a": loss - fall, "b": 2.0}), call=call, keys=["a", "b"])
    value = expect.number(got["a"], call=f"{call}['a']")
    agree(value, loss, loss - fall, f"{call}['a']", "Its loss has fallen; the same formula holds for both directions.")
    agree(expect.number(got["b"], call=f"{call}['b']"), 2.0, 2.0, f"{call}['b']", "Its loss hasn't changed.")


@pytest.mark.points(2)
def test_domains_by_name(learner, rng):
    """Domains are matched by their names, whatever the order; what comes back is in the order of `before`."""
    before, after = losses(rng)
    after = dict(reversed(after.items()))
    call = "forgetting(before, after), with the domains of `after` in another order,"
    got = expect.mapping(learner.forgetting(before, after), call=call, keys=DOMAINS)
    places = dict(zip(before, after.values(), strict=True))
    for name in DOMAINS:
        value = expect.number(got[name], call=f"{call.rstrip(',')}: {name!r}")
        right = math.isclose(value, math.exp(after[name] - before[name]) - 1, rel_tol=2e-6, abs_tol=1e-6)
        by_place = math.isclose(value, math.exp(places[name] - before[name]) - 1, rel_tol=1e-6)
        assert right or not by_place, (
            f"{call} gave {value:.4g} at {name!r}, which comes of the loss at the same place in `after`. Values are paired by their name, not by their place."
        )
        agree(value, before[name], after[name], f"{call} at {name!r}", "Take the two losses that have the same name.")
    assert list(got) == list(before), f"{call} gave the domains in the order {list(got)}. Keep that of `before`."
    left = learner.last.args
    assert left[0] == before and left[1] == after, f"{call} changed one of its arguments."


@pytest.mark.points(1)
def test_a_domain_measured_once(learner):
    """A domain that is in one of the two only is refused with a ValueError that names it."""
    for before, after in (({"news": 2.0, "code": 3.0}, {"news": 2.5}), ({"news": 2.0}, {"news": 2.5, "code": 3.0})):
        call = f"forgetting({before}, {after})"
        try:
            learner.forgetting(before, after)
        except ValueError as error:
            assert "code" in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Let it name the domain."
        except NotImplementedError:
            raise
        except Exception as error:
            raise AssertionError(f"{call} raised {type(error).__name__}. The contract asks for a ValueError.") from None
        else:
            raise AssertionError(
                f"{call} raised nothing. A domain that was measured once can't be compared: the contract asks for a ValueError."
            )
