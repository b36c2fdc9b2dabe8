"""Hidden suite of `mean_surprise`."""

import math

import numpy as np
import pytest

from tunelab import expect


def drawn(rng, size):
    return rng.uniform(0.02, 0.95, size=size).tolist()


def near(got, wanted):
    return math.isclose(got, wanted, rel_tol=1e-7, abs_tol=1e-9)


def check(got, probabilities, call):
    """The mean is right; if not, the mistake is named that gives just this number."""
    logs = np.log(np.array(probabilities))
    if math.isclose(got, -logs.mean(), rel_tol=1e-6, abs_tol=1e-6):
        return
    guesses = [
        (logs.mean(), "A logarithm of something below 1 is negative; a surprise has a minus sign before it."),
        (-logs.mean() / math.log(2), "That is the mean surprise in bits. In nats it is the natural logarithm, `math.log`, without a base."),
        (-logs.sum(), "The surprises are added up, and not divided by their number."),
        (
            -math.log(np.mean(probabilities)),
            "That is the surprise of the mean probability. It is the other way round: a surprise for each token, then the mean of the surprises.",
        ),
        (math.exp(min(-logs.mean(), 700)), "That is e to the power of the mean surprise. The mean surprise itself is asked for."),
        (np.mean(probabilities), "That is the mean of the probabilities. A surprise is minus the logarithm of a probability."),
    ]
    said = next(
        (sentence for guess, sentence in guesses if near(got, guess)), "For each token minus `math.log` of its probability, then the mean."
    )
    raise AssertionError(f"{call} gave {got:.4f}. {said}")


@pytest.mark.points(3)
def test_the_mean_of_the_surprises(learner, rng):
    """The surprise of each token is minus the natural logarithm of its probability, and the mean of them is asked for."""
    for size in (1, 4, int(rng.integers(6, 12))):
        probabilities = drawn(rng, size)
        got = learner.mean_surprise(probabilities)
        call = f"mean_surprise({[round(p, 3) for p in probabilities]})"
        expect.number(got, call=call)
        check(got, probabilities, call)


@pytest.mark.points(1)
def test_a_long_text(learner, rng):
    """Three thousand tokens are no harder than three."""
    probabilities = drawn(rng, 3000)
    got = learner.mean_surprise(probabilities)
    call = "mean_surprise(probabilities), with 3,000 tokens,"
    expect.of_type(got, float, call=call)
    assert math.isfinite(got), (
        f"{call} gave {got}, though no token had the probability 0. If you multiply them all, the product is too small for a computer's number: add up logarithms."
    )
    check(got, probabilities, call)


@pytest.mark.points(2)
def test_what_was_held_impossible(learner, rng):
    """A token that had the probability 0 makes the mean infinite; tokens that were certain make it 0."""
    probabilities = drawn(rng, 5)
    probabilities[int(rng.integers(0, 5))] = 0.0
    call = f"mean_surprise({[round(p, 3) for p in probabilities]})"
    try:
        got = learner.mean_surprise(probabilities)
    except (ValueError, ZeroDivisionError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. `math.log(0)` is an error in Python: give `math.inf` when a probability is 0."
        ) from None
    expect.of_type(got, float, call=call)
    rest = -np.log([p for p in probabilities if p]).sum()
    assert not any(near(got, rest / n) for n in (4, 5)), (
        f"{call} gave {got:.4f}: it leaves out the token that was held impossible, the worst mistake of all."
    )
    assert not math.isfinite(got), (
        f"{call} gave {got:.4f}. One token had the probability 0, and no surprise is larger than that. Was a small number added, to keep the logarithm finite?"
    )
    assert got == math.inf, f"{call} gave {got}. " + (
        "A surprise is never negative: it is *minus* a logarithm, so that a probability of 0 gives plus infinity."
        if got < 0
        else "`nan` is no number: a probability of 0 gives plus infinity."
    )
    got = learner.mean_surprise([1.0, 1.0, 1.0])
    expect.number(got, call="mean_surprise([1.0, 1.0, 1.0])")
    assert got == 0, f"mean_surprise([1.0, 1.0, 1.0]) gave {got}, where each token was certain, and none a surprise."


@pytest.mark.points(1)
def test_a_text_without_tokens(learner):
    """Without any token there is no mean, and the error says which argument is to blame."""
    try:
        got = learner.mean_surprise([])
    except ValueError as error:
        assert "probabilities" in str(error), (
            f"mean_surprise([]) raised a ValueError that says {str(error)!r}. Its message should name `probabilities`."
        )
        return
    except ZeroDivisionError:
        raise AssertionError("mean_surprise([]) divided by 0. Raise a ValueError that names `probabilities` before you divide.") from None
    raise AssertionError(f"mean_surprise([]) gave {got!r}. A text with no tokens has no mean: the contract asks for a ValueError.")
