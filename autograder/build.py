"""The builder: a lesson becomes a notebook with nbgrader's cells, and everything a learner may have is laid out for release.

Building twice gives the same bytes: cell ids are made from names and places, never drawn.
"""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import Assignment, Course, CourseError, LessonCell, at, load_hints, load_suites, public_checks
from autograder.workplace import write_atomically
from tunelab.notebook import digest

SCHEMA_VERSION = 3
"""Of nbgrader's cell metadata."""

IMAGES = {".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"}


def build(assignment: Assignment) -> Path:
    """Builds `build/source/<assignment>/`: the notebook, public checks, hints, images and records, and nothing else. Raises CourseError."""
    target = assignment.built
    files = {f"{assignment.name}.ipynb": notebook_bytes(lesson_notebook(assignment)), **_companions(assignment)}
    shutil.rmtree(target, ignore_errors=True)
    for name, content in files.items():
        write_atomically(target / name, content)
    return target


def build_course(course: Course, name: str | None = None) -> list[Path]:
    """Builds the assignment of that name, or all of them."""
    return [build(assignment) for assignment in course.select(name)]


def lesson_notebook(assignment: Assignment) -> NotebookNode:
    """The lesson as a notebook: its cells, and after each exercise a locked grade cell worth the points of its hidden suite."""
    suites = load_suites(assignment)
    counts: Counter[str] = Counter()
    cells = []
    for cell in assignment.lesson.cells:
        counts[cell.kind] += 1
        cells.append(_cell(cell, f"{cell.kind}-{counts[cell.kind]}"))
        if cell.kind == "exercise":
            cells.append(_grade_cell(cell.name, suites[cell.name].points))
    about = {"assignment": assignment.name, "title": assignment.title, "section": assignment.section, "minutes": assignment.minutes}
    if assignment.files:
        about["files"] = list(assignment.files)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}, "tunelab": about})
    nbformat.validate(notebook)
    return notebook


def filled_notebook(assignment: Assignment, sources: Mapping[str, str]) -> NotebookNode:
    """The lesson's notebook with the cells of some exercises replaced. Raises CourseError for a name that is no exercise."""
    notebook = lesson_notebook(assignment)
    cells = {cell.id: cell for cell in notebook.cells}
    for name, source in sources.items():
        assignment.exercise(name)
        cells[name].source = source
    return notebook


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """A notebook as it lies on disk."""
    return nbformat.writes(notebook, version=4).encode("utf-8") + b"\n"


def _cell(cell: LessonCell, place: str) -> NotebookNode:
    if cell.kind == "prose":
        return new_markdown_cell(cell.source, id=place)
    if cell.kind == "written":
        grading = _nbgrader(cell.name, grade=True, solution=True, points=cell.points)
        metadata = {"tags": ["written"], "name": cell.name, "asked": digest(cell.source), "nbgrader": grading}
        return new_markdown_cell(cell.source, id=cell.name, metadata=metadata)
    if cell.kind == "exercise":
        metadata = {"tags": ["exercise"], "name": cell.name, "nbgrader": _nbgrader(cell.name, solution=True)}
        return new_code_cell(cell.source, id=cell.name, metadata=metadata)
    folded = {"jupyter": {"source_hidden": True}} if _only_asks(cell) else {}
    return new_code_cell(cell.source, id=place, metadata={"tags": [cell.kind], **folded, "nbgrader": _nbgrader(place, locked=True)})


def _only_asks(cell: LessonCell) -> bool:
    """Whether a demo does nothing but ask for a prediction. Its source holds the answer, so Jupyter shows it folded."""
    statements = ast.parse(cell.source).body
    return cell.kind == "demo" and all(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and ast.unparse(s.value.func) == "predict" for s in statements
    )


def _grade_cell(exercise: str, points: int) -> NotebookNode:
    name = f"check_{exercise}"
    metadata = {"tags": ["check"], "name": exercise, "nbgrader": _nbgrader(name, grade=True, locked=True, points=points)}
    return new_code_cell(f'check("{exercise}")', id=name, metadata=metadata)


def _nbgrader(grade_id: str, grade: bool = False, solution: bool = False, locked: bool = False, **points: int) -> dict[str, Any]:
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"schema_version": SCHEMA_VERSION, "grade_id": grade_id, **flags, **points}


def _companions(assignment: Assignment) -> dict[str, bytes]:
    """What goes beside the notebook, by name: checked, so that nothing is released by accident."""
    load_hints(assignment)
    checks = public_checks(assignment).values()
    images = [path for path in sorted((assignment.source / "images").rglob("*")) if path.is_file()]
    for path in images:
        if path.suffix not in IMAGES or path.is_symlink():
            raise CourseError(f"{at(path)} is no image that is released. Known are: {', '.join(sorted(IMAGES))}. Move other files away.")
    records = sorted((assignment.source / "records").glob("*.json"))
    known = {assignment.lesson_path, assignment.source / "hints.toml", *checks, *images, *records}
    for path in sorted(assignment.source.rglob("*")):
        if path.is_file() and path not in known and "__pycache__" not in path.parts and not path.name.startswith("."):
            raise CourseError(f"{at(path)} isn't released and has no other use here. Move it away, or an image into images/.")
    released = [assignment.source / "hints.toml", *checks, *images, *records]
    return {path.relative_to(assignment.source).as_posix(): path.read_bytes() for path in released}
