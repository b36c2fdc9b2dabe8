"""Public checks of `bucket_batches`: examples to check oneself by."""

from tunelab import expect


def test_the_example_of_the_docstring(learner):
    """Two short and two long texts go into two batches."""
    call = "bucket_batches([5, 90, 6, 88], 2, 0)"
    got = expect.sequence(learner.bucket_batches([5, 90, 6, 88], 2, 0), call=call, length=2)
    assert sorted(sorted(batch) for batch in got) == [[0, 2], [1, 3]], f"{call} gave {got}. The batches should be 0 with 2, and 1 with 3."


def test_a_rest(learner):
    """Seven texts in batches of three: one batch is smaller."""
    call = "bucket_batches([3, 9, 4, 4, 8, 7, 2], 3, 1)"
    got = expect.sequence(learner.bucket_batches([3, 9, 4, 4, 8, 7, 2], 3, 1), call=call, length=3)
    assert sorted(i for batch in got for i in batch) == list(range(7)), f"{call} gave {got}. Each index from 0 to 6 should be in it once."
    assert sorted(map(len, got)) == [1, 3, 3], (
        f"{call} gave batches of {[len(batch) for batch in got]}. They should hold 3, 3 and 1, in some order."
    )


def test_the_order_comes_from_the_seed(learner):
    """The same seed gives the same batches, and other seeds give other orders."""
    lengths = list(range(40))
    orders = [learner.bucket_batches(lengths, 4, seed) for seed in (1, 1, 2, 3)]
    assert orders[0] == orders[1], "bucket_batches(lengths, 4, 1), called twice, gave different batches."
    assert orders[1] != orders[2] or orders[2] != orders[3], (
        "bucket_batches(lengths, 4, seed) gave the same order for the seeds 1, 2 and 3."
    )
