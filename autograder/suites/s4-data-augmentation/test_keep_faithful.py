"""Hidden suite of `keep_faithful`."""

import math

import pytest

from tunelab import expect

WORDS = ["slow", "long", "warm", "odd", "loud", "small", "pale", "plain", "cheap", "grand"]


def arrows(texts):
    """A vector of two numbers for each text: the two numbers in the text are its angle in degrees and its length."""
    import re

    import numpy as np

    if isinstance(texts, str) or len(texts) == 0:
        raise ValueError("encode takes a list of texts, with at least one in it")
    found = [[int(number) for number in re.findall(r"\d+", text)[-2:]] for text in texts]
    return np.array([[length * np.cos(np.radians(angle)), length * np.sin(np.radians(angle))] for angle, length in found])


def minilm_vectors(texts):
    """MiniLM's vectors of the texts."""
    from tunelab import models

    return models.embed(list(texts), models.minilm(), models.minilm_tokenizer()).numpy()


def text(word, angle, length=1):
    return f"A {word} film, {angle} {length}"


def cosine(angle):
    return math.cos(math.radians(angle))


def kept(learner, source, candidates, low, high):
    call = f"keep_faithful({source!r}, {candidates}, encode, {low:.3g}, {high:.3g})"
    try:
        got = learner.keep_faithful(source, candidates, arrows, low, high)
    except (ValueError, IndexError, TypeError, KeyError, AttributeError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. `encode` takes a list of at least one text and gives an array with a row for each."
        ) from None
    expect.sequence(got, call=call)
    assert all(one in candidates for one in got), f"{call} gave {got}. Only candidates come back, each as it stands."
    return got


def drawn(rng, count):
    return [str(word) for word in rng.permutation(WORDS)[:count]]


@pytest.mark.points(3)
def test_neither_too_far_nor_too_near(learner, rng):
    """A candidate stays when its cosine with the source lies from `low` to `high`."""
    words, start = drawn(rng, 7), int(rng.integers(0, 90))
    low, high = cosine(45.5), cosine(12.5)
    angles = [int(angle) for angle in rng.permutation([3, 12, 13, 30, 45, 46, 80])]
    candidates = [text(word, start + angle) for word, angle in zip(words, angles, strict=True)]
    got = kept(learner, text("dull", start), candidates, low, high)
    call = f"keep_faithful(source, candidates, encode, {low:.3f}, {high:.3f})"
    for one, angle in zip(candidates, angles, strict=True):
        assert angle < 45.5 or one not in got, (
            f"{call} kept a candidate whose cosine with the source is {cosine(angle):.3f}. That is below `low`: it says something else."
        )
        assert angle > 12.5 or one not in got, (
            f"{call} kept a candidate whose cosine with the source is {cosine(angle):.3f}. That is above `high`: hardly a word has changed, and there is nothing to learn from it."
        )
        assert not 12.5 < angle < 45.5 or one in got, (
            f"{call} dropped a candidate whose cosine with the source is {cosine(angle):.3f}, between the two bounds."
        )


@pytest.mark.points(2)
def test_the_length_of_vectors_does_not_matter(learner, rng):
    """The cosine compares directions: a longer vector isn't nearer, a shorter one isn't farther."""
    words, lengths = drawn(rng, 6), [int(number) for number in rng.permutation([1, 2, 5, 9, 20, 50])]
    angles = [int(angle) for angle in rng.permutation([20, 25, 35, 70, 75, 5])]
    candidates = [text(word, angle, length) for word, angle, length in zip(words, angles, lengths, strict=True)]
    got = kept(learner, text("dull", 0, int(rng.integers(2, 9))), candidates, 0.5, 0.98)
    right = [one for one, angle in zip(candidates, angles, strict=True) if 0.5 <= cosine(angle) <= 0.98]
    assert got == right, (
        f"keep_faithful, with vectors of different lengths, kept {len(got)} of 6 candidates: too many or the wrong ones, or too few. A dot product grows with the lengths of the vectors; divide by both."
    )


@pytest.mark.points(2)
def test_compared_with_the_source(learner, rng):
    """Candidates are compared with the source, not with one another, and what stays keeps its order."""
    words = drawn(rng, 8)
    angles = [int(angle) for angle in rng.permutation([31, 32, 33, 34, 36, 37, 62, 64])]
    candidates = [text(word, angle) for word, angle in zip(words, angles, strict=True)]
    got, right = (
        kept(learner, text("dull", 0), candidates, 0.7, 0.95),
        [one for one, angle in zip(candidates, angles, strict=True) if angle < 45],
    )
    missing = [one for one in right if one not in got]
    assert not missing, (
        f"keep_faithful dropped {missing[0]!r}, whose cosine with the source lies between the bounds. It is near to other candidates, but they don't count: compare each with the source."
    )
    assert sorted(got) == sorted(right), (
        "keep_faithful kept a candidate that lies near to the others and far from the source. Compare each with the source."
    )
    assert got == right, (
        "keep_faithful gave the right candidates in another order. They stay in the order of `candidates`; a set has none, and nobody asked to sort them."
    )


