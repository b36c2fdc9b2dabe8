"""Public checks of `EarlyStop`."""

from transformers import TrainerControl, TrainerState

from tunelab import expect


def watched(callback, losses):
    """Shows a callback losses, ten steps apart: whether it had asked for the end after each, and what it remembers."""
    state, control = TrainerState(), TrainerControl()
    callback.on_train_begin(None, state, control)
    asked = []
    for number, loss in enumerate(losses):
        state.global_step = 10 * (number + 1)
        callback.on_evaluate(None, state, control, metrics={"eval_loss": loss}, model=None)
        asked.append(bool(control.should_training_stop))
    best = {name: getattr(callback, name, "not set") for name in ("best_loss", "best_step")}
    return {"asked": asked, **best}


def test_the_example(learner):
    """Patience 1, and the same loss twice: the second evaluation ends the run."""
    call = "EarlyStop(1), shown evaluation losses of 0.7 and 0.7,"
    callback = expect.value(learner.EarlyStop(1), call="EarlyStop(1)")
    got = learner.probe(watched, callback, [0.7, 0.7])
    assert got["asked"] == [False, True], f"{call} had should_training_stop at {got['asked']} after them, where [False, True] is right."
    assert got["best_step"] == 10, f"{call} has best_step {got['best_step']}, where 10 is right: the first evaluation came at step 10."


def test_an_improvement(learner):
    """A lower loss sets the count back, and is remembered."""
    call = "EarlyStop(2), shown evaluation losses of 0.75, 0.8, 0.5 and 0.6,"
    callback = expect.value(learner.EarlyStop(2), call="EarlyStop(2)")
    got = learner.probe(watched, callback, [0.75, 0.8, 0.5, 0.6])
    assert got["best_loss"] == 0.5 and got["best_step"] == 30, (
        f"{call} has best_loss {got['best_loss']} and best_step {got['best_step']}, where 0.5 and 30 are right."
    )
    assert not any(got["asked"]), f"{call} asked for the end. No two evaluations in a row fail here."
