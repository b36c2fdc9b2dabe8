"""Hidden suite of `load_checkpoint`."""

import atexit
import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "load_checkpoint(folder, model, optimizer, scheduler)"


def new_folder():
    """A folder that exists where the learner's code runs, and goes when that ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_model(seed, layers=1):
    return tiny_bert(layers=layers, hidden=16, labels=3, seed=seed, hidden_dropout_prob=0.2)


def make_adamw(model):
    return torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)


def make_schedule(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


class Witness:
    """In place of a schedule: when it is asked for its state, it tells what torch's random generator holds."""

    def __init__(self):
        self.loaded = None

    def state_dict(self):
        return {"loaded": self.loaded, "random": torch.get_rng_state()}

    def load_state_dict(self, state):
        self.loaded, self.random = state.get("loaded"), state.get("random")


def train(model, optimizer, scheduler, batch, steps, seed):
    """Steps of training with dropout, from a random state that `seed` sets."""
    torch.manual_seed(seed)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
        scheduler.step()


def write(folder, model, optimizer, scheduler, step, seed, name="checkpoint.pt"):
    """A checkpoint as the contract describes it, with the random state that `seed` sets."""
    torch.manual_seed(seed)
    torch.rand(3)
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save(states | {"random": torch.get_rng_state(), "step": step}, Path(folder) / name)


def write_garbage(folder, name):
    """A file that a crash left half written."""
    (Path(folder) / name).write_bytes(b"PK\x03\x04 half a checkpoint")


def write_trap(folder, model, optimizer, scheduler):
    """A checkpoint with an object in it that leaves a mark when it is unpickled."""

    class Trap:
        def __reduce__(self):
            return (open, (str(Path(folder) / "sprung"), "w"))

    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save(states | {"random": torch.get_rng_state(), "step": 1, "note": Trap()}, Path(folder) / "checkpoint.pt")


def was_sprung(folder):
    return (Path(folder) / "sprung").exists()


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def memory(optimizer):
    """AdamW's first running average of each weight, in order."""
    return [kept["exp_avg"] for kept in optimizer.state_dict()["state"].values()]


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


def steps_made(scheduler):
    return scheduler.last_epoch


def made(rng, examples=4, tokens=6):
    ids = torch.from_numpy(rng.integers(1, 100, size=(examples, tokens)))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.from_numpy(rng.integers(0, 3, size=examples))}


class Run:
    """A run that was saved after three steps, and a fresh model, optimizer and schedule to load it into."""

    def __init__(self, learner, rng, step=3):
        self.learner, self.batch = learner, made(rng)
        self.folder = learner.probe(new_folder)
        self.saved = self.fresh(int(rng.integers(1000)))
        self.train(3)
        self.other = self.fresh(1001)
        learner.probe(write, self.folder, *self.saved, step, 11)

    def fresh(self, seed):
        model = self.learner.make(make_model, seed)
        optimizer = self.learner.make(make_adamw, model)
        return model, optimizer, self.learner.make(make_schedule, optimizer)

    def train(self, steps, seed=5, parts=None):
        self.learner.probe(train, *(parts or self.saved), self.batch, steps, seed)

    def load(self):
        return self.learner.load_checkpoint(Path(self.folder), *self.other)


def equal(left, right):
    return all(torch.equal(left[name], right[name]) for name in right)


@pytest.mark.points(1)
def test_the_step_comes_back(learner, rng):
    """What is returned is the number of steps that the run had made."""
    step = int(rng.integers(10, 90))
    got = Run(learner, rng, step).load()
    expect.integer(got, call=CALL)
    assert got not in (step - 1, step + 1), (
        f"{CALL} gave {got}, where the file says {step}. It is the number of steps that are done; with one more or less, a batch is skipped or seen twice."
    )
    assert got == step, f"{CALL} gave {got}, which isn't the step that the file holds."


@pytest.mark.points(2)
def test_model_and_schedule_are_put_back(learner, rng):
    """The model has the weights of the file, and the schedule stands where it stood."""
    run = Run(learner, rng)
    run.load()
    assert equal(learner.probe(weights, run.other[0]), learner.probe(weights, run.saved[0])), (
        f"{CALL} left other weights in the model than the checkpoint holds. `model.load_state_dict(...)` copies them into the model that was passed."
    )
    assert learner.probe(steps_made, run.other[2]) == 3, (
        f"{CALL} left the schedule at step {learner.probe(steps_made, run.other[2])}, where the run had made three. It would begin again, with its warm-up if it has one."
    )


@pytest.mark.points(2)
def test_the_optimizer_is_put_back(learner, rng):
    """The optimizer has its running averages and its rate again."""
    run = Run(learner, rng)
    run.load()
    wanted, got = (learner.probe(memory, parts[1]) for parts in (run.saved, run.other))
    assert got, (
        f"{CALL} left the optimizer as it was: new, without a memory. AdamW's running averages are as much a part of the run as its weights."
    )
    assert len(got) == len(wanted) and all(torch.equal(a, b) for a, b in zip(got, wanted, strict=True)), (
        f"{CALL} left other running averages in the optimizer than the checkpoint holds."
    )
    assert learner.probe(rate, run.other[1]) == learner.probe(rate, run.saved[1]), (
        f"{CALL} left another learning rate in the optimizer than the checkpoint holds."
    )


