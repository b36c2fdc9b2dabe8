"""What every hidden suite must refuse: answers that do nothing, whatever they return."""

import ast

import pytest

from autograder.course import load_course, load_suites
from tests.conftest import ROOT
from tunelab.checks import run_tests
from tunelab.notebook import Cell

EXERCISES = [(assignment, exercise) for assignment in load_course(ROOT).assignments for exercise in assignment.exercises]
NOTHING = ("None", "0", "0.0", "1", "''", "[]", "{}", "(0.0, 1.0)")


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES, ids=[f"{a.name}-{e.name}" for a, e in EXERCISES])
def test_an_answer_that_does_nothing_earns_nothing(assignment, exercise):
    suite, function = load_suites(assignment)[exercise.name], ast.parse(exercise.stub).body[0]
    names = [a.arg for a in function.args.args]
    setup = [Cell(f"setup {i}", source) for i, source in enumerate(assignment.lesson.setup, 1)]
    earned = {}
    for value in (*NOTHING, names[0]):
        cell = Cell(exercise.name, f"def {exercise.name}({', '.join(names)}):\n    return {value}\n")
        results = run_tests(suite.path, exercise.name, [*setup, cell], seed=5).results
        assert {r.outcome for r in results} <= {"passed", "failed"}, [r for r in results if r.outcome == "error"]
        earned |= {f"return {value}": [r.name for r in results if r.outcome == "passed"]}
    assert not any(earned.values()), {answer: tests for answer, tests in earned.items() if tests}
