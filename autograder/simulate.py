"""The simulated class: learners of every kind hand in an assignment, and for each it is known beforehand what it deserves.

There are right ones and otherwise right ones, every mutant, untouched stubs, malformed submissions and attackers. The class is the same whenever it is made of the
same course and seed. Beside the notebook each hands in the files that its answers go with, where the course asks for any.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.author_files import NONE, REFERENCE, author_files
from autograder.course import Assignment, Solution, Suite, load_solutions, load_suites
from autograder.fill import fill
from autograder.troublemakers import ATTACKS, MALFORMED, Desk
from autograder.workplace import Workplace, write_atomically

SEED = 2027
MUTANTS_EACH = 4
"""About how many mutants a learner who errs has, of different exercises where there are enough."""


@dataclass(frozen=True)
class Deserved:
    """What an exercise deserves: points within [low, high]. Of a mutant it is known that `test` fails and that its message holds `says`."""

    low: int
    high: int
    test: str = ""
    says: str = ""

    @property
    def text(self) -> str:
        return str(self.high) if self.low == self.high else f"<={self.high}"


@dataclass(frozen=True)
class SimulatedLearner:
    """A learner of the class: `kind` is reference, alternative, stub, half, mutant, malformed or attacker; `about` says what is special."""

    name: str
    kind: str
    about: str
    deserved: dict[str, Deserved]


@dataclass(frozen=True)
class Answer:
    """A filled cell, what it deserves, and the set of files that is handed in with it."""

    source: str
    deserved: Deserved
    about: str = ""
    files: str = REFERENCE


class Answers:
    """All answers that authors know to an assignment, as filled cells, and the files that go with them."""

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self.solutions, self.suites = load_solutions(assignment), load_suites(assignment)
        self.stubs = {exercise.name: exercise.stub for exercise in assignment.exercises}
        self.files = author_files(assignment)

    @property
    def exercises(self) -> list[str]:
        return list(self.stubs)

    def stub(self, exercise: str) -> Answer:
        return Answer(self.stubs[exercise], Deserved(0, 0), files=NONE)

    def right(self, exercise: str) -> Answer:
        return self._of(self.solutions.reference[exercise])

    def alternatives(self, exercise: str) -> list[Answer]:
        """The right answers that go with the reference's files, so that they can stand beside any other right ones."""
        return [self._of(s) for s in self.solutions.alternatives_of(exercise) if s.files == REFERENCE] or [self.right(exercise)]

    def mutants(self) -> list[tuple[str, Answer]]:
        return [(s.exercise, self._of(s)) for s in self.solutions.mutants]

    def _of(self, solution: Solution) -> Answer:
        suite = self.suites[solution.exercise]
        return Answer(fill(self.stubs[solution.exercise], solution), _deserved(solution, suite), solution.name, solution.files)

    def files_of(self, chosen: Mapping[str, Answer]) -> Mapping[str, bytes]:
        """What is handed in with some answers: the files of those that aren't stubs, which all name the same set."""
        return self.files[next((answer.files for answer in chosen.values() if answer.files != NONE), NONE)]


def _deserved(solution: Solution, suite: Suite) -> Deserved:
    """All points for a right answer; for a mutant, at most what the test that must catch it leaves."""
    if solution.kind != "mutant":
        return Deserved(suite.points, suite.points)
    lost = next(test.points for test in suite.tests if test.name == solution.caught_by)
    return Deserved(0, suite.points - lost, solution.caught_by, solution.says)


# ---------------------------------------------------------------- the class


