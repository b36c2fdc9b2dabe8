"""The solutions as a notebook: right, readable, and not before everybody's time is up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from autograder.course import CourseError, load_course
from autograder.publish import last_deadline, publish
from autograder.workplace import open_workplace
from tests.fixtures.minicourse import NAME, make_course, write

BEFORE, AFTER = datetime(2027, 2, 1, 21, tzinfo=UTC), datetime(2027, 2, 1, 23, tzinfo=UTC)


def test_nothing_is_written_before_the_last_deadline(tmp_path: Path) -> None:
    assignment, workplace = load_course(make_course(tmp_path)).assignment(NAME), open_workplace(tmp_path / "term")
    with pytest.raises(CourseError, match="is due until 2027-02-01 22:00 UTC"):
        publish(assignment, workplace, now=BEFORE)
    write(workplace.extensions, f"learner,assignment,until\nada,{NAME},2027-02-03T22:00:00Z\n")
    with pytest.raises(CourseError, match="is due until 2027-02-03 22:00 UTC"):
        publish(assignment, workplace, now=AFTER)
    assert not (tmp_path / "build" / "solutions").exists()
    assert publish(assignment, workplace, anyway=True, now=BEFORE).is_dir()
    assert last_deadline(assignment, workplace) == datetime(2027, 2, 3, 22, tzinfo=UTC)


def test_the_notebook_holds_every_right_answer_and_none_of_nbgraders_marks(tmp_path: Path) -> None:
    assignment = load_course(make_course(tmp_path)).assignment(NAME)
    folder = publish(assignment, open_workplace(tmp_path / "term"), now=AFTER)
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = {cell.id: cell for cell in notebook.cells}
    assert "twofold_of_the_number = number + number" in cells["double"].source
    assert "Twice a number." in cells["double"].source, "the contract is gone"
    assert not any("nbgrader" in cell.metadata for cell in notebook.cells)
    assert (folder / "test_double.py").is_file()
    others = [cell for cell in notebook.cells if cell.id.startswith("other_")]
    assert others and all("NotImplementedError" not in cell.source for cell in others)
    namespace: dict = {}
    for cell in others:
        exec(cell.source, namespace)
    assert namespace["double"](3) == 6
