"""The class report: one HTML page about how a class did, which tests and misconceptions it stumbled over, and which submissions want a person's eye; and leaderboards, which are for the class.

Facility and discrimination are those of classical test theory (Crocker and Algina 1986, chapter 14): the facility of an item is the mean share of its points that
was earned; its discrimination the correlation between the item and the rest of the assignment, without the item itself (Henrysson 1963, Psychometrika 28, 211-218),
for a test that is passed or failed the point-biserial one.
"""

from __future__ import annotations

import json
import re
import statistics
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Course, Solution, load_solutions
from autograder.deadlines import Deadline, Deadlines
from autograder.roster import without_submission
from autograder.workplace import Workplace, write_atomically

TEMPLATES = Path(__file__).with_name("templates")
BINS = 10
COMMONEST = 12
"""Messages listed per assignment."""
FEW = 8
"""Below so many submissions, facility and discrimination say little."""
LOW_DISCRIMINATION = 0.1

Lookup = Callable[[Any, Assignment], dict[str, Any] | None]


@dataclass(frozen=True)
class Graded:
    """One learner's submission: its result (None when there is none that is kept), the intake's notices as sentences, when it was due and came, where that was asked for, and the source of each exercise's cell."""

    learner: str
    result: dict[str, Any] | None
    notices: tuple[str, ...] = ()
    deadline: Deadline | None = None
    cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def late(self) -> str:
        """A sentence about coming late; empty for who came in time."""
        return str(self.deadline or "")

    @property
    def exercises(self) -> list[dict[str, Any]]:
        return self.result["exercises"] if self.result else []

    @property
    def score(self) -> float:
        return sum(exercise["score"] for exercise in self.exercises)

    @property
    def points(self) -> int:
        return sum(exercise["points"] for exercise in self.exercises)


@dataclass(frozen=True)
class Item:
    """A test or a whole exercise in the class: `failed` is the share of submissions that didn't earn all its points, None as discrimination where it is undefined."""

    name: str
    title: str
    points: int
    failed: float
    facility: float
    discrimination: float | None

    @property
    def remark(self) -> str:
        if self.discrimination is not None and self.discrimination < LOW_DISCRIMINATION:
            return "hardly tells those who did well elsewhere from the others: look at it"
        return ""


@dataclass(frozen=True)
class ExerciseItem:
    """An exercise and its tests."""

    whole: Item
    tests: tuple[Item, ...]


@dataclass(frozen=True)
class Message:
    """A message that several got: how many submissions, one example, and the misconception behind it where an author has named it."""

    exercise: str
    test: str
    learners: int
    example: str
    misconception: str


