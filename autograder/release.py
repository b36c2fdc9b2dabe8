"""The release: nbgrader's own generate_assignment on what was built, the leak check, and then, as the last step, the swap into `assignments/`."""

from __future__ import annotations

import contextlib
import filecmp
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

import nbformat

from autograder.build import build
from autograder.course import Assignment, Course, CourseError, at
from autograder.leaks import find_leaks, learner_wheel
from autograder.workplace import Workplace, write_atomically


def release(course: Course, name: str | None = None) -> list[Path]:
    """Releases the assignment of that name, or all of them, into `assignments/`. Raises CourseError, and then nothing there has changed."""
    selected = course.select(name)
    with _scratch(course.root) as scratch:
        generated = generate(selected, scratch)
        leaks = find_leaks(course, [*generated, learner_wheel(course.root, scratch)])
        if leaks:
            raise CourseError("Nothing was released, because something hidden would have been:\n" + "\n".join(str(leak) for leak in leaks))
        for assignment, folder in zip(selected, generated, strict=True):
            _swap(folder, assignment.released, scratch)
    write_atomically(course.root / "assignments" / "course.toml", (course.root / "course.toml").read_bytes())
    return [assignment.released for assignment in selected]


def pack(course: Course, name: str | None = None, out: Path | None = None) -> Path:
    """Writes the wheel that learners install, with the released assignments in it (or the one of that name), into `dist/`, after the leak check. Raises CourseError."""
    out = out or course.root / "dist"
    with _scratch(course.root) as scratch:
        for assignment in course.select(name):
            if not assignment.released_notebook.is_file():
                raise CourseError(f"{assignment.name} isn't released. Run `make release ASSIGNMENT={assignment.name}`.")
            for file in sorted(_files(assignment.released)):
                write_atomically(scratch / "assignments" / assignment.name / file, (assignment.released / file).read_bytes())
        write_atomically(scratch / "assignments" / "course.toml", (course.root / "course.toml").read_bytes())
        wheel = learner_wheel(course.root, scratch, scratch / "assignments")
        if leaks := find_leaks(course, [wheel]):
            raise CourseError("Nothing was written, because something hidden would have been in it:\n" + "\n".join(map(str, leaks)))
        write_atomically(out / wheel.name, wheel.read_bytes())
    return out / wheel.name


def stale(course: Course, name: str | None = None) -> list[str]:
    """What in `assignments/` differs from a fresh release, one sentence each. Changes nothing but `build/`."""
    with _scratch(course.root) as scratch:
        selected = course.select(name)
        found = [line for a, fresh in zip(selected, generate(selected, scratch), strict=True) for line in _differences(fresh, a.released)]
    known = {assignment.name for assignment in course.assignments} | {"course.toml"}
    copy = course.root / "assignments" / "course.toml"
    if not copy.is_file() or copy.read_bytes() != (course.root / "course.toml").read_bytes():
        found.append(f"{at(copy)} isn't the course's. Run `make release`.")
    found += [f"{at(path)} is of no assignment. Take it away." for path in _entries(course.root / "assignments") if path.name not in known]
    return found


def generate(assignments: Sequence[Assignment], scratch: Path) -> list[Path]:
    """Builds assignments and sends them through nbgrader's generate_assignment in a scratch folder with a database of its own."""
    for assignment in assignments:
        shutil.copytree(build(assignment), scratch / "source" / assignment.name)
    return _generate_assignment(assignments, Workplace(scratch), scratch / "source", scratch / "release")


def register(assignments: Sequence[Assignment], workplace: Workplace) -> None:
    """Makes assignments known to the workplace's gradebook, with the due dates of the course, where they aren't yet as they are now.

    Raises CourseError when an assignment isn't what was released, or when exercises were added or removed since submissions came in.
    """
    from autograder.nbgrader_plugins import open_gradebook

    for assignment in assignments:
        build(assignment)
    unknown = [a for a in assignments if not _is_registered(a, workplace)]
    with _scratch(assignments[0].root) as scratch:
        _generate_assignment(unknown, workplace, assignments[0].built.parent, scratch / "release")
    with open_gradebook(workplace) as gradebook:
        for assignment in unknown:
            due = assignment.due.astimezone(UTC).replace(tzinfo=None) if assignment.due else None
            gradebook.update_or_create_assignment(assignment.name, duedate=due)


def _generate_assignment(assignments: Sequence[Assignment], workplace: Workplace, source: Path, released: Path) -> list[Path]:
    """Runs generate_assignment in this process, and gives the folders that it wrote."""
    from nbgrader.apps import NbGraderAPI

    from autograder.nbgrader_plugins import configuration, prepare_process

    prepare_process()
    config = configuration(workplace)
    config.CourseDirectory.source_directory = str(source)
    config.CourseDirectory.release_directory = str(released)
    for assignment in assignments:
        answer = NbGraderAPI(config=config).generate_assignment(assignment.name, force=True)
        if not answer["success"]:
            raise CourseError(f"nbgrader could not release {assignment.name}:\n{answer.get('log', '')}{answer.get('error', '')}")
    return [released / assignment.name for assignment in assignments]


def _is_registered(assignment: Assignment, workplace: Workplace) -> bool:
    """Whether the gradebook has just the cells, points and due date that the assignment has now."""
    from nbgrader.api import MissingEntry

    from autograder.nbgrader_plugins import open_gradebook

    notebook = nbformat.read(assignment.built / f"{assignment.name}.ipynb", as_version=4)
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    with open_gradebook(workplace) as gradebook:
        try:
            known = gradebook.find_notebook(assignment.name, assignment.name)
        except MissingEntry:
            return False
        due = known.assignment.duedate
        same_due = (due.replace(tzinfo=UTC) if due else None) == assignment.due
        sources = {cell.name: cell.source for cell in known.source_cells}
        points = {cell.name: cell.max_score for cell in known.grade_cells}
    wanted = {cell.id: float(cell.metadata.nbgrader.points) for cell in marked if cell.metadata.nbgrader.grade}
    return same_due and sources == {cell.id: cell.source for cell in marked} and points == wanted


@contextlib.contextmanager
def _scratch(root: Path) -> Iterator[Path]:
    """A folder on the same disk as `assignments/`, so that the swap is a rename; gone afterwards."""
    (root / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="release-", dir=root / "build"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(new: Path, place: Path, scratch: Path) -> None:
    """Puts a folder in its place by renames; what was there comes back if that fails."""
    place.parent.mkdir(exist_ok=True)
    old = scratch / f"old-{place.name}"
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise


def _differences(fresh: Path, released: Path) -> list[str]:
    wanted, there = _files(fresh), _files(released)
    found = [f"{at(released / name)} is missing. Run `make release`." for name in sorted(wanted - there)]
    found += [f"{at(released / name)} isn't of the lesson. Run `make release`." for name in sorted(there - wanted)]
    differ = [name for name in sorted(wanted & there) if not filecmp.cmp(fresh / name, released / name, shallow=False)]
    return found + [f"{at(released / name)} isn't what its source gives. Run `make release`." for name in differ]


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and _counts(path.relative_to(folder))}


def _counts(path: Path) -> bool:
    """Whether a file is of the release: what running a notebook or pytest leaves beside it isn't."""
    return not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _entries(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")] if folder.is_dir() else []
