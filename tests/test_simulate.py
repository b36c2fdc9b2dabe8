"""The simulated class has every kind of learner, is the same every time, and its troublemakers hand in what they say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from autograder.build import lesson_notebook, notebook_bytes
from autograder.course import Assignment, load_course
from autograder.intake import clean_submission, read_release
from autograder.simulate import Answers, Deserved, SimulatedLearner, simulate
from autograder.workplace import Workplace, is_learner, write_atomically
from tests.fixtures.filecourse import FILE, NAME, make_file_course

ASSIGNMENTS = load_course().assignments


def class_in(folder: Path, assignment: Assignment, **how: int) -> tuple[list[SimulatedLearner], Workplace]:
    workplace = Workplace(folder)
    return simulate(assignment, workplace, **how), workplace


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        total.update(
            str(path.relative_to(folder)).encode()
            + (path.readlink().as_posix().encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b"")
        )
    return total.hexdigest()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> tuple[list[SimulatedLearner], Workplace]:
    """The whole class of one assignment; pytest runs the tests that ask for the same one after another."""
    return class_in(tmp_path_factory.mktemp(assignment.name), assignment)


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.name, scope="module")
def test_every_kind_and_every_mutant_is_there(handed_in: tuple[list[SimulatedLearner], Workplace], assignment: Assignment) -> None:
    learners, _ = handed_in
    answers = Answers(assignment)
    assert len(learners) >= 24
    assert {learner.kind for learner in learners} == {"reference", "alternative", "stub", "half", "mutant", "malformed", "attacker"}
    assert {name for learner in learners if learner.kind == "mutant" for name in learner.about.split(", ")} == {
        a.about for _, a in answers.mutants()
    }
    assert all(is_learner(learner.name) and list(learner.deserved) == answers.exercises for learner in learners)
    shares = {sum(d.high for d in learner.deserved.values()) for learner in learners}
    assert len(shares) >= 8, "the scores hardly differ"


def test_the_class_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    assignment = ASSIGNMENTS[0]
    digests = []
    for number, seed in enumerate((1, 1, 2)):
        _, workplace = class_in(tmp_path / str(number), assignment, size=30, seed=seed)
        digests.append(digest(workplace.submitted))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("size", [3, 90])
def test_a_class_of_a_given_size(tmp_path: Path, size: int) -> None:
    learners, workplace = class_in(tmp_path, ASSIGNMENTS[0], size=size)
    assert len(learners) == len({learner.name for learner in learners}) == size
    assert {path.parent.name for path in workplace.submitted.glob("*/*")} == {learner.name for learner in learners}


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda a: a.name, scope="module")
def test_what_right_and_untouched_exercises_deserve(handed_in: tuple[list[SimulatedLearner], Workplace], assignment: Assignment) -> None:
    """In what the intake makes of it, an exercise with the reference in it deserves all points, and an untouched stub none."""
    learners, workplace = handed_in
    answers, release = Answers(assignment), read_release(assignment)
    seen = 0
    for learner in learners:
        clean = clean_submission(workplace.submission(learner.name, assignment.name), assignment, release)
        for exercise, source in clean.cells.items():
            deserved = learner.deserved[exercise]
            if source == answers.stubs[exercise]:
                assert (deserved.low, deserved.high) == (0, 0), f"{learner.name}, {exercise}"
                seen += 1
            elif source == answers.right(exercise).source:
                assert deserved.low == deserved.high == answers.suites[exercise].points, f"{learner.name}, {exercise}"
                seen += 1
    assert seen > 2 * len(learners)


def test_a_mutant_deserves_at_most_what_its_test_leaves() -> None:
    for assignment in ASSIGNMENTS:
        answers = Answers(assignment)
        for (exercise, answer), solution in zip(answers.mutants(), answers.solutions.mutants, strict=True):
            suite = answers.suites[exercise]
            lost = next(test.points for test in suite.tests if test.name == solution.caught_by)
            assert (answer.deserved.low, answer.deserved.high) == (0, suite.points - lost)
            assert answer.deserved.text == f"<={suite.points - lost}"


def test_the_malformed_are_malformed(tmp_path: Path) -> None:
    """Whatever nbgrader or a JSON reader would stumble over is really in there."""
    assignment = ASSIGNMENTS[0]
    _, workplace = class_in(tmp_path, assignment)

    def notebook(learner: str) -> Path:
        return workplace.submission(learner, assignment.name) / f"{assignment.name}.ipynb"

    with pytest.raises(json.JSONDecodeError):
        json.loads(notebook("malformed-not-json").read_text())
    ids = [cell.get("id") for cell in json.loads(notebook("malformed-cell-duplicated").read_text())["cells"]]
    assert len(ids) == len(set(ids)) + 1
    assert notebook("malformed-huge-outputs").stat().st_size > 15 * 2**20
    assert not notebook("malformed-nothing").exists()
    assert notebook("malformed-nothing").parent.is_dir()
    assert notebook("attacker-link").is_symlink()
    assert json.loads(notebook("attacker-link").read_text())["cells"], "the link leads nowhere, so it tests nothing"


def test_files_go_with_the_answers(tmp_path: Path) -> None:
    """Right answers come with the reference's files, mutants with those that their author names and nothing else written, stubs with none."""
    assignment = load_course(make_file_course(tmp_path / "course")).assignment(NAME)
    write_atomically(assignment.released_notebook, notebook_bytes(lesson_notebook(assignment)))
    learners, workplace = class_in(tmp_path / "class", assignment)
    answers = Answers(assignment)
    seen = set()
    for learner in learners:
        file = workplace.submission(learner.name, NAME) / FILE
        wanted = {"hands_in_nan": "nan", "hands_in_a_pickle": "pickled"}.get(learner.about, "reference")
        if learner.kind == "stub" or learner.name == "malformed-nothing":
            assert not file.exists(), learner.name
        elif not file.parent.is_symlink():
            assert file.read_bytes() == answers.files[wanted][FILE], learner.name
        if wanted != "reference":
            assert learner.deserved["count_words"] == Deserved(0, 0)
            seen.add(wanted)
    assert seen == {"nan", "pickled"}