@pytest.mark.points(2)
def test_going_on_is_bit_identical(learner, rng):
    """After loading, the run goes on to the same weights, to the last bit, as if it had never stopped."""
    run = Run(learner, rng)
    run.train(2, seed=8, parts=run.other)  # what is loaded into needn't be new
    run.load()
    run.train(3, seed=6)
    run.train(3, seed=6, parts=run.other)
    assert equal(learner.probe(weights, run.other[0]), learner.probe(weights, run.saved[0])), (
        f"After {CALL}, three more steps led to other weights than the same steps without an interruption. Model, optimizer and scheduler each have a state of their own: which was not put back?"
    )


@pytest.mark.points(2)
def test_the_random_state_is_put_back(learner, rng):
    """The next random numbers are those that would have come next in the run that was saved."""
    run, witness = Run(learner, rng), Witness()
    model, seed = make_model(4), int(rng.integers(1000))
    optimizer = make_adamw(model)
    learner.probe(write, run.folder, model, optimizer, witness, 3, seed)
    learner.load_checkpoint(Path(run.folder), model, optimizer, witness)
    before = torch.get_rng_state()
    torch.manual_seed(seed)
    torch.rand(3)
    wanted = torch.get_rng_state()
    torch.set_rng_state(before)
    assert "torch" in learner.last.random_moved, (
        f"{CALL} left torch's random generator as it was. Dropout draws from it: after going on, other numbers would be thrown away than in the run that was interrupted."
    )
    assert torch.equal(witness.random, wanted), (
        f"{CALL} put torch's random generator into another state than the file holds. `torch.set_rng_state` takes what `torch.get_rng_state` gave; a seed begins anew."
    )


@pytest.mark.points(2)
def test_half_a_file_is_never_loaded(learner, rng):
    """Only checkpoint.pt counts: files of other names are passed over, and without it there is a FileNotFoundError."""
    run = Run(learner, rng, step=8)
    for name in ("checkpoint.pt.part", "checkpoint.tmp", "zzz.pt"):
        learner.probe(write_garbage, run.folder, name)
    beside = run.fresh(7)
    learner.probe(write, run.folder, *beside, 99, 12, "checkpoint-99.pt")
    try:
        got = run.load()
    except Exception as error:
        raise AssertionError(
            f"{CALL} raised {type(error).__name__}, in a folder with a whole checkpoint.pt and what a crash left beside it. Only checkpoint.pt is to be read."
        ) from None
    expect.integer(got, call=CALL)
    loaded = learner.probe(weights, run.other[0])
    assert not equal(loaded, learner.probe(weights, beside[0])), (
        f"{CALL} loaded another file than checkpoint.pt: one named checkpoint-99.pt. Until a file has the name checkpoint.pt, it may be half written."
    )
    assert equal(loaded, learner.probe(weights, run.saved[0])), f"{CALL} left other weights in the model than checkpoint.pt holds."
    run.folder = learner.probe(new_folder)
    learner.probe(write_garbage, run.folder, "checkpoint.pt.part")
    expect_missing(run, "in a folder where a crash left half a file, and no checkpoint.pt,")
    run.folder = str(Path(run.folder) / "nowhere")
    expect_missing(run, "with a folder that isn't there,")


def expect_missing(run, where):
    try:
        got = run.load()
    except FileNotFoundError:
        return
    except Exception as error:
        raise AssertionError(f"{CALL}, {where} raised {type(error).__name__}. A FileNotFoundError is asked for.") from None
    raise AssertionError(
        f"{CALL}, {where} gave {got}, without an error. Whoever asks to go on, and begins anew without being told, loses the run: a FileNotFoundError is asked for."
    )


@pytest.mark.points(2)
def test_what_does_not_fit_is_an_error(learner, rng):
    """A damaged checkpoint, or one of another model, raises an error rather than being loaded in part."""
    run = Run(learner, rng)
    learner.probe(write_garbage, run.folder, "checkpoint.pt")
    try:
        got = run.load()
    except Exception:
        got = None
    assert got is None, f"{CALL} gave {got}, where checkpoint.pt is damaged. Let the error of `torch.load` through: nothing was loaded."
    deeper = learner.make(make_model, 0, 2)
    optimizer = learner.make(make_adamw, deeper)
    learner.probe(write, run.folder, deeper, optimizer, learner.make(make_schedule, optimizer), 3, 1)
    try:
        got = run.load()
    except Exception:
        got = None
    assert got is None, (
        f"{CALL} gave {got}, where the checkpoint is that of a model with one layer more. `load_state_dict` refuses names that don't match, unless `strict=False` tells it not to look; let its error through."
    )
    fine = Run(learner, rng)
    expect.integer(fine.load(), call=CALL)


@pytest.mark.points(1)
def test_no_code_is_run(learner, rng):
    """A file with anything but tensors and plain data in it is refused, before it can run code."""
    run = Run(learner, rng)
    got = run.load()
    expect.integer(got, call=CALL)
    assert equal(learner.probe(weights, run.other[0]), learner.probe(weights, run.saved[0])), (
        f"{CALL} left other weights in the model than the checkpoint holds, where the file was sound."
    )
    learner.probe(write_trap, run.folder, *run.saved)
    with contextlib.suppress(Exception):
        run.load()
    assert not learner.probe(was_sprung, run.folder), (
        f"{CALL} ran code that was hidden in the file. Unpickling can run anything; `weights_only=True`, the default of `torch.load`, lets through tensors and plain data alone."
    )
