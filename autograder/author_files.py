"""The files that an author's answers hand in beside the notebook: made by `solutions/<assignment>/files.py`, once for all that they hang on, and kept in `build/files/`.

Like everything in `solutions/` it is trusted code. It runs in a process of its own, `python -m autograder.author_files ROOT ASSIGNMENT FOLDER`, so that what it trains leaves nothing behind in the law's.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course import Assignment, CourseError, at, load_course, load_solutions
from autograder.fill import fill
from autograder.results import lab_digest
from tunelab.files import MAX_FILE
from tunelab.notebook import compile_cell

REFERENCE = "reference"
"""The set of files that a right answer hands in, and a wrong one whose author doesn't say otherwise."""
NONE = ""
"""The set of an answer that hands in no file, such as the stub."""

FileSets = Mapping[str, Mapping[str, bytes]]


def author_files(assignment: Assignment) -> FileSets:
    """All sets of files by name, as they are handed in: REFERENCE, NONE and those that `files.py` makes beyond them. Made anew when lesson, reference, `files.py`, kit or lock have changed.

    Raises CourseError when `files.py` is missing, fails, or makes something else.
    """
    if not assignment.files:
        return {NONE: {}, REFERENCE: {}}
    folder = assignment.root / "build" / "files" / assignment.name / files_digest(assignment)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as scratch:
            _make(assignment, Path(scratch) / "made")
            if not folder.is_dir():  # somebody else may have been faster
                (Path(scratch) / "made").rename(folder)
    made = {kept.name: {path.name: path.read_bytes() for path in sorted(kept.iterdir())} for kept in sorted(folder.iterdir())}
    return {NONE: {}, **made}


def taken(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of a set that the intake takes."""
    return {name: content for name, content in files.items() if len(content) <= MAX_FILE}


def files_path(assignment: Assignment) -> Path:
    return assignment.solutions / "files.py"


def files_digest(assignment: Assignment) -> str:
    """What the files hang on: the lesson, the reference, `files.py`, the learner's lab and the lock."""
    total = hashlib.sha256(lab_digest(assignment.root).encode())
    for path in (assignment.lesson_path, assignment.solutions / "reference.py", files_path(assignment)):
        total.update(path.read_bytes() if path.is_file() else b"")
    return total.hexdigest()[:16]


def _make(assignment: Assignment, folder: Path) -> None:
    if not files_path(assignment).is_file():
        raise CourseError(
            f"{at(files_path(assignment))} is missing: {assignment.name} asks for {', '.join(assignment.files)}. docs/author.md says what belongs in it."
        )
    print(f"  {assignment.name}: making what its answers hand in", flush=True)
    command = [sys.executable, "-m", "autograder.author_files", str(assignment.root), assignment.name, str(folder)]
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise CourseError(f"{at(files_path(assignment))} could not make the files of {assignment.name}:\n{done.stderr.strip()[-2000:]}")


# ---------------------------------------------------------------- in the process of its own


def write_files(assignment: Assignment, folder: Path) -> None:
    """Runs `make` of `files.py` on the filled notebook's namespace, and writes each set into a folder of its name. Raises CourseError for what isn't sets of the course's files."""
    made = _run(files_path(assignment).read_text(encoding="utf-8"), str(files_path(assignment)))["make"](namespace_of(assignment))
    if not isinstance(made, dict) or REFERENCE not in made or not all(_is_set(name, files, assignment) for name, files in made.items()):
        raise CourseError(
            f'`make` must give a dict of sets, "{REFERENCE}" among them, each a dict from some of {", ".join(assignment.files)} to bytes. It gave {_shape(made)}.'
        )
    for name, files in made.items():
        (folder / name).mkdir(parents=True)
        for file, content in files.items():
            (folder / name / file).write_bytes(content)


def namespace_of(assignment: Assignment) -> dict[str, Any]:
    """What a notebook holds when its setup cells and the references have run."""
    reference = load_solutions(assignment).reference
    cells = [*assignment.lesson.setup, *(fill(e.stub, reference[e.name]) for e in assignment.exercises)]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells, 1):
        exec(compile_cell(cell, f"<cell {number}>", namespace), namespace)
    return namespace


def _run(source: str, name: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "files"}
    exec(compile(source, name, "exec"), namespace)
    return namespace


def _is_set(name: Any, files: Any, assignment: Assignment) -> bool:
    return (
        isinstance(name, str)
        and name.isidentifier()
        and isinstance(files, dict)
        and all(file in assignment.files and isinstance(content, bytes) for file, content in files.items())
    )


def _shape(made: Any) -> str:
    if not isinstance(made, dict):
        return type(made).__name__
    return str({name: sorted(files) if isinstance(files, dict) else type(files).__name__ for name, files in made.items()})


if __name__ == "__main__":
    root, name, folder = sys.argv[1:]
    write_files(load_course(Path(root)).assignment(name), Path(folder))
