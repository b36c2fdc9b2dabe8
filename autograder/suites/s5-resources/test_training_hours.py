"""Hidden suite of `training_hours`."""

import math

import pytest

from tunelab import expect


def called(learner, *arguments):
    call = f"training_hours({', '.join(map(str, arguments))})"
    return expect.number(learner.training_hours(*arguments), call=call, low=0.0), call


def near(got, wanted):
    return math.isclose(got, wanted, rel_tol=1e-9)


def hours(operations, flops_per_second, utilisation):
    return operations / flops_per_second / utilisation / 3600


def drawn(rng):
    """Weights, tokens, and a machine, as nobody can guess them."""
    weights, tokens = int(rng.integers(10**7, 10**9)), int(rng.integers(10**6, 10**9))
    return weights, tokens, float(rng.integers(10**9, 10**12)), round(float(rng.uniform(0.2, 0.7)), 3)


def unit(got, wanted, share, call):
    """Mistakes that multiply the whole."""
    for factor, text in (
        (3600, "Those are seconds. Hours are asked for."),
        (60, "Those are minutes. Hours are asked for."),
        (1 / 3600, "Divide the seconds by 3600 once."),
        (0.5, "A weight costs two operations in each job: a multiplication and an addition."),
        (
            share**2,
            "It was multiplied by the utilisation, where it should be divided. A machine that is used to a half takes twice as long.",
        ),
        (share, "The utilisation is left out. The run doesn't get all that the machine could do."),
    ):
        assert not near(got, factor * wanted) or near(got, wanted), f"{call} gave {got:.6g}. {text}"


@pytest.mark.points(2)
def test_when_everything_is_trained(learner, rng):
    """With all weights in all three jobs a token costs six operations per weight."""
    for _ in range(3):
        weights, tokens, speed, share = drawn(rng)
        got, call = called(learner, weights, weights, weights, tokens, speed, share)
        wanted = hours(6 * weights * tokens, speed, share)
        assert not near(got, wanted / 3), (
            f"{call} gave {got:.6g}, as if there were only the way forward. Training also passes gradients back and computes those of the weights."
        )
        unit(got, wanted, share, call)
        assert near(got, wanted), (
            f"{call} gave {got:.6g}, which is not right. Operations per token, times tokens, by operations per second, in hours."
        )


@pytest.mark.points(2)
def test_when_layers_are_frozen(learner, rng):
    """Each job has a count of its own: what is frozen has no gradient of its own, and below the lowest trained layer none is passed on."""
    for _ in range(3):
        weights, tokens, speed, share = drawn(rng)
        backward, trainable = weights // int(rng.integers(3, 6)), weights // int(rng.integers(11, 60))
        got, call = called(learner, weights, backward, trainable, tokens, speed, share)
        wanted = hours(2 * (weights + backward + trainable) * tokens, speed, share)
        for count, text in (
            (6 * weights, "as if all were trained. Only the weights of each job count in it."),
            (
                6 * trainable,
                "as if only what is trained were computed. The frozen weights work on the way forward, and those above a trained one on the way back.",
            ),
            (
                2 * weights + 4 * trainable,
                "without the gradients that pass through frozen weights. What lies above a trained weight passes the gradient on.",
            ),
            (2 * weights + 4 * backward, "as if each weight that passes the gradient on had a gradient of its own."),
            (2 * weights, "as if there were only the way forward."),
            (2 * (weights + backward), "without the gradients of the trained weights themselves."),
            (2 * (weights + trainable), "without what passes gradients on."),
        ):
            assert not near(got, hours(count * tokens, speed, share)) or near(got, wanted), f"{call} gave {got:.6g}, {text}"
        unit(got, wanted, share, call)
        assert near(got, wanted), (
            f"{call} gave {got:.6g}, which is not right. Add up the three counts, two operations for each weight in them."
        )


@pytest.mark.points(1)
def test_a_machine_that_is_not_there(learner, rng):
    """A machine that does nothing, and one that does more than its best, are refused."""
    weights, tokens, _, _ = drawn(rng)
    for speed, share in ((0.0, 0.5), (-1e9, 0.5), (1e9, 0.0), (1e9, -0.3), (1e9, 1.2), (1e9, 40.0)):
        call = f"training_hours({weights}, {weights}, {weights}, {tokens}, {speed}, {share})"
        try:
            got = learner.training_hours(weights, weights, weights, tokens, speed, share)
        except ValueError:
            continue
        except ZeroDivisionError:
            raise AssertionError(
                f"{call} raised a ZeroDivisionError. Look first, and raise a ValueError that says what is wrong."
            ) from None
        raise AssertionError(
            f"{call} gave {f'{got:.6g}' if isinstance(got, float) else repr(got)}, where a ValueError is asked for. Utilisation is a share, above 0 and at most 1, and a speed is above 0."
        )
    try:
        called(learner, weights, weights, weights, tokens, 1e9, 1.0)
    except ValueError:
        raise AssertionError(
            f"training_hours({weights}, {weights}, {weights}, {tokens}, {1e9}, 1.0) raised a ValueError. A utilisation of 1.0 is all that the machine can do, and the contract allows it: at most 1, with 1 itself."
        ) from None
