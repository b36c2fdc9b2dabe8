"""The gradebook in a real PostgreSQL server: graded, exported, regraded and copied like the file, by the kit and by nbgrader's own commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.grade import back_up
from autograder.nbgrader_plugins import open_gradebook
from autograder.postgres import DRIVER, GradebookError
from autograder.workplace import Workplace, open_workplace
from tests.fixtures.minicourse import NAME, make_whole_course, write
from tests.fixtures.postgres import postgres, program
from tests.test_nbgrader import nbgrader
from tests.test_regrade import ANSWERS, COUNT, run, scores


@pytest.fixture(scope="module")
def database():
    with postgres() as address:
        yield address


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, database: str) -> Path:
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    write(root / "gradebook.url", f"{database}\n").chmod(0o600)
    run(root, "release")
    for learner, double in ANSWERS.items():
        notebook = nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
        for cell in notebook.cells:
            cell.source = {"double": double, "count_words": COUNT}.get(cell.id, cell.source)
        write(root / "submitted" / learner / NAME / f"{NAME}.ipynb", nbformat.writes(notebook))
        write(root / "submitted" / learner / NAME / "timestamp.txt", "2027-02-01 10:00:00 UTC")
    run(root, "grade", "--workers", "1")
    return root


def test_grades_are_in_the_database_and_no_file_is_made(root: Path) -> None:
    assert scores(root) == {"ada": 5.0, "bob": 4.0}
    assert not (root / "gradebook.db").exists()
    with open_gradebook(Workplace(root)) as gradebook:
        assert gradebook.db.get_bind().dialect.name == "postgresql"
        assert gradebook.find_grade("check_double", NAME, NAME, "bob").auto_score == 2.0
    assert ", 2 unchanged there" in run(root, "grade", "--workers", "1")


def test_nbgraders_own_commands_use_it_too(root: Path) -> None:
    nbgrader(root, "export")
    assert scores(root) == {"ada": 5.0, "bob": 4.0}
    nbgrader(root, "autograde", NAME, "--force", "--student", "bob")
    nbgrader(root, "generate_feedback", NAME, "--student", "bob")
    assert "mind the sign" in (root / "feedback" / "bob" / NAME / f"{NAME}.html").read_text()
    assert not (root / "gradebook.db").exists()


def test_a_regrade_keeps_scores_by_hand_and_copies_before_it_writes(root: Path, database: str) -> None:
    with open_gradebook(Workplace(root)) as gradebook:
        gradebook.find_grade("check_count_words", NAME, NAME, "ada").manual_score = 1.5
        gradebook.db.commit()
    suite = root / "autograder" / "suites" / NAME / "test_double.py"
    suite.write_text(suite.read_text().replace("learner.double(-1.0) == -2.0", "learner.double(-1.0) in (-2.0, 2.0)"))
    before = set((root / "backups").iterdir())
    run(root, "regrade", "--workers", "1", "--write")
    assert scores(root) == {"ada": 4.5, "bob": 5.0}
    [copy] = set((root / "backups").iterdir()) - before
    assert copy.suffix == ".dump"

    # what was copied is the gradebook as it was: put into a database of its own, it has the old score
    restored = database.rpartition("/")[0] + "/copy"
    for command in (
        ["psql", database, "-c", "create database copy"],
        ["pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", str(copy)],
    ):
        done = subprocess.run([program(command[0]), *command[1:]], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    with Gradebook(restored.replace("postgresql", DRIVER)) as old:
        assert old.find_grade("check_double", NAME, NAME, "bob").auto_score == 2.0
        assert old.find_grade("check_count_words", NAME, NAME, "ada").manual_score == 1.5


def test_a_database_that_is_not_there_stops_before_anything_is_written(tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path)
    write(workplace.gradebook_url, "postgresql://tunelab:secret@127.0.0.1:9/none").chmod(0o600)
    with pytest.raises(GradebookError, match="could not be copied before writing to it") as error:
        back_up(workplace)
    assert "secret" not in str(error.value)
    assert list(workplace.backups.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("", 0o600, "holds no database's address"),
        ("sqlite:///x.db", 0o600, "must hold the address of a PostgreSQL database"),
        ("postgresql://u:p@h", 0o600, "must hold the address of a PostgreSQL database"),
        ("postgresql://u:p@h/d", 0o644, "chmod 600"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(tmp_path: Path, text: str, mode: int, says: str) -> None:
    workplace = open_workplace(tmp_path)
    write(workplace.gradebook_url, text).chmod(mode)
    with pytest.raises(GradebookError, match=says):
        _ = workplace.database
