"""Hidden suite of `bucket_batches`."""

import pytest

from tunelab import expect


def lengths_of_texts(rng, n):
    """Lengths like those of reviews: most are short, a few are long."""
    return [int(n) for n in rng.lognormal(3.1, 0.6, size=n).clip(3, 250)]


def called(learner, lengths, batch_size, seed):
    call = f"bucket_batches(lengths, {batch_size}, {seed}), with {len(lengths)} lengths,"
    got = expect.sequence(learner.bucket_batches(list(lengths), batch_size, seed), call=call)
    for batch in got:
        expect.sequence(batch, call=f"{call} as a batch,")
        for index in batch:
            expect.integer(index, call=f"{call} as an index,")
    return got, call


def padding(batches, lengths):
    return sum(max(lengths[i] for i in batch) - lengths[j] for batch in batches for j in batch)


def at_random(rng, lengths, batch_size):
    """The padding of batches drawn at random, the mean of ten draws."""
    total = 0
    for _ in range(10):
        order = rng.permutation(len(lengths)).tolist()
        total += padding([order[i : i + batch_size] for i in range(0, len(order), batch_size)], lengths)
    return total / 10


def whole(got, call, lengths, size):
    """Each index is there once, in batches of a size."""
    n = len(lengths)
    found = sorted(i for batch in got for i in batch)
    strange = [i for i in found if not 0 <= i < n]
    assert not strange, f"{call} gave the index {strange[-1]}. Indices into `lengths` are asked for, from 0 to {n - 1}, not lengths."
    missing = n - len(set(found))
    assert not missing or found != sorted(lengths), (
        f"{call} gave batches of lengths. Indices into `lengths` are asked for, from 0 to {n - 1}."
    )
    assert not missing or len(found) > len(set(found)) or missing >= size, (
        f"{call} left out {missing} of {n} texts. The last batch may be smaller than the others, but it belongs to them."
    )
    assert not missing, f"{call} left out {missing} of {n} texts. Each index, from 0 to {n - 1}, is in one batch."
    assert len(found) == n, f"{call} gave {len(found) - n} texts more than once."


@pytest.mark.points(3)
def test_little_padding(learner, rng):
    """All padding together is at most a fifth of that of random batches."""
    for batch_size, batches in ((8, 40), (16, 25), (5, 60)):
        lengths = lengths_of_texts(rng, batch_size * batches + 3)
        got, call = called(learner, lengths, batch_size, int(rng.integers(1000)))
        whole(got, call, lengths, batch_size)
        share = padding(got, lengths) / at_random(rng, lengths, batch_size)
        assert share < 0.8, (
            f"{call} pads {share:.0%} of what batches drawn at random need. Texts of like length belong together: shuffle the batches, not the texts in them."
        )
        assert share <= 0.2, (
            f"{call} pads {share:.0%} of what batches drawn at random need. Sort by length before you cut; larger pieces are better than small ones."
        )


@pytest.mark.points(2)
def test_every_text_once(learner, rng):
    """Each index is in one batch, also when the division leaves a rest; all batches but one are full."""
    for n, batch_size in ((50, 8), (48, 8), (3, 8), (8, 1), (0, 4), (101, 25)):
        lengths = lengths_of_texts(rng, n)
        got, call = called(learner, lengths, batch_size, 5)
        whole(got, call, lengths, batch_size)
        sizes = [len(batch) for batch in got]
        assert all(sizes), f"{call} gave an empty batch."
        assert max(sizes, default=0) <= batch_size, f"{call} gave a batch of {max(sizes, default=0)}."
        assert sum(size != batch_size for size in sizes) <= (n % batch_size != 0), (
            f"{call} gave batches of {sizes}. At most one may be smaller than {batch_size}, when the division leaves a rest."
        )


@pytest.mark.points(2)
def test_batches_stand_in_random_order(learner, rng):
    """The batches don't go from short to long: neighbours are as unlike as chance makes them."""
    lengths = lengths_of_texts(rng, 400)
    for seed in rng.integers(10_000, size=3).tolist():
        got, call = called(learner, lengths, 8, seed)
        whole(got, call, lengths, 8)
        longest = [max(lengths[i] for i in batch) for batch in got]
        rank = {b: r for r, b in enumerate(sorted(range(len(got)), key=longest.__getitem__))}
        # In a random order the ranks of neighbours differ by 17 on average, give or take 1.8: below 8 lies a random order less than once in a million times.
        step = sum(abs(rank[i] - rank[i + 1]) for i in range(len(got) - 1)) / (len(got) - 1)
        order = "from short to long" if longest[0] < longest[-1] else "from long to short"
        assert step > 2, (
            f"{call} gave batches {order}. A model that sees short texts first and long ones last learns the last ones best: shuffle the batches."
        )
        assert step > 8, f"{call} gave batches whose neighbours are alike. Shuffle all batches."


@pytest.mark.points(2)
def test_the_seed_decides(learner, rng):
    """The same seed gives the same batches, another seed another order, and the global random states play no part."""
    lengths = lengths_of_texts(rng, 120)
    first, call = called(learner, lengths, 6, 11)
    moved = learner.last.random_moved
    second, _ = called(learner, lengths, 6, 11)
    assert first == second, (
        f"{call} called twice, gave different batches. Make a generator of `seed`: the global one is somewhere else each time."
    )
    assert not moved, (
        f"{call} moved the global random state of {', '.join(sorted(moved))}. Others draw from it as well: make a generator of your own, from `seed`."
    )
    others = [called(learner, lengths, 6, seed)[0] for seed in (12, 13, 14)]
    assert any(other != first for other in others), f"{call} gives the same order for the seeds 11, 12, 13 and 14. Is `seed` used?"
    orders = {tuple(tuple(sorted(batch)) for batch in got) for got in (first, *others)}
    assert len(orders) > 1, (
        f"{call} and with the seeds 12, 13 and 14, gave the same batches in the same order, with other orders only within them. Shuffle the batches."
    )
    assert len(orders) == 4, (
        f"{call} and with the seeds 12, 13 and 14, gave {len(orders)} different orders of batches. Each seed has one of its own."
    )


@pytest.mark.points(1)
def test_refused_and_left_alone(learner, rng):
    """A batch size below 1 is refused, and `lengths` is as before."""
    lengths = lengths_of_texts(rng, 30)
    called(learner, lengths, 4, 3)
    assert learner.last.args[0] == lengths, (
        "bucket_batches(lengths, 4, 3) changed the list of lengths. `sorted` makes a new list, `.sort()` doesn't."
    )
    for size in (0, -2):
        try:
            got = learner.bucket_batches(lengths, size, 3)
        except ValueError as error:
            assert "range()" not in str(error), (
                f"bucket_batches(lengths, {size}, 3) failed inside `range`. Look at the batch size first, and say what is wrong with it."
            )
            continue
        raise AssertionError(
            f"bucket_batches(lengths, {size}, 3) gave {len(got) if isinstance(got, list) else got} batches, where a ValueError is asked for."
        )
