"""Hidden suite of `train_bpe`."""

from collections import Counter
from itertools import pairwise

import pytest

from tunelab import data, expect

LETTERS = list("abcdefghijklmnop")


def called(learner, frequencies, merges, about=""):
    """The list of a call, after the ladder."""
    call = about or f"train_bpe({frequencies}, {merges})"
    got = learner.train_bpe(frequencies, merges)
    expect.sequence(got, call=call)
    odd = [pair for pair in got if not (type(pair) is tuple and len(pair) == 2 and all(type(part) is str for part in pair))]
    assert not odd, f"{call} gave a list with {odd[0]!r} in it. Each item is a pair: a tuple of two symbols, such as ('a', 'b')."
    return got, call


def joined(symbols, pair):
    laid = []
    for symbol in symbols:
        if laid and (laid[-1], symbol) == pair:
            laid[-1] += symbol
        else:
            laid.append(symbol)
    return laid


def joined_as_text(symbols, pair):
    return " ".join(symbols).replace(" ".join(pair), "".join(pair)).split(" ")


def pairs_of(symbols):
    return list(pairwise(symbols))


def without_overlap(symbols):
    """The pairs of a word, where a pair that shares a symbol with the same pair before it isn't counted."""
    pairs, before = [], None
    for pair in pairwise(symbols):
        before = None if pair == before else pair
        if before:
            pairs.append(pair)
    return pairs


def first_of_tuples(counts):
    top = max(counts.values())
    return sorted(pair for pair in counts if counts[pair] == top)[0]


def learnt(frequencies, merges, begin=lambda word: [*word, "</w>"], places=pairs_of, choose=first_of_tuples, join=joined, weigh=True):
    """The pairs that the method learns; it counts and joins in lists of symbols. Each part can be exchanged for a wrong one."""
    words, pairs = [(begin(word), times if weigh else 1) for word, times in frequencies.items()], []
    for _ in range(merges):
        counts = counted(words, places)
        if not counts:
            break
        pairs.append(choose(counts))
        words = [(join(symbols, pairs[-1]), times) for symbols, times in words]
    return pairs


def counted(words, places=pairs_of):
    counts = {}
    for symbols, times in words:
        for pair in places(symbols):
            counts[pair] = counts.get(pair, 0) + times
    return counts


def mistake(got, right, frequencies, merges):
    """The sentence for a mistake that gives just these pairs, or None."""
    size = (
        merges
        if merges <= 15
        else next((i for i, (one, other) in enumerate(zip(got, right, strict=False)) if one != other), len(right)) + 9
    )
    found, first = (
        got[:size],
        sorted(counted([([*word, "</w>"], times) for word, times in frequencies.items()]).items(), key=lambda item: (-item[1], item[0])),
    )
    if any(part in ("<", "/", ">", "/w", "</", "w>", "</w", "/w>") for pair in found for part in pair):
        return "The mark '</w>' is one symbol of four characters, not four symbols. Add it after cutting the word into characters."
    if got == right[: len(got)] and len(got) < len(right):
        return "These are the right ones as far as they go, and there are symbols left to join." + (
            " Pairs that occur only once are joined as well." if max(counts_at(frequencies, right[: len(got)]).values()) == 1 else ""
        )
    if got[: len(right)] == right:
        return f"Asked for: {merges}. When is your loop left? `for _ in range(merges)` makes {merges} round{'s' * (merges != 1)}."
    guesses = (
        ({"begin": list}, "So it is when words are used without their end. Each word is its characters, and then the symbol '</w>'."),
        (
            {"begin": lambda word: [*word[:-1], word[-1] + "</w>"]},
            "So it is when the mark is part of the last character from the beginning. It starts as a symbol of its own, and is joined to the character only by a merge.",
        ),
        ({"weigh": False}, "So it is when each word counts once. Mind how often a word occurs: its pairs count that many times."),
        ({"choose": lambda counts: max(counts, key=counts.get)}, "Of pairs with equal counts, the one that was met first was taken, so the outcome hangs on which word came first in the dict. The contract has another rule for ties."),
        ({"choose": lambda counts: max(counts, key=lambda pair: (counts[pair], pair))}, "Of pairs with equal counts, the last in Python's order of tuples was taken. The first is asked for."),
        ({"choose": lambda counts: min(counts, key=lambda pair: (-counts[pair], "".join(pair)))}, "Of pairs with equal counts, the one whose text comes first was taken. Compare the tuples, not the texts put together: the left symbols first, then the right ones."),
        ({"places": without_overlap}, "So it is when pairs are counted without overlap. In a run of five equal letters, the pair of two stands at four places: overlapping places count, as in the rule for counting pairs."),
        ({"join": joined_as_text}, "So it is when pairs are joined in a text made of all symbols, where the end of a longer symbol is taken for the pair's left one, though no pair on the list says so. Symbols are compared whole."),
    )  # fmt: skip
    for changed, sentence in guesses:
        if found == learnt(frequencies, size, **changed)[: len(found)] != right[: len(found)]:
            return sentence
    if len(found) > 1 and found == [pair for pair, _ in first][: len(found)]:
        return "All of them come from the first count. Join the pair in all words, and count anew after each merge: joined symbols make new pairs."
    return None


