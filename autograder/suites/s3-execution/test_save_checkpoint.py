"""Hidden suite of `save_checkpoint`."""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import torch

from tunelab import expect
from tunelab.learner import LearnerError
from tunelab.models import tiny_bert

CALL = "save_checkpoint(folder, model, optimizer, scheduler, {step})"
KEYS = ("model", "optimizer", "scheduler", "random", "step")


def new_folder():
    """A folder that exists where the learner's code runs, and goes when that ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_model(seed):
    return tiny_bert(layers=1, hidden=16, labels=3, seed=seed, hidden_dropout_prob=0.2)


def make_adamw(model):
    return torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)


def make_schedule(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def make_witness():
    """In place of a schedule: its state holds what torch's random generator holds when it is asked."""

    class Witness:
        def state_dict(self):
            return {"last_epoch": 4, "random": torch.get_rng_state()}

        def load_state_dict(self, state):
            pass

    return Witness()


def make_breaking_schedule():
    """In place of a schedule: writing its state to disk fails, as on a full disk."""

    class Unwritable:
        def __reduce__(self):
            raise OSError("No space left on device")

    class Breaking:
        def state_dict(self):
            return {"last_epoch": 4, "note": Unwritable()}

        def load_state_dict(self, state):
            pass

    return Breaking()


def train(model, optimizer, scheduler, batch, steps, seed):
    """Steps of training with dropout, from a random state that `seed` sets."""
    torch.manual_seed(seed)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
        scheduler.step()


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def files(folder):
    """Names of everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))


def read(path):
    """What a checkpoint holds, as far as it is tensors and plain data; a sentence when it can't be read."""
    if not Path(path).is_file():
        return "isn't there"
    try:
        return torch.load(path, weights_only=True)
    except Exception as error:
        return f"can't be read as tensors and plain data ({type(error).__name__})"


def restore(path, model, optimizer, scheduler):
    """Puts back all but the random state."""
    kept = torch.load(path, weights_only=True)
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    scheduler.load_state_dict(kept["scheduler"])


def keep_old_file(path, elsewhere):
    """A second name for the file that is there now: it goes on holding what that file holds."""
    os.link(path, elsewhere)


def made(rng, examples=4, tokens=6):
    ids = torch.from_numpy(rng.integers(1, 100, size=(examples, tokens)))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.from_numpy(rng.integers(0, 3, size=examples))}


class Run:
    """A model in the middle of its training, where the learner's code runs."""

    def __init__(self, learner, rng, steps=3):
        self.learner, self.batch = learner, made(rng)
        self.folder = learner.probe(new_folder)
        self.path = str(Path(self.folder) / "checkpoint.pt")
        self.parts = self.fresh(int(rng.integers(1000)))
        self.train(steps)

    def fresh(self, seed):
        model = self.learner.make(make_model, seed)
        optimizer = self.learner.make(make_adamw, model)
        return model, optimizer, self.learner.make(make_schedule, optimizer)

    def train(self, steps, seed=5, parts=None):
        self.learner.probe(train, *(parts or self.parts), self.batch, steps, seed)

    def save(self, step, folder=None, scheduler=None):
        model, optimizer, own = self.parts
        return self.learner.save_checkpoint(Path(folder or self.folder), model, optimizer, scheduler or own, step)

    def read(self, *keys, folder=None, step="step"):
        """The checkpoint's contents, after a look at its form: a dict that has `keys`."""
        call = CALL.format(step=step)
        kept = self.learner.probe(read, str(Path(folder or self.folder) / "checkpoint.pt"))
        assert not isinstance(kept, str), (
            f"After {call}, the file checkpoint.pt in the folder {kept}. One dict of states, written by `torch.save`, is asked for; whole objects, such as the model itself, "
            "are neither tensors nor plain data."
        )
        expect.of_type(kept, dict, call=f"{call}: `torch.load` of checkpoint.pt")
        missing = [key for key in keys if key not in kept]
        assert not missing, (
            f"After {call}, the dict in checkpoint.pt has no {' and no '.join(map(repr, missing))}; it has {', '.join(map(repr, kept)) or 'nothing'}. "
            "A run that goes on without it isn't the run that was saved."
        )
        return kept


