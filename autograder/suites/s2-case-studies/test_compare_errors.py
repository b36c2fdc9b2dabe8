"""Hidden suite of `compare_errors`."""

import pytest

from tunelab import expect

KINDS = ("fixed", "broken", "still_wrong", "always_right")


def answered(rng, counts, names=("red", "green", "blue", "grey")):
    """Gold labels and two systems' answers with so many examples of each kind of KINDS, shuffled. Two wrong answers are equal half of the time."""
    kinds = [KINDS[int(i)] for i in rng.permutation([k for k, n in enumerate(counts) for _ in range(n)])]
    gold, before, after = [], [], []
    for number, kind in enumerate(kinds):
        otherwise = kind == "still_wrong" and kinds[:number].count(kind) % 2 == 0
        label, wrong, other = (names[int(i)] for i in rng.permutation(len(names))[:3])
        gold.append(label)
        before.append(label if kind in ("broken", "always_right") else wrong)
        after.append(label if kind in ("fixed", "always_right") else other if otherwise else wrong)
    return gold, before, after, kinds


def texts_of(rng, lengths):
    """A text for each number of words, from 1 to 20. The fewer words it has, the more characters it has."""
    return [" ".join("".join(rng.choice(list("abcdefgh"), size=(120 - 5 * n) // n)) for _ in range(n)) for n in lengths]


def called(learner, texts, gold, before, after, about):
    """The four lists, after the ladder up to values. NumPy's whole numbers are let pass here: types are asked for once, in the first test."""
    call = f"compare_errors(texts, labels, before, after), on {about},"
    got = learner.compare_errors(list(texts), list(gold), list(before), list(after))
    expect.mapping(got, call=call, keys=KINDS)
    found = {}
    for kind in KINDS:
        expect.sequence(got[kind], call=f"{call} as {kind!r}")
        found[kind] = [place.item() if hasattr(place, "item") else place for place in got[kind]]
        strange = [repr(place) for place in found[kind] if type(place) is not int]
        assert not strange, (
            f"{call} gave a list with {strange[0] if len(strange[0]) < 40 else strange[0][:30] + '…'} in it as {kind!r}. The lists hold places: whole numbers, counted from 0, not the texts themselves nor True and False."
        )
    return found, call


SAYS = {
    "fixed": "Fixed was wrong and is right now.",
    "broken": "Broken was right and is wrong now.",
    "still_wrong": "An answer that has changed and is wrong again is still wrong: compare each answer with the label, not the two answers with each other.",
    "always_right": "Both answers are the label, so it was always right.",
}


def belongs(place, gold, before, after):
    """Which of KINDS an example is of."""
    return {(False, True): KINDS[0], (True, False): KINDS[1], (False, False): KINDS[2], (True, True): KINDS[3]}[
        before[place] == gold[place], after[place] == gold[place]
    ]


@pytest.mark.points(2)
def test_every_example_stands_once(learner, rng):
    """Every example stands in exactly one of the four lists, as a plain whole number."""
    counts = [int(n) for n in rng.integers(2, 7, size=4)]
    gold, before, after, _ = answered(rng, counts)
    texts = texts_of(rng, rng.integers(1, 12, size=len(gold)))
    found, call = called(learner, texts, gold, before, after, f"{len(gold)} examples")
    placed = [place for kind in KINDS for place in found[kind]]
    twice = sorted({place for place in placed if placed.count(place) > 1})
    assert not twice, (
        f"{call} put place {twice[0]} into more than one list. Each example was right or wrong before, and right or wrong after: that makes four kinds, and no example is of two."
    )
    missing = sorted(set(range(len(gold))) - set(placed))
    assert not missing, (
        f"{call} left out place {missing[0]}. Every example is of one of the four kinds; if it was wrong twice with two different answers, it is still wrong."
    )
    assert len(placed) == len(gold), (
        f"{call} named a place that doesn't exist: there are {len(gold)} examples, with the places 0 to {len(gold) - 1}."
    )
    for kind, places in learner.last.value.items():
        for place in places:
            expect.integer(place, call=f"{call} in {kind!r}")
    assert learner.last.args == (texts, gold, before, after), f"{call} changed a list that it was given. Work on a copy."


@pytest.mark.points(3)
def test_each_in_its_own_list(learner, rng):
    """Fixed, broken, still wrong, always right: each example stands where it belongs."""
    for _ in range(3):
        counts = [int(n) for n in rng.permutation([2, 5, 8, 11]) + rng.integers(0, 2, size=4)]
        gold, before, after, _ = answered(rng, counts)
        texts = texts_of(rng, rng.integers(1, 12, size=len(gold)))
        found, call = called(learner, texts, gold, before, after, f"{len(gold)} examples")
        where = {place: kind for kind in KINDS for place in found[kind]}
        wanted = {place: belongs(place, gold, before, after) for place in range(len(gold))}
        swapped = [p for p in wanted if wanted[p] in KINDS[:2] and where.get(p) in KINDS[:2] and where[p] != wanted[p]]
        assert not swapped, (
            f"{call} has place {swapped[0]} in {where[swapped[0]]!r}, where the first system said {before[swapped[0]]!r}, the second {after[swapped[0]]!r}, and the label is {gold[swapped[0]]!r}. Fixed was wrong and is right now; broken the other way round."
        )
        for place, kind in wanted.items():
            lists = [repr(name) for name in KINDS if place in found[name]]
            assert lists == [repr(kind)], (
                f"{call} has place {place} in {' and '.join(lists) or 'no list'}, where the first system said {before[place]!r}, the second {after[place]!r}, and the label is {gold[place]!r}. {SAYS[kind]}"
            )


@pytest.mark.points(2)
def test_the_quickest_to_read_first(learner, rng):
    """Within a list the texts with fewer words come first."""
    lengths = [int(n) for n in rng.permutation([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 1, 2, 3, 4, 5, 6, 10, 12, 15, 20])]
    counts = [5, 5, 5, 5]
    gold, before, after, _ = answered(rng, counts)
    texts = texts_of(rng, lengths)
    found, call = called(learner, texts, gold, before, after, "texts of 1 to 20 words")
    assert {p: k for k in KINDS for p in found[k]} == {p: belongs(p, gold, before, after) for p in range(20)}, (
        f"{call} put an example into the wrong list, so there is no order to look at yet."
    )
    for kind in KINDS:
        counted = [lengths[place] for place in found[kind]]
        assert counted == sorted(counted), (
            f"{call} has texts of {counted} words in {kind!r}, in this order. They are ordered by their number of words, what stands between white space, fewest first: not by place, nor by characters."
        )


@pytest.mark.points(2)
def test_equally_long_texts_by_place(learner, rng):
    """Of texts with equally many words, the smaller place comes first; several spaces make no more words."""
    n = int(rng.integers(14, 20))
    order = [("alpha beta", "  zeta \n eta ", "theta\tiota", "b  a", "gamma    delta")[i % 5] for i in range(n)] + ["one", "a b c"]
    gold = ["yes" if rng.random() < 0.5 else "no" for _ in order]
    turn = {"yes": "no", "no": "yes"}
    found, call = called(learner, order, gold, [turn[g] for g in gold], gold, "texts of two words, with one space or several between them")
    assert sorted(found["fixed"]) == list(range(n + 2)), (
        f"{call} has {len(found['fixed'])} of {n + 2} texts in 'fixed', where the first system was wrong about each and the second is right about each."
    )
    inside = [place for place in found["fixed"] if place < n]
    assert inside == sorted(inside), (
        f"{call} gave the two-word texts in the order {inside[:8]}. They all have two words, so they stand by their places. Does your key split at single spaces, or look at anything besides the number of words?"
    )
    assert found["fixed"][0] == n and found["fixed"][-1] == n + 1, (
        f"{call} gave {found['fixed'][:3]}…: a text of one word comes before those of two, and one of three words after them, wherever they stand."
    )


@pytest.mark.points(2)
def test_lists_must_fit(learner, rng):
    """A list of another length than `texts` is refused with a message that names it; empty lists give empty lists."""
    gold, before, after, _ = answered(rng, [2, 2, 2, 2])
    texts = texts_of(rng, [3] * 8)
    found, call = called(learner, texts, gold, before, after, "eight examples")
    assert sorted(p for places in found.values() for p in places) == list(range(8)), (
        f"{call} doesn't have every place once, though all lists fit. See to that first."
    )
    for name in ("labels", "before", "after"):
        given = {"labels": gold, "before": before, "after": after}
        for changed in (given[name][:-1], [*given[name], "red"]):
            call = f"compare_errors(texts, labels, before, after), where {name} has {len(changed)} entries for 8 texts,"
            try:
                got = learner.compare_errors(texts, *(given | {name: changed}).values())
            except ValueError as error:
                assert name in str(error), f"{call} raised a ValueError that says {str(error)[:80]!r}. Name the argument that doesn't fit."
            except IndexError:
                raise AssertionError(
                    f"{call} ran past the end of a list. Compare the lengths first, and say which one doesn't fit."
                ) from None
            else:
                raise AssertionError(
                    f"{call} gave {'a dict' if type(got) is dict else repr(got)[:40]} in place of a ValueError. `zip` stops at the shortest list, and examples vanish without a word."
                )
    found, call = called(learner, [], [], [], [], "no examples")
    assert found == {kind: [] for kind in KINDS}, f"{call} gave {found!r:.80}. Without examples all four lists are there, and empty."
