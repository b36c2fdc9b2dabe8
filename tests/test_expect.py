"""The last rung of the ladder: what a learner reads of numbers that aren't right."""

import numpy as np
import pytest
import torch

from tunelab import expect


def message(got, wanted) -> str:
    with pytest.raises(AssertionError) as raised:
        expect.close(got, wanted, call="f(x)", hint="Look here.")
    return str(raised.value)


@pytest.mark.parametrize(
    ("got", "wanted", "says"),
    [
        (0.7058823529411765, 0.5, "f(x) gave 0.705882, which is not right. Look here."),
        (3, 4, "f(x) gave 3, which is not right. Look here."),
        (float("nan"), 1.0, "f(x) gave nan, which is not right. Look here."),
        (
            np.array([[1, 2], [3, 4]]),
            [[1, 2], [5, 6]],
            "f(x) gave other numbers than its contract asks for (the first that differs is 3, at [1, 0]). Look here.",
        ),
        (
            torch.tensor([1.0, 0.25]),
            [1.0, 0.5],
            "f(x) gave other numbers than its contract asks for (the first that differs is 0.25, at [1]). Look here.",
        ),
        ([1.0, 2.0], [1.0, 3.0], "f(x) gave other numbers than its contract asks for. Look here."),
        (np.ones(2), np.ones(3), "f(x) gave an array of shape (2,) and type float64: another shape than is asked for. Look here."),
    ],
)
def test_close_says_what_came_back_and_where(got, wanted, says):
    assert message(got, wanted).startswith(says)


def test_close_lets_what_is_near_pass():
    expect.close(np.array([1.0, 2.0 + 1e-7]), [1.0, 2.0], call="f(x)", hint="")
    expect.close(torch.ones(2, 2, requires_grad=True), np.ones((2, 2)), call="f(x)", hint="")


def test_numbers_are_shown_with_six_digits():
    with pytest.raises(AssertionError, match=r"f\(x\) gave 0\.705882 \(an np\.float64\), where a float is asked for"):
        expect.number(np.float64(0.7058823529411765), call="f(x)")
