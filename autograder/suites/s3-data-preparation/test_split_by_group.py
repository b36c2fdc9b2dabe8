"""Hidden suite of `split_by_group`."""

import copy
from collections import Counter

import pytest

from tunelab import data, expect

THREE = {"train": 0.8, "dev": 0.1, "test": 0.1}
FOUR = {"train": 0.7, "dev": 0.1, "test": 0.1, "spare": 0.1}


def films(rng, groups, smallest=8, largest=14, labels=("fresh", "rotten")):
    """Rows of films that the critics agree on: all reviews of a film have one label. In random order."""
    rows = []
    for number in range(groups):
        label = labels[int(rng.integers(len(labels)))]
        rows += [{"film": f"film {number}", "label": label} for _ in range(int(rng.integers(smallest, largest + 1)))]
    return [rows[int(i)] | {"id": place} for place, i in enumerate(rng.permutation(len(rows)))]


def split(learner, rows, fractions, seed, call):
    """The ladder up to values: a dict of lists of rows. Integer ids of the rows come back, for each part."""
    got = learner.split_by_group(rows, "film", "label", fractions, seed)
    expect.mapping(got, call=call, keys=fractions)
    for part, chosen in got.items():
        expect.sequence(chosen, call=f"{call} under {part!r}")
        assert all(type(row) is dict and row.get("id") in range(len(rows)) and row == rows[row["id"]] for row in chosen), (
            f"{call} gave under {part!r} something other than the rows as they were. Each list holds dicts out of `rows`."
        )
    return {part: [row["id"] for row in chosen] for part, chosen in got.items()}


def complete(parts, rows, call):
    """Every row is in one part, and in one only."""
    ids = [i for chosen in parts.values() for i in chosen]
    assert len(set(ids)) == len(ids), (
        f"{call} put {len(ids) - len(set(ids))} rows into a part twice, or into two parts. Each row goes into exactly one."
    )
    missing = len(rows) - len(set(ids))
    assert not missing, (
        f"{call} lost {missing} of {len(rows)} rows: they are in no part. Rounding down each part's size leaves a remainder over; somebody has to get it."
    )


def rows_of(number):
    return f"{number} row{'s' * (number != 1)}"


def whole_films(parts, rows, call):
    """No film is in two parts."""
    where = Counter(film for chosen in films_of(parts, rows).values() for film in chosen)
    torn = [film for film, n in where.items() if n > 1]
    assert not torn, (
        f"{call} put rows of {len(torn)} film{'s' * (len(torn) != 1)} in more than one part ({torn[0]}, for one). What the model learns about a film in one part, it would be asked in another. Deal out groups, not rows."
    )


def films_of(parts, rows):
    return {part: {rows[i]["film"] for i in chosen} for part, chosen in parts.items()}


@pytest.mark.points(2)
def test_no_group_in_two_parts(learner, rng, seed):
    """All rows of a film are in the same part."""
    for number, groups in enumerate((150, 260)):
        rows = films(rng, groups)
        call = f"split_by_group of {len(rows)} rows of {groups} films"
        parts = split(learner, rows, THREE, (seed + number) % 1000, call)
        complete(parts, rows, call)
        whole_films(parts, rows, call)
        assert all(parts.values()), f"{call} left a part without any rows."


@pytest.mark.points(1)
def test_nothing_is_lost(learner, rng, seed):
    """Every row is in exactly one part, whatever the numbers of rows and groups are."""
    for groups in (1, 2, 7, 101, 199):
        rows = films(rng, groups, 1, 9)
        call = f"split_by_group of {rows_of(len(rows))} of {groups} film{'s' * (groups > 1)}"
        parts = split(learner, rows, FOUR, seed % 1000, call)
        complete(parts, rows, call)


@pytest.mark.points(2)
def test_sizes_near_the_fractions(learner, rng, seed):
    """Each part has its share of the rows, also when films have very different numbers of reviews.

    Slices of the list of films, by number of films, pass one of these splits in about one run in seven, and all five in fewer than one in ten thousand.
    """
    for number, fractions in enumerate([{"a": 0.3, "b": 0.5, "c": 0.2}] * 4 + [{"w": 0.4, "x": 0.2, "y": 0.2, "z": 0.2}]):
        small, large = films(rng, 1000, 1, 1), films(rng, 105, 10, 10)
        rows = [row | {"film": f"{size} {row['film']}"} for size, some in (("small", small), ("large", large)) for row in some]
        rows = [rows[int(i)] | {"id": place} for place, i in enumerate(rng.permutation(len(rows)))]
        call = f"split_by_group of {len(rows)} rows of 1105 films, some with one row and some with ten, by {fractions},"
        parts = split(learner, rows, fractions, (seed + number) % 1000, call)
        complete(parts, rows, call)
        for part, fraction in fractions.items():
            off = abs(len(parts[part]) - fraction * len(rows)) / len(rows)
            assert off <= 0.01 + 1e-9, (
                f"{call} gave {len(parts[part])} rows under {part!r}: off by {off:.3f} of all rows. A part's size counts rows, not groups: one film has ten times as many as another."
            )


