"""Lessons in full: runs a lesson's notebook from top to bottom in a real Jupyter kernel, with the reference filled in, and keeps the record.

What it showed lies in `build/lessons/<assignment>/`: the executed notebook, and a text file with each cell's seconds and text, from which the prose takes its numbers. What takes too long for a
reader is computed only when a recording is asked for, and goes to `source/<assignment>/records/` (tunelab/records.py).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from autograder.author_files import REFERENCE, author_files, files_path
from autograder.build import build, filled_notebook, notebook_bytes
from autograder.course import Assignment, load_solutions
from autograder.fill import fill
from autograder.results import kit_digest
from autograder.workplace import write_atomically
from tunelab.records import FOLDER, RECORDING

CELL_SECONDS = 600
DEMO_SECONDS = 240
"""What the demos of a lesson may take together, wall clock, on two cores."""
RECORDING_SECONDS = 3600
"""What one cell may take while a record is made."""

SMALL = {"TUNELAB_BUDGET": "small", "OMP_NUM_THREADS": "1"}
"""The environment of a run on the small budget. It has one thread: the law keeps another core busy meanwhile, and two threads that share what is left wait for each other for twice the CPU time."""


@dataclass(frozen=True)
class LessonRun:
    """What running a lesson showed: `troubles` are sentences, none when all is well; `record` is where its executed notebook lies."""

    assignment: str
    small: bool
    seconds: float
    demo_seconds: float
    troubles: tuple[str, ...]
    record: Path


def run_lesson(assignment: Assignment, small: bool, told: Callable[[str], None] = lambda text: None, record: bool = False) -> LessonRun:
    """Runs one lesson, on the small budget or in full, and keeps what it showed. `told` gets a line per cell that took a while.

    With `record` everything that the lesson has in its records is computed anew; what was computed replaces them, also when a later cell fails.
    """
    solutions = load_solutions(assignment)
    sources = {e.name: fill(e.stub, solutions.reference[e.name]) for e in assignment.exercises}
    notebook = filled_notebook(assignment, sources)
    with tempfile.TemporaryDirectory(prefix="lesson-") as folder:
        place = Path(shutil.copytree(build(assignment), Path(folder) / assignment.name))
        for name, content in author_files(assignment)[REFERENCE].items():
            write_atomically(place / name, content)
        _execute(notebook, place, small, told, record)
        troubles = tuple(_troubles(notebook))
        records = [*place.glob(f"{FOLDER}/*.json")] if record else []
        for path in records:
            write_atomically(assignment.source / FOLDER / path.name, path.read_bytes())
    run = LessonRun(
        assignment.name,
        small,
        sum(map(_seconds, notebook.cells)),
        sum(_seconds(cell) for cell in notebook.cells if _kind(cell) == "demo"),
        troubles,
        record_folder(assignment) / f"{assignment.name}{'-small' if small else ''}.ipynb",
    )
    write_atomically(run.record, notebook_bytes(notebook))
    write_atomically(run.record.with_suffix(".txt"), record_text(notebook, run))
    return run


def record_folder(assignment: Assignment) -> Path:
    return assignment.root / "build" / "lessons" / assignment.name


def lesson_digest(assignment: Assignment) -> str:
    """What a run of a lesson hangs on: the lesson, its public checks and images, the reference and its files, and the kit."""
    total = hashlib.sha256(kit_digest(assignment.root).encode())
    answers = (assignment.solutions / "reference.py", files_path(assignment))
    for path in sorted(path for path in (*assignment.source.rglob("*"), *answers) if path.is_file()):
        total.update(path.read_bytes())
    return total.hexdigest()


def _execute(notebook: NotebookNode, place: Path, small: bool, told: Callable[[str], None], record: bool) -> None:
    from nbclient import NotebookClient

    def after(cell: NotebookNode, cell_index: int, **_: object) -> None:
        if (seconds := _seconds(cell)) >= 1:
            told(f"  {cell.get('id')}: {seconds:.1f} s")

    client = NotebookClient(
        notebook,
        timeout=RECORDING_SECONDS if record else CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        allow_errors=True,
        resources={"metadata": {"path": str(place)}},
        on_cell_executed=after,
    )
    client.execute(env=_environment(small, record))


def _environment(small: bool, record: bool) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("TUNELAB_BUDGET", RECORDING)}
    return (
        environment
        | {"HF_HUB_OFFLINE": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        | (SMALL if small else {})
        | ({RECORDING: "1"} if record else {})
    )


# ---------------------------------------------------------------- what it showed


def _kind(cell: NotebookNode) -> str:
    return next(iter(cell.metadata.get("tags", [])), "prose")


def _seconds(cell: NotebookNode) -> float:
    times = cell.metadata.get("execution", {})
    start, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() if start and end else 0.0


def _troubles(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {cell.id} stops with {output.ename}: {output.evalue}"
            elif output.output_type == "execute_result" and _kind(cell) == "check":
                yield f"{cell.source} doesn't pass on the reference: {output.data.get('text/plain', '')}"
        if cell.cell_type == "code" and cell.get("execution_count") is None:
            yield f"cell {cell.id} did not run: the kernel ended, or a cell took too long"


def record_text(notebook: NotebookNode, run: LessonRun) -> str:
    """The record as text: for each code cell its id, seconds and what it printed or showed as text."""
    budget = "small budget" if run.small else "in full"
    lines = [f"{run.assignment}, {budget}: {run.seconds:.1f} s, of which demos {run.demo_seconds:.1f} s", ""]
    for cell in notebook.cells:
        if cell.cell_type == "code" and (text := "\n".join(_texts(cell))):
            lines += [f"== {cell.id} ({_seconds(cell):.1f} s)", text, ""]
    return "\n".join(lines)


def _texts(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text.rstrip()
        elif output.output_type == "error":
            yield re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
        elif "text/plain" in output.get("data", {}):
            yield output.data["text/plain"].rstrip()
