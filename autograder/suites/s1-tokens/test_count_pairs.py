"""Hidden suite of `count_pairs`."""

from collections import Counter
from itertools import combinations, pairwise

import pytest

from tunelab import expect

LETTERS = list("abcdefghijklmnop")


def called(learner, words, about=""):
    """The Counter of a call, after the ladder."""
    call = about or f"count_pairs({words})"
    got = learner.count_pairs(words)
    expect.of_type(got, Counter, call=call, advice="`Counter()`, from the collections module, makes an empty one.")
    for key, count in got.items():
        assert type(key) is tuple and len(key) == 2 and all(type(part) is str for part in key), (
            f"{call} gave a Counter with the key {key!r}. A key is a pair: a tuple of two symbols, the left one and the right one."
        )
        expect.integer(count, call=f"The count of {key} in {call}")
    return got, call


def places(words):
    """How often each pair stands in the words, by slices."""
    total = {}
    for symbols, times in words.items():
        for start in range(len(symbols)):
            window = tuple(symbols[start : start + 2])
            if len(window) == 2:
                total[window] = total.get(window, 0) + times
    return total


def without_overlap(symbols):
    """The pairs of a word, where a pair that shares a symbol with the same pair before it isn't counted."""
    pairs, before = [], None
    for pair in pairwise(symbols):
        before = None if pair == before else pair
        if before:
            pairs.append(pair)
    return pairs


def counted(words, of_word, weigh=True):
    total = Counter()
    for symbols, times in words.items():
        for pair in of_word(symbols):
            total[pair] += times if weigh else 1
    return total


def across(words):
    """The ends of words with the beginnings of the next ones, each as often as the second word occurs."""
    total = Counter()
    for (one, _), (other, times) in pairwise(words.items()):
        total[one[-1], other[0]] += times
    return total


def mistake(got, words):
    """What counts that are wrong come from, when one of these mistakes gives just these, or None."""
    once, last = counted(words, lambda symbols: set(pairwise(symbols))), {}
    for symbols, times in words.items():
        last |= {pair: number * times for pair, number in Counter(pairwise(symbols)).items()}
    guesses = [
        (
            counted(words, pairwise, weigh=False),
            "These are the counts of each word once. The dict says how often a word occurs: its pairs count that many times.",
        ),
        (once, "Here a pair was counted once per word. Every place in a word counts, also places that share a symbol."),
        (
            counted(words, without_overlap),
            "These are the counts without overlap. The contract's rule: every place counts, also those that share a symbol.",
        ),
        (last, "That is the last word with this pair, alone. When a pair has a count already, add to it."),
        (
            counted(words, lambda symbols: list(pairwise(symbols))[:-1]),
            "The last pair of each word is missing: where does your loop end? A word of n symbols has n - 1 places.",
        ),
        (
            counted(words, lambda symbols: map(tuple, map(sorted, pairwise(symbols)))),
            "Both orders of two symbols are counted as one pair. Keep the two symbols in their order: left, right.",
        ),
        (
            counted(words, lambda symbols: combinations(symbols, 2)),
            "Each symbol is paired with all that come later. A pair is two symbols next to each other.",
        ),
        (
            counted(words, lambda symbols: pairwise("".join(symbols))),
            "These are pairs of letters, also of the letters of a symbol. A symbol of several characters counts as one piece: go through the tuple.",
        ),
        (
            counted({symbols * times: 1 for symbols, times in words.items()}, pairwise),
            "These are the counts in a word that is laid down as often as it occurs. A word that occurs n times is n words: its end is not followed by its beginning.",
        ),
        (
            counted(words, pairwise) + across(words),
            "Pairs of the end of one word and the beginning of the next are counted, too, but the two symbols are in two words. Count word by word.",
        ),
    ]
    right = Counter(places(words))
    return next((sentence for guess, sentence in guesses if right != +Counter(guess) == got), None)


def ends_meet(pair, words):
    """Whether a pair is the end of one word and the beginning of the next, and whether it is that of a word and the same word again."""
    rows = list(words)
    return (
        any(pair == (one[-1], other[0]) for one, other in pairwise(rows)),
        next((times for row, times in words.items() if times > 1 and pair == (row[-1], row[0])), 0),
    )


def not_a_pair(pair, got, right, words):
    """Why a pair that doesn't stand in the words isn't one."""
    rows, turned = list(words), pair[::-1]
    next_word, times = ends_meet(pair, words)
    if turned in right and got.get(turned) != right[turned]:
        return f"In the word {pair[1]!r} stands first, and {pair[0]!r} behind it. Keep the two symbols in their order: left, right."
    if len("".join(pair)) == 2 and any(pair in pairwise("".join(row)) and pair not in pairwise(row) for row in rows):
        return "These are letters of a symbol, or of two. A symbol of several characters counts as one piece: go through the tuple, not through the letters."
    if next_word and times:
        return "One of them ends a word and the other begins one, but nothing follows a word's end: count word by word, also where a word occurs several times."
    if next_word:
        return "The two symbols are in two words: the end of one and the beginning of the next. Count word by word."
    if times:
        return f"A word that occurs {times} times is {times} words: its end is not followed by its beginning."
    if any(pair[0] in row and pair[1] in row for row in rows):
        return "Both are in one word, but not next to each other. A pair is two neighbours."
    return "A pair is two whole symbols next to each other, in one word."


