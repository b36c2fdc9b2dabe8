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


def step(symbols, pair, once=False):
    """The symbols with the pair joined, everywhere or at its first place."""
    at = next((i for i, two in enumerate(pairwise(symbols)) if two == pair), None)
    return joined(symbols, pair) if not once or at is None else [*symbols[:at], symbols[at] + symbols[at + 1], *symbols[at + 2 :]]


def chosen_by(word, merges, choose, begin=lambda word: [*word, "</w>"], rounds=99, once=False):
    """The tokens when `choose` says which of the pairs that stand in the word and the list is joined next."""
    symbols = begin(word)
    for _ in range(rounds):
        known = [pair for pair in pairwise(symbols) if pair in merges]
        if not known:
            break
        symbols = step(symbols, choose(known), once)
    return symbols


def passes(word, merges, times):
    """The tokens when one goes down the list so many times."""
    symbols = [*word, "</w>"]
    for pair in list(merges) * times:
        symbols = joined(symbols, pair)
    return symbols


def longest(word, merges):
    known, rest, tokens = {a + b for a, b in merges}, word + "</w>", []
    while rest:
        size = next((n for n in range(len(rest), 1, -1) if rest[:n] in known), 4 if rest == "</w>" else 1)
        tokens.append(rest[:size])
        rest = rest[size:]
    return tokens


def mistake(got, word, merges):
    """What tokens that are wrong come from."""
    text = "".join(got)
    lost = [c for c in word if c not in text]
    if any(part in got for part in ("<", "/w>", "w>")) and "<" not in word:
        return "The mark is one symbol, of four characters. Add it after cutting the word into characters."
    if text == word:
        return "That is without the mark. The word begins as its characters and then the symbol '</w>'."
    if "UNK" in text.upper() and lost:
        return f"The character {lost[0]!r} was replaced, and what it was can't be read any more. A character that is in no merge stays a token of its own."
    if lost:
        return f"The character {lost[0]!r} was left out. A character that is in no merge stays a token of its own."
    if text != word + "</w>":
        return "Put together, the tokens must be the word and the mark."
    rank, made = {pair: place for place, pair in enumerate(merges)}, {a + b for a, b in merges}
    alien = next((token for token in got if len(token) > 1 and token != "</w>" and token not in made), None)
    if alien:
        return (
            f"No pair of `merges` makes {alien!r}. Symbols are compared whole: one that only ends like the pair's left symbol is another symbol. "
            "Don't search in a text made of all symbols."
        )
    left = next((pair for pair in pairwise(got) if pair in rank), None)
    if left:
        stopped = [
            (chosen_by(word, merges, lambda known: min(known, key=rank.get), rounds=1), "stops after one join"),
            (passes(word, merges, 1), "goes down the list only once"),
        ]
        so = " or ".join(what for guess, what in stopped if guess == got)
        places = "Join a pair at all its places, and look" if left[0] + left[1] in got or left in pairwise([*word, "</w>"]) else "Look"
        return (
            f"{left} is a pair of `merges`, and two neighbours among these tokens are just that. {f'So it is when one {so}. ' if so else ''}"
            f"{places} again at the whole list after each join, until no pair is left."
        )
    guesses = [
        (chosen_by(word, merges, lambda known: max(known, key=rank.get)), "the pair that stands last in the list is joined first"),
        (chosen_by(word, merges, lambda known: known[0], once=True), "the leftmost pair of the word that the list knows is joined"),
        (longest(word, merges), "the longest piece that the list knows is taken from the left"),
        (passes(word, merges, len(merges)), "one goes on down the list after a join, though the join has made a pair that stands above it"),
    ]
    so = " or when ".join(what for guess, what in guesses if guess == got)
    rule = "What decides is the place in `merges`: of all pairs in the word join the one that stands first there, then begin again at the top of the list."
    return f"So it is when {so}. {rule}" if so else rule


def check(learner, word, merges, about=""):
    got, call = called(learner, word, merges, about)
    assert got == cut(word, merges), f"{call} gave {got}. {mistake(got, word, merges)}"


@pytest.mark.points(3)
def test_the_best_rank_first(learner, rng):
    """Of the pairs in the word, the one that comes first in the list is joined, wherever it stands and however long it is."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        check(learner, a + b + c, [(a, b), (b, c)])
        check(learner, a + b + c + d, [(c, d), (b, c), (a, b + c), (a, b)])
        for word in (a + b + c, d + a + b + c + d):
            check(learner, word, [(b, c), (a, b), (a + b, d), (b + c, d)])
        # Here (b, c) is joined as well, and an ab with a c behind it stands before that place.
        check(learner, a + b + c + b + c, [(a, b), (b, c)])


@pytest.mark.points(2)
def test_pairs_that_come_about_later(learner, rng):
    """A join may bring about a pair that stands earlier in the list: then it is joined, too."""
    for _ in range(3):
        a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
        for word in (a + b + c, d + a + b + c, a + b + c + a + b):
            check(learner, word, [(a + b, c), (d, a + b + c), (a, b)])
        check(learner, a + b + c + d, [(a + b, c), (a, b), (c, d)])


@pytest.mark.points(2)
def test_characters_never_seen(learner, rng):
    """A character that is in no merge stays as it is, a token of its own."""
    a, b = rng.permutation(LETTERS)[:2].tolist()
    for word in (f"é{a}{b}", f"{a}{b}ß{a}{b}", "東京", f"{a}😀", f"{a}{b}-{b}"):
        check(learner, word, [(a, b), (a + b, "</w>")])


@pytest.mark.points(1)
def test_the_end_of_the_word(learner, rng):
    """The mark </w> stands at the end: alone, or joined to what is before it."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for merges in ([(a, b)], [(b, "</w>"), (a, b + "</w>")], [(c, a)]):
        check(learner, c + a + b, merges)


@pytest.mark.points(1)
def test_pairs_at_several_places(learner, rng):
    """A pair is joined at all its places, from left to right, and no symbol is used twice."""
    a, b = rng.permutation(LETTERS)[:2].tolist()
    for word, merges in (((a + b) * 3, [(a, b)]), (a * 5, [(a, a)]), (a * 7 + b, [(a, a), (a * 2, a * 2), (a, b)])):
        check(learner, word, merges)


@pytest.mark.points(1)
def test_without_merges(learner, rng):
    """Without merges, a word is its characters and the mark; with merges that don't fit, too."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    for merges in ([], [(b, a), (c, c)]):
        check(learner, a + b + c, merges)


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """On words of real headlines with merges learnt from others, nothing is lost and the tokens are the right ones."""
    texts = data.headlines()["text"]
    chosen = [texts[i] for i in rng.choice(len(texts), size=65, replace=False).tolist()]
    merges = learnt(Counter(word for text in chosen[:50] for word in text.split()), 80)
    for word in dict.fromkeys(word for text in chosen[50:] for word in text.split()):
        check(learner, word, merges, about=f"encode({word!r}, merges), with 80 merges learnt from headlines,")
    assert learner.last.args[1] == merges, "encode(word, merges) changed the list of merges that it was given. The next word needs it."
