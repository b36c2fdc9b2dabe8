"""What a learner has reached: exercises whose checks pass, hints taken, and their id. A small file beside the assignments.

An exercise counts as done for the very cell that passed, so that one that was edited since is open again.
"""

from __future__ import annotations

import json
import linecache
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FunctionType
from typing import Any

from filelock import FileLock

from tunelab.checks import CheckReport
from tunelab.notebook import digest

FOLDER = ".tunelab"


class Progress:
    """The progress file of a folder of assignments. A file that can't be read counts as empty."""

    def __init__(self, root: Path):
        self.path = root / FOLDER / "progress.json"

    def is_done(self, assignment: str, exercise: str, source: str) -> bool:
        """Whether the checks of an exercise passed on just this cell."""
        return self._table("done").get(f"{assignment}/{exercise}") == digest(source)

    def seen_in_editor(self, assignment: str, exercise: str) -> tuple[float, str] | None:
        """When the editor last checked an exercise (seconds since 1970), and the digest of the cell that it saw; None when it hasn't."""
        seen = self._table("editor").get(f"{assignment}/{exercise}")
        return (seen["at"], str(seen.get("cell"))) if isinstance(seen, dict) and isinstance(seen.get("at"), int | float) else None

    def record(self, assignment: str, report: CheckReport, source: str, in_editor: bool = False) -> None:
        """Keeps what a check of this cell found, and with `in_editor` that the editor has seen it: what is on disk may be another one."""
        name = f"{assignment}/{report.exercise}"

        def change(kept: dict[str, Any]) -> None:
            done = kept.setdefault("done", {})
            if report.passed:
                done[name] = digest(source)
            elif done.get(name) == digest(source):
                del done[name]
            if in_editor:
                kept.setdefault("editor", {})[name] = {"at": time.time(), "cell": digest(source)}

        self._change(change)

    def hints_taken(self, assignment: str, exercise: str) -> int:
        taken = self._table("hints").get(f"{assignment}/{exercise}")
        return taken if isinstance(taken, int) else 0

    def take_hint(self, assignment: str, exercise: str, number: int) -> None:
        """Keeps that `number` hints have been shown."""
        self._change(lambda kept: kept.setdefault("hints", {}).update({f"{assignment}/{exercise}": number}))

    @property
    def learner(self) -> str:
        """The learner's id, empty until they have told it."""
        found = self._read().get("learner")
        return found if isinstance(found, str) else ""

    def set_learner(self, learner: str) -> None:
        self._change(lambda kept: kept.update(learner=learner))

    def _table(self, name: str) -> dict[str, Any]:
        found = self._read().get(name)
        return found if isinstance(found, dict) else {}

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return (
            {name: value for name, value in kept.items() if name == "learner" or isinstance(value, dict)} if isinstance(kept, dict) else {}
        )

    def _change(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Reads, changes and writes the file as one step, while others wait. Does nothing where the folder can't be written to."""
        with suppress(OSError):
            self.path.parent.mkdir(exist_ok=True)
            with FileLock(self.path.with_suffix(".lock")):
                kept = self._read()
                change(kept)
                write_beside(self.path, (json.dumps(kept, indent=1, sort_keys=True) + "\n").encode())


def write_beside(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: beside its place first, then into it."""
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def record_in_notebook(report: CheckReport, folder: Path, namespace: Mapping[str, Any]) -> None:
    """Keeps what `check(...)` found in a live notebook that lies in `folder`, for the cell that defined the exercise's function."""
    source = cell_of(namespace.get(report.exercise))
    if source:
        Progress(folder.parent).record(folder.name, report, source, in_editor=True)


def cell_of(value: Any) -> str:
    """The source of the cell that defined a function or class, as the kernel remembers it; empty when it doesn't."""
    if isinstance(value, type):
        value = next((v for v in vars(value).values() if isinstance(v, FunctionType)), None)
    return "".join(linecache.getlines(value.__code__.co_filename)) if isinstance(value, FunctionType) else ""