@dataclass(frozen=True)
class Attention:
    """A submission that a person should look at, and why."""

    learner: str
    score: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """A learner's place, 1 being the best (equal numbers share one), and what was measured, in the order of the leaderboard's measures."""

    place: int
    learner: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Leaderboard:
    """What hidden suites measured, best first by the first of the measures."""

    measures: tuple[str, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: its label, its count, and its height as a share of the highest."""

    label: str
    count: int
    height: float


@dataclass(frozen=True)
class Part:
    """What the page says about one assignment. `late` are the learners who came late, each with a sentence, `missing` those of the class list who handed in nothing."""

    name: str
    title: str
    submissions: int
    points: int
    summary: str
    bars: tuple[Bar, ...]
    exercises: tuple[ExerciseItem, ...]
    messages: tuple[Message, ...]
    attention: tuple[Attention, ...]
    late: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    unwalled: bool = False
    leaderboard: Leaderboard | None = None


# ---------------------------------------------------------------- the page


def write_report(workplace: Workplace, course: Course, name: str | None = None, lookup: Lookup | None = None) -> Path:
    """Writes `report.html` about the assignments that have been graded here, and a page for each leaderboard. `lookup` finds a submission's result; without it the kept ones are read."""
    parts, deadlines = [], Deadlines(workplace, course)
    for assignment in course.select(name):
        if graded := gather(workplace, assignment, lookup or partial(kept_result, workplace), deadlines):
            missing = without_submission(workplace, assignment.name)
            parts.append(part_of(assignment, graded, load_solutions(assignment).mutants, missing))
    for part in parts:
        if part.leaderboard is not None:
            write_atomically(workplace.leaderboard(part.name), leaderboard_page(part))
    write_atomically(workplace.report, page(course.title, parts))
    return workplace.report


def page(title: str, parts: Sequence[Part]) -> str:
    """The whole page, for instructors."""
    return _rendered("report.html.jinja", title=title, parts=parts, few=FEW)


def leaderboard_page(part: Part) -> str:
    """A page for the class: the leaderboard of one assignment, and nothing else about anybody."""
    return _rendered("leaderboard.html.jinja", title=part.title, board=part.leaderboard)


def _rendered(template: str, **what: Any) -> str:
    """A page from a template."""
    moment = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    return environment().get_template(template).render(moment=moment, **what)


def environment() -> Any:
    """Jinja's environment for all pages, with their filters; it escapes what isn't a template's own."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"plain": plain, "percent": percent, "correlation": correlation_text}
    return made


def plain(text: object) -> str:
    """A text without control and direction characters, which could make a page read otherwise than it is."""
    return "".join(c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def correlation_text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


# ---------------------------------------------------------------- what was graded


def gather(workplace: Workplace, assignment: Assignment, lookup: Lookup, deadlines: Deadlines | None = None) -> list[Graded]:
    """All submissions of an assignment that went through the intake, by learner; with `deadlines`, also when each was due and came."""
    import nbformat

    from autograder.intake import read_clean

    found = []
    for path in sorted(workplace.clean.glob(f"*/{assignment.name}/{assignment.name}.ipynb")):
        clean = read_clean(nbformat.read(path, as_version=4), assignment, path.parent)
        learner = path.parent.parent.name
        deadline = deadlines.of(path.parent) if deadlines else None
        found.append(Graded(learner, lookup(clean, assignment), tuple(notice.text for notice in clean.notices), deadline, clean.cells))
    return found


def kept_result(workplace: Workplace, clean: Any, assignment: Assignment) -> dict[str, Any] | None:
    """The stored result of a submission, or the one that was written for it though it may not be kept (a timeout, a crash)."""
    from autograder.grade import settings
    from autograder.results import Store

    key = settings().key(assignment, clean.digest)
    if known := Store(workplace.results).get(assignment.name, key):
        return known
    marker = workplace.results / assignment.name / "written" / clean.learner
    written = json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {}
    return written.get("result") if written.get("key") == key else None


def part_of(assignment: Assignment, graded: Sequence[Graded], mutants: Sequence[Solution], missing: Sequence[str] = ()) -> Part:
    """Everything that the page says about one assignment."""
    scored = [one for one in graded if one.result]
    return Part(
        assignment.name,
        assignment.title,
        len(graded),
        scored[0].points if scored else 0,
        summary_of([one.score for one in scored]),
        tuple(distribution([one.score / one.points for one in scored if one.points])),
        tuple(exercise_items(scored)),
        tuple(commonest_messages(scored, mutants)),
        tuple(attention(graded)),
        tuple((one.learner, one.late) for one in graded if one.late),
        tuple(missing),
        any(one.result["sandbox"] != "bubblewrap" for one in scored),
        leaderboard_of(assignment.leaderboard, scored),
    )


# ---------------------------------------------------------------- scores


def summary_of(scores: Sequence[float]) -> str:
    if len(scores) < 2:
        return f"{len(scores)} graded."
    low, middle, high = statistics.quantiles(scores, n=4, method="inclusive")
    return f"Mean {statistics.fmean(scores):.1f}, median {middle:.1f}; half of the class lies between {low:.1f} and {high:.1f}."


def distribution(shares: Iterable[float]) -> list[Bar]:
    """How many submissions earned 0 to 10%, 10 to 20% and so on of the points; 100% counts into the last bar."""
    counts = [0] * BINS
    for share in shares:
        counts[min(int(share * BINS + 1e-9), BINS - 1)] += 1
    step = 100 // BINS
    return [Bar(f"{i * step} to {(i + 1) * step}%", count, count / max(1, *counts)) for i, count in enumerate(counts)]


def exercise_items(scored: Sequence[Graded]) -> list[ExerciseItem]:
    """Facility and discrimination of each exercise and each hidden test. The rest of a test is everything else in the assignment."""
    if not scored:
        return []
    totals = [one.score for one in scored]
    return [_exercise_item([_exercise(one, exercise["exercise"]) for one in scored], totals) for exercise in scored[0].exercises]


def _exercise(graded: Graded, name: str) -> dict[str, Any]:
    return next(exercise for exercise in graded.exercises if exercise["exercise"] == name)


def _exercise_item(rows: Sequence[dict[str, Any]], totals: Sequence[float]) -> ExerciseItem:
    first = rows[0]
    whole = _item(first["exercise"], "", first["points"], [row["score"] for row in rows], totals)
    tests = []
    for number, test in enumerate(first["tests"]):
        earned = [test["points"] if row["tests"][number]["outcome"] == "passed" else 0.0 for row in rows]
        tests.append(_item(test["name"], test["title"], test["points"], earned, totals))
    return ExerciseItem(whole, tuple(tests))


def _item(name: str, title: str, points: int, earned: Sequence[float], totals: Sequence[float]) -> Item:
    rest = [total - own for total, own in zip(totals, earned, strict=True)]
    failed = sum(own < points for own in earned) / len(earned)
    return Item(name, title, points, failed, statistics.fmean(earned) / points, discrimination(earned, rest))


def discrimination(item: Sequence[float], rest: Sequence[float]) -> float | None:
    """The correlation of an item with the rest; None where either doesn't vary."""
    if len(item) < 2 or len(set(item)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation(item, rest)


# ---------------------------------------------------------------- leaderboards


def leaderboard_of(name: str, scored: Sequence[Graded]) -> Leaderboard | None:
    """Who got how far by the measure `name`, with everything else that was measured beside it. None where nobody got so far, or no measure is named."""
    measured = {one.learner: {m["name"]: m for exercise in one.exercises for m in exercise["measures"]} for one in scored}
    placed = {learner: found for learner, found in measured.items() if name in found}
    if not placed:
        return None
    others = dict.fromkeys(other for found in placed.values() for other in found if other != name)
    names, values = (name, *others), {learner: found[name]["value"] for learner, found in placed.items()}
    standings = tuple(
        Standing(
            1 + sum(other > values[learner] for other in values.values()), learner, tuple(_number(placed[learner].get(n)) for n in names)
        )
        for learner in sorted(placed, key=lambda learner: (-values[learner], learner))
    )
    return Leaderboard(names, standings)


def _number(measured: dict[str, Any] | None) -> str:
    """A measure as text, with its interval where it has one."""
    if measured is None:
        return ""
    interval = "" if measured["low"] is None else f" ({measured['low']:.3f} to {measured['high']:.3f})"
    return f"{measured['value']:.3f}{interval}".replace("-", "\N{MINUS SIGN}")


# ---------------------------------------------------------------- messages


def commonest_messages(scored: Sequence[Graded], mutants: Sequence[Solution]) -> list[Message]:
    """The messages that most submissions got; ones that differ in their numbers alone count as one. Unwritten exercises are left out."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in scored:
        for exercise in one.exercises:
            for test in exercise["tests"]:
                if test["outcome"] == "failed" and "isn't written yet" not in test["message"]:
                    groups[exercise["exercise"], test["name"], same_message(test["message"])].append(test["message"])
    largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[:COMMONEST]
    return [
        Message(exercise, test, len(messages), messages[0], misconception_of(exercise, test, messages[0], mutants))
        for (exercise, test, _), messages in largest
    ]


def same_message(message: str) -> str:
    """A message without its numbers: messages that agree in this count as one."""
    return re.sub(r"[0-9]+", "0", re.sub(r"(?<=[0-9])\.(?=[0-9])|e[-+](?=[0-9])", "", message))


def misconception_of(exercise: str, test: str, message: str, mutants: Sequence[Solution]) -> str:
    """What the authors' wrong answers that get this message misunderstand; empty where none does."""
    found = {m.misconception for m in mutants if m.exercise == exercise and m.caught_by == test and m.says in message}
    return " Or: ".join(sorted(found))


# ---------------------------------------------------------------- a person's eye

_WHY = {
    "timeout": "ran out of time",
    "crashed": "ended the process that ran it",
    "error": "made a test stumble, which may be the test's fault",
}


def attention(graded: Sequence[Graded]) -> list[Attention]:
    """Submissions that the intake said something about, that a suite flagged, that were not graded, or whose tests ended in another way than passed or failed."""
    found = []
    for one in graded:
        reasons = [*one.notices, *_flags(one), *_odd_outcomes(one)]
        if one.result is None:
            reasons.append("Its result isn't kept, or it wasn't graded yet. Run `grade` again.")
        if reasons:
            score = f"{one.score:g} of {one.points}" if one.result else "not graded"
            found.append(Attention(one.learner, score, tuple(reasons)))
    return found


def _flags(one: Graded) -> list[str]:
    return [f"{exercise['exercise']}: {flag}" for exercise in one.exercises for flag in exercise["flags"]]


def _odd_outcomes(one: Graded) -> list[str]:
    reasons = []
    for exercise in one.exercises:
        outcomes = [test["outcome"] for test in exercise["tests"]]
        reasons += [
            f"{exercise['exercise']}: {outcomes.count(outcome)} of {len(outcomes)} tests: the code {why}."
            for outcome, why in _WHY.items()
            if outcome in outcomes
        ]
    return reasons
