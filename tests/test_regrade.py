"""A suite is corrected in mid-term: whose grade changes is shown first, only what is affected runs, and what people wrote by hand stays."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course import load_course
from autograder.grade import Settings, Summary, _unaffected, take_all_in
from autograder.nbgrader_plugins import open_gradebook
from autograder.workplace import Workplace
from tests.fixtures.jupyter import environment
from tests.fixtures.minicourse import NAME, make_whole_course, write

COUNT = "def count_words(text):\n    return len(text.split())"
ANSWERS = {"ada": "def double(number):\n    return 2 * number", "bob": "def double(number):\n    return abs(2 * number)"}


def run(root: Path, *words: str) -> str:
    command = [sys.executable, "-m", "autograder", *words]
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def scores(root: Path) -> dict[str, float]:
    with open(root / "gradebook.csv", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def results(root: Path, learner: str) -> dict[str, dict]:
    """The written result of a learner, by exercise."""
    marker = json.loads((root / "results" / NAME / "written" / learner).read_text())
    kept = json.loads((root / "results" / NAME / f"{marker['key']}.json").read_text())
    return {row["exercise"]: row for row in kept["exercises"]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded course; ada has a comment and a point of a person's, beside what was found by itself."""
    root = make_whole_course(tmp_path_factory.mktemp("course"))
    run(root, "release")
    for learner, double in ANSWERS.items():
        notebook = nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
        for cell in notebook.cells:
            cell.source = {"double": double, "count_words": COUNT}.get(cell.id, cell.source)
        write(root / "submitted" / learner / NAME / f"{NAME}.ipynb", nbformat.writes(notebook))
    run(root, "grade", "--workers", "1")
    with open_gradebook(Workplace(root)) as gradebook:
        gradebook.find_grade("check_count_words", NAME, NAME, "ada").manual_score = 1.5
        gradebook.find_comment("double", NAME, NAME, "ada").manual_comment = "Short and clear."
        gradebook.db.commit()
    return root


def test_a_corrected_suite_changes_grades_only_when_it_is_said(root: Path) -> None:
    before = {learner: results(root, learner) for learner in ANSWERS}
    suite = root / "autograder" / "suites" / NAME / "test_double.py"
    suite.write_text(suite.read_text().replace("learner.double(-1.0) == -2.0", "learner.double(-1.0) in (-2.0, 2.0)"))

    said = run(root, "regrade", "--workers", "1")
    assert "submissions that come out otherwise: 1." in said and "Nothing was written" in said
    [line] = [" ".join(line.split()) for line in said.splitlines() if line.startswith("bob")]
    assert line == f"bob {NAME} 4 5 +1 + double.test_hidden_negative"
    assert {learner: results(root, learner) for learner in ANSWERS} == before
    backups = len(list((root / "backups").glob("*.db")))

    said = run(root, "regrade", "--workers", "1", "--write")
    assert "0 results made anew, 2 known; submissions that come out otherwise: 1." in said
    assert scores(root) == {"ada": 4.5, "bob": 5.0}, "a person's score is lost, or the new one isn't written"
    with open_gradebook(Workplace(root)) as gradebook:
        assert gradebook.find_comment("double", NAME, NAME, "ada").comment == "Short and clear."
    for learner in ANSWERS:
        after = results(root, learner)
        assert after["count_words"] == before[learner]["count_words"], "an exercise whose suite hadn't changed was run again"
        assert after["double"]["seconds"] != before[learner]["double"]["seconds"], "the changed suite wasn't run"

    copies = sorted((root / "backups").glob("*.db"))
    assert len(copies) == backups + 1
    with Gradebook(f"sqlite:///{copies[-1]}") as copy:
        assert copy.find_grade("check_double", NAME, NAME, "bob").auto_score == 2.0, "the copy isn't of the gradebook as it was"
    assert "submissions that come out otherwise: 0." in run(root, "regrade", "--workers", "1")


def test_nothing_is_taken_over_from_a_result_that_may_not_be_kept(root: Path) -> None:
    workplace, assignment, how = Workplace(root), load_course(root).assignment(NAME), Settings()
    ada = next(take_all_in(workplace, [assignment], how, Summary(), lambda *_: None))
    assert set(_unaffected(workplace, ada, how)) == {"double", "count_words"}
    place = root / "results" / NAME / "written" / "ada"
    marker = json.loads(place.read_text())
    result = json.loads((root / "results" / NAME / f"{marker['key']}.json").read_text())
    result["exercises"][0]["tests"][0]["outcome"] = "timeout"
    place.write_text(json.dumps(marker | {"result": result}))
    assert _unaffected(workplace, ada, how) == {}
    place.write_text(json.dumps(marker))
