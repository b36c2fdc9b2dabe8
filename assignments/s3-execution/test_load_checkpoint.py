"""Public checks of `load_checkpoint`: examples to check oneself by."""

import atexit
import shutil
import tempfile
from pathlib import Path

import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "load_checkpoint(folder, model, optimizer, scheduler)"


def new_folder():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_adamw(model):
    return torch.optim.AdamW(model.parameters())


def make_schedule(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)


def train_and_save(model, optimizer, scheduler, folder):
    """Two steps, and a checkpoint as the contract describes it."""
    for _ in range(2):
        ids = torch.arange(1, 13).reshape(2, 6)
        model(input_ids=ids, labels=torch.tensor([0, 1])).loss.backward()
        optimizer.step()
        scheduler.step()
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save(parts | {"random": torch.get_rng_state(), "step": 12}, Path(folder) / "checkpoint.pt")


def head(model):
    return model.classifier.weight.detach().clone()


def remembered(optimizer):
    return len(optimizer.state_dict()["state"])


def steps_made(scheduler):
    return scheduler.last_epoch


def fresh(learner, seed):
    model = learner.make(tiny_bert, layers=1, seed=seed)
    optimizer = learner.make(make_adamw, model)
    return model, optimizer, learner.make(make_schedule, optimizer)


def test_everything_is_put_back(learner):
    """Model, optimizer, schedule and random state are those of the file, and its step is returned."""
    folder, saved, other = learner.probe(new_folder), fresh(learner, 1), fresh(learner, 2)
    learner.probe(train_and_save, *saved, folder)
    got = learner.load_checkpoint(Path(folder), *other)
    moved = learner.last.random_moved
    expect.integer(got, call=CALL)
    assert got == 12, f"{CALL} gave {got}. The file says 12."
    assert torch.equal(learner.probe(head, saved[0]), learner.probe(head, other[0])), (
        f"{CALL} left other weights in the model's head than the file holds."
    )
    assert learner.probe(remembered, other[1]), f"{CALL} left the optimizer without a memory."
    assert learner.probe(steps_made, other[2]) == 2, (
        f"{CALL} left the schedule at step {learner.probe(steps_made, other[2])}. It should be 2."
    )
    assert "torch" in moved, f"{CALL} didn't put torch's random state back."


def test_without_a_checkpoint(learner):
    """Where there is no checkpoint.pt, a FileNotFoundError is raised."""
    folder = learner.probe(new_folder)
    try:
        got = learner.load_checkpoint(Path(folder), *fresh(learner, 1))
    except FileNotFoundError:
        return
    raise AssertionError(f"{CALL}, with an empty folder, gave {got!r}. The contract asks for a FileNotFoundError.")
