"""Hidden suite of `EarlyStop`."""

import atexit
import shutil
import tempfile
import warnings

import pytest
from transformers import Trainer, TrainerControl, TrainerState, TrainingArguments

from tunelab import expect
from tunelab.models import tiny_bert

NAN, INF = float("nan"), float("inf")


def driven(callback, losses, begin=True, asked=False):
    """Shows a callback one loss after the other, ten steps apart, as a Trainer would until it stops: after which it asked for the end, and what it remembers."""
    state, control = TrainerState(), TrainerControl()
    given = {"model": None, "processing_class": None, "optimizer": None}
    if begin:
        callback.on_train_begin(None, state, control, **given)
    ends, kept = None, True
    for number, loss in enumerate(losses):
        state.global_step = 10 * (number + 1)
        control.should_training_stop = asked
        callback.on_evaluate(None, state, control, metrics={"eval_loss": loss, "eval_accuracy": 0.5, "epoch": number + 1.0}, **given)
        kept = kept and (control.should_training_stop or not asked)
        if control.should_training_stop and not asked:
            ends = number
            break
    best = {name: getattr(callback, name, None) for name in ("best_loss", "best_step")}
    return best | {"ends": ends, "kept": kept, "missing": [name for name in best if not hasattr(callback, name)]}


def without_loss(callback):
    """The name of the error for metrics that hold no loss; None when there is none."""
    callback.on_train_begin(None, TrainerState(), TrainerControl())
    try:
        callback.on_evaluate(None, TrainerState(), TrainerControl(), metrics={"eval_accuracy": 0.5})
    except Exception as error:
        return type(error).__name__
    return None


def trained(callback, folder, runs):
    """Steps of real runs of a tiny model at a learning rate of 0, evaluated after each of at most eight steps, one callback for all."""
    rows = [{"input_ids": [2 + i, 5, 9, 11 + i], "attention_mask": [1, 1, 1, 1], "labels": i % 2} for i in range(4)]
    steps = []
    for _ in range(runs):
        arguments = TrainingArguments(
            folder,
            max_steps=8,
            per_device_train_batch_size=4,
            learning_rate=0.0,
            eval_strategy="steps",
            eval_steps=1,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        )
        model = tiny_bert(layers=1, hidden=8, heads=1)
        trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows, callbacks=[callback])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.train()
        steps.append(trainer.state.global_step)
    return steps


def seen(learner, losses, patience, min_delta=None, **how):
    """What a new callback makes of some losses, and the call in words."""
    arguments = (patience,) if min_delta is None else (patience, min_delta)
    call = f"EarlyStop({', '.join(map(str, arguments))}), shown evaluation losses of {losses},"
    callback = learner.EarlyStop(*arguments)
    expect.value(callback, call=call)
    try:
        got = learner.probe(driven, callback, losses, **how)
    except AttributeError as error:
        if "'EarlyStop' object" not in str(error):
            raise
        first = "" if how.get("begin", True) else " without a call of on_train_begin"
        raise AssertionError(
            f"{call}{first} raised AttributeError: {error}. An attribute is there once it was set: have __init__ set everything that on_evaluate reads."
        ) from None
    assert not got["missing"], (
        f"{call} has no attribute `{got['missing'][0]}`. Anybody may read best_loss and best_step at any time: have __init__ set both to None."
    )
    assert got["ends"] is None or got["best_step"] != 10 * (got["ends"] + 1), (
        f"{call} ends with best_step {got['best_step']}, the step at which the run stopped. Which evaluation was the best?"
    )
    return got, call


def end(got):
    """After which evaluation it asked for the end, in words."""
    return "never asked for the end" if got["ends"] is None else f"asked for the end at {got['ends']} (positions from 0)"


def eighths(*numbers):
    return [number / 8 for number in numbers]


@pytest.mark.points(2)
def test_it_asks_for_the_end(learner, rng):
    """After `patience` evaluations in a row without an improvement it asks the Trainer to stop, and not before."""
    for patience in (1, 2, 3):
        falls = int(rng.integers(2, 5))
        losses = eighths(*range(20, 20 - falls, -1), *[25] * 5)
        got, call = seen(learner, losses, patience)
        assert got["ends"] is not None, f"{call} never asked for the end. What the Trainer looks at is `control.should_training_stop`."
        assert got["ends"] == falls - 1 + patience, (
            f"{call} asked for the end after evaluation {got['ends'] + 1}. The best one isn't a failure; count {patience} after it."
        )


@pytest.mark.points(2)
def test_it_remembers_the_best(learner, rng):
    """best_loss and best_step are those of the last improvement, not of the last evaluation."""
    base = int(rng.integers(10, 20))
    losses = eighths(base, base - 2, base - 3, base, base + 1)
    got, call = seen(learner, losses, 2)
    assert got["best_step"] == 30, (
        f"{call} ends with best_step {got['best_step']}. It is `state.global_step` at the last improvement; evaluations came at the steps 10, 20, 30, …"
    )
    expect.close(
        expect.number(got["best_loss"], call=f"best_loss after {call.rstrip(',')}"),
        losses[2],
        call=call,
        hint="best_loss is the loss at the last improvement.",
    )