def words_after(frequencies, pairs):
    words = [([*word, "</w>"], times) for word, times in frequencies.items()]
    for pair in pairs:
        words = [(joined(symbols, pair), times) for symbols, times in words]
    return words


def counts_at(frequencies, pairs):
    return counted(words_after(frequencies, pairs))


def same(got, frequencies, merges, call):
    """The two lists agree; where they part is told, but not what should stand there."""
    right = learnt(frequencies, merges)
    if got == right:
        return
    said = mistake(got, right, frequencies, merges)
    shown = f"{call} gave {got}" if len(got) <= 8 else f"{call} gave {len(got)} pairs"
    number = next((i for i, (pair, wanted) in enumerate(zip(got, right, strict=False)) if pair != wanted), None)
    if number is None:
        if not said:
            said = "When each word is one symbol, nothing is left to join."
        raise AssertionError(f"{call} gave {len(got)} pair{'s' * (len(got) != 1)}. {said}")
    counts = counts_at(frequencies, right[:number])
    wrong, largest = got[number], max(counts.values())
    here = counts.get(wrong, 0)
    words = [" ".join(symbols) for symbols, _ in words_after(frequencies, right[:number])]
    state = f" By then the words are {', '.join(map(repr, words))}." if number and len(words) <= 4 else ""
    then = " then" * (number > 0)
    if not here:
        fact = f"{wrong} doesn't stand in the words{then}."
    elif here < largest:
        fact = f"{wrong} counts {here}{then}, and another pair counts more."
    else:
        fact = f"{wrong} counts {here}{then}, but it shares that count with a pair that comes before it in Python's order of tuples."
    as_number = "" if len(got) == 1 else f", with {wrong} as pair number {number + 1}"
    raise AssertionError(f"{shown}{as_number}.{state} {fact} {said or 'Count anew after each join, and take the largest count.'}")


@pytest.mark.points(2)
def test_words_weigh_what_they_occur(learner, rng):
    """The most frequent pair of the text is joined first: a word counts as often as it occurs."""
    for _ in range(3):
        a, b, *rest = rng.permutation(LETTERS).tolist()
        # (rest[0], rest[1]) stands in four rare words, (a, b) in a frequent one.
        frequencies = {rest[2 + i] + rest[0] + rest[1] + rest[6 + i]: 1 for i in range(4)} | {
            rest[11] + a + b + a + b + rest[12]: int(rng.integers(9, 30))
        }
        got, call = called(learner, frequencies, 1)
        same(got, frequencies, 1, call)


@pytest.mark.points(2)
def test_equal_counts(learner, rng):
    """Of pairs with equal counts, the first in Python's order of tuples is joined, whichever word came first."""
    for _ in range(4):
        letters, times = rng.permutation(LETTERS).tolist(), int(rng.integers(2, 9))
        words = ["".join(letters[i : i + 2]) for i in range(0, 10, 2)]
        in_order = sorted(words)
        # A word from the middle stands first, so that its pair is neither the first nor the last.
        frequencies = dict.fromkeys((in_order[i] for i in (2, 0, 4, 1, 3)), times)
        got, call = called(learner, frequencies, 1)
        same(got, frequencies, 1, call)
    a, b, c, d = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {a + b: 9, a + b + c: 5, d + a + d: 5}
    got, call = called(learner, frequencies, 6)
    same(got, frequencies, 6, call)
    letters = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {letters[0] + letters[3]: 5, letters[0] + letters[2]: 5, letters[0] + letters[1]: 5}
    got, call = called(learner, frequencies, 3)
    same(got, frequencies, 3, call)


@pytest.mark.points(2)
def test_the_word_end(learner, rng):
    """Each word ends with the mark </w>, which is one symbol, of its own, and is joined like any other."""
    a, b, c, d = sorted(rng.permutation(LETTERS)[:4].tolist())
    frequencies = {a + d: 6, b + d: 5, c + d: 4}
    got, call = called(learner, frequencies, 2)
    same(got, frequencies, 2, call)


