"""Hidden suite of `merge_pair`."""

import pytest

from tunelab import expect

LETTERS = list("abcdefghijklmnop")


def called(learner, word, pair):
    """The tuple of a call, after the ladder."""
    call = f"merge_pair({word}, {pair})"
    got = learner.merge_pair(word, pair)
    expect.sequence(got, call=call, kind=tuple)
    odd = [part for part in got if type(part) is not str]
    assert not odd, f"{call} gave {got}. Its parts should be symbols, that is texts, and {odd[0]!r} is none."
    return got, call


def joined(word, pair):
    """The word with the pair joined: symbols are laid down one by one, and joined with the one before where they make the pair."""
    laid = []
    for symbol in word:
        if laid and (laid[-1], symbol) == pair:
            laid[-1] += symbol
        else:
            laid.append(symbol)
    return tuple(laid)


@pytest.mark.points(2)
def test_every_place(learner, rng):
    """The pair is joined wherever it stands."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        word = (c, a, b, d, c, a, b, a, b, d)
        got, call = called(learner, word, (a, b))
        ab = a + b
        assert got != word, (
            f"{call} gave the word as it was, though the pair stands in it. Join the two texts: one symbol {ab!r} in place of two."
        )
        assert got != (c, ab, d, c, a, b, a, b, d), f"{call} gave {got}. It joined at the first place only; the pair stands at three."
        assert not (ab in got and "".join(got) != "".join(word) and len(got) >= len(word)), (
            f"{call} gave {got}. It kept the two symbols, or one of them, beside the joined one, which takes the place of both. (A `for` loop can't skip a place; a `while` loop can.)"
        )
        assert "".join(got) == "".join(word), (
            f"{call} gave {got}. Joined together it isn't the word any more: something was lost or is there twice."
        )
        assert got == joined(word, (a, b)), (
            f"{call} gave {got}. Each place where {a!r} stands just before {b!r} becomes {ab!r}; nothing else changes."
        )


@pytest.mark.points(2)
def test_overlapping_places(learner, rng):
    """Where places overlap, the leftmost is joined, and no symbol is used twice."""
    for length in (3, 4, 5, 7):
        a, b = rng.permutation(LETTERS)[:2].tolist()
        word = (b, *(a,) * length, b)
        got, call = called(learner, word, (a, a))
        text = "".join(got)
        assert len(text) <= len(word), (
            f"{call} gave {got}, which has more letters than the word. A symbol was used twice: after a join, go on behind it."
        )
        right = joined(word, (a, a))
        mirrored = tuple(reversed(joined(word[::-1], (a, a))))
        assert got == right or got != mirrored, f"{call} gave {got}. That is joined from the right; the contract says from left to right."
        assert a * 4 not in got and a * 3 not in got, (
            f"{call} gave {got}. What has been joined was joined again. One pass through the word is enough."
        )
        assert got == right, f"{call} gave {got}. Go from left to right, join, and go on behind the two symbols that you have joined."


@pytest.mark.points(2)
def test_symbols_are_compared_whole(learner, rng):
    """Only whole symbols make the pair, not the end of one and the beginning of another."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    for word in ((a + b, c, b, c), (b, c + d, b, c), (a + b, c, a, b + c, b, c, d)):
        got, call = called(learner, word, (b, c))
        assert got == joined(word, (b, c)), (
            f"{call} gave {got}. Symbols are compared whole: {a + b!r} is not {b!r}, though it ends like it. Don't search in a text made of all symbols."
        )
    for word, pair in (((a + b, c, a, b + c), (a, b + c)), ((a, b + c, d, a + b, c), (a + b, c))):
        got, call = called(learner, word, pair)
        assert got.count(a + b + c) < 2, (
            f"{call} gave {got}. The other two symbols give the same text when they are put together, but they aren't the pair. Compare each symbol by itself: the left one with {pair[0]!r}, the right one with {pair[1]!r}."
        )
        assert got == joined(word, pair), f"{call} gave {got}. The left symbol must be {pair[0]!r}, and the right one {pair[1]!r}."
    word = (a, b, c, a + b, c, "</w>")
    got, call = called(learner, word, (a + b, c))
    assert got == joined(word, (a + b, c)), (
        f"{call} gave {got}. Symbols are compared whole: the pair is {a + b!r} before {c!r}, and {a!r}, {b!r}, {c!r} are three other symbols."
    )


@pytest.mark.points(1)
def test_both_ends_of_the_word(learner, rng):
    """The pair is found at the beginning and at the end, and the last symbol is kept when it isn't joined."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for word in ((a, b, c, c), (c, c, a, b), (a, b), (a, b, a), (c, a, b, "</w>")):
        got, call = called(learner, word, (a, b))
        right = joined(word, (a, b))
        assert got != right[:-1], f"{call} gave {got}. The last symbol was lost. It has no right neighbour, but it belongs to the word."
        assert got == right, f"{call} gave {got}. Look at the ends: does your loop reach the last two symbols, and the first two?"


@pytest.mark.points(1)
def test_order_of_the_pair(learner, rng):
    """The pair (a, b) is not the pair (b, a)."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    word = (b, a, c, a, b, c, b, a, c)
    got, call = called(learner, word, (a, b))
    assert b + a not in got, f"{call} gave {got}. It joined the two symbols the other way round as well; the pair has {a!r} on the left."
    assert got == joined(word, (a, b)), f"{call} gave {got}. Only where {a!r} stands directly before {b!r} is there something to join."


@pytest.mark.points(1)
def test_when_the_pair_is_not_there(learner, rng):
    """A word without the pair comes back as it was, and short words do no harm."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    got, call = called(learner, (a, b, d), (a, b))
    assert got == (a + b, d), f"{call} gave {got}, where the pair stands at the beginning."
    for word in ((a, c, b), (a,), (b, a), ("</w>",), (a + b, d)):
        got, call = called(learner, word, (a, b))
        assert got == word, f"{call} gave {got}. The pair doesn't stand in the word, so nothing is to be joined."


@pytest.mark.points(1)
def test_many_words(learner, rng):
    """On many random words, each join is right."""
    for _ in range(80):
        word = tuple(rng.choice(["a", "b", "ab", "aa", "</w>"], size=int(rng.integers(1, 9))).tolist())
        pair = tuple(rng.choice(["a", "b", "ab", "aa"], size=2).tolist())
        got, call = called(learner, word, pair)
        assert got == joined(word, pair), f"{call} gave {got}. From left to right, whole symbols, none used twice."
