"""Public checks of `build_trainer`: examples to check oneself by."""

import atexit
import shutil
import tempfile

from datasets import Dataset
from transformers import Trainer, TrainingArguments

from tunelab import expect
from tunelab.models import minilm_tokenizer, tiny_bert

CALL = "build_trainer(model, arguments, train, evaluation, tokenizer)"


def make_arguments():
    """A learning rate of 0, so that nothing gets better, and an evaluation after each of up to six steps."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return TrainingArguments(
        folder,
        per_device_train_batch_size=2,
        learning_rate=0.0,
        max_steps=6,
        eval_strategy="steps",
        eval_steps=1,
        save_strategy="no",
        metric_for_best_model="f1",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )


def make_rows(label):
    """Rows of 2 to 5 tokens; all have the label that is given, but the last."""
    ids = [list(range(1, 1 + n)) for n in (2, 5, 3, 4)]
    return Dataset.from_dict({"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids], "labels": [label] * 3 + [1 - label]})


def is_trainer(trainer):
    return isinstance(trainer, Trainer)


def metrics_of(trainer):
    return trainer.evaluate()


def steps_trained(trainer):
    trainer.train()
    return trainer.state.global_step


def built(learner):
    trainer = learner.build_trainer(
        learner.make(tiny_bert, layers=1),
        learner.make(make_arguments),
        learner.make(make_rows, 0),
        learner.make(make_rows, 1),
        learner.make(minilm_tokenizer),
    )
    expect.value(trainer, call=CALL)
    assert learner.probe(is_trainer, trainer), f"{CALL} gave something else than a Trainer."
    return trainer


def test_accuracy_and_f1(learner):
    """evaluate() reports accuracy and macro F1, of rows of unequal length."""
    metrics = learner.probe(metrics_of, built(learner))
    missing = [name for name in ("eval_accuracy", "eval_f1") if name not in metrics]
    assert not missing, f"{CALL}: `trainer.evaluate()` reports no {' and no '.join(missing)}. It reports {', '.join(sorted(metrics))}."


def test_early_stopping(learner):
    """A run that gets no better stops after three evaluations: the first, and two more without an improvement."""
    steps = learner.probe(steps_trained, built(learner))
    assert steps == 3, f"{CALL}: a run at a learning rate of 0 made {steps} steps. It should stop after 3."
