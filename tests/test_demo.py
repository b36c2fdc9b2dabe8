"""The demonstration notices a grade that isn't deserved, and the whole way grades a class as deserved: in the sandbox, through nbgrader, out of the gradebook."""

from __future__ import annotations

import csv
import shutil
from functools import partial

import pytest

from autograder.course import load_course
from autograder.demo import compare, conclude, gradebook_scores, outcome_of, outcome_table
from autograder.grade import export, feedback, grade, result_for
from autograder.report import Graded, write_report
from autograder.simulate import Deserved, SimulatedLearner, simulate
from autograder.workplace import Workplace, open_workplace

CHOSEN = (
    "reference-1",
    "alternative-1",
    "stub-1",
    "half-1",
    "mutant-01",
    "mutant-02",
    "malformed-not-json",
    "malformed-merged",
    "malformed-script",
    "attacker-patched-libraries",
    "attacker-link",
    "attacker-exits",
)
"""One of each kind, and a few whose trouble could spread."""


def learner(**deserved: Deserved) -> SimulatedLearner:
    return SimulatedLearner("a", "mutant", "", deserved)


def graded(message: str, outcome: str = "failed") -> Graded:
    return Graded("a", {"exercises": [{"exercise": "f", "tests": [{"name": "test_x", "outcome": outcome, "message": message}]}]})


@pytest.mark.parametrize(
    ("deserved", "score", "message", "words"),
    [
        (Deserved(10, 10), 10.0, "", None),
        (Deserved(10, 10), 9.0, "", "f: 10 deserved, 9 in the gradebook"),
        (Deserved(0, 0), 1.0, "", "f: 0 deserved, 1"),
        (Deserved(0, 0), None, "", "nothing in the gradebook"),
        (Deserved(0, 7, "test_x", "wrong axis"), 7.0, "it is the wrong axis, there", None),
        (Deserved(0, 7, "test_x", "wrong axis"), 8.0, "it is the wrong axis, there", "<=7 deserved"),
        (Deserved(0, 7, "test_x", "wrong axis"), 5.0, "another reason", "doesn't say 'wrong axis'"),
    ],
)
def test_what_is_not_deserved_is_noticed(deserved: Deserved, score: float | None, message: str, words: str | None) -> None:
    outcome = outcome_of(learner(f=deserved), {} if score is None else {"f": score}, graded(message))
    assert bool(outcome.wrong) == (words is not None)
    assert words is None or words in outcome.wrong[0]


def test_a_learner_without_a_result_is_noticed() -> None:
    assert outcome_of(learner(f=Deserved(0, 7, "test_x", "axis")), {"f": 3.0}, None).wrong


def test_one_wrong_grade_fails_the_demonstration(capsys: pytest.CaptureFixture[str]) -> None:
    good = outcome_of(learner(f=Deserved(4, 4)), {"f": 4.0}, None)
    bad = outcome_of(learner(f=Deserved(4, 4)), {"f": 3.0}, None)
    workplace = open_workplace(load_course().root / "build" / "demo")
    assert conclude(workplace, [good, good], [], 1.0)
    assert not conclude(workplace, [good, bad], [], 1.0)
    assert not conclude(workplace, [good], ["feedback could not be written"], 1.0)
    assert "1 graded as deserved, 1 otherwise" in capsys.readouterr().out


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, list[SimulatedLearner]]:
    """A small class of the first assignment, graded the whole way."""
    course = load_course()
    assignment = course.assignments[0]
    workplace = open_workplace(tmp_path_factory.mktemp("place"))
    learners = [one for one in simulate(assignment, workplace) if one.name in CHOSEN]
    for folder in workplace.submitted.iterdir():
        if folder.name not in CHOSEN:
            shutil.rmtree(folder)
    summary = grade(workplace, [assignment])
    assert summary.troubles == []
    assert feedback(workplace, [assignment]).troubles == []
    export(workplace)
    write_report(workplace, course, lookup=partial(result_for, workplace=workplace))
    return workplace, learners


def test_the_class_is_graded_as_deserved(place: tuple[Workplace, list[SimulatedLearner]]) -> None:
    workplace, learners = place
    assignment = load_course().assignments[0]
    outcomes = compare(assignment, learners, workplace, partial(result_for, workplace=workplace))
    assert [outcome.learner.name for outcome in outcomes] == sorted(CHOSEN)
    assert [(outcome.learner.name, outcome.wrong) for outcome in outcomes if outcome.wrong] == []
    assert outcome_table(assignment, outcomes).count("as deserved") == len(CHOSEN)


def test_everything_is_written(place: tuple[Workplace, list[SimulatedLearner]]) -> None:
    workplace, _ = place
    assignment = load_course().assignments[0]
    scores = {name: sum(s.values()) for name, s in gradebook_scores(workplace, assignment).items()}
    with workplace.gradebook_csv.open(newline="") as file:
        exported = {
            row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["assignment"] == assignment.name and row["score"]
        }
    assert {name: exported[name] for name in CHOSEN} == scores
    for name in CHOSEN:
        assert (workplace.feedback / name / assignment.name / f"{assignment.name}.html").is_file()
    html = workplace.report.read_text(encoding="utf-8")
    assert "malformed-merged" in html
    assert assignment.title in html


def test_a_second_run_changes_nothing(place: tuple[Workplace, list[SimulatedLearner]]) -> None:
    workplace, _ = place
    assignment = load_course().assignments[0]
    before = gradebook_scores(workplace, assignment)
    summary = grade(workplace, [assignment])
    assert summary.written <= 1, "only what may not be kept (a crash) is written again"
    assert gradebook_scores(workplace, assignment) == before
