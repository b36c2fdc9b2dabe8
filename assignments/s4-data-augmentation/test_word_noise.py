"""Public checks of `word_noise`: examples to check oneself by."""

import numpy as np

from tunelab import expect


def noised(learner, text, delete, swaps, seed=0):
    got = learner.word_noise(text, delete, swaps, np.random.default_rng(seed))
    return expect.of_type(got, str, call=f"word_noise({text!r}, {delete}, {swaps}, rng)")


def test_no_noise(learner):
    """With nothing to delete or to swap, the words stay, with single spaces between them."""
    got = noised(learner, " a very\n warm  film", 0.0, 0)
    assert got == "a very warm film", f"word_noise(' a very\\n warm  film', 0, 0, rng) gave {got!r}. It should be 'a very warm film'."


def test_one_swap(learner):
    """One swap exchanges two words."""
    for seed in range(10):
        got = noised(learner, "a very warm film", 0.0, 1, seed).split()
        assert sorted(got) == ["a", "film", "very", "warm"], (
            f"word_noise('a very warm film', 0, 1, rng) gave {' '.join(got)!r}. All four words should be in it."
        )
        moved = sum(new != old for new, old in zip(got, ["a", "very", "warm", "film"], strict=True))
        assert moved == 2, (
            f"word_noise('a very warm film', 0, 1, rng) gave {' '.join(got)!r}, with {moved} words in other places. Two should have moved."
        )


def test_one_word_stays(learner):
    """A probability of 1 leaves one word."""
    got = noised(learner, "a very warm film", 1.0, 2)
    assert got in ("a", "very", "warm", "film"), (
        f"word_noise('a very warm film', 1, 2, rng) gave {got!r}. One of the four words should be left."
    )


def test_about_a_third_goes(learner):
    """Of 3,000 words, about 1,000 go at a probability of one third."""
    count = len(noised(learner, "so " * 3000, 1 / 3, 0).split())
    assert 1800 < count < 2200, f"word_noise, on 3,000 words and with a probability of 1/3, left {count}. About 2,000 should be left."


def test_without_words(learner):
    """A text without words stays without; a single word has nothing to swap with."""
    for text, right in (("", ""), ("  ", ""), ("film", "film")):
        got = noised(learner, text, 0.0, 2)
        assert got == right, f"word_noise({text!r}, 0, 2, rng) gave {got!r}. It should be {right!r}."


def test_chance_from_the_generator(learner):
    """The same seed gives the same noise, and no global random state moves."""
    first = noised(learner, "one two three four five six seven eight", 0.3, 2, 5)
    assert not learner.last.random_moved, (
        f"word_noise moved the global random state of {', '.join(learner.last.random_moved)}. Draw from `rng`."
    )
    assert noised(learner, "one two three four five six seven eight", 0.3, 2, 5) == first, (
        "word_noise gave two different texts for two generators of the same seed."
    )
