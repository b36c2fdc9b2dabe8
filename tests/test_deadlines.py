"""Deadlines: the course's policy, extensions, and what coming late costs, up to the gradebook, the feedback and the class report."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest

from autograder.course import CourseError, load_course
from autograder.deadlines import Deadline, DeadlineError, read_extensions
from autograder.nbgrader_plugins import open_gradebook
from autograder.workplace import Workplace
from tests.fixtures.jupyter import BIN, environment
from tests.fixtures.minicourse import NAME, make_course, make_whole_course, write
from tunelab.shelf import LatePolicy

DUE = datetime(2027, 2, 1, 22, tzinfo=UTC)
POLICY = "[late]\ngrace_minutes = 15\nper_day = 0.1\ncap = 0.5\n"
DOUBLE = "def double(number):\n    return 2 * number"
COUNT = "def count_words(text):\n    return len(text.split())"


def with_policy(root: Path, policy: str = POLICY) -> Path:
    path = root / "course.toml"
    title, _, rest = path.read_text().partition("\n\n")
    path.write_text(f"{title}\n\n{policy}\n{rest}")
    return root


# ---------------------------------------------------------------- the policy


@pytest.mark.parametrize(
    ("minutes", "share"),
    [(0, 0.0), (15, 0.0), (16, 0.1), (15 + 24 * 60, 0.1), (16 + 24 * 60, 0.2), (6 * 24 * 60, 0.5), (60 * 24 * 60, 0.5)],
)
def test_nothing_within_the_grace_then_a_share_for_each_day_begun_up_to_the_cap(minutes: int, share: float) -> None:
    assert LatePolicy(15, 0.1, 0.5).share(60 * minutes) == pytest.approx(share)


def test_what_is_in_time_or_has_no_moment_is_not_late() -> None:
    policy = LatePolicy(0, 0.1, 0.5)
    for due, came in ((DUE, DUE), (DUE, None), (None, DUE), (DUE, DUE - timedelta(days=3))):
        assert (Deadline(due, came, policy).seconds_late, str(Deadline(due, came, policy))) == (0, "")
    late = Deadline(DUE, DUE + timedelta(days=1, hours=3), policy)
    assert str(late) == "came 1 day 3 hours after 2027-02-01 22:00 UTC: 20% of its points are taken off."
    assert "nothing is taken off" in str(Deadline(DUE, DUE + timedelta(minutes=5), None))


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("[late]\nper_day = 0.1\ncap = 0.5\n", "needs `grace_minutes`"),
        ("[late]\ngrace_minutes = 5\nper_day = 10\ncap = 0.5\n", "needs `per_day`, a share between 0 and 1; it has 10"),
        ("[late]\ngrace_minutes = 5\nper_day = 0.1\ncap = true\n", "needs `cap`"),
        ("[late]\ngrace_minutes = 5\nper_day = 0.1\ncap = 0.5\nper_week = 1\n", "`per_week`, which means nothing"),
        ("late = 3\n", "needs `grace_minutes`"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path: Path, policy: str, says: str) -> None:
    with pytest.raises(CourseError, match=says):
        load_course(with_policy(make_course(tmp_path), policy))


# ---------------------------------------------------------------- extensions


def test_extensions_are_read_and_further_columns_are_for_people(tmp_path: Path) -> None:
    course = load_course(make_course(tmp_path))
    path = write(tmp_path / "extensions.csv", f"\ufefflearner,why,assignment,until\nada,ill,{NAME},2027-02-03T22:00:00Z\n\n")
    assert read_extensions(path, course) == {("ada", NAME): DUE + timedelta(days=2)}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("learner,assignment\nada,x", "no column `until`"),
        (f"learner,assignment,until\n../x,{NAME},2027-02-03T22:00:00Z", "extensions.csv:2: '../x' can't be a learner's id"),
        ("learner,assignment,until\nada,s9-none,2027-02-03T22:00:00Z", "'s9-none' is no assignment with a due date"),
        (f"learner,assignment,until\nada,{NAME},tomorrow", "Write a moment with its time zone, such as 2027-02-03T22:00:00Z"),
        (f"learner,assignment,until\nada,{NAME},2027-02-03T22:00:00", "with its time zone"),
        (f"learner,assignment,until\nada,{NAME},2027-01-03T22:00:00Z", "is not after"),
        (
            f"learner,assignment,until\nada,{NAME},2027-02-03T22:00:00Z\nada,{NAME},2027-02-04T22:00:00Z",
            "extensions.csv:3: ada has an extension",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, lines: str, says: str) -> None:
    course = load_course(make_course(tmp_path))
    with pytest.raises(DeadlineError, match=says):
        read_extensions(write(tmp_path / "extensions.csv", lines + "\n"), course)


# ---------------------------------------------------------------- the whole way


def run(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "autograder", *words]
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def hand_in(root: Path, learner: str, came: str) -> None:
    notebook = nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = {"double": DOUBLE, "count_words": COUNT}.get(cell.id, cell.source)
    write(root / "submitted" / learner / NAME / f"{NAME}.ipynb", nbformat.writes(notebook))
    if came:
        write(root / "submitted" / learner / NAME / "timestamp.txt", came)


def penalties(root: Path) -> dict[str, tuple[float, float]]:
    """By learner: what was taken off, and what is left."""
    with open(root / "gradebook.csv", newline="") as file:
        return {row["student_id"]: (float(row["late_submission_penalty"] or 0), float(row["score"])) for row in csv.DictReader(file)}


def test_late_submissions_lose_their_share_unless_there_is_an_extension(tmp_path: Path) -> None:
    root = with_policy(make_whole_course(tmp_path))
    run(root, "release")
    came = {"ada": "2027-02-01 21:00:00 UTC", "bob": "2027-02-03 04:00:00 UTC", "cyd": "2027-02-03 04:00:00 UTC", "dan": ""}
    for learner, moment in came.items():
        hand_in(root, learner, moment)
    write(root / "extensions.csv", f"learner,assignment,until\ncyd,{NAME},2027-02-03T22:00:00Z\n")
    assert "4 written to the gradebook" in run(root, "grade", "--workers", "1")
    assert penalties(root) == {"ada": (0, 5), "bob": (1, 4), "cyd": (0, 5), "dan": (0, 5)}

    run(root, "feedback")
    pages = {learner: (root / "feedback" / learner / NAME / f"{NAME}.html").read_text() for learner in came}
    assert "Late submission penalty (Score: -1.0)" in pages["bob"]
    assert "Late submission penalty" not in pages["cyd"].partition("</style>")[2]
    run(root, "report")
    page = (root / "report.html").read_text()
    assert "came 1 day 6 hours after 2027-02-01 22:00 UTC: 20% of its points are taken off." in page

    write(root / "extensions.csv", f"learner,assignment,until\nbob,{NAME},2027-02-02T23:00:00Z\n")
    said = run(root, "grade", "--workers", "1")
    assert "0 results made" in said and "2 written to the gradebook, 2 unchanged there" in said
    assert penalties(root) == {"ada": (0, 5), "bob": (0.5, 4.5), "cyd": (1, 4), "dan": (0, 5)}
    assert json.loads((root / "results" / NAME / "written" / "bob").read_text())["deadline"]["share"] == 0.1

    with open_gradebook(Workplace(root)) as gradebook:
        gradebook.find_grade("check_count_words", NAME, NAME, "bob").manual_score = 1.0
        gradebook.db.commit()
    (root / "submitted" / "cyd" / NAME / "timestamp.txt").unlink()
    assert "2 written to the gradebook, 2 unchanged there" in run(root, "grade", "--workers", "1")
    assert penalties(root) == {"ada": (0, 5), "bob": (0.4, 3.6), "cyd": (0, 5), "dan": (0, 5)}, (
        "points by hand or a lost moment were passed over"
    )

    write(root / "extensions.csv", f"learner,assignment,until\nbob,{NAME},2027-02-03T22:00:00Z\n")
    stock = [str(BIN / "nbgrader"), "autograde", NAME, "--student=bob", "--force"]
    done = subprocess.run(stock, cwd=root, env=environment(root), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    with open_gradebook(Workplace(root)) as gradebook:
        assert not gradebook.find_submission(NAME, "bob").late_submission_penalty, "nbgrader's own autograde doesn't know the extension"
