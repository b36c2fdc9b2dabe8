"""The class list: read as Moodle and Canvas export it, and sent back to them with grades."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.nbgrader_plugins import open_gradebook
from autograder.roster import Column, RosterError, grades_csv, guarded, read_roster, roster_of, take_roster, without_submission
from autograder.workplace import Workplace, open_workplace
from tests.conftest import ROOT
from tests.fixtures.minicourse import write

MOODLE = (
    "\ufeffFirst name,Surname,ID number,Institution,Department,Email address,Groups\n"
    'Ada,Lovelace,1001,,,ada@uni.example,"A, B"\nBob,O\'Neil,1002,,,bob@uni.example,\n\n'
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,s1-one (4711),Assignments Current Score\n"
    "    Points Possible,,,,,5,(read only)\n"
    '"Lovelace, Ada",17,u17,ada,Tuesdays,,80\n"=Neil, Bob",18,u18,bob,Fridays,3,75\n"Student, Test",99,,x,,,\n'
)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return open_workplace(tmp_path / "term")


def listed(tmp_path: Path, text: str) -> Path:
    return write(tmp_path / "list.csv", text)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_a_list_of_moodles_is_read_with_all_its_columns(tmp_path: Path) -> None:
    roster = read_roster(listed(tmp_path, MOODLE))
    assert roster.ids == ("1001", "1002")
    assert roster.rows[0]["Groups"] == "A, B"
    assert roster.names(1) == {"first_name": "Bob", "last_name": "O'Neil", "email": "bob@uni.example"}
    assert read_roster(listed(tmp_path, MOODLE.replace("Ada,", '"=Ada, ""A"" ",'))).names(0)["first_name"] == "'=Ada A"
    assert read_roster(listed(tmp_path, MOODLE), "Email address").ids == ("ada@uni.example", "bob@uni.example")
    assert read_roster(listed(tmp_path, MOODLE.replace(",", ";"))).ids == ("1001", "1002")


def test_a_list_of_canvas_is_read_without_points_and_test_student(tmp_path: Path) -> None:
    roster = read_roster(listed(tmp_path, CANVAS))
    assert roster.ids == ("ada", "bob") and roster.canvas
    assert roster.names(0) == {"first_name": "Ada", "last_name": "Lovelace"}


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", None, "is empty"),
        ("Nickname\nada\n", None, "Name it with --id. There are: Nickname"),
        ("Nickname\nada\n", "Username", "has no column 'Username'. It has: Nickname"),
        ("Username\nada\n../etc\n", None, "list.csv:3: '../etc'"),
        ("Username\nada\nbob\nada\n", None, "list.csv:4: ada is there already, in line 2"),
    ],
)
def test_a_list_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, column: str | None, says: str) -> None:
    with pytest.raises(RosterError) as error:
        read_roster(listed(tmp_path, text), column)
    assert says in str(error.value)


def test_taking_in_a_list_makes_its_learners_known_and_removes_nobody(tmp_path: Path, workplace: Workplace) -> None:
    with open_gradebook(workplace) as gradebook:
        gradebook.add_student("zoe")
        gradebook.add_student("1001")
    taken = take_roster(workplace, listed(tmp_path, MOODLE))
    assert (taken.new, taken.strangers) == (("1002",), ("zoe",))
    with open_gradebook(workplace) as gradebook:
        assert {s.id: s.email for s in gradebook.students} == {"zoe": None, "1001": "ada@uni.example", "1002": "bob@uni.example"}
    roster = roster_of(workplace)
    assert roster.ids == ("1001", "1002") and roster.rows[0]["Groups"] == "A, B"
    workplace.submission("1002", "s1-one").mkdir(parents=True)
    assert without_submission(workplace, "s1-one") == ["1001"]


ONE = Column("s1-one", "First things", 5.0, {"ada": 4.125, "1001": 4.0})
TWO = Column("s1-two", "Second things", 7.0, {"bob": 0.0, "1002": 6.5})


def test_canvas_gets_its_own_columns_filled_and_points_for_new_ones(tmp_path: Path) -> None:
    rows = table(grades_csv(read_roster(listed(tmp_path, CANVAS)), [ONE, TWO], moodle=False))
    assert [row["s1-one (4711)"] for row in rows] == ["5", "4.12", ""]
    assert [row["s1-two"] for row in rows] == ["7", "", "0"]
    assert [row["Student"] for row in rows] == ["    Points Possible", "Lovelace, Ada", "'=Neil, Bob"]
    assert [row["ID"] for row in rows] == ["", "17", "18"]


def test_moodle_gets_its_list_with_a_column_for_each_assignment(tmp_path: Path) -> None:
    header, rest = MOODLE.split("\n", 1)
    header = f"{header},Assignment: First things (Percentage),Assignment: First things (Real)"
    exported = f"{header}\n" + rest.replace('"A, B"', '"A, B",70 %,-').replace("example,\n", "example,,-,-\n")
    rows = table(grades_csv(read_roster(listed(tmp_path, exported)), [ONE, TWO], moodle=True))
    assert [row["Assignment: First things (Real)"] for row in rows] == ["4", ""]
    assert [row["Assignment: First things (Percentage)"] for row in rows] == ["70 %", "-"]
    assert [row["s1-two"] for row in rows] == ["", "6.5"]
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("+49 30", "'+49 30"), ("-x", "'-x"), ("-1.5", "-1.5"), ("-", "-"), ("Ada", "Ada"), ("", "")],
)
def test_no_cell_is_a_formula(value: str, written: str) -> None:
    assert guarded(value) == written


def test_the_commands_from_list_to_grades(tmp_path: Path, workplace: Workplace) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "autograder", *words, "--workplace", str(workplace.root)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=300)

    early = run("export", "--to", "canvas")
    assert early.returncode == 2 and "There is no class list" in early.stderr
    assert "2 learners are in the class list, 2 of them new" in run("roster", str(listed(tmp_path, CANVAS))).stdout
    with open_gradebook(workplace) as gradebook:
        gradebook.add_assignment("s1-one")
    done = run("export", "--to", "canvas")
    assert done.returncode == 0, done.stderr
    assert [row["s1-one (4711)"] for row in table(workplace.grades("canvas").read_text())] == ["0", "", ""]
