"""Public checks of `cohen_kappa`."""

from tunelab import expect


def same(learner, a, b, wanted, hint):
    call = f"cohen_kappa({a!r}, {b!r})"
    got = learner.cohen_kappa(a, b)
    expect.number(got, call=call, low=-1, high=1)
    assert abs(got - wanted) < 1e-9, f"{call} gave {got:.4f}, where {wanted:.4f} is right. {hint}"


def test_four_items(learner):
    """The example of the contract: 0.5."""
    same(learner, ["y", "y", "n", "n"], ["y", "n", "n", "n"], 0.5, "Observed 3/4; chance 2/4 * 1/4 + 2/4 * 3/4 = 1/2.")


def test_one_label(learner):
    """One label only, everywhere: 1.0."""
    same(learner, ["y", "y"], ["y", "y"], 1.0, "They agree on every item.")


def test_always_the_same(learner):
    """Somebody who always says y agrees as often as chance would have it: 0."""
    same(learner, ["y", "y", "n"], ["y", "y", "y"], 0.0, "Observed 2/3, and chance 2/3 * 1 + 1/3 * 0.")


def test_lengths(learner):
    """Lists of unequal length are refused."""
    try:
        got = learner.cohen_kappa(["y", "n"], ["y"])
    except ValueError:
        return
    raise AssertionError(f"cohen_kappa(['y', 'n'], ['y']) gave {got!r}. It should raise a ValueError: compare the lengths first.")