@pytest.mark.points(2)
def test_copies_and_duplicates(learner, rng):
    """A candidate with the source's words is dropped, and so is one with the words of a candidate that was kept before; signs and case don't count."""
    first, second = drawn(rng, 2)
    source = text(first, 20)
    # The same words with other signs; a number with a sign inside it would be two words.
    copies = [source.upper(), source.replace(",", " --") + "!", f'"{source}"', source]
    once, again = text(second, 50), [f"a {second} FILM: 50, 1", text(second, 50), f"A {second} film 50 1."]
    candidates = [str(copies[int(rng.integers(4))]), once, *[str(one) for one in rng.permutation(again)], text("brisk", 50), *copies[:2]]
    got = kept(learner, source, candidates, 0.5, 1.1)
    assert not [one for one in got if one in copies], (
        f"keep_faithful({source!r}, …) kept {next(one for one in got if one in copies)!r}, a copy of the source. Compare the words alone (`bare`): a copy may come in capitals, or with other signs."
    )
    assert len([one for one in got if one == once or one in again]) < 2, (
        f"keep_faithful kept the same words more than once: {got}. Of candidates with the same words only the first stays."
    )
    assert got == [once, text("brisk", 50)], (
        f"keep_faithful({source!r}, {candidates}, …) gave {got}. Of candidates with the same words the first one stays, and different ones all do."
    )


@pytest.mark.points(2)
def test_no_flipped_negation(learner, rng):
    """Where one of source and candidate has a negation and the other has none, the candidate is dropped."""
    word, other = drawn(rng, 2)
    negated = [
        f"It is not {word}, 40 1",
        f"NEVER {word}, 41 1",
        f"It isn't {word}, 42 1",
        f"Wasn’t it {word}? 43 1",
        f"Nothing is {word} in it, 44 1",
        f"{word} without end, 45 1",
    ]
    plain = [f"A {word} one, 40 2", f"I know it as {word}, 41 2", f"A note on the {word} knot, 42 2", f"{word} nonetheless, 43 2"]
    candidates = [str(one) for one in rng.permutation(negated + plain)]
    for source, right, wrong in (
        (f"A {other} film, 10 1", plain, negated),
        (f"Not a {other} film, 10 1", negated, plain),
        (f"It doesn't end {other}, 10 1", negated, plain),
    ):
        got = kept(learner, source, candidates, 0.5, 0.99)
        flipped = [one for one in got if one in wrong]
        assert not flipped, (
            f"keep_faithful({source!r}, …) kept {flipped[0]!r}. One of the two has a negation and the other has none: they may say opposite things, however near their vectors are."
        )
        assert sorted(got) == sorted(right), (
            f"keep_faithful({source!r}, …) dropped {next(one for one in right if one not in got)!r}. A negation is a whole word of NEGATIONS, or one that ends in n't; when both have one, none is flipped."
        )


@pytest.mark.points(1)
def test_without_candidates(learner, rng):
    """No candidates give an empty list, and the list of candidates is left as it was."""
    word = drawn(rng, 1)[0]
    candidates = [text(word, 40), text(word, 40), text("dull", 170)]
    got = kept(learner, text("brisk", 0), candidates, 0.5, 0.99)
    assert got == candidates[:1], f"keep_faithful of a candidate, its duplicate and one that is far away kept {got}."
    assert learner.last.args[1] == candidates, "keep_faithful changed the list of candidates that it was given. Make a new one."
    got = kept(learner, text("brisk", 0), [], 0.5, 0.99)
    assert got == [], f"keep_faithful of no candidates gave {got}."


@pytest.mark.points(1)
def test_with_minilm(learner):
    """With MiniLM's vectors, a paraphrase stays, and a copy, another topic and a turned verdict go."""
    source = "An empty shell of an epic rather than the real deal."
    candidates = [
        "A shell of an epic, but empty, and far from the real deal.",
        "AN EMPTY SHELL OF AN EPIC, RATHER THAN THE REAL DEAL!",
        "The bus leaves at nine.",
        "Not an empty shell of an epic, but the real deal.",
    ]
    got = learner.keep_faithful(source, candidates, minilm_vectors, 0.6, 0.999)
    expect.sequence(got, call="keep_faithful with MiniLM's vectors")
    assert got == candidates[:1], f"keep_faithful({source!r}, {candidates}, encode, 0.6, 0.999), with MiniLM's vectors, kept {got}."
