"""Public checks of `layer_parameters`: examples to check oneself by."""

from tunelab import expect


def test_the_example_of_the_lesson(learner):
    """A layer with vectors of 4 numbers and an intermediate size of 8 has 172 parameters."""
    call = "layer_parameters({'hidden_size': 4, 'intermediate_size': 8})"
    got = expect.integer(learner.layer_parameters({"hidden_size": 4, "intermediate_size": 8}), call=call)
    assert got == 172, f"{call} gave {got}. By hand it is 172: attention 4 x (16 + 4), feed-forward (32 + 8) + (32 + 4), norms 2 x (4 + 4)."


def test_a_layer_of_bert_base(learner):
    """A layer of BERT's base size has 7,087,872 parameters."""
    call = "layer_parameters({'hidden_size': 768, 'intermediate_size': 3072})"
    got = expect.integer(learner.layer_parameters({"hidden_size": 768, "intermediate_size": 3072}), call=call)
    assert got == 7_087_872, f"{call} gave {got:,}. torch counts 7,087,872."
