"""Public checks of `forgetting`: examples to check oneself by."""

from tunelab import expect


def test_the_example(learner):
    """The example of the docstring: one domain got worse, one better."""
    call = "forgetting({'news': 2.0, 'reviews': 3.0}, {'news': 2.5, 'reviews': 2.5})"
    got = learner.forgetting({"news": 2.0, "reviews": 3.0}, {"news": 2.5, "reviews": 2.5})
    expect.mapping(got, call=call, keys=["news", "reviews"])
    expect.close(got["news"], 0.6487213, call=f"{call}['news']", hint="It should be 0.649: 7.39 has become 12.18.")
    expect.close(got["reviews"], -0.3934693, call=f"{call}['reviews']", hint="It should be -0.393: 20.1 has become 12.2.")


def test_other_domains(learner):
    """A domain that was measured once is refused."""
    try:
        learner.forgetting({"news": 2.0}, {"plots": 2.0})
    except ValueError:
        return
    raise AssertionError("forgetting({'news': 2.0}, {'plots': 2.0}) raised no ValueError.")