def compare(got, words, call):
    """All counts agree, and no pair is there that doesn't occur."""
    right = places(words)
    if got == right:
        return
    so = mistake(got, words)
    extra = next((pair for pair in got if pair not in right), None)
    if extra:
        raise AssertionError(
            f"{call} gave a count for {extra}, which stands in none of the words. {so or not_a_pair(extra, got, right, words)}"
        )
    missing = [pair for pair in right if pair not in got]
    if missing:
        word = next(row for row in words if missing[0] in pairwise(row))
        at_the_end = all(pair not in list(pairwise(row))[:-1] for pair in missing for row in words)
        loop = f"A word of {len(word)} symbols has {len(word) - 1} pair{'s' * (len(word) > 2)}: where does your loop end?"
        raise AssertionError(
            f"{call} gave no count for {missing[0]}, which stands {'at the end of' if at_the_end else 'in'} the word {word}. "
            f"{loop if at_the_end else so or 'Each two neighbours are a pair.'}"
        )
    wrong = next(pair for pair in right if got[pair] != right[pair])
    number = f"{got[wrong]} time{'s' * (got[wrong] != 1)}"
    rows = [(row, list(pairwise(row)).count(wrong), times) for row, times in words.items() if wrong in pairwise(row)]
    told = ", and ".join(f"at {at} place{'s' * (at > 1)} in {row}, which occurs {times} time{'s' * (times > 1)}" for row, at, times in rows)
    where = f" It stands {told}." if len(rows) <= 3 else ""
    rule = "Every place in every word counts, as often as the word occurs."
    raise AssertionError(f"{call} counted the pair {wrong} {number}, which is not right.{where} {so or rule}")


@pytest.mark.points(2)
def test_neighbours_in_their_order(learner, rng):
    """Each two symbols next to each other are a pair, the left one first."""
    for _ in range(3):
        symbols = rng.permutation(LETTERS).tolist()
        first, second = tuple(symbols[:5]), (symbols[6], symbols[5], symbols[7])
        words = {first: 1, second: 1, second[1::-1]: 1}
        got, call = called(learner, words)
        compare(got, words, call)


@pytest.mark.points(2)
def test_a_word_counts_as_often_as_it_occurs(learner, rng):
    """The pairs of a word that occurs n times count n times."""
    symbols, times = tuple(rng.permutation(LETTERS)[:3].tolist()), int(rng.integers(3, 40))
    words = {symbols: times}
    got, call = called(learner, words)
    compare(got, words, call)
    words |= {(symbols[1], symbols[0]): times + 1}
    got, call = called(learner, words)
    compare(got, words, call)


@pytest.mark.points(1)
def test_counts_add_up_over_words(learner, rng):
    """A pair that stands in several words, or several times in one, gets the sum."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    n, m, k = rng.integers(2, 20, size=3).tolist()
    words = {(a, b, c): n, (d, a, b): m, (a, b, d, a, b): k}
    got, call = called(learner, words)
    compare(got, words, call)


@pytest.mark.points(2)
def test_overlapping_places_count(learner, rng):
    """In a run of the same symbol, each place where the pair stands counts, overlapping ones too."""
    for length in (5, 4, 3):
        # With these frequencies, each mistake gives a run of five another count.
        a, times = LETTERS[int(rng.integers(0, 16))], int(rng.choice([1, 3, 5, 6, 7, 8]))
        words = {(a,) * length: times}
        got, call = called(learner, words)
        compare(got, words, call)


@pytest.mark.points(1)
def test_words_stay_apart(learner, rng):
    """The end of one word and the beginning of the next are no pair."""
    symbols = rng.permutation(LETTERS).tolist()
    words = {tuple(symbols[:2]): 3, tuple(symbols[2:4]): 2, tuple(symbols[4:7]): 4}
    got, call = called(learner, words)
    compare(got, words, call)


@pytest.mark.points(2)
def test_symbols_are_whole(learner, rng):
    """A symbol may have several characters, such as the mark </w>: it is never taken apart."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    words = {(a + b, c, "</w>"): 2, (a, b + c, d, "</w>"): 3, (a + b, c + d): 5}
    got, call = called(learner, words)
    compare(got, words, call)


@pytest.mark.points(1)
def test_words_of_one_symbol(learner, rng):
    """A word of one symbol has no pair, and stops nothing."""
    symbols = rng.permutation(LETTERS).tolist()
    words = {(symbols[0],): 4, tuple(symbols[1:4]): 2, (symbols[4],): 1}
    got, call = called(learner, words)
    compare(got, words, call)
    got, call = called(learner, {(symbols[0],): 4})
    assert len(got) == 0, f"{call} gave {dict(got)}, where no word has two symbols. There is nothing to count."
    got, call = called(learner, {})
    assert len(got) == 0, f"{call} gave {dict(got)}, where there are no words. There is nothing to count."


@pytest.mark.points(1)
def test_many_words(learner, rng):
    """On many random words, all counts are right, and the dict is left as it was."""
    words = {}
    for _ in range(60):
        symbols = rng.choice(["a", "b", "ab", "c", "</w>"], size=int(rng.integers(1, 7)))
        words[tuple(symbols.tolist())] = int(rng.integers(1, 100))
    got, call = called(learner, words, "count_pairs(words), with some sixty random words of the symbols a, b, ab, c and </w>,")
    compare(got, words, call)
    assert learner.last.args[0] == words, f"{call} changed the dict that it was given. Others may still need it: only read it."
