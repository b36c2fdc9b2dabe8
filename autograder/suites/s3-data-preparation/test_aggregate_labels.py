"""Hidden suite of `aggregate_labels`."""

import numpy as np
import pytest

from tunelab import data, expect

WORDS = ["superb", "fair", "dull", "awful", "odd", "sweet"]


def aggregated(learner, votes, min_share, call):
    """The ladder up to values: a list with a str or None for each text."""
    try:
        got = learner.aggregate_labels(votes, min_share)
    except (IndexError, ZeroDivisionError, ValueError, TypeError, KeyError) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. Every text gets an entry, and None is one of the possible ones."
        ) from None
    expect.sequence(got, call=call, length=len(votes))
    for label in got:
        assert label is None or type(label) is str, (
            f"{call} gave {label!r} (a {type(label).__name__}) for a text. Each entry is one of the labels, as a str, or None."
        )
    return got


def shuffled(rng, **counts):
    """Votes in random order: so many of each."""
    return [str(word) for word in rng.permutation([word for word, n in counts.items() for _ in range(n)])]


def three(rng):
    return [str(word) for word in rng.permutation(WORDS)[:3]]


@pytest.mark.points(2)
def test_the_majority(learner, rng):
    """The label that most annotators chose is the text's label, wherever its votes stand in the list."""
    first, second, _ = three(rng)
    votes = [
        shuffled(rng, **{first: 3, second: 1}),
        shuffled(rng, **{first: 1, second: 4}),
        [second],
        shuffled(rng, **{first: 2, second: 5}),
    ]
    got = aggregated(learner, votes, 0.5, f"aggregate_labels({votes}, 0.5)")
    for given, label, right in zip(votes, got, [first, second, second, second], strict=True):
        hint = (
            "Which label did most of them choose?"
            if label
            else "One label is alone at the top, with more than half of the votes on this text."
        )
        assert label == right, f"aggregate_labels gave {label!r} for the votes {given} at a `min_share` of 0.5. {hint}"


@pytest.mark.points(1)
def test_ties_have_no_label(learner, rng):
    """When two labels share the first place, there is no label, however small the share that is asked for."""
    first, second, other = three(rng)
    votes = [[first, second], [second, first], shuffled(rng, **{first: 2, second: 2, other: 1}), [first], [other, second, first]]
    for min_share in (0.0, 0.3):
        got = aggregated(learner, votes, min_share, f"aggregate_labels({votes}, {min_share})")
        for given, label in zip(votes, got, strict=True):
            assert len(given) == 1 or label is None, (
                f"aggregate_labels gave {label!r} for the votes {given}: a tie at the top. Whichever comes first would win then, and the order of votes means nothing."
            )
        assert got[3] == first, f"aggregate_labels gave {got[3]!r} for the votes {votes[3]}, which agree."


@pytest.mark.points(1)
def test_a_tie_further_down(learner, rng):
    """A tie for the second place doesn't matter."""
    first, second, other = three(rng)
    votes = [shuffled(rng, **{first: 5, second: 2, other: 2}), shuffled(rng, **{second: 3, first: 1, other: 1})]
    got = aggregated(learner, votes, 0.5, f"aggregate_labels({votes}, 0.5)")
    assert got == [first, second], f"aggregate_labels({votes}, 0.5) gave {got}. Equal counts matter at the top only, not lower down."


@pytest.mark.points(1)
def test_a_text_without_votes(learner, rng):
    """A text that nobody voted on has no label, and keeps its place in the list."""
    first, second, _ = three(rng)
    votes = [[], [first, first], [], [second]]
    for min_share in (0.0, 0.75):
        call = f"aggregate_labels({votes}, {min_share})"
        try:
            got = learner.aggregate_labels(votes, min_share)
        except (IndexError, ZeroDivisionError, ValueError, KeyError) as error:
            raise AssertionError(
                f"{call} raised {type(error).__name__}: {error}. On two of the texts nobody voted: what does your code take the first of, or divide by?"
            ) from None
        expect.sequence(got, call=call)
        assert len(got) == len(votes), (
            f"{call} gave {len(got)} entries for {len(votes)} texts. There is one entry for each text, or nobody knows which is whose."
        )
        assert got[0] is None and got[2] is None, (
            f"{call} gave {got}. The label of a text without votes is None, the value and not the word."
        )
        assert (got[1], got[3]) == (first, second), f"{call} gave {got}. The second and the last text have votes, and they agree."


