"""Public checks of `lora_parameters`: examples to check oneself by."""

from tunelab import expect


def test_the_example_of_the_lesson(learner):
    """A matrix of 4 rows and 6 columns gets 10 new weights at rank 1, and 20 at rank 2."""
    for rank, right in ((1, 10), (2, 20)):
        got = learner.lora_parameters([(4, 6)], rank)
        expect.integer(got, call=f"lora_parameters([(4, 6)], {rank})")
        assert got == right, f"lora_parameters([(4, 6)], {rank}) gave {got}. It should be {right}: {rank} x 6 in `a` and 4 x {rank} in `b`."


def test_several_matrices(learner):
    """The counts of several matrices are added up."""
    got = learner.lora_parameters([(4, 6), (6, 4), (4, 6)], 1)
    assert got == 30, f"lora_parameters([(4, 6), (6, 4), (4, 6)], 1) gave {got}. It should be 30, ten for each."


def test_query_and_value_of_minilm(learner):
    """Twelve matrices of 384 x 384 at rank 8 get 73,728 new weights."""
    got = learner.lora_parameters([(384, 384)] * 12, 8)
    assert got == 73_728, f"lora_parameters([(384, 384)] * 12, 8) gave {got}. It should be 73728."
