"""Public checks of `model_card`: a small file and six dev rows."""

from tunelab import expect

KEYS = {"labels", "steps", "bytes", "sha256", "macro_f1", "interval", "intended_use", "limits"}
TRUTH = ["fresh", "fresh", "fresh", "fresh", "rotten", "rotten"]
SAID = ["fresh", "fresh", "fresh", "rotten", "rotten", "fresh"]


def test_a_small_card(learner):
    """A file of five bytes, three labels, seven steps."""
    call = 'model_card(b"bytes", ["fresh", "rotten", "fresh"], 7, truth, predicted)'
    got = expect.mapping(learner.model_card(b"bytes", ["fresh", "rotten", "fresh"], 7, TRUTH, SAID), call=call, keys=KEYS, exact=True)
    for key, wanted in (("labels", 3), ("steps", 7), ("bytes", 5)):
        assert got[key] == wanted, f"{call} says {key} = {got[key]!r}. It should be {wanted}."
    assert str(got["sha256"]).startswith("277089d91c0bdf4f"), (
        f"{call} gave a sha256 that begins with {str(got['sha256'])[:16]}. It should begin with 277089d91c0bdf4f."
    )
    score = expect.number(got["macro_f1"], call=f"{call} `macro_f1`:")
    assert abs(score - 0.625) < 1e-9, f"{call} says macro_f1 = {score:.4g}. It should be (0.75 + 0.5) / 2."
    low, high = expect.sequence(got["interval"], call=f"{call} `interval`:", length=2)
    assert low <= score <= high, f"{call} gave the interval {low:.4g} to {high:.4g}, in which the score {score:.4g} doesn't lie."


def test_prose(learner):
    """Intended use and limits, in words."""
    got = expect.mapping(
        learner.model_card(b"bytes", ["fresh"], 1, TRUTH, SAID), call='model_card(b"bytes", ["fresh"], 1, truth, predicted)', keys=KEYS
    )
    for key, least in (("intended_use", 80), ("limits", 120)):
        assert len(got[key]) >= least, f"`{key}` has {len(got[key])} characters. At least {least} are asked for."
