"""Hidden suite of `merge_pair`."""

import pytest

from tunelab import expect

LETTERS = list("abcdefghijklmnop")


def called(learner, word, pair):
    """The tuple of a call, after the ladder."""
    call = f"merge_pair({word}, {pair})"
    got = learner.merge_pair(word, pair)
    expect.of_type(got, tuple, call=call, advice="`tuple(...)` makes one of a list.")
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


def mistake(got, word, pair):
    """What a word that is joined in a wrong way comes from."""
    left, right = pair
    both, text = left + right, "".join(word)
    first = next((i for i in range(len(word)) if word[i : i + 2] == pair), len(word))
    one_only = (*word[:first], *([both] if first < len(word) else []), *word[first + 2 :])
    mirrored = tuple(part for part in reversed(joined_by(word[::-1], lambda b, a: (a, b) == pair, flip=True)))
    kept, marked = [], []
    for i, symbol in enumerate(word):
        here = word[i : i + 2] == pair
        kept.append(both if here else symbol)
        marked += [symbol, both] if here else [symbol]
    if got == word:
        return f"That is the word as it was, though the pair stands in it. Join the two texts: one symbol {both!r} in place of two."
    if got == tuple(marked):
        return "It kept the two symbols beside the joined one, which takes the place of both."
    if got == tuple(kept):
        return (
            "It joined the pair, and went on with its right symbol as if nothing were joined. A `for` loop can't skip a place, whatever you add to its variable; "
            "a `while` loop can."
        )
    if len("".join(got)) > len(text):
        return "That has more letters than the word. A symbol was used twice: after a join, go on behind it."
    if got == joined(word, pair)[:-1]:
        return "The last symbol was lost. It has no right neighbour, but it belongs to the word."
    if len("".join(got)) < len(text):
        return "That has fewer letters than the word: something was lost."
    if got == tuple(" ".join(word).replace(f"{left} {right}", both).split(" ")):
        return "A symbol that only ends like the left one, or begins like the right one, was taken for it. Symbols are compared whole: don't search in a text made of all symbols."
    if got == joined_by(word, lambda a, b: sorted((a, b)) == sorted(pair)):
        return f"It joined the two symbols the other way round as well; the pair has {left!r} on the left."
    if got == joined_by(word, lambda a, b: a + b == both):
        return (
            "Other symbols give the same text when they are put together, but they aren't the pair. "
            f"Compare each symbol by itself: the left one with {left!r}, the right one with {right!r}."
        )
    if got == one_only:
        return "It joined at the first place only; the pair stands at more."
    if got == mirrored:
        return "That is joined from the right; the contract says from left to right."
    if not any(word[i : i + 2] == pair for i in range(len(word))):
        return "The pair doesn't stand in the word, so nothing is to be joined."
    return f"Go from left to right. Where {left!r} stands directly before {right!r}, the two become {both!r}, and you go on behind them; nothing else changes."


def joined_by(word, fits, flip=False):
    """The word with each two symbols joined that fit."""
    laid, place = [], 0
    while place < len(word):
        if place + 1 < len(word) and fits(word[place], word[place + 1]):
            laid.append(word[place + 1] + word[place] if flip else word[place] + word[place + 1])
            place += 2
        else:
            laid.append(word[place])
            place += 1
    return tuple(laid)


def check(learner, word, pair):
    got, call = called(learner, word, pair)
    assert got == joined(word, pair), f"{call} gave {got}. {mistake(got, word, pair)}"


@pytest.mark.points(2)
def test_every_place(learner, rng):
    """The pair is joined wherever it stands."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        check(learner, (c, a, b, d, c, a, b, a, b, d), (a, b))


@pytest.mark.points(2)
def test_overlapping_places(learner, rng):
    """Where places overlap, the leftmost is joined, and no symbol is used twice."""
    for length in (3, 4, 5, 7):
        a, b = rng.permutation(LETTERS)[:2].tolist()
        check(learner, (b, *(a,) * length, b), (a, a))


@pytest.mark.points(2)
def test_symbols_are_compared_whole(learner, rng):
    """Only whole symbols make the pair, not the end of one and the beginning of another."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    for word in ((a + b, c, b, c), (b, c + d, b, c), (a + b, c, a, b + c, b, c, d)):
        check(learner, word, (b, c))
    for word, pair in (((a + b, c, a, b + c), (a, b + c)), ((a, b + c, d, a + b, c), (a + b, c))):
        check(learner, word, pair)
    check(learner, (a, b, c, a + b, c, "</w>"), (a + b, c))


@pytest.mark.points(1)
def test_both_ends_of_the_word(learner, rng):
    """The pair is found at the beginning and at the end, and the last symbol is kept when it isn't joined."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for word in ((a, b, c, c), (c, c, a, b), (a, b), (a, b, a), (c, a, b, "</w>")):
        check(learner, word, (a, b))


@pytest.mark.points(1)
def test_order_of_the_pair(learner, rng):
    """The pair (a, b) is not the pair (b, a)."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    check(learner, (b, a, c, a, b, c, b, a, c), (a, b))


@pytest.mark.points(1)
def test_when_the_pair_is_not_there(learner, rng):
    """A word without the pair comes back as it was, and short words do no harm."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    check(learner, (a, b, d), (a, b))
    for word in ((a, c, b), (a,), (b, a), ("</w>",), (a + b, d)):
        check(learner, word, (a, b))


@pytest.mark.points(1)
def test_many_words(learner, rng):
    """On many random words, each join is right."""
    for _ in range(80):
        word = tuple(rng.choice(["a", "b", "ab", "aa", "</w>"], size=int(rng.integers(1, 9))).tolist())
        check(learner, word, tuple(rng.choice(["a", "b", "ab", "aa"], size=2).tolist()))
