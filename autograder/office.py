"""For office hours: the term on a line, a page for each learner, groups who share a misconception, and submissions that are alike. Plain pages in `office/`, beside the class report."""

from __future__ import annotations

import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from autograder.course import Assignment, Course, Solution, load_solutions
from autograder.deadlines import Deadline, Deadlines
from autograder.fill import fill
from autograder.likeness import Pair, alike
from autograder.report import FEW, Graded, Lookup, environment, gather, kept_result, misconception_of, same_message
from autograder.roster import without_submission
from autograder.workplace import Workplace, write_atomically

DAYS = 7
"""Days before the due date that the timeline tells apart, and as many after it."""


@dataclass(frozen=True)
class Trouble:
    """A test that a learner failed: what it asks, what it said, and the misconception behind it where an author has named it."""

    exercise: str
    test: str
    title: str
    message: str
    misconception: str
    outcome: str


@dataclass(frozen=True)
class Work:
    """A learner's submission of one assignment. `due` and `came` are for people, empty where they aren't known; `earlier` counts what it has replaced."""

    assignment: Assignment
    graded: Graded
    due: str
    came: str
    earlier: int
    troubles: tuple[Trouble, ...]

    @property
    def share(self) -> float | None:
        return self.graded.score / self.graded.points if self.graded.points else None


@dataclass(frozen=True)
class Group:
    """Learners of one assignment who share a misconception, or got the same message where none is named."""

    exercise: str
    test: str
    misconception: str
    example: str
    learners: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """A day of the timeline: how many handed in, as a share of the fullest day, and whether that was after the due date."""

    label: str
    count: int
    height: float
    late: bool


@dataclass(frozen=True)
class Week:
    """An assignment on the timeline of the term."""

    assignment: Assignment
    due: str
    handed_in: int
    missing: int
    late: int
    again: int
    mean: float | None
    median: float | None
    bars: tuple[Bar, ...]
    unknown: int
    groups: tuple[Group, ...]
    pairs: tuple[tuple[str, Pair], ...]


@dataclass
class Learner:
    """All that the pages know of a learner."""

    name: str
    works: list[Work] = field(default_factory=list)
    groups: list[tuple[Assignment, Group]] = field(default_factory=list)
    missing: list[Assignment] = field(default_factory=list)


# ---------------------------------------------------------------- writing the pages


def write_office(workplace: Workplace, course: Course, name: str | None = None, lookup: Lookup | None = None) -> Path:
    """Writes `office/` anew, about the assignments that have been graded here, and returns its index. What an earlier run wrote there goes."""
    deadlines = Deadlines(workplace, course)
    weeks, learners = [], dict[str, Learner]()
    for assignment in course.select(name):
        graded = gather(workplace, assignment, lookup or partial(kept_result, workplace), deadlines)
        if graded:
            weeks.append(_week(workplace, assignment, graded, learners))
    pages = {"index.html": _page("office.html.jinja", course, weeks=weeks, learners=sorted(learners), few=FEW)}
    medians = {week.assignment.name: week.median for week in weeks}
    for learner in learners.values():
        pages[f"learner-{learner.name}.html"] = _page("learner.html.jinja", course, learner=learner, medians=medians)
    for week in weeks:
        for file, pair in week.pairs:
            pages[file] = _page("alike.html.jinja", course, assignment=week.assignment, pair=pair)
    shutil.rmtree(workplace.office, ignore_errors=True)
    for file, text in pages.items():
        write_atomically(workplace.office / file, text)
    return workplace.office / "index.html"


def _page(template: str, course: Course, **values: object) -> str:
    return environment().get_template(template).render(title=course.title, **values)


