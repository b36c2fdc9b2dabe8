"""Public checks of `mask_prompt`: examples to check oneself by."""

from tunelab import expect

KEYS = ("input_ids", "attention_mask", "labels")


def check(learner, prompt, answer, eos, max_length, right):
    call = f"mask_prompt({prompt}, {answer}, {eos}, {max_length})"
    got = learner.mask_prompt(list(prompt), list(answer), eos, max_length)
    expect.mapping(got, call=call, keys=KEYS)
    for key, wanted in zip(KEYS, right, strict=True):
        assert got[key] == wanted, f"{call} gave {got[key]} as {key!r}. It should be {wanted}."


def test_the_example_of_the_lesson(learner):
    """Three prompt tokens, two answer tokens, the end token."""
    check(learner, [11, 2, 13], [21, 22], 2, 10, ([11, 2, 13, 21, 22, 2], [1] * 6, [-100, -100, -100, 21, 22, 2]))


def test_one_place_too_few(learner):
    """With room for five tokens the first of the prompt goes."""
    check(learner, [11, 2, 13], [21, 22], 2, 5, ([2, 13, 21, 22, 2], [1] * 5, [-100, -100, 21, 22, 2]))


def test_room_for_the_answer_alone(learner):
    """With room for three tokens the whole prompt goes."""
    check(learner, [11, 2, 13], [21, 22], 2, 3, ([21, 22, 2], [1] * 3, [21, 22, 2]))


def test_no_room(learner):
    """With room for two tokens there is nothing to be made of it."""
    try:
        learner.mask_prompt([11, 2, 13], [21, 22], 2, 2)
    except ValueError as error:
        assert "max_length" in str(error), "mask_prompt([11, 2, 13], [21, 22], 2, 2) raised a ValueError that doesn't name `max_length`."
    else:
        raise AssertionError("mask_prompt([11, 2, 13], [21, 22], 2, 2) raised nothing. The contract asks for a ValueError.")
