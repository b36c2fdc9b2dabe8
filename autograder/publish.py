"""The solutions of an assignment as a notebook, to give out after its deadline."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.build import build, lesson_notebook, notebook_bytes
from autograder.course import Assignment, CourseError, load_course, load_solutions
from autograder.deadlines import Deadlines
from autograder.fill import fill
from autograder.workplace import Workplace, write_atomically


def publish(assignment: Assignment, workplace: Workplace, anyway: bool = False, now: datetime | None = None) -> Path:
    """Writes `build/solutions/<assignment>/`: the lesson with the reference in it and the other right answers below each, and what lies beside the lesson.

    Raises CourseError before the last learner's deadline, unless `anyway`.
    """
    if not anyway and (until := last_deadline(assignment, workplace)) and until > (now or datetime.now(UTC)):
        raise CourseError(
            f"{assignment.name} is due until {until:%Y-%m-%d %H:%M} UTC for somebody. Nothing was written. Wait, or say --anyway if it isn't given out before."
        )
    target = assignment.root / "build" / "solutions" / assignment.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(build(assignment), target)
    write_atomically(target / f"{assignment.name}.ipynb", notebook_bytes(solved_notebook(assignment)))
    return target


def last_deadline(assignment: Assignment, workplace: Workplace) -> datetime | None:
    """When the last learner's time is up, extensions included; None for an assignment without a due date."""
    extended = [
        until for (_, name), until in Deadlines(workplace, load_course(assignment.root)).extensions.items() if name == assignment.name
    ]
    return max((*extended, assignment.due), default=None) if assignment.due else None


def solved_notebook(assignment: Assignment) -> NotebookNode:
    """The lesson's notebook with right answers, without nbgrader's marks: nobody hands it in."""
    notebook, solutions = lesson_notebook(assignment), load_solutions(assignment)
    stubs = {exercise.name: exercise.stub for exercise in assignment.exercises}
    cells = []
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        cells.append(cell)
        if cell.id in stubs:
            cell.source = fill(stubs[cell.id], solutions.reference[cell.id])
        elif cell.id.startswith("check_"):
            exercise = cell.metadata.name
            for number, other in enumerate(solutions.alternatives_of(exercise), 1):
                cells.append(new_markdown_cell(f"**Another right answer**: {other.about}", id=f"about_{exercise}_{number}"))
                cells.append(new_code_cell(fill(stubs[exercise], other), id=f"other_{exercise}_{number}", metadata={"tags": ["other"]}))
    notebook.cells = cells
    return notebook