@pytest.mark.points(2)
def test_as_good_is_not_better(learner, rng):
    """A loss must lie below the best by more than min_delta, and an improvement starts the count anew."""
    level = int(rng.integers(8, 16))
    got, call = seen(learner, eighths(level, level, level, level), 2)
    assert got["best_step"] == 10, f"{call} ends with best_step {got['best_step']}. A loss that equals the best is no improvement."
    assert got["ends"] == 2, (
        f"{call} {end(got)}. Its best_step is right; count the evaluations after it: the one that makes 2 ends the run."
    )
    got, call = seen(learner, eighths(level, level - 1, level - 1, level), 2, 0.125)
    assert got["best_step"] == 10, f"{call} ends with best_step {got['best_step']}. A fall of exactly min_delta isn't more than min_delta."
    assert got["ends"] == 2, (
        f"{call} {end(got)}. Its best_step is right; count the evaluations after it: the one that makes 2 ends the run."
    )
    losses = eighths(level + 9, level + 10, level + 8, level + 9, level + 7, level + 8, level + 8)
    got, call = seen(learner, losses, 2)
    assert got["ends"] is None or got["ends"] >= 6, f"{call} {end(got)}. Failures count in a row: an improvement sets the count back."
    assert got["ends"] == 6, f"{call} never asked for the end. The last two evaluations fail in a row: the one that makes 2 ends the run."


@pytest.mark.points(2)
def test_nan_never_improves(learner, rng):
    """NaN and infinity are no improvements and count against patience."""
    level = int(rng.integers(8, 16)) / 8
    for odd in (NAN, INF):
        got, call = seen(learner, [level, odd, odd, odd], 2)
        assert got["best_step"] == 10, (
            f"{call} ends with best_step {got['best_step']}. {odd} never improves; look at how your comparison treats it."
        )
        assert got["ends"] == 2, (
            f"{call} {end(got)}. An evaluation of {odd} counts against patience like any other without an improvement, and the one that makes 2 ends the run."
        )
        got, call = seen(learner, [odd, level, level, 0.0], 2)
        assert got["best_step"] != 20, (
            f"{call} {end(got)}, with best_step 20. The first finite loss was taken for the best, as it should be; but an improvement also sets the count back."
        )
        assert (got["ends"], got["best_step"]) == (None, 40), (
            f"{call} {end(got)}, with best_step {got['best_step']}. The first finite loss is an improvement, whatever stood before it."
        )
        got, call = seen(learner, [odd, odd, odd], 2)
        assert got["best_loss"] is None and got["best_step"] is None, (
            f"{call} remembers best_loss {got['best_loss']} and best_step {got['best_step']}. Nothing was an improvement: both attributes stay None."
        )
        assert got["ends"] == 1, f"{call} {end(got)}. Also without a best, the evaluation that makes 2 failures ends the run."


@pytest.mark.points(1)
def test_others_may_ask_for_the_end(learner, rng):
    """It never takes back what another callback asked for; and it knows its first evaluation without on_train_begin."""
    level = int(rng.integers(20, 30))
    got, call = seen(learner, eighths(level, level - 1, level - 2), 1, asked=True)
    assert got["kept"], (
        f"{call} set `control.should_training_stop` to False, where another callback had set it to True. Set it only to True."
    )
    for losses in (eighths(level, level - 1, level), [NAN]):
        got, call = seen(learner, losses, 1, begin=False)
        if got["ends"] != len(losses) - 1:
            begun, _ = seen(learner, losses, 1)
            assert begun["ends"] == len(losses) - 1, (
                f"{call} {end(begun)}, with a call of on_train_begin or without. The last evaluation is no improvement, and a patience of 1 means that one such evaluation ends the run."
            )
            raise AssertionError(
                f"{call} without a call of on_train_begin {end(got)}, and after one at {begun['ends']}. Have __init__ set everything that on_evaluate reads."
            )


@pytest.mark.points(1)
def test_metrics_without_a_loss(learner):
    """Metrics that hold no eval_loss are a KeyError, not a silent failure."""
    error = learner.probe(without_loss, learner.EarlyStop(2))
    assert error is not None, (
        "EarlyStop(2), shown metrics without an 'eval_loss', said nothing. It would wait for a number that never comes: let the KeyError out."
    )
    assert error == "KeyError", (
        f"EarlyStop(2), shown metrics without an 'eval_loss', raised {error}. A KeyError is asked for, as a dict raises by itself."
    )


@pytest.mark.points(2)
def test_it_stops_a_trainer(learner):
    """Real Trainers whose loss never changes are stopped after the first evaluation and `patience` more, the second one as well as the first."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    call = "A Trainer with EarlyStop(2), a learning rate of 0 and an evaluation after each of eight steps"
    try:
        first, second = learner.probe(trained, learner.EarlyStop(2), folder, 2)
    except Exception as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{call} stopped with {type(error).__name__}: {error}. Is the class still a TrainerCallback, and do its methods take what a Trainer passes?"
        ) from None
    assert first == 3, f"{call} made {first} step{'s' * (first != 1)}. The first evaluation is the best; two more are no improvement."
    assert second == 3, (
        f"{call} made {second} step{'s' * (second != 1)} in a second run with the same callback, after {first} in the first. Does on_train_begin forget everything?"
    )
