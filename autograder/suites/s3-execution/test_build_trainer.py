"""Hidden suite of `build_trainer`."""

import atexit
import shutil
import tempfile
import warnings

import numpy as np
import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast, Trainer, TrainingArguments

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "build_trainer(model, arguments, train, evaluation, tokenizer)"
PAD = 7


def make_arguments(**more):
    """Arguments of a short run in a folder of its own, which evaluates after each step."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {
        "output_dir": folder,
        "per_device_train_batch_size": 4,
        "per_device_eval_batch_size": 8,
        "learning_rate": 0.0,
        "max_steps": 8,
        "eval_strategy": "steps",
        "eval_steps": 1,
        "save_strategy": "no",
        "metric_for_best_model": "f1",
        "greater_is_better": True,
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "seed": 3,
    }
    return TrainingArguments(**(settings | more))


def make_tokenizer():
    """A tokenizer of a hundred words, whose padding token isn't 0."""
    words = {f"w{i}": i for i in range(100)}
    words["[PAD]"] = words.pop("w7")
    words["[UNK]"] = words.pop("w8")
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(words, unk_token="[UNK]")), pad_token="[PAD]", unk_token="[UNK]")


def make_rows(ids, labels):
    return Dataset.from_dict({"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids], "labels": labels})


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def is_trainer(trainer):
    return isinstance(trainer, Trainer)


def wired(trainer, model, arguments, tokenizer):
    """Which of the things that were passed are the trainer's own."""
    return {
        "model": trainer.model is model,
        "arguments": all(
            getattr(trainer.args, name) == getattr(arguments, name)
            for name in ("output_dir", "learning_rate", "max_steps", "seed", "eval_strategy")
        ),
        "tokenizer": trainer.processing_class is tokenizer,
    }


def first_batch(trainer, which):
    """The first batch of the training or the evaluation set, and all rows of it; a sentence when the batches can't be made."""
    loader = trainer.get_train_dataloader() if which == "train" else trainer.get_eval_dataloader()
    try:
        batches = [{name: tensor.cpu() for name, tensor in batch.items()} for batch in loader]
    except Exception as error:
        return f"{type(error).__name__}"
    rows = [
        [token for token, real in zip(ids, mask, strict=True) if real]
        for batch in batches
        for ids, mask in zip(batch["input_ids"].tolist(), batch["attention_mask"].tolist(), strict=True)
    ]
    return {"batches": batches, "rows": rows}


def evaluated(trainer):
    return trainer.evaluate()


def steps_trained(trainer):
    """How many steps the run makes before it stops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.train()
    return trainer.state.global_step


def texts(rng, count, classes=3):
    """Rows of tokens of unequal length, none of them padding, and labels of which each class has some; class 0 has most."""
    ids = [rng.integers(10, 100, size=int(rng.integers(3, 12))).tolist() for _ in range(count)]
    ids[0], ids[1] = ids[0][:3], rng.integers(10, 100, size=12).tolist()
    labels = [0] * (count - count // 2) + [1 + i % (classes - 1) for i in range(count // 2)]
    return ids, [int(label) for label in rng.permutation(labels)]


def predictions(seed, ids):
    model = tiny_bert(layers=1, hidden=16, labels=3, seed=seed)
    with torch.no_grad():
        return np.array([int(model(input_ids=torch.tensor([row])).logits.argmax()) for row in ids])


class Built:
    """A trainer that the learner's function built, of random rows."""

    def __init__(self, learner, rng, seed=0, train=None, evaluation=None, dropout=0.1, **more):
        self.learner = learner
        self.train, self.evaluation = train or texts(rng, 14), evaluation or texts(rng, 19)
        rates = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
        self.model = learner.make(tiny_bert, layers=1, hidden=16, labels=3, seed=seed, **rates)
        self.arguments = learner.make(make_arguments, **more)
        self.tokenizer = learner.make(make_tokenizer)
        self.trainer = learner.build_trainer(
            self.model, self.arguments, learner.make(make_rows, *self.train), learner.make(make_rows, *self.evaluation), self.tokenizer
        )
        expect.value(self.trainer, call=CALL)
        assert hasattr(self.trainer, "type_name") and learner.probe(is_trainer, self.trainer), f"{CALL} gave something else than a Trainer."

    def batches(self, which):
        found = self.learner.probe(first_batch, self.trainer, which)
        assert not isinstance(found, str), (
            f"{CALL}: the trainer can't make batches ({found}). The rows are of unequal length, so something must pad them: a collator that has the tokenizer."
        )
        return found


@pytest.mark.points(1)
def test_a_trainer_of_what_was_passed(learner, rng):
    """Model, arguments and tokenizer are the trainer's own, and nothing has been trained yet."""
    before = weights(tiny_bert(layers=1, hidden=16, labels=3))
    built = Built(learner, rng, learning_rate=0.1)
    after = learner.probe(weights, built.model)
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert not moved, f"{CALL} has trained the model already. The trainer is built here; the caller starts it."
    found = learner.probe(wired, built.trainer, built.model, built.arguments, built.tokenizer)
    for part in ("model", "arguments"):
        assert found[part], f"{CALL} gave a trainer that doesn't work with the {part} that was passed."
    assert found["tokenizer"], (
        f"{CALL} gave a trainer that doesn't have the tokenizer (`processing_class`). Then it isn't saved with the model, and whoever loads the checkpoint has to guess which one it was."
    )


@pytest.mark.points(2)
def test_batches_are_padded(learner, rng):
    """Rows of unequal length become batches as long as their longest row, padded by the tokenizer's token, with mask and labels."""
    built = Built(learner, rng)
    for which in ("train", "evaluation"):
        for batch in built.batches(which)["batches"]:
            missing = {"input_ids", "attention_mask", "labels"} - set(batch)
            assert not missing, f"{CALL}: a batch of the trainer has no {', '.join(sorted(missing))}."
            ids, mask = batch["input_ids"], batch["attention_mask"]
            assert ids.shape[1] == int(mask.sum(1).max()), (
                f"{CALL}: a batch of the trainer is {ids.shape[1]} tokens wide, and its longest row has {int(mask.sum(1).max())}. Pad to the longest row of the batch: what is wider only costs time."
            )
            assert bool((ids[mask == 0] == PAD).all()), f"{CALL}: the trainer pads with another token than the tokenizer's padding token."


@pytest.mark.points(1)
def test_each_set_in_its_place(learner, rng):
    """It trains on the training set, and reads the evaluation set in its own order."""
    built = Built(learner, rng)
    rows = built.batches("train")["rows"]
    assert sorted(rows) == sorted(built.train[0]), f"{CALL}: the trainer trains on other rows than those of the training set."
    rows = built.batches("evaluation")["rows"]
    assert sorted(rows) != sorted(built.train[0]), (
        f"{CALL}: the trainer evaluates on the training set. What it reports then is how well the model knows what it has seen."
    )
    assert sorted(rows) == sorted(built.evaluation[0]), f"{CALL}: the trainer evaluates on other rows than those of the evaluation set."
    assert rows == built.evaluation[0], (
        f"{CALL}: the trainer reads the evaluation set in another order. Nothing is learnt from it, so nothing is gained, and predictions no longer stand beside their texts."
    )


@pytest.mark.points(2)
def test_the_metrics_of_the_evaluation_set(learner, rng):
    """evaluate() reports accuracy and macro F1 of the evaluation set."""
    seed, (ids, labels) = separating(rng)
    built = Built(learner, rng, seed, evaluation=(ids, labels))
    try:
        got = learner.probe(evaluated, built.trainer)
    except Exception as error:
        raise AssertionError(stopped("evaluate", error)) from None
    for name in ("eval_accuracy", "eval_f1"):
        assert name in got, (
            f"{CALL}: `trainer.evaluate()` reports {', '.join(sorted(got))}, and no {name}. The function passed as `compute_metrics` returns a dict with 'accuracy' and 'f1'."
        )
    guesses, truth = predictions(seed, ids), np.array(labels)
    accuracy, f1, sizes = (guesses == truth).mean(), scores(guesses, truth), np.bincount(truth, minlength=3)
    assert abs(got["eval_accuracy"] - accuracy) < 1e-6, (
        f"{CALL}: `trainer.evaluate()` reports an accuracy of {got['eval_accuracy']:.3f}, which isn't the share of evaluation rows where the largest logit is that of the label."
    )
    assert abs(got["eval_f1"] - (f1 * sizes).sum() / sizes.sum()) > 1e-6, (
        f"{CALL}: `trainer.evaluate()` reports an F1 that weighs each class by its size. Macro F1 is the plain mean over classes."
    )
    assert abs(got["eval_f1"] - accuracy) > 1e-6, (
        f"{CALL}: `trainer.evaluate()` reports the accuracy as F1 (that is what micro F1 is). Macro F1 is the plain mean over classes."
    )
    assert abs(got["eval_f1"] - f1.mean()) < 1e-6, (
        f"{CALL}: `trainer.evaluate()` reports an F1 of {got['eval_f1']:.3f}, which isn't the plain mean of the F1 of each class."
    )


def scores(guesses, truth):
    return np.array([2 * ((guesses == c) & (truth == c)).sum() / max((guesses == c).sum() + (truth == c).sum(), 1) for c in range(3)])


def stopped(method, error):
    """What is said when the trainer stops with an error: what it is about where that is known, the error's own words else."""
    if "metric_for_best_model" in str(error):
        return (
            f"{CALL}: `trainer.{method}()` stopped, since its evaluations report no 'eval_f1', by which the arguments want to tell whether the run gets better. "
            "What computes accuracy and F1 for the trainer?"
        )
    return (
        f"{CALL}: `trainer.{method}()` stopped with {type(error).__name__}: {error}. The rows are of unequal length: does something pad them? "
        "And does the function of metrics, if there is one, take logits and labels and return a dict?"
    )


def separating(rng):
    """A seed and rows on which accuracy, macro F1 and weighted F1 are three numbers, with every class among labels and guesses or not at all."""
    for _ in range(200):
        seed, (ids, labels) = int(rng.integers(1000)), texts(rng, 19)
        guesses, truth = predictions(seed, ids), np.array(labels)
        if len(set(guesses.tolist())) > 1:
            f1, sizes = scores(guesses, truth), np.bincount(truth, minlength=3)
            values = [(guesses == truth).mean(), f1.mean(), (f1 * sizes).sum() / sizes.sum()]
            if min(abs(a - b) for i, a in enumerate(values) for b in values[:i]) > 1e-3:
                return seed, (ids, labels)
    raise RuntimeError("no such rows were drawn")


@pytest.mark.points(2)
def test_it_stops_early(learner, rng):
    """A run that gets no better stops after two evaluations without an improvement."""
    built = Built(learner, rng)
    try:
        steps = learner.probe(steps_trained, built.trainer)
    except Exception as error:
        raise AssertionError(stopped("train", error)) from None
    call = f"{CALL}, with a learning rate of 0 and an evaluation after each step:"
    assert steps != 8, (
        f"{call} the run went on to its last step, though nothing got better. Early stopping is a callback, and needs the metric that the arguments name."
    )
    assert steps > 2, (
        f"{call} the run stopped after {steps} steps. The first evaluation is the best so far, and two more without an improvement are needed."
    )
    assert steps == 3, (
        f"{call} the run stopped after {steps} steps. The first evaluation is the best so far; after two more without an improvement it should stop."
    )


@pytest.mark.points(2)
def test_it_goes_on_while_it_gets_better(learner, rng):
    """A run whose metric gets better at each evaluation goes on to its last step, whichever metric the arguments name."""
    rows = texts(rng, 12)
    more = {"learning_rate": 1e-3, "max_steps": 4, "per_device_train_batch_size": 12, "metric_for_best_model": "loss"}
    built = Built(learner, rng, train=rows, evaluation=rows, dropout=0.0, greater_is_better=False, lr_scheduler_type="constant", **more)
    try:
        steps = learner.probe(steps_trained, built.trainer)
    except Exception as error:
        raise AssertionError(stopped("train", error)) from None
    assert steps == 4, (
        f"{CALL}, with a loss that falls from each evaluation to the next, and that the arguments name as their metric: the run stopped after {steps} of 4 steps. "
        "What ends a run is two evaluations in a row that don't beat the best."
    )
