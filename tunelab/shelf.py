"""What a learner has on disk: the folder of assignments, and which assignment and exercise a command means."""

from __future__ import annotations

import ast
import difflib
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tunelab.checks import find_notebook
from tunelab.notebook import LearnerNotebook, NotebookError, without_magics

SECONDS_A_DAY = 24 * 60 * 60
LISTED = 12
"""So many names are listed in a message; of more, it says where to find them."""


class ShelfError(ValueError):
    """A folder, assignment or exercise that isn't there, with what to do."""


@dataclass(frozen=True)
class Assignment:
    """An assignment of the course, which lies in `folder` when the learner has it."""

    name: str
    title: str
    minutes: int
    folder: Path
    due: datetime | None = None

    @property
    def due_here(self) -> str:
        """When it is due, by the clock of this machine; empty without a due date."""
        return f"{self.due.astimezone():%Y-%m-%d %H:%M}" if self.due else ""

    @property
    def here(self) -> bool:
        return any(self.folder.glob("*.ipynb"))

    def notebook(self) -> LearnerNotebook:
        """Reads its notebook. Raises NotebookError."""
        return find_notebook(self.folder)

    def exercises(self) -> tuple[str, ...]:
        """The names of its exercises, in the notebook's order where that can be read; those whose cells are gone come last."""
        checked = sorted(path.stem.removeprefix("test_") for path in self.folder.glob("test_*.py"))
        try:
            order = [*(notebook := self.notebook()).exercises, *notebook.points]
        except NotebookError:
            order = []
        return tuple(sorted(checked, key=lambda name: order.index(name) if name in order else len(order)))


@dataclass(frozen=True)
class Section:
    number: int
    title: str
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class LatePolicy:
    """What coming late costs, as `[late]` in course.toml has it: nothing within the grace; then, for each day begun, a share of the points earned, up to the cap."""

    grace_minutes: float
    per_day: float
    cap: float

    def share(self, seconds_late: float) -> float:
        """The share of what was earned that is taken away, from 0 to the cap."""
        days = math.ceil(max(0.0, seconds_late - 60 * self.grace_minutes) / SECONDS_A_DAY)
        return min(self.cap, days * self.per_day)

    def __str__(self) -> str:
        grace = f" Up to {self.grace_minutes:g} minutes late costs nothing." if self.grace_minutes else ""
        return f"Handed in late: {self.per_day:.0%} of your points are taken off for each day begun, {self.cap:.0%} at most.{grace}"


@dataclass(frozen=True)
class Shelf:
    """The folder that holds the assignments, and what the course says about them. Without `late`, coming late costs nothing."""

    root: Path
    title: str
    sections: tuple[Section, ...]
    late: LatePolicy | None = None

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        return tuple(assignment for section in self.sections for assignment in section.assignments)


def find_shelf(start: Path) -> Shelf:
    """The assignments around a folder: the folder itself, one above it, or `assignments` in one of these. Raises ShelfError."""
    start = start.absolute()
    for place in (start, *start.parents):
        for root in (place / "assignments", place):
            if (root / "course.toml").is_file() and (shelf := _read_shelf(root)).assignments and any(a.here for a in shelf.assignments):
                return shelf
    if any(start.glob("test_*.py")) and any(start.glob("*.ipynb")):
        return _lone(start)
    raise ShelfError(f"There are no assignments in {start}. Go to the folder that holds them (cd …), or to one of them, and try again.")


def _read_shelf(root: Path) -> Shelf:
    path = root / "course.toml"
    try:
        course = tomllib.loads(path.read_text(encoding="utf-8"))
        sections = tuple(_section(root, section) for section in course["sections"])
        return Shelf(root, str(course["title"]), sections, LatePolicy(**course["late"]) if "late" in course else None)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ShelfError(f"{path} can't be read ({type(error).__name__}: {error}). Take a fresh copy from your instructor.") from None