@pytest.mark.points(2)
def test_one_file_with_everything(learner, rng):
    """The file holds model, optimizer, scheduler, random state and step, as tensors and plain data."""
    run, step = Run(learner, rng), int(rng.integers(10, 90))
    before = learner.probe(weights, run.parts[0])
    run.save(step)
    kept, call = run.read(*KEYS, step=step), CALL.format(step=step)
    missing = [name for name in before if not (isinstance(kept["model"], dict) and name in kept["model"])]
    assert not missing, f"{call} left {missing[0]} out of the model's state. `model.state_dict()` has all of it."
    other = [name for name in before if kept["model"][name].dtype != before[name].dtype]
    assert not other, (
        f"{call} wrote {other[0]} as {str(kept['model'][other[0]].dtype).removeprefix('torch.')}, where the model has {str(before[other[0]].dtype).removeprefix('torch.')}. "
        "The run goes on from what is in the file, so all numbers are needed, to the last bit."
    )
    wrong = [name for name in before if not torch.equal(kept["model"][name], before[name])]
    assert not wrong, f"{call} wrote other values than the model has, for {wrong[0]}. All of them are needed, to the last bit."
    expect.integer(kept["step"], call=f"{call}: the step in checkpoint.pt")
    assert kept["step"] == step, (
        f"{call} wrote step {kept['step']}. It is the number of steps that are done, as it was passed: with one more or less, going on skips a batch or sees one twice."
    )


@pytest.mark.points(2)
def test_the_optimizer_goes_along(learner, rng):
    """What AdamW remembers of earlier gradients is in the file."""
    run = Run(learner, rng)
    run.save(3)
    kept, call = run.read("model", "optimizer", "scheduler", step=3), CALL.format(step=3)
    state = kept["optimizer"].get("state") if isinstance(kept["optimizer"], dict) else None
    assert state, (
        f"{call} lost what the optimizer remembers: AdamW's running averages, two numbers for each weight. `optimizer.state_dict()` has them, its param_groups alone don't."
    )
    parts = run.fresh(1)
    problem = learner.probe(can_restore, run.path, *parts)
    assert not problem, (
        f"After {call}, `load_state_dict` refused what checkpoint.pt holds ({problem}). Each part is what its own `state_dict()` gives."
    )


def can_restore(path, model, optimizer, scheduler):
    try:
        restore(path, model, optimizer, scheduler)
    except Exception as error:
        return type(error).__name__
    return ""


@pytest.mark.points(2)
def test_going_on_is_bit_identical(learner, rng):
    """A run that goes on from the file ends with the same weights, to the last bit, as one that was never interrupted."""
    run = Run(learner, rng)
    run.save(3)
    run.read("model", "optimizer", "scheduler", step=3)
    run.train(3, seed=6)
    undisturbed = learner.probe(weights, run.parts[0])
    parts = run.fresh(2)
    problem = learner.probe(can_restore, run.path, *parts)
    assert not problem, f"After {CALL.format(step=3)}, `load_state_dict` refused what checkpoint.pt holds ({problem})."
    run.train(3, seed=6, parts=parts)
    resumed = learner.probe(weights, parts[0])
    apart = [name for name in undisturbed if not torch.equal(undisturbed[name], resumed[name])]
    assert not apart, (
        f"A run that went on from the file of {CALL.format(step=3)} ended with other weights than one that was not interrupted. Something of model, optimizer or "
        "scheduler was lost on the way: each needs its whole `state_dict()`, of this moment, in full precision."
    )


