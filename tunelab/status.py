"""Where a learner is: sections, assignments, exercises, what is done and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tunelab import assets
from tunelab.files import FileError, read_file
from tunelab.notebook import LearnerNotebook, NotebookError
from tunelab.progress import Progress
from tunelab.shelf import Assignment, Shelf, is_stub

SIGNS = {"done": "[x]", "started": "[~]", "open": "[ ]", "missing": "[?]"}


@dataclass(frozen=True)
class ExerciseStatus:
    """`state` is done (the checks passed on the cell as it is), started, open (the stub as it came) or missing (its cell is gone). A question is done when there is an answer: a person reads it."""

    exercise: str
    state: str
    points: int | None


@dataclass(frozen=True)
class FileStatus:
    """A file that is handed in beside the notebook: its `size` in bytes, or the `problem` with it."""

    name: str
    size: int
    problem: str


@dataclass(frozen=True)
class AssignmentStatus:
    assignment: Assignment
    exercises: tuple[ExerciseStatus, ...]
    problem: str = ""
    files: tuple[FileStatus, ...] = ()
    questions: tuple[ExerciseStatus, ...] = ()

    @property
    def done(self) -> int:
        return sum(e.state == "done" for e in self.exercises)

    @property
    def minutes_left(self) -> int:
        """The assignment's minutes, less those of the exercises that are done, each taken as equally long; to five minutes."""
        share = 1 - self.done / len(self.exercises) if self.exercises else 1
        return 5 * round(self.assignment.minutes * share / 5) if 0 < share < 1 else round(self.assignment.minutes * share)


def assignment_status(assignment: Assignment, progress: Progress) -> AssignmentStatus:
    """The state of an assignment's exercises; `problem` says why there are none to show."""
    if not assignment.here:
        return AssignmentStatus(assignment, (), "not handed out yet")
    try:
        notebook = assignment.notebook()
    except NotebookError as error:
        return AssignmentStatus(assignment, (), str(error))
    exercises = (_exercise_status(assignment, notebook, name, progress) for name in assignment.exercises())
    files = (_file_status(notebook.path.with_name(name)) for name in notebook.files)
    questions = (ExerciseStatus(q.name, "done" if q.answered else "open", q.points) for q in notebook.questions)
    return AssignmentStatus(assignment, tuple(exercises), files=tuple(files), questions=tuple(questions))


def _file_status(path: Path) -> FileStatus:
    try:
        return FileStatus(path.name, len(read_file(path)), "")
    except FileError as error:
        return FileStatus(path.name, 0, str(error))


def _exercise_status(assignment: Assignment, notebook: LearnerNotebook, name: str, progress: Progress) -> ExerciseStatus:
    source = notebook.exercises.get(name)
    if source is None:
        state = "missing"
    elif is_stub(source):
        state = "open"
    else:
        state = "done" if progress.is_done(assignment.name, name, source) else "started"
    return ExerciseStatus(name, state, notebook.points.get(name))


def status_lines(shelf: Shelf, progress: Progress) -> list[str]:
    """The whole course as lines of text."""
    lines = [line for line in (shelf.title, str(shelf.late or "")) if line]
    statuses = {a.name: assignment_status(a, progress) for a in shelf.assignments}
    for section in shelf.sections:
        if section.title:
            lines += ["", f"Section {section.number}: {section.title}"]
        for assignment in section.assignments:
            lines += _assignment_lines(statuses[assignment.name])
    return [*lines, "", *_in_all(list(statuses.values())), f"Next: {_next(list(statuses.values()))}"]


def _in_all(statuses: list[AssignmentStatus]) -> list[str]:
    """One line about the whole way, where there is more than one assignment."""
    here = [status for status in statuses if status.exercises]
    exercises, minutes = sum(len(status.exercises) for status in here), sum(status.minutes_left for status in here)
    if len(here) < 2:
        return []
    left = f"; about {minutes / 60:.0f} hours are left" if minutes >= 90 else f"; about {minutes} minutes are left" if minutes else ""
    return [f"In all: {sum(status.done for status in here)} of {exercises} exercises done{left}."]


def _assignment_lines(status: AssignmentStatus) -> list[str]:
    assignment = status.assignment
    facts = [_minutes(status)] if assignment.minutes else []
    if assignment.due:
        facts.append(f"due {assignment.due_here}")
    if status.exercises:
        points = [(e.points or 0, e.state == "done") for e in status.exercises]
        worth = f", worth {sum(p for p, done in points if done)} of {whole} points" if (whole := sum(p for p, _ in points)) else ""
        facts.append(f"{status.done} of {len(status.exercises)} exercises done{worth}")
    lines = ["", f"  {assignment.name}: {assignment.title}", f"    {', '.join(facts)}"]
    if status.problem:
        return [*lines, f"    {status.problem}"]
    width = max((len(e.exercise) for e in status.exercises), default=0)
    for e in status.exercises:
        points = f"{e.points:3} points" if e.points is not None else ""
        lines.append(f"    {SIGNS[e.state]} {e.exercise:{width}}  {e.state:8}{points}".rstrip())
    for q in status.questions:
        lines.append(
            f"    {SIGNS[q.state]} {q.exercise}  {'answered' if q.state == 'done' else 'open'}, {q.points} points, in words, for a person to grade"
        )
    for file in status.files:
        lines.append(
            f"    {SIGNS['open']} {file.problem}"
            if file.problem
            else f"    {SIGNS['done']} {file.name}  {file.size / 2**20:.1f} MiB, handed in with it"
        )
    return lines


def _minutes(status: AssignmentStatus) -> str:
    whole, left = status.assignment.minutes, status.minutes_left
    return f"{whole} minutes" if left in (0, whole) else f"about {left} of {whole} minutes left"


def _next(statuses: list[AssignmentStatus]) -> str:
    if not assets.ready():
        return "models and data aren't on this machine yet. Run `tunelab fetch`, once."
    for status in statuses:
        if gone := [e.exercise for e in status.exercises if e.state == "missing"]:
            return f"the cell of {gone[0]} is gone from {status.assignment.name}. Put it back from a fresh copy of the notebook."
        if waiting := [e for e in status.exercises if e.state != "done"]:
            name, notebook = waiting[0].exercise, f"{status.assignment.name}/{status.assignment.name}.ipynb"
            return f"{name}, {_why(waiting[0], status)}. Open {notebook}; check yourself with `tunelab check {name}`; stuck? `tunelab hint {name}`."
        if waiting := [q.exercise for q in status.questions if q.state != "done"]:
            return f"the question {waiting[0]}, in {status.assignment.name}/{status.assignment.name}.ipynb: answer it in its own cell, in words."
        if gone := [file for file in status.files if file.problem]:
            return f"{gone[0].problem} It is handed in with {status.assignment.name}: the lesson says how it is made."
    finished = [status.assignment.name for status in statuses if status.exercises]
    return (
        f"everything that is here is done. Hand it in: {', '.join(f'`tunelab submit {name}`' for name in finished)}."
        if finished
        else "nothing yet."
    )


def _why(exercise: ExerciseStatus, status: AssignmentStatus) -> str:
    """Why this exercise comes next."""
    reason = "which you have begun" if exercise.state == "started" else "the first that is open"
    due = status.assignment.due
    if due and due < datetime.now(UTC):
        return f"{reason}, and its assignment was due {status.assignment.due_here}"
    return reason
