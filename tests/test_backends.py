"""Self-check and grading agree: every test gives every answer the same verdict in this process and in the sandbox."""

import pytest

from autograder.course import load_course, load_solutions, load_suites
from autograder.fill import fill
from tests.conftest import ROOT
from tunelab.checks import run_tests
from tunelab.notebook import Cell

SEED = 7
EXERCISES = [(assignment, exercise.name) for assignment in load_course(ROOT).assignments for exercise in assignment.exercises]


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES, ids=[f"{a.name}-{e}" for a, e in EXERCISES])
def test_both_backends_give_the_same_verdicts(engine, assignment, exercise):
    suite, solutions, stub = load_suites(assignment)[exercise], load_solutions(assignment), assignment.exercise(exercise).stub
    setup = assignment.lesson.setup
    answers = [solutions.reference[exercise], *solutions.alternatives_of(exercise), *solutions.mutants_of(exercise)]
    differences = []
    for answer in answers:
        source = fill(stub, answer)
        outside = engine.grade_exercise(exercise, setup, {exercise: source}, SEED, suite)
        cells = [*(Cell(f"setup {i}", s) for i, s in enumerate(setup, 1)), Cell(exercise, source)]
        inside = {r.name: (r.outcome, r.message) for r in run_tests(suite.path, exercise, cells, SEED).results}
        for test in outside["tests"]:
            if inside[test["name"]] != (test["outcome"], test["message"]):
                differences.append(
                    f"{answer.name}, {test['name']}: {inside[test['name']]} here, {test['outcome'], test['message']} in the sandbox"
                )
    assert not differences, "\n".join(differences)