@pytest.mark.points(1)
def test_as_many_as_asked_for(learner, rng):
    """As many pairs are learnt as were asked for: for 0, none."""
    letters = rng.permutation(LETTERS).tolist()
    frequencies = {"".join(letters[:6]): 3, "".join(letters[4:10]): 2}
    for merges in (4, 1, 0):
        got, call = called(learner, frequencies, merges)
        assert len(got) == merges, (
            f"{call} gave {len(got)} pair{'s' * (len(got) != 1)}, where {merges} {'was' if merges == 1 else 'were'} asked for and there are enough. When is your loop left? "
            f"`for _ in range(merges)` makes {merges} round{'s' * (merges != 1)}."
        )


@pytest.mark.points(1)
def test_counts_are_made_anew(learner, rng):
    """After each join the pairs are counted again, since old ones are gone and new ones are there."""
    a, b, c, d = rng.permutation(LETTERS)[:4].tolist()
    frequencies = {a + b + c: 9, d + a + b: 4, b + d: 2}
    got, call = called(learner, frequencies, 4)
    same(got, frequencies, 4, call)


@pytest.mark.points(1)
def test_symbols_are_joined_whole(learner, rng):
    """Only whole symbols are joined, not the end of one and the beginning of another."""
    a, b, c, d, e = rng.permutation(LETTERS)[:5].tolist()
    # No ties: first (a, b) is joined (12 times), then (b, c) (7 times). In the third word, b is a part of ab by then.
    frequencies = {b + c + d: 4, b + c + e: 3, a + b + c: 2, a + b + a + b: 5}
    merges = len(learnt(frequencies, 50))
    got, call = called(learner, frequencies, merges)
    same(got, frequencies, merges, call)


@pytest.mark.points(2)
def test_until_nothing_is_left(learner, rng):
    """When each word has become one symbol, the list ends, however many merges were asked for."""
    letters = rng.permutation(LETTERS).tolist()
    frequencies = {"".join(letters[:3]): 1, "".join(letters[3:5]): 1, letters[5]: 1}
    call = f"train_bpe({frequencies}, 50)"
    try:
        got, call = called(learner, frequencies, 50)
    except (ValueError, IndexError, KeyError, StopIteration) as error:
        raise AssertionError(
            f"{call} raised {type(error).__name__}: {error}. After a few merges each word is one symbol, and no pair is left. Then the list is finished."
        ) from None
    right = learnt(frequencies, 50)
    assert got[: len(right)] != right or len(got) == len(right), (
        f"{call} gave {len(got)} pairs, more than there are to join. When each word is one symbol, nothing is left."
    )
    same(got, frequencies, 50, call)
    got, call = called(learner, {}, 3)
    assert got == [], f"{call} gave {got}, where there is no word. There is nothing to learn."


@pytest.mark.points(1)
def test_repeated_letters(learner, rng):
    """In runs of the same letter, overlapping places count, and are joined from the left."""
    a, b, c = rng.permutation(LETTERS)[:3].tolist()
    # The run has 2 * 4 + 2 = 10 places, overlapping ones counted, and 5 without; the other pairs have 7.
    frequencies = {a * 5: 2, b + c + b: 7, c + a * 3: 1}
    for merges in (1, 5):
        got, call = called(learner, frequencies, merges)
        same(got, frequencies, merges, call)


@pytest.mark.points(1)
def test_random_words(learner, rng):
    """On random words of few letters, every pair is the right one, and the dict is left as it was."""
    for _ in range(6):
        words = ["".join(rng.choice(list("abc"), size=int(rng.integers(1, 8))).tolist()) for _ in range(12)]
        frequencies = {word: int(rng.integers(1, 6)) for word in words}
        got, call = called(learner, frequencies, 15)
        same(got, frequencies, 15, call)
        assert learner.last.args[0] == frequencies, (
            f"{call} changed the dict that it was given. Others may still need it: make words of your own."
        )


@pytest.mark.points(2)
def test_real_headlines(learner, rng):
    """On words of real headlines, the pairs are the right ones."""
    texts = data.headlines()["text"]
    chosen = [texts[i] for i in rng.choice(len(texts), size=60, replace=False).tolist()]
    frequencies = dict(Counter(word for text in chosen for word in text.split()))
    got, call = called(learner, frequencies, 60, about="train_bpe(frequencies, 60), on the words of 60 real headlines,")
    same(got, frequencies, 60, call)
