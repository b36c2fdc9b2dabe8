"""Deadlines: when a learner's submission is due, when it came, and what coming late costs."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.course import Course, at
from autograder.intake import timestamp
from autograder.workplace import Workplace, is_learner
from tunelab.shelf import SECONDS_A_DAY, LatePolicy

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

    @property
    def memory(self) -> dict[str, Any]:
        """What is remembered of it (as JSON) with a grade that was written: when one of these differs, it is written again."""
        return {"due": self.due and self.due.isoformat(), "came": self.came and self.came.isoformat(), "share": self.share}

    def __str__(self) -> str:
        """A sentence for the class report; empty when the submission came in time."""
        if not self.seconds_late:
            return ""
        cost = f"{self.share:.0%} of its points are taken off" if self.share else "nothing is taken off"
        return f"came {_span(self.seconds_late)} after {self.due:%Y-%m-%d %H:%M} UTC: {cost}."


class Deadlines:
    """The deadlines of a workplace: the course's due dates, and for some learners later ones, from `extensions.csv`. A submission is named by its folder, `…/<learner>/<assignment>`."""

    def __init__(self, workplace: Workplace, course: Course):
        """Raises DeadlineError for a line of extensions.csv that can't be used."""
        self.workplace, self.course = workplace, course
        self.extensions = read_extensions(workplace.extensions, course) if workplace.extensions.is_file() else {}

    def of(self, folder: Path) -> Deadline:
        """The deadline of a submission, and when it came."""
        due = self.extensions.get((folder.parent.name, folder.name), self.course.assignment(folder.name).due)
        moment = timestamp(folder)
        return Deadline(due, _utc(moment) if moment else None, self.course.late)

    def tell(self, folders: Iterable[Path]) -> None:
        """Writes to the gradebook what nbgrader works out a penalty from: extensions, those that were withdrawn taken away, and that a moment isn't known any more."""
        from nbgrader.api import MissingEntry

        from autograder.nbgrader_plugins import open_gradebook

        with open_gradebook(self.workplace) as gradebook:
            for folder in folders:
                learner, name = folder.parent.name, folder.name
                until, came = self.extensions.get((learner, name)), self.of(folder).came
                wanted = {
                    "extension": until - self.course.assignment(name).due if until else None,
                    "timestamp": came.replace(tzinfo=None) if came else None,
                }
                try:
                    submission = gradebook.find_submission(name, learner)
                    new = any(getattr(submission, what) != value for what, value in wanted.items())
                except MissingEntry:
                    new = until is not None
                if new:
                    gradebook.update_or_create_student(learner)
                    gradebook.update_or_create_submission(name, learner, **wanted)

    def outdated(self, folders: Iterable[Path]) -> set[Path]:
        """The late submissions whose penalty in the gradebook isn't the share of their score there: a person has given points since."""
        from nbgrader.api import MissingEntry

        from autograder.nbgrader_plugins import open_gradebook

        found = set()
        with open_gradebook(self.workplace) as gradebook:
            for folder in folders:
                if share := self.of(folder).share:
                    with contextlib.suppress(MissingEntry):
                        submission = gradebook.find_submission(folder.name, folder.parent.name)
                        wanted = share * max(0.0, submission.score)
                        if not math.isclose(submission.late_submission_penalty or 0.0, wanted, abs_tol=1e-9):
                            found.add(folder)
        return found


def read_extensions(path: Path, course: Course) -> dict[tuple[str, str], datetime]:
    """The later due dates by learner and assignment. Other columns than `learner`, `assignment` and `until` (why, who granted it) are for people. Raises DeadlineError."""
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise DeadlineError(f"{at(path)} can't be read ({error}). Save it as CSV in UTF-8.") from None
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise DeadlineError(f"{at(path)} has no column `{missing[0]}`. Its first line must name learner, assignment and until.")
    found = {}
    for row in rows:
        key, until = _extension({name: (row[name] or "").strip() for name in COLUMNS}, course, at(path, rows.line_num))
        if key in found:
            raise DeadlineError(f"{at(path, rows.line_num)}: {key[0]} has an extension for {key[1]} already. Keep one of the two lines.")
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
