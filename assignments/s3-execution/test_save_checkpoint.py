"""Public checks of `save_checkpoint`: examples to check oneself by."""

import atexit
import contextlib
import shutil
import tempfile
from pathlib import Path

import torch

from tunelab import expect
from tunelab.models import tiny_bert

CALL = "save_checkpoint(folder, model, optimizer, scheduler, 12)"


def new_folder():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_adamw(model):
    return torch.optim.AdamW(model.parameters())


def make_schedule(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)


def make_breaking_schedule():
    """Its state can't be written, as if the disk were full."""

    class Unwritable:
        def __reduce__(self):
            raise OSError("No space left on device")

    class Breaking:
        def state_dict(self):
            return {"note": Unwritable()}

    return Breaking()


def train_once(model, optimizer):
    ids = torch.arange(1, 13).reshape(2, 6)
    model(input_ids=ids, labels=torch.tensor([0, 1])).loss.backward()
    optimizer.step()


def read(folder):
    """What checkpoint.pt holds, or a sentence about why it can't be read."""
    try:
        return torch.load(Path(folder) / "checkpoint.pt", weights_only=True)
    except Exception as error:
        return f"can't be read: {type(error).__name__}"


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def parts(learner):
    model = learner.make(tiny_bert, layers=1)
    optimizer = learner.make(make_adamw, model)
    learner.probe(train_once, model, optimizer)
    return model, optimizer, learner.make(make_schedule, optimizer)


def test_what_is_in_the_file(learner):
    """checkpoint.pt holds the five parts, as tensors and plain data, and nothing else is left in the folder."""
    folder = learner.probe(new_folder)
    learner.save_checkpoint(Path(folder), *parts(learner), 12)
    kept = learner.probe(read, folder)
    assert not isinstance(kept, str), f"After {CALL}, checkpoint.pt {kept}."
    expect.of_type(kept, dict, call=f"{CALL}: `torch.load` of checkpoint.pt")
    missing = [key for key in ("model", "optimizer", "scheduler", "random", "step") if key not in kept]
    assert not missing, (
        f"After {CALL}, the dict in checkpoint.pt has no {' and no '.join(map(repr, missing))}; it has {', '.join(map(repr, kept)) or 'nothing'}."
    )
    assert kept["step"] == 12, f"{CALL} wrote step {kept['step']}. It should be 12."
    assert kept["optimizer"]["state"], f"{CALL} wrote an optimizer without a state. `optimizer.state_dict()` has it."
    found = learner.probe(files, folder)
    assert found == ["checkpoint.pt"], f"After {CALL} the folder holds {found}. It should hold checkpoint.pt alone."


def test_a_full_disk(learner):
    """When writing fails, the checkpoint of before is still whole."""
    folder = learner.probe(new_folder)
    model, optimizer, scheduler = parts(learner)
    learner.save_checkpoint(Path(folder), model, optimizer, scheduler, 12)
    with contextlib.suppress(OSError):
        learner.save_checkpoint(Path(folder), model, optimizer, learner.make(make_breaking_schedule), 13)
    kept = learner.probe(read, folder)
    assert not isinstance(kept, str), (
        f"A second call failed in the middle (the disk was full), and now checkpoint.pt {kept}. Write to another name first."
    )
    assert kept["step"] == 12, f"A second call failed in the middle, and checkpoint.pt says step {kept['step']}. It should still be 12."
