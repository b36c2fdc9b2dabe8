"""Public checks of `leaks`."""

import numpy as np

from tunelab import expect

PROBE_DATA = ("VECTORS",)

VECTORS = {"great fun": [3.0, 0.0, 4.0], "dull": [0.0, 2.0, 0.0], "slow": [0.0, 4.0, 9.0], "tedious": [0.0, 30.0, 3.0]}
"""Of the small encoder; any other text is a vector of its own."""


def small_encoder(texts):
    return np.array([VECTORS.get(text, [float(len(text)), -1.0, -9.0]) for text in texts], dtype=np.float32)


def same(learner, train, test, threshold, wanted, hint):
    call = f"leaks({train!r}, {test!r}, encode, {threshold})"
    got = learner.leaks(train, test, small_encoder, threshold)
    expect.sequence(got, call=call)
    rounded = [(entry[0], entry[1], round(float(entry[2]), 3)) if len(entry) == 3 else entry for entry in got]
    assert rounded == wanted, f"{call}, where encode knows {VECTORS}, gave {got!r}; {wanted} is right. {hint}"


def test_copies_and_a_paraphrase(learner):
    """Copies in other case, and a word of nearly the same direction."""
    same(
        learner,
        ["Great fun", "Dull"],
        ["DULL", "Slow", "great  fun", "Tedious"],
        0.9,
        [(0, 1, 1.0), (2, 0, 1.0), (3, 1, 0.995)],
        "Fold, encode, and take cosines: that of (0, 30, 3) with (0, 2, 0) is 60 / (30.15 * 2).",
    )


def test_an_empty_side(learner):
    """Where one side is empty, nothing leaks."""
    same(learner, ["Dull"], [], 0.9, [], "There is nothing to encode.")
    same(learner, [], ["Dull"], 0.9, [], "There is nothing to encode.")