@pytest.mark.points(1)
def test_the_random_state_goes_along(learner, rng):
    """The file holds the state of torch's random generator at the moment of the call, and the call draws no random numbers."""
    run = Run(learner, rng)
    call = CALL.format(step=3)
    try:
        run.save(3, scheduler=learner.make(make_witness))
    except (AttributeError, TypeError, LearnerError) as error:
        raise AssertionError(
            f"{call}, with a stand-in for the scheduler that has `state_dict()` and `load_state_dict()` and nothing else, raised {type(error).__name__}: {error}. "
            "Write what `scheduler.state_dict()` gives, not the object itself."
        ) from None
    moved = learner.last.random_moved
    kept = run.read("random", "scheduler", step=3)
    assert isinstance(kept["random"], torch.Tensor) and kept["random"].dtype == torch.uint8, (
        f"{call} wrote something else than the state of torch's random generator under 'random'. `torch.get_rng_state()` gives it; a seed only says where it began."
    )
    right = kept["scheduler"].get("random") if isinstance(kept["scheduler"], dict) else None
    assert isinstance(right, torch.Tensor), f"{call} didn't write what `scheduler.state_dict()` gave under 'scheduler'."
    assert torch.equal(kept["random"], right), (
        f"{call} wrote another random state than torch had at that moment. Dropout after going on would throw away other numbers."
    )
    assert not moved, (
        f"{call} used up or set global random numbers ({', '.join(sorted(moved))}). Saving must not change the run that it saves."
    )


@pytest.mark.points(2)
def test_a_crash_leaves_the_old_checkpoint(learner, rng):
    """When writing fails in the middle, the checkpoint that was there before is whole."""
    run = Run(learner, rng)
    run.save(3)
    before = run.read("step", step=3)["step"]
    with contextlib.suppress(OSError):
        run.save(4, scheduler=learner.make(make_breaking_schedule))
    kept = learner.probe(read, run.path)
    assert kept != "isn't there", (
        f"{CALL.format(step=4)} was interrupted by a full disk, and now checkpoint.pt, which held step 3, isn't there. The old one must stay until the new one is whole: "
        "renaming (`Path.replace`) takes over the name in one moment, and nothing need be removed before."
    )
    assert not isinstance(kept, str), (
        f"{CALL.format(step=4)} was interrupted by a full disk, and now checkpoint.pt, which held step 3, {kept}. Written in place, an old checkpoint is gone before the new one is whole: "
        "write under another name first, and rename when all is written."
    )
    assert kept.get("step") == before, (
        f"{CALL.format(step=4)} was interrupted by a full disk, and checkpoint.pt isn't the old one any more: its step was {before}, and is {kept.get('step')}. "
        "Until the new file is whole, the name belongs to the old one."
    )


@pytest.mark.points(1)
def test_a_new_file_takes_the_place_of_the_old(learner, rng):
    """The new checkpoint is a whole new file that takes over the old one's name: the old bytes are never written over."""
    run = Run(learner, rng)
    run.save(3)
    first = run.read("step", step=3)["step"]
    old = str(Path(learner.probe(new_folder)) / "old.pt")
    learner.probe(keep_old_file, run.path, old)
    run.save(7)
    kept, before = run.read("step", step=7), learner.probe(read, old)
    assert kept["step"] != first, (
        f"{CALL.format(step=3)} and then {CALL.format(step=7)} left a checkpoint.pt that says step {first} after both. Does the new file take the old one's place?"
    )
    assert not isinstance(before, str) and before.get("step") == first, (
        f"{CALL.format(step=7)} wrote over the bytes of the older checkpoint. While that goes on, a crash leaves neither: write a file of another name, then rename it (`Path.replace`)."
    )


@pytest.mark.points(1)
def test_folder_and_leftovers(learner, rng):
    """The folder is made if need be, and afterwards holds checkpoint.pt and nothing else."""
    run = Run(learner, rng)
    folder = str(Path(run.folder) / "runs" / "first")
    try:
        for step in (1, 2):
            run.save(step, folder=folder)
    except (FileNotFoundError, RuntimeError) as error:
        raise AssertionError(
            f"{CALL.format(step=1)}, with a folder that isn't there yet, raised {type(error).__name__}: make the folder first, its parents included."
        ) from None
    run.read(folder=folder, step=2)
    found = learner.probe(files, folder)
    assert found == ["checkpoint.pt"], (
        f"After two calls the folder holds {', '.join(found)}. Only checkpoint.pt should be left: a file that was written first under another name is renamed, not copied."
    )