@pytest.mark.points(1)
def test_labels_below_the_share(learner, rng):
    """A majority that is too small for `min_share` makes no label."""
    first, second, other = three(rng)
    votes = [
        shuffled(rng, **{first: 3, second: 2}),
        shuffled(rng, **{second: 9, first: 1}),
        shuffled(rng, **{other: 2, first: 1, second: 1}),
    ]
    got = aggregated(learner, votes, 0.7, f"aggregate_labels({votes}, 0.7)")
    assert got[1] == second, f"aggregate_labels({votes}, 0.7) gave {got[1]!r} for the second text, on which nine of ten agree."
    assert got[0] is None and got[2] is None, (
        f"aggregate_labels({votes}, 0.7) gave {got}. The first text's majority has 3 of 5 votes, the last one's 2 of 4: below `min_share`."
    )


@pytest.mark.points(1)
def test_a_share_that_is_just_reached(learner, rng):
    """A share of exactly `min_share` is enough."""
    first, second, _ = three(rng)
    for counts, min_share in (({first: 3, second: 1}, 0.75), ({first: 5}, 1.0), ({first: 5, second: 3}, 0.625)):
        votes = [shuffled(rng, **counts), [second, first]]
        got = aggregated(learner, votes, min_share, f"aggregate_labels({votes}, {min_share})")
        assert got[0] == first, (
            f"aggregate_labels({votes}, {min_share}) gave {got[0]!r} for the first text. The share of its majority is exactly `min_share`, and at least that is asked for."
        )
        assert got[1] is None, f"aggregate_labels({votes}, {min_share}) gave {got[1]!r} for the second text, whose votes are a tie."


@pytest.mark.points(1)
def test_the_most_frequent_label_needs_no_half(learner, rng):
    """With a `min_share` below a half, the most frequent label may have fewer than half of the votes."""
    first, second, other, last = (str(word) for word in rng.permutation(WORDS)[:4])
    votes = [shuffled(rng, **{first: 4, second: 3, other: 2, last: 1})]
    got = aggregated(learner, votes, 0.375, f"aggregate_labels({votes}, 0.375)")
    assert got == [first], (
        f"aggregate_labels({votes}, 0.375) gave {got}. One label has 4 of 10 votes, more than any other. `min_share` says how many are enough; nobody asked for more than half."
    )


@pytest.mark.points(1)
def test_the_share_is_of_one_texts_votes(learner, rng):
    """The share is taken of the votes on that text, not of the number of texts or of all votes."""
    first, second, _ = three(rng)
    for texts in (2, 30):
        votes = [shuffled(rng, **{first: 4, second: 1}), *([second] for _ in range(texts - 1))]
        call = f"aggregate_labels(votes, 0.75), on {texts} texts, four of five votes on the first of which agree,"
        got = aggregated(learner, votes, 0.75, call)
        assert got == [first] + [second] * (texts - 1), (
            f"{call} gave {got[:3]} for the first of them, which reach `min_share`. Is each share taken of the votes on that one text?"
        )
    votes = [shuffled(rng, **{first: 3, second: 2}), [second]]
    got = aggregated(learner, votes, 0.875, f"aggregate_labels({votes}, 0.875)")
    assert got[0] is None, (
        f"aggregate_labels({votes}, 0.875) gave {got[0]!r} for the first text, whose majority has 3 of 5 votes: less than `min_share`. Is each share taken of the votes on that one text?"
    )


@pytest.mark.points(2)
def test_real_ratings(learner, rng):
    """Ratings that real people gave to sentences of newspapers, as votes for negative, neutral and positive."""
    ratings = data.ratings("news")["ratings"]
    chosen = [ratings[int(i)] for i in rng.choice(len(ratings), size=150, replace=False)]
    votes = [["negative" if r < 0 else "positive" if r > 0 else "neutral" for r in given] for given in chosen] + [["neutral", "positive"]]
    min_share = float(rng.choice([0.48, 0.58, 0.68]))
    call = f"aggregate_labels(votes, {min_share}), on the real ratings of 150 sentences and a tie,"
    got = aggregated(learner, votes, min_share, call)
    for given, label in zip(votes, got, strict=True):
        names, counts = np.unique(given, return_counts=True)
        leaders = names[counts == counts.max()]
        right = str(leaders[0]) if len(leaders) == 1 and counts.max() / len(given) >= min_share else None
        shown = ", ".join(f"{n} {name}" for name, n in zip(names, counts, strict=True))
        assert label == right, (
            f"{call} gave {label!r} for a sentence with these votes: {shown}. Which has the most, alone, and is its share large enough?"
        )
    assert learner.last.args[0] == votes, f"{call} changed the lists of votes that it was given."