def _section(root: Path, section: dict) -> Section:
    assignments = tuple(
        Assignment(entry["name"], entry["title"], int(entry.get("minutes", 0)), root / entry["name"], entry.get("due"))
        for entry in section["assignments"]
    )
    return Section(int(section["number"]), str(section["title"]), assignments)


def _lone(folder: Path) -> Shelf:
    """An assignment on its own, as nbgrader's exchange hands it out, without the course around it."""
    try:
        notebook = find_notebook(folder)
    except NotebookError:
        notebook = LearnerNotebook(folder / f"{folder.name}.ipynb", folder.name, folder.name, (), {}, {})
    assignment = Assignment(notebook.assignment, notebook.title, notebook.minutes, folder)
    return Shelf(folder.parent, "", (Section(0, "", (assignment,)),))


# ---------------------------------------------------------------- what a command means


def one_assignment(shelf: Shelf, start: Path, name: str | None) -> Assignment:
    """The assignment of that name; without a name, the one that `start` lies in, or the only one. Raises ShelfError."""
    if name is not None:
        for assignment in shelf.assignments:
            if assignment.name == name.rstrip("/\\"):
                return _on_disk(assignment)
        raise ShelfError(_unknown(f"There is no assignment {name}.", name, [a.name for a in shelf.assignments]))
    here = [a for a in shelf.assignments if a.here]
    around = [a for a in here if start.absolute().is_relative_to(a.folder)]
    if len(around or here) == 1:
        return (around or here)[0]
    raise ShelfError(f"Which assignment? Name it, or go to its folder first. There are: {', '.join(a.name for a in here)}.")


def meant(shelf: Shelf, start: Path, words: Sequence[str]) -> tuple[Assignment, str | None]:
    """The assignment and exercise that words name: none, an assignment, an exercise, or an assignment and an exercise. Raises ShelfError."""
    names = {a.name for a in shelf.assignments}
    if not words:
        return one_assignment(shelf, start, None), None
    first = words[0].rstrip("/\\")
    if first in names:
        assignment = one_assignment(shelf, start, first)
        return assignment, _exercise(assignment, words[1]) if len(words) > 1 else None
    if len(words) > 1:
        raise ShelfError(_unknown(f"There is no assignment {first}.", first, sorted(names)))
    here = [a for a in shelf.assignments if a.here]
    for assignment in sorted(here, key=lambda a: not start.absolute().is_relative_to(a.folder)):
        if first in assignment.exercises():
            return assignment, first
    known = [name for a in here for name in (a.name, *a.exercises())]
    raise ShelfError(_unknown(f"There is no exercise or assignment {first}.", first, known))


def _on_disk(assignment: Assignment) -> Assignment:
    if not assignment.here:
        raise ShelfError(f"{assignment.name} isn't in {assignment.folder.parent}. Get it from your instructor, or from a fresh copy.")
    return assignment


def _exercise(assignment: Assignment, name: str) -> str:
    if name not in (known := assignment.exercises()):
        raise ShelfError(_unknown(f"{assignment.name} has no exercise {name}.", name, known))
    return name


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    if close := difflib.get_close_matches(name, known, n=1):
        return f"{what} Did you mean {close[0]}?"
    return f"{what} There are: {', '.join(known)}." if len(known) <= LISTED else f"{what} `tunelab status` lists them all."


# ---------------------------------------------------------------- stubs


def is_stub(source: str) -> bool:
    """Whether a cell is still as it was given out: its functions do nothing but raise NotImplementedError."""
    try:
        tree = ast.parse(without_magics(source))
    except (SyntaxError, ValueError):
        return False
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return bool(bodies) and all(len(rest := _without_docstring(body)) == 1 and _raises_not_implemented(rest[0]) for body in bodies)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    return body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else body


def _raises_not_implemented(statement: ast.stmt) -> bool:
    raised = statement.exc if isinstance(statement, ast.Raise) else None
    called = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(called, ast.Name) and called.id == "NotImplementedError"
