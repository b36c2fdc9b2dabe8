"""Hidden suite of `encode`."""

from collections import Counter
from itertools import pairwise

import pytest

from tunelab import data, expect

LETTERS = list("abcdefghijklmnop")


def called(learner, word, merges, about=""):
    """The list of a call, after the ladder."""
    call = about or f"encode({word!r}, {merges})"
    got = learner.encode(word, merges)
    expect.sequence(got, call=call)
    odd = [token for token in got if type(token) is not str]
    assert not odd, f"{call} gave {got}. A token is a text, and {odd[0]!r} is none."
    return got, call


def joined(symbols, pair):
    laid = []
    for symbol in symbols:
        if laid and (laid[-1], symbol) == pair:
            laid[-1] += symbol
        else:
            laid.append(symbol)
    return laid


def cut(word, merges):
    """The tokens of a word: goes down the list from its top, and back to the top after each join."""
    symbols, number = [*word, "</w>"], 0
    while number < len(merges):
        after = joined(symbols, merges[number])
        number = number + 1 if len(after) == len(symbols) else 0
        symbols = after
    return symbols


def learnt(frequencies, merges):
    """Merges as training gives them."""
    words, pairs = [([*word, "</w>"], times) for word, times in frequencies.items()], []
    for _ in range(merges):
        counts = Counter()
        for symbols, times in words:
            for pair in pairwise(symbols):
                counts[pair] += times
        if not counts:
            break
        pairs.append(min(counts, key=lambda pair: (-counts[pair], pair)))
        words = [(joined(symbols, pairs[-1]), times) for symbols, times in words]
    return pairs


@pytest.mark.points(3)
def test_the_best_rank_first(learner, rng):
    """Of the pairs in the word, the one that comes first in the list is joined, wherever it stands and however long it is."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        merges = [(a, b), (b, c)]
        got, call = called(learner, a + b + c, merges)
        assert got[:2] != [a, b + c], (
            f"{call} gave {got}. It joined {(b, c)}, which stands last in the list. The lowest place in `merges` is the best rank: what was learnt first is joined first."
        )
        assert a + b + c not in got, (
            f"{call} gave {got}. No pair of `merges` makes {a + b + c!r}. Symbols are compared whole: {a + b!r} is not {b!r}, though it ends like it. Don't search in a text made of all symbols."
        )
        assert got == cut(a + b + c, merges), f"{call} gave {got}. Of the pairs in the word, join the one that stands first in `merges`."
        merges = [(c, d), (b, c), (a, b + c), (a, b)]
        got, call = called(learner, a + b + c + d, merges)
        assert got[:1] != [a + b + c], (
            f"{call} gave {got}. It took the longest piece that it knows from the left, {a + b + c!r}. Byte-pair encoding doesn't look for long pieces: it joins pairs by rank, and {(c, d)} comes first."
        )
        assert got != [a, b, c + d, "</w>"], (
            f"{call} gave {got}. It joined one pair only. Look again after each join, until no pair is in `merges`."
        )
        assert got == cut(a + b + c + d, merges), f"{call} gave {got}. The lowest place in `merges` decides, again and again."
        merges = [(b, c), (a, b), (a + b, d), (b + c, d)]
        for word in (a + b + c, d + a + b + c + d):
            got, call = called(learner, word, merges)
            assert a + b not in got, (
                f"{call} gave {got}. It joined {(a, b)}, the leftmost pair in the word that the list knows. Not the place in the word decides, but the place in `merges`: {(b, c)} stands first."
            )
            assert got == cut(word, merges), (
                f"{call} gave {got}. Of all pairs in the word, join the one that stands first in `merges`, then look again."
            )
        # Here (b, c) is joined as well, and an ab with a c behind it stands before that place.
        word, merges = a + b + c + b + c, [(a, b), (b, c)]
        got, call = called(learner, word, merges)
        assert a + b + c not in got, (
            f"{call} gave {got}. No pair of `merges` makes {a + b + c!r}. Symbols are compared whole: {a + b!r} is not {b!r}, though it ends like it. Don't search in a text made of all symbols."
        )
        assert got == cut(word, merges), (
            f"{call} gave {got}. Of all pairs in the word, join the one that stands first in `merges`, then look again."
        )


@pytest.mark.points(2)
def test_pairs_that_come_about_later(learner, rng):
    """A join may bring about a pair that stands earlier in the list: then it is joined, too."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        merges = [(a + b, c), (d, a + b + c), (a, b)]
        for word in (a + b + c, d + a + b + c, a + b + c + a + b):
            got, call = called(learner, word, merges)
            right = cut(word, merges)
            assert len(got) <= len(right), (
                f"{call} gave {got}. Two neighbours among these tokens are a pair of `merges` still. To go down the list once isn't enough: after each join, look again at the whole list."
            )
            assert got == right, (
                f"{call} gave {got}. Join by rank, and look again after each join, until no pair in the word is in `merges`."
            )
        merges = [(a + b, c), (a, b), (c, d)]
        got, call = called(learner, a + b + c + d, merges)
        assert c + d not in got, (
            f"{call} gave {got}. It joined {(c, d)} while a pair that stands earlier in the list was in the word. A join makes new pairs, and these may stand above it: after each join begin again at the top of the list, instead of going on down."
        )
        assert got == cut(a + b + c + d, merges), (
            f"{call} gave {got}. Join by rank, and look again after each join, until no pair in the word is in `merges`."
        )


