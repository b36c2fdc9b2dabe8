"""Checks again whenever the notebook is saved: only the exercises whose cells have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from tunelab.checks import CheckReport, check_notebook
from tunelab.notebook import LearnerNotebook, NotebookError, digest
from tunelab.progress import Progress
from tunelab.shelf import Assignment, is_stub

WAIT_MS = 100
"""How long a save may take to settle."""


def watch(
    assignment: Assignment, exercise: str | None, progress: Progress, show: Callable[[CheckReport], None], stop: Event | None = None
) -> None:
    """Checks an assignment's exercises, or one of them, then again on each save until `stop` is set or the learner presses Ctrl+C.

    Stubs are left alone until they are touched. Raises NotebookError when there is no notebook to begin with.
    """
    path = assignment.notebook().path
    seen: dict[str, str] = {}
    for _ in _saves(path, stop):
        try:
            notebook = assignment.notebook()
        except NotebookError as error:
            show(CheckReport(assignment.name, (), str(error)))
            continue
        for name in _changed(notebook, exercise, seen):
            report = check_notebook(path, name)
            progress.record(assignment.name, report, notebook.exercises[name])
            show(report)


def _changed(notebook: LearnerNotebook, only: str | None, seen: dict[str, str]) -> list[str]:
    """The exercises whose cells, or what they need, differ from the last time. Remembers them in `seen`."""
    changed = []
    for name, source in notebook.exercises.items():
        now = digest("\n".join(cell.source for cell in notebook.cells_for(name)))
        if only in (None, name) and seen.get(name) != now and not (is_stub(source) and name not in seen):
            changed.append(name)
            seen[name] = now
    return changed


def _saves(path: Path, stop: Event | None) -> Iterator[None]:
    """Once at the start, then each time the notebook was saved. Editors may write a new file and rename it, so the folder is watched."""
    from watchfiles import watch as changes

    yield
    for changed in changes(path.parent, recursive=False, step=50, debounce=WAIT_MS, stop_event=stop, raise_interrupt=True):
        if any(Path(where).name == path.name for _, where in changed) and path.exists():
            yield