def _week(workplace: Workplace, assignment: Assignment, graded: Sequence[Graded], learners: dict[str, Learner]) -> Week:
    solutions = load_solutions(assignment)
    works = [_work(workplace, assignment, one, solutions.mutants) for one in graded]
    groups = groups_of(works)
    missing = without_submission(workplace, assignment.name)
    for work in works:
        own = learners.setdefault(work.graded.learner, Learner(work.graded.learner))
        own.works.append(work)
        own.groups += [(assignment, group) for group in groups if own.name in group.learners]
    for name in missing:
        learners.setdefault(name, Learner(name)).missing.append(assignment)
    shares = [work.share for work in works if work.share is not None]
    times = [one.deadline for one in graded if one.deadline]
    pairs = alike({one.learner: one.cells for one in graded}, _explained(assignment))
    return Week(
        assignment,
        _moment(assignment.due),
        len(works),
        len(missing),
        sum(bool(work.graded.late) for work in works),
        sum(bool(work.earlier) for work in works),
        statistics.fmean(shares) if shares else None,
        statistics.median(shares) if shares else None,
        tuple(timeline(times)),
        sum(one.came is None for one in times),
        tuple(groups),
        tuple((f"alike-{assignment.name}-{number}.html", pair) for number, pair in enumerate(pairs, 1)),
    )


def _work(workplace: Workplace, assignment: Assignment, one: Graded, mutants: Sequence[Solution]) -> Work:
    earlier = workplace.earlier / one.learner / assignment.name
    troubles = tuple(
        Trouble(
            row["exercise"],
            test["name"],
            test["title"],
            test["message"],
            misconception_of(row["exercise"], test["name"], test["message"], mutants),
            test["outcome"],
        )
        for row in one.exercises
        for test in row["tests"]
        if test["outcome"] != "passed"
    )
    due, came = (one.deadline.due, one.deadline.came) if one.deadline else (None, None)
    return Work(assignment, one, _moment(due), _moment(came), sum(1 for _ in earlier.glob("*")), troubles)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


# ---------------------------------------------------------------- groups and times


def groups_of(works: Iterable[Work]) -> list[Group]:
    """Learners of an assignment who failed a test out of the same misconception, or with the same message; only what two or more share, the largest first."""
    found: dict[tuple[str, str, str], dict[str, Trouble]] = defaultdict(dict)
    for work in works:
        for trouble in work.troubles:
            if trouble.outcome == "failed" and "isn't written yet" not in trouble.message:
                key = trouble.exercise, trouble.test, trouble.misconception or same_message(trouble.message)
                found[key].setdefault(work.graded.learner, trouble)
    groups = []
    for (exercise, test, _), members in found.items():
        if len(members) > 1:
            example = next(iter(members.values()))
            groups.append(Group(exercise, test, example.misconception, example.message, tuple(members)))
    return sorted(groups, key=lambda group: (-len(group.learners), group.exercise, group.test))


def timeline(times: Iterable[Deadline]) -> list[Bar]:
    """How many handed in on each of the days around the due date; those further away count into the first and the last bar. Moments that aren't known are left out."""
    days = range(-DAYS, DAYS + 1)
    counts = dict.fromkeys(days, 0)
    for one in times:
        if one.due and one.came:
            late = (one.came - one.due).total_seconds() / 86400
            day = int(late) + 1 if late > 0 else int(late)
            counts[min(max(day, -DAYS), DAYS)] += 1
    highest = max(1, *counts.values())
    return [Bar(_day(day), counts[day], counts[day] / highest, day > 0) for day in days]


def _day(day: int) -> str:
    if day == 0:
        return "last day"
    more = "+" if abs(day) == DAYS else ""
    return f"{abs(day)}{more} day{'s' * (abs(day) > 1)} {'late' if day > 0 else 'early'}"


# ---------------------------------------------------------------- code


def _explained(assignment: Assignment) -> Mapping[str, list[str]]:
    """By exercise: the stub, then every answer that the authors know, right and wrong: what one beginner thinks, another does."""
    solutions = load_solutions(assignment)
    known = {one.name: [solutions.reference[one.name], *solutions.alternatives_of(one.name)] for one in assignment.exercises}
    for mutant in solutions.mutants:
        known[mutant.exercise].append(mutant)
    return {one.name: [one.stub, *(fill(one.stub, answer) for answer in known[one.name])] for one in assignment.exercises}
