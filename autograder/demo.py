"""The demonstration: builds the course, grades a simulated class through nbgrader, and holds what each learner got against what it deserves."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograder.course import ROOT, Assignment, Course, load_course
from autograder.report import Graded, gather, write_report
from autograder.show import Progress, shortened, table
from autograder.simulate import Deserved, SimulatedLearner, simulate
from autograder.workplace import Workplace, open_workplace

FOLDER = ROOT / "build" / "demo"
KEPT = ("results",)
"""What a second demonstration takes over: stored results, so that nothing is graded twice."""


@dataclass(frozen=True)
class Outcome:
    """One simulated learner after grading: `scores` are the gradebook's by exercise (None: it has none), `wrong` says where they aren't deserved."""

    learner: SimulatedLearner
    scores: dict[str, float | None]
    wrong: tuple[str, ...]


def demo(mode: str | None = None, workers: int | None = None, name: str | None = None) -> bool:
    """Runs the whole way once, in `build/demo/`, and prints a table per assignment. Returns whether every grade is the deserved one.

    Grades the assignment of that name, or those that the course shows.
    """
    from autograder.grade import export, feedback, grade, result_for

    start, course = time.monotonic(), load_course()
    assignments = course.select(name) if name else tuple(map(course.assignment, course.shown)) or course.assignments
    say = _stages(start)
    say("Releasing the course")
    make_release(course)
    workplace = fresh_workplace()
    say("Making a class")
    classes = {a: simulate(a, workplace) for a in assignments}
    say(f"Grading {sum(map(len, classes.values()))} submissions")
    summary = grade(workplace, assignments, workers, None, mode, Progress())
    say("Writing feedback, gradebook.csv and the class report")
    troubles = summary.troubles + feedback(workplace, assignments, Progress()).troubles
    export(workplace)
    write_report(workplace, course, lookup=partial(result_for, workplace=workplace))
    outcomes = {a: compare(a, learners, workplace, partial(result_for, workplace=workplace)) for a, learners in classes.items()}
    for assignment, rows in outcomes.items():
        print(f"\n{assignment.title} ({assignment.name})\n\n{outcome_table(assignment, rows)}")
    print(*troubles, sep="\n")
    return conclude(workplace, [row for rows in outcomes.values() for row in rows], troubles, time.monotonic() - start)


def _stages(start: float) -> Callable[[str], None]:
    return lambda text: print(f"[{time.monotonic() - start:4.0f} s] {text}", flush=True)


def make_release(course: Course) -> None:
    """Releases the assignments unless what learners get is what their sources give already."""
    from autograder.release import release, stale

    if stale(course):
        release(course)


def fresh_workplace() -> Workplace:
    """The demonstration's own workplace, emptied of everything but stored results."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return open_workplace(FOLDER)


# ---------------------------------------------------------------- deserved and graded


def compare(
    assignment: Assignment, learners: Sequence[SimulatedLearner], workplace: Workplace, lookup: Callable[..., Any]
) -> list[Outcome]:
    """Holds the gradebook, and for mutants the message of the test that must catch them, against what each learner deserves."""
    graded = {one.learner: one for one in gather(workplace, assignment, lookup)}
    scores = gradebook_scores(workplace, assignment)
    return [outcome_of(learner, scores.get(learner.name, {}), graded.get(learner.name)) for learner in learners]


def gradebook_scores(workplace: Workplace, assignment: Assignment) -> dict[str, dict[str, float | None]]:
    """Scores as nbgrader's gradebook has them: learner, then exercise."""
    from autograder.nbgrader_plugins import open_gradebook

    with open_gradebook(workplace) as gradebook:
        return {
            submission.student.id: {
                grade.name.removeprefix("check_"): grade.score for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions(assignment.name)
        }


def outcome_of(learner: SimulatedLearner, scores: dict[str, float | None], graded: Graded | None) -> Outcome:
    wrong = []
    for exercise, deserved in learner.deserved.items():
        score = scores.get(exercise)
        if score is None or not deserved.low <= score <= deserved.high:
            wrong.append(f"{exercise}: {deserved.text} deserved, {'nothing' if score is None else f'{score:g}'} in the gradebook")
        elif deserved.test and (text := _uncaught(exercise, deserved, graded)):
            wrong.append(text)
    return Outcome(learner, {exercise: scores.get(exercise) for exercise in learner.deserved}, tuple(wrong))


def _uncaught(exercise: str, deserved: Deserved, graded: Graded | None) -> str:
    tests = [test for row in (graded.exercises if graded else []) if row["exercise"] == exercise for test in row["tests"]]
    for test in tests:
        if test["name"] == deserved.test and test["outcome"] == "failed" and deserved.says in test["message"]:
            return ""
    return f"{exercise}: {deserved.test} doesn't say {deserved.says!r}"


# ---------------------------------------------------------------- what is printed


def outcome_table(assignment: Assignment, outcomes: Iterable[Outcome]) -> str:
    """A line per learner: what each exercise deserves and what it got, in the lesson's order."""
    rows = []
    for outcome in outcomes:
        deserved = " + ".join(outcome.learner.deserved[e.name].text for e in assignment.exercises)
        got = " + ".join("-" if outcome.scores[e.name] is None else f"{outcome.scores[e.name]:g}" for e in assignment.exercises)
        verdict = "; ".join(outcome.wrong) if outcome.wrong else "as deserved"
        rows.append((outcome.learner.name, shortened(outcome.learner.about, 60), deserved, got, verdict))
    exercises = ", ".join(exercise.name for exercise in assignment.exercises)
    return f"Exercises in order: {exercises}\n\n" + table(("learner", "about", "deserves", "graded", ""), rows)


def conclude(workplace: Workplace, outcomes: Sequence[Outcome], troubles: Sequence[str], seconds: float) -> bool:
    kinds = Counter(outcome.learner.kind for outcome in outcomes)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    print(f"\n{len(outcomes)} submissions in {seconds:.0f} s: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}.")
    print(
        f"{len(outcomes) - len(wrong)} graded as deserved, {len(wrong)} otherwise. <= marks a wrong answer: at least the points of the test that catches it are lost."
    )
    for what, path in (
        ("class report", workplace.report),
        *(("leaderboard", path) for path in sorted(workplace.root.glob("leaderboard-*.html"))),
        ("gradebook", workplace.gradebook_csv),
        ("feedback, one page per learner", workplace.feedback),
        ("what was handed in", workplace.submitted),
    ):
        print(f"  {what}: {path.relative_to(ROOT)}")
    return not wrong and not troubles
