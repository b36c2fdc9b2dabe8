"""What the ladder of checks says: what came back and where it goes wrong, never what was expected."""

import numpy as np
import pytest
import torch

from tunelab import expect


@pytest.mark.parametrize(
    ("got", "wanted", "said"),
    [
        (0.5, 0.625, "f(x) gave 0.5 (a float), which is not right."),
        (torch.tensor(0.3), 0.4, "f(x) gave 0.3 (a tensor without dimensions, of type float32), which is not right."),
        (np.array(2), 3, "f(x) gave 2 (an array without dimensions, of type int64), which is not right."),
        (np.array([0.5]), [0.625], "f(x) gave an array of shape (1,) and type float64 with 0.5 in it, which is not right."),
        (np.array([1, 2.5]), [1, 3], "1 of its 2 numbers is not as its contract asks; the first wrong one is 2.5, at [1]."),
        (torch.zeros(2, 3), np.eye(2, 3) * 7, "2 of its 6 numbers are not as its contract asks; the first wrong one is 0, at [0, 0]."),
        (np.zeros((1, 2)), np.full((1, 2), 7), "none of its numbers is as its contract asks; the first wrong one is 0, at [0, 0]."),
        (torch.tensor([float("nan"), 7.0]), [7.0, 7.0], "the first wrong one is nan, at [0]."),
    ],
)
def test_close_says_what_came_back_and_where_it_goes_wrong(got, wanted, said):
    with pytest.raises(AssertionError) as failure:
        expect.close(got, wanted, call="f(x)", hint="Look at the mean.")
    message = str(failure.value).splitlines()[0]
    assert said in message and message.endswith("Look at the mean.")
    assert "7" not in message and "0.625" not in message and "0.4" not in message


def test_close_lets_equal_numbers_pass_whatever_holds_them():
    for got in ([1.0, 2.0], np.array([1.0, 2.0]), torch.tensor([1.0, 2.0], requires_grad=True)):
        expect.close(got, [1, 2], call="f(x)", hint="")
    expect.close(torch.tensor(1.0), 1, call="f(x)", hint="")


def test_another_shape_is_told_as_such():
    with pytest.raises(AssertionError, match=r"a tensor of shape \(2, 1\) and type float32: another shape than is asked for"):
        expect.close(torch.zeros(2, 1), np.zeros(2), call="f(x)", hint="")


def test_a_number_in_a_tensor_is_shown_where_a_plain_one_is_asked_for():
    with pytest.raises(AssertionError, match=r"gave 0\.333333 \(a float\), where an int is asked for"):
        expect.integer(1 / 3, call="f(x)")
    with pytest.raises(AssertionError, match=r"gave 3 \(a tensor without dimensions, of type int64\), where a float is asked for"):
        expect.number(torch.tensor(3), call="f(x)")
