"""Deadlines: when a learner's submission is due, when it came, and what coming late costs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.course import SECONDS_A_DAY, Assignment, Course, LatePolicy, at
from autograder.intake import timestamp
from autograder.workplace import Workplace, is_learner

COLUMNS = ("learner", "assignment", "until")


class DeadlineError(ValueError):
    """A line of extensions.csv that can't be used: which, and what to write instead."""


@dataclass(frozen=True)
class Deadline:
    """For one submission: when it was `due`, extension included, when it `came` (None: not known, which counts as in time), and the course's policy."""

    due: datetime | None
    came: datetime | None
    policy: LatePolicy | None

    @property
    def seconds_late(self) -> float:
        return max(0.0, (self.came - self.due).total_seconds()) if self.due and self.came else 0.0

    @property
    def share(self) -> float:
        """The share of what was earned that is taken away."""
        return self.policy.share(self.seconds_late) if self.policy else 0.0

    def __str__(self) -> str:
        """A sentence for the class report; empty when the submission came in time."""
        if not self.seconds_late:
            return ""
        cost = f"{self.share:.0%} of its points are taken off" if self.share else "nothing is taken off"
        return f"came {_span(self.seconds_late)} after {self.due:%Y-%m-%d %H:%M} UTC: {cost}."


class Deadlines:
    """The deadlines of a workplace: the course's due dates, and for some learners later ones, from `extensions.csv`."""

    def __init__(self, workplace: Workplace, course: Course):
        """Raises DeadlineError for a line of extensions.csv that can't be used."""
        self.workplace, self.policy = workplace, course.late
        self.extensions = read_extensions(workplace.extensions, course) if workplace.extensions.is_file() else {}

    def of(self, learner: str, assignment: Assignment) -> Deadline:
        """The deadline of a submission that went through the intake."""
        due = self.extensions.get((learner, assignment.name), assignment.due)
        moment = timestamp(self.workplace.clean_submission(learner, assignment.name))
        return Deadline(due, _utc(moment) if moment else None, self.policy)

    def tell(self, submissions: Iterable[tuple[str, Assignment]]) -> None:
        """Writes the extensions of these submissions (learner, assignment) to the gradebook, and takes away those that were withdrawn."""
        from nbgrader.api import MissingEntry

        from autograder.nbgrader_plugins import open_gradebook

        with open_gradebook(self.workplace) as gradebook:
            for learner, assignment in submissions:
                until = self.extensions.get((learner, assignment.name))
                wanted = until - assignment.due if until else None
                try:
                    known = gradebook.find_submission(assignment.name, learner).extension
                except MissingEntry:
                    known = None
                if wanted != known:
                    gradebook.update_or_create_student(learner)
                    gradebook.update_or_create_submission(assignment.name, learner, extension=wanted)


def read_extensions(path: Path, course: Course) -> dict[tuple[str, str], datetime]:
    """The later due dates by learner and assignment. Other columns than `learner`, `assignment` and `until` (why, who granted it) are for people. Raises DeadlineError."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise DeadlineError(f"{at(path)} has no column `{missing[0]}`. Its first line must name learner, assignment and until.")
        found = {}
        for row in rows:
            key, until = _extension({name: (row[name] or "").strip() for name in COLUMNS}, course, at(path, rows.line_num))
            if key in found:
                raise DeadlineError(
                    f"{at(path, rows.line_num)}: {key[0]} has an extension for {key[1]} already. Keep one of the two lines."
                )
            found[key] = until
    return found


def _extension(row: dict[str, str], course: Course, place: str) -> tuple[tuple[str, str], datetime]:
    if not is_learner(row["learner"]):
        raise DeadlineError(f"{place}: {row['learner']!r} can't be a learner's id (letters, digits and . _ @ - only).")
    assignment = next((a for a in course.assignments if a.name == row["assignment"]), None)
    if assignment is None or assignment.due is None:
        names = ", ".join(a.name for a in course.assignments if a.due)
        raise DeadlineError(f"{place}: {row['assignment']!r} is no assignment with a due date. There are: {names}.")
    try:
        until = datetime.fromisoformat(row["until"])
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise DeadlineError(
            f"{place}: until is {row['until']!r}. Write a moment with its time zone, such as {assignment.due + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}."
        )
    if until <= assignment.due:
        raise DeadlineError(f"{place}: {row['until']} is not after {assignment.name} is due for all ({assignment.due:%Y-%m-%dT%H:%M:%SZ}).")
    return (row["learner"], assignment.name), until


def _utc(moment: str) -> datetime:
    from nbgrader.utils import parse_utc

    return parse_utc(moment).replace(tzinfo=UTC)


def _span(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    days, hours = divmod(minutes // 60, SECONDS_A_DAY // 3600)
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes % 60, "minute")]
    return " ".join(f"{number} {name}{'s' * (number != 1)}" for number, name in parts if number)


def marker_of(deadline: Deadline) -> list[Any]:
    """What a submission's grade hangs on besides its result, for the memory of what was written."""
    return [str(deadline.due), deadline.share]