def simulate(assignment: Assignment, workplace: Workplace, size: int | None = None, seed: int = SEED) -> list[SimulatedLearner]:
    """Hands in a class's submissions for one assignment and returns its learners, by name.

    Without `size` there is one of every kind; with it the class is cut or filled up with further learners who err, so that their mix stays that of a class.
    """
    answers = Answers(assignment)
    released = json.loads(assignment.released_notebook.read_text(encoding="utf-8"))
    learners = []
    for learner, hand_in in _class(answers, released, random.Random(f"{seed} {assignment.name}"), size):
        folder = workplace.submission(learner.name, assignment.name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        hand_in(folder)
        learners.append(learner)
    return sorted(learners, key=lambda learner: learner.name)


Writer = Callable[[Path], None]
Chosen = dict[str, Answer]


def _class(answers: Answers, released: dict[str, Any], draw: random.Random, size: int | None) -> Iterator[tuple[SimulatedLearner, Writer]]:
    whole = [*_plain(answers, draw), *_erring(answers, draw)]
    troubled = [] if size is not None else list(_troublemakers(answers, released, draw))
    while size is not None and len(whole) < size:
        whole += [(replace(learner, name=f"{learner.name}-{len(whole)}"), chosen) for learner, chosen in _erring(answers, draw)]
    for learner, chosen in whole[:size]:
        notebook = filled(released, {exercise: answer.source for exercise, answer in chosen.items()})
        yield learner, _writer(notebook, answers.assignment.name, answers.files_of(chosen))
    yield from troubled


def _plain(answers: Answers, draw: random.Random) -> Iterator[tuple[SimulatedLearner, Chosen]]:
    """Learners who got everything right, nothing done, or half of it."""
    yield _learner("reference-1", "reference", "", {e: answers.right(e) for e in answers.exercises})
    for number in (1, 2, 3):
        chosen = {e: draw.choice(answers.alternatives(e)) for e in answers.exercises}
        yield _learner(f"alternative-{number}", "alternative", "", chosen)
    yield _learner("stub-1", "stub", "handed in as released", {e: answers.stub(e) for e in answers.exercises})
    for number in range(1, len(answers.exercises)):
        done = answers.exercises[:number]
        chosen = {e: answers.right(e) if e in done else answers.stub(e) for e in answers.exercises}
        yield _learner(f"half-{number}", "half", f"stopped after {number}", chosen)


def _erring(answers: Answers, draw: random.Random) -> Iterator[tuple[SimulatedLearner, Chosen]]:
    """Learners with mutants, each mutant once, from one with a single slip to one who errs everywhere; the rest is right.

    Mutants that hand in other files than the reference are with their like only, and the rest of their notebook is unwritten: what right answers deserve beside wrong files, nobody knows.
    """
    waiting = answers.mutants()
    draw.shuffle(waiting)
    number = 0
    while waiting:
        number += 1
        wanted, files = 1 + number % min(MUTANTS_EACH, len(answers.exercises)), waiting[0][1].files
        wrong: Chosen = {}
        for exercise, answer in list(waiting):
            if len(wrong) < wanted and exercise not in wrong and answer.files == files:
                wrong[exercise] = answer
                waiting.remove((exercise, answer))
        about = ", ".join(answer.about for answer in wrong.values())
        rest = {e: draw.choice([answers.right(e), *answers.alternatives(e)]) for e in answers.exercises}
        if files != REFERENCE:
            rest = {e: answers.stub(e) for e in answers.exercises}
        yield _learner(f"mutant-{number:02}", "mutant", about, rest | wrong)


def _troublemakers(answers: Answers, released: dict[str, Any], draw: random.Random) -> Iterator[tuple[SimulatedLearner, Writer]]:
    """Malformed submissions and attackers. Their other exercises are right, so that a trouble that spreads is seen."""
    exercises = answers.exercises
    right = {e: answers.right(e) for e in exercises}
    for number, trouble in enumerate((*MALFORMED, *ATTACKS)):
        desk = Desk(
            answers.assignment.name,
            filled(released, {e: a.source for e, a in right.items()}),
            {e: a.source for e, a in right.items()},
            answers.stubs,
            [exercises[(number + i) % len(exercises)] for i in range(len(exercises))],
        )
        made, lost = trouble.made(desk)
        deserved = {e: Deserved(0, 0) if e in lost else right[e].deserved for e in exercises}
        learner = SimulatedLearner(f"{trouble.kind}-{trouble.name}", trouble.kind, trouble.about, deserved)
        yield learner, _beside(made, answers.files_of(right))


def _learner(name: str, kind: str, about: str, chosen: Chosen) -> tuple[SimulatedLearner, Chosen]:
    return SimulatedLearner(name, kind, about, {exercise: answer.deserved for exercise, answer in chosen.items()}), chosen


# ---------------------------------------------------------------- notebooks


def filled(released: dict[str, Any], cells: dict[str, str]) -> dict[str, Any]:
    """The released notebook as JSON with the cells of exercises replaced, as a learner's editor would save it."""
    notebook = json.loads(json.dumps(released))  # a copy, several times as fast as copy.deepcopy
    for cell in notebook["cells"]:
        if cell.get("id") in cells:
            cell["source"] = cells[cell["id"]].splitlines(keepends=True)
            cell["execution_count"] = 1
    return notebook


def _writer(notebook: dict[str, Any], name: str, files: Mapping[str, bytes]) -> Writer:
    return _beside(lambda folder: write_atomically(folder / f"{name}.ipynb", json.dumps(notebook, ensure_ascii=False, indent=1)), files)


def _beside(write: Writer, files: Mapping[str, bytes]) -> Writer:
    """Also hands in files, unless nothing else is."""

    def with_files(folder: Path) -> None:
        write(folder)
        if any(folder.iterdir()):
            for name, content in files.items():
                write_atomically(folder / name, content)

    return with_files