@pytest.mark.points(2)
def test_characters_never_seen(learner, rng):
    """A character that is in no merge stays as it is, a token of its own."""
    a, b = rng.permutation(LETTERS)[:2].tolist()
    merges = [(a, b), (a + b, "</w>")]
    for word in (f"é{a}{b}", f"{a}{b}ß{a}{b}", "東京", f"{a}😀", f"{a}{b}-{b}"):
        got, call = called(learner, word, merges)
        text = "".join(got)
        strange = [c for c in word if c not in (a, b)]
        assert "UNK" not in text.upper(), (
            f"{call} gave {got}. The character {strange[0]!r} was replaced, and what it was can't be read any more. It stays a token of its own."
        )
        assert all(c in text for c in strange), (
            f"{call} gave {got}. The character {strange[0]!r} was left out. A character that is in no merge stays a token of its own."
        )
        assert got == cut(word, merges), (
            f"{call} gave {got}. Each character that is in no merge is a token of its own, and the others are joined as ever."
        )


@pytest.mark.points(1)
def test_the_end_of_the_word(learner, rng):
    """The mark </w> stands at the end: alone, or joined to what is before it."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for merges in ([(a, b)], [(b, "</w>"), (a, b + "</w>")], [(c, a)]):
        got, call = called(learner, c + a + b, merges)
        assert "</w>" in "".join(got), f"{call} gave {got}, without the mark. The word begins as its characters and then the symbol '</w>'."
        assert "<" not in got, f"{call} gave {got}. The mark is one symbol, of four characters."
        assert got == cut(c + a + b, merges), (
            f"{call} gave {got}. The mark is a symbol like any other: alone at first, and joined where a merge says so."
        )


@pytest.mark.points(1)
def test_pairs_at_several_places(learner, rng):
    """A pair is joined at all its places, from left to right, and no symbol is used twice."""
    a, b = rng.permutation(LETTERS)[:2].tolist()
    for word, merges in (((a + b) * 3, [(a, b)]), (a * 5, [(a, a)]), (a * 7 + b, [(a, a), (a * 2, a * 2), (a, b)])):
        got, call = called(learner, word, merges)
        assert got == cut(word, merges), (
            f"{call} gave {got}. The pair stands at several places: all are joined, from left to right, and none uses a symbol twice."
        )


@pytest.mark.points(1)
def test_without_merges(learner, rng):
    """Without merges, a word is its characters and the mark; with merges that don't fit, too."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for merges in ([], [(b, a), (c, c)]):
        got, call = called(learner, a + b + c, merges)
        assert got == [a, b, c, "</w>"], f"{call} gave {got}. No merge fits, so the word stays as it began: characters, then '</w>'."


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """On words of real headlines with merges learnt from others, nothing is lost and the tokens are the right ones."""
    texts = data.headlines()["text"]
    chosen = [texts[i] for i in rng.choice(len(texts), size=65, replace=False).tolist()]
    merges = learnt(Counter(word for text in chosen[:50] for word in text.split()), 80)
    for word in dict.fromkeys(word for text in chosen[50:] for word in text.split()):
        call = f"encode({word!r}, merges), with 80 merges learnt from headlines,"
        got, call = called(learner, word, merges, about=call)
        assert "".join(got) == word + "</w>", f"{call} gave {got}. Joined together, the tokens must be the word and its mark."
        assert got == cut(word, merges), (
            f"{call} gave {got}. The characters are all there, but they should be joined in another way: by rank."
        )
    assert learner.last.args[1] == merges, "encode(word, merges) changed the list of merges that it was given. The next word needs it."