@pytest.mark.points(3)
def test_labels_near_their_shares(learner, rng, seed):
    """In each part the labels are mixed as they are in all rows, though each film has one label only.

    A deal that ignores labels misses a part of 36 such films by more than 0.04 in two of three cases, and gets past five splits with three such parts in
    fewer than one run in a million.
    """
    for number, labels in enumerate((("fresh", "rotten"), ("a", "b"), (0, 1), ("fresh", "rotten"), (0, 1, 2))):
        rows = films(rng, 360, labels=labels)
        whole = Counter(row["label"] for row in rows)
        call = f"split_by_group of {len(rows)} rows of 360 films with labels {labels}"
        parts = split(learner, rows, FOUR, (seed + number) % 1000, call)
        complete(parts, rows, call)
        whole_films(parts, rows, call)
        for part, chosen in parts.items():
            assert chosen, f"{call} left {part!r} without any rows."
            for label, n in whole.items():
                share = sum(rows[i]["label"] == label for i in chosen) / len(chosen)
                off = abs(share - n / len(rows))
                assert off <= 0.04 + 1e-9, (
                    f"{call} gave {part!r} a share of the label {label!r} that is off by {off:.3f}. Dealing out films without a look at their labels leaves those to chance. "
                    "When you choose a part for a film, look at which labels the part still lacks."
                )


@pytest.mark.points(1)
def test_the_order_of_the_input_does_not_matter(learner, rng, seed):
    """The same rows in another order give the same parts, each in the order in which the rows came."""
    rows = films(rng, 160, labels=("fresh", "rotten", "mixed"))
    call = f"split_by_group of {len(rows)} rows of 160 films"
    before = films_of(split(learner, rows, THREE, seed % 1000, call), rows)
    assert sum(map(bool, before.values())) > 1, f"{call} put all rows into one part."
    for _ in range(2):
        other = [rows[int(i)] | {"id": place} for place, i in enumerate(rng.permutation(len(rows)))]
        parts = split(learner, other, THREE, seed % 1000, call)
        assert films_of(parts, other) == before, (
            f"{call}, and of the same rows in another order, gave different parts. Which film comes first, in the rows or in a set, is an accident: "
            "sort the groups' names before you shuffle them."
        )
        for part, chosen in parts.items():
            assert chosen == sorted(chosen), f"{call} gave the rows under {part!r} in another order than they came in."


@pytest.mark.points(1)
def test_the_seed_decides(learner, rng, seed):
    """Equal calls give equal parts, and another seed gives other parts."""
    rows = films(rng, 180)
    call = f"split_by_group of {len(rows)} rows of 180 films"
    first = split(learner, rows, THREE, 3, call)
    again = split(learner, rows, THREE, 3, call)
    assert first == again, (
        f"{call}, called twice with the same seed, gave different parts. All randomness has to come from a generator made of `seed`."
    )
    others = [split(learner, rows, THREE, s, call) for s in (4, 5, 6)]
    assert any(other != first for other in others), f"{call} gave the same parts for four different seeds. Is `seed` used?"


@pytest.mark.points(1)
def test_global_random_state(learner, rng):
    """Nobody else's random numbers change, and neither do the rows."""
    rows = films(rng, 90)
    before = copy.deepcopy(rows)
    call = f"split_by_group of {len(rows)} rows of 90 films"
    parts = split(learner, rows, {"train": 0.75, "test": 0.25}, 11, call)
    assert all(parts.values()), f"{call} left a part without any rows."
    moved = learner.last.random_moved
    assert not moved, (
        f"{call} moved the global random state of {' and '.join(sorted(moved))}. Whoever draws numbers later gets others. Make a generator of your own from `seed`."
    )
    assert learner.last.args[0] == before, f"{call} changed the rows that it was given, or their order."


def refusal(learner, rows, fractions):
    """The message of the ValueError that a call raises; None when it raises none."""
    try:
        learner.split_by_group(rows, "film", "label", fractions, 0)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.points(1)
def test_fractions_add_up_to_one(learner, rng):
    """Fractions that don't add up to 1 are refused with a ValueError; rounding errors don't count."""
    rows = films(rng, 60)
    for fractions in ({"train": 0.8, "test": 0.1}, {"train": 80.0, "test": 20.0}, {"train": 0.8, "dev": 0.2, "test": 0.1}):
        said = refusal(learner, rows, fractions)
        assert said is not None, (
            f"split_by_group with the fractions {fractions} raised nothing. They don't add up to 1: refuse them with a ValueError."
        )
        assert "fractions" in said, (
            f"split_by_group with the fractions {fractions} raised ValueError: {said}. Name `fractions` in the message, so that the caller knows what to look at."
        )
    fractions = {"train": 0.7, "dev": 0.2, "test": 0.1}
    said = refusal(learner, rows, fractions)
    assert said is None, (
        f"split_by_group with the fractions {fractions} raised ValueError: {said}. In floating point their sum is 1 but for a rounding error."
    )


@pytest.mark.points(1)
def test_real_reviews(learner, rng, seed):
    """On a part of the real reviews, films stay whole, and sizes and labels are right."""
    every = data.reviews()
    names = sorted(set(every["film"]))
    chosen = {names[int(i)] for i in rng.choice(len(names), size=300, replace=False)}
    rows = [{"film": film, "label": label} for film, label in zip(every["film"], every["label"], strict=True) if film in chosen]
    rows = [row | {"id": i} for i, row in enumerate(rows)]
    fractions = {"train": 0.7, "dev": 0.15, "test": 0.15}
    call = f"split_by_group of {len(rows)} real reviews of 300 films, by {fractions}"
    parts = split(learner, rows, fractions, seed % 1000, call)
    complete(parts, rows, call)
    whole_films(parts, rows, call)
    fresh = sum(row["label"] for row in rows) / len(rows)
    for part, fraction in fractions.items():
        some = [rows[i]["label"] for i in parts[part]]
        assert abs(len(some) - fraction * len(rows)) <= 0.01 * len(rows), (
            f"{call} gave {len(some)} rows under {part!r}, which is off by more than 0.01 of all rows."
        )
        assert abs(sum(some) / len(some) - fresh) <= 0.04, (
            f"{call} gave {part!r} a share of fresh reviews that is off by more than 0.04. Are the labels looked at?"
        )
