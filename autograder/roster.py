"""The class list, as a learning management system exports it, and grades on their way back there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import at
from autograder.workplace import Workplace, is_learner, write_atomically

LEARNER = "learner"
"""The column that `roster.csv` begins with: each learner's id here."""

ID_COLUMNS = (LEARNER, "Username", "SIS Login ID", "SIS User ID", "ID number", "Email address", "Email")
"""Columns that may hold a learner's id, the best first: Moodle's and Canvas's."""

CANVAS = ("Student", "ID", "Section")
"""Columns by which an export is known to be Canvas's; Moodle has names and addresses instead."""

POINTS_POSSIBLE = "Points Possible"
"""What Canvas writes in place of a name in the row that holds the points."""


class RosterError(ValueError):
    """A class list that can't be used: where, and what to do."""


@dataclass(frozen=True)
class Roster:
    """The learners of a class: `rows` as they were exported, each with all its columns, and `ids` the learner of each row."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    ids: tuple[str, ...]

    @property
    def canvas(self) -> bool:
        return set(CANVAS) <= set(self.columns)

    def names(self, number: int) -> dict[str, str]:
        """First name, last name and address of the row of that number, as nbgrader calls them; what isn't there is left out."""
        row = self.rows[number]
        last, _, first = row.get("Student", "").partition(", ")
        found = {
            "first_name": row.get("First name") or first,
            "last_name": row.get("Last name") or row.get("Surname") or last,
            "email": row.get("Email address") or row.get("Email") or "",
        }
        return {name: bare for name, value in found.items() if (bare := _bare(value))}


# ---------------------------------------------------------------- reading


def read_roster(path: Path, column: str | None = None) -> Roster:
    """Reads a class list: Moodle's list of participants or grades, Canvas's gradebook, or any table with a column of ids (commas, semicolons or tabs).

    Rows that are no learner's (Canvas's points, its test student) are left out. `column` holds the ids; when left out, the first of ID_COLUMNS that every row has something in.
    Raises RosterError.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{at(path)} can't be read ({error}). Export it as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first.count), restkey="")
    columns = tuple(name.strip() for name in reader.fieldnames or () if name and name.strip())
    if not columns:
        raise RosterError(f"{at(path)} is empty. Its first line must name the columns.")
    numbered = []
    for row in reader:
        kept = {str(name).strip(): (value or "").strip() for name, value in row.items() if isinstance(value, str | None)}
        if any(kept.values()) and not _nobody(kept):
            numbered.append((reader.line_num, {name: kept.get(name, "") for name in columns}))
    rows = [row for _, row in numbered]
    chosen = _id_column(path, columns, rows, column)
    seen: dict[str, int] = {}
    for line, row in numbered:
        learner = row[chosen]
        if not is_learner(learner):
            raise RosterError(
                f"{at(path, line)}: {learner!r} (column {chosen!r}) can't be a learner's id: letters, digits and . _ @ - only."
            )
        if learner in seen:
            raise RosterError(
                f"{at(path, line)}: {learner} is there already, in line {seen[learner]}. Which column tells your learners apart? Name it with --id."
            )
        seen[learner] = line
    return Roster(columns, tuple(rows), tuple(seen))


def _nobody(row: dict[str, str]) -> bool:
    """Whether a row of Canvas's is no learner's."""
    return row.get("Student", "") in (POINTS_POSSIBLE, "Student, Test") or (not row.get("Student", "x") and not row.get("ID", "x"))


def _id_column(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]], wanted: str | None) -> str:
    if wanted is not None and wanted not in columns:
        raise RosterError(f"{at(path)} has no column {wanted!r}. It has: {', '.join(columns)}.")
    usable = [name for name in ID_COLUMNS if name in columns and all(row[name] for row in rows)]
    if wanted is None and not usable:
        raise RosterError(f"{at(path)}: which column holds the learners' ids? Name it with --id. There are: {', '.join(columns)}.")
    return wanted or usable[0]


# ---------------------------------------------------------------- in the workplace


@dataclass(frozen=True)
class Taken:
    """What taking in a class list changed: ids that are new in the gradebook, and those in it that aren't in the list."""

    roster: Roster
    new: tuple[str, ...]
    strangers: tuple[str, ...]


def take_roster(workplace: Workplace, path: Path, column: str | None = None) -> Taken:
    """Makes a class list the workplace's: keeps it as `roster.csv`, with a first column for the ids, and makes its learners known to the gradebook, after a backup. Nobody is removed there.

    Raises RosterError, and GradingError when somebody is grading.
    """
    from autograder.grade import back_up, only_grader
    from autograder.nbgrader_plugins import open_gradebook

    roster = read_roster(path, column)
    kept = [{LEARNER: learner, **row} for learner, row in zip(roster.ids, roster.rows, strict=True)]
    with only_grader(workplace), open_gradebook(workplace) as gradebook:
        back_up(workplace)
        write_atomically(workplace.roster, _as_csv((LEARNER, *(name for name in roster.columns if name != LEARNER)), kept))
        known = {student.id for student in gradebook.students}
        for number, learner in enumerate(roster.ids):
            gradebook.update_or_create_student(learner, **roster.names(number))
    return Taken(roster, tuple(i for i in roster.ids if i not in known), tuple(sorted(known - set(roster.ids))))


def roster_of(workplace: Workplace) -> Roster | None:
    """The workplace's class list, if it has one."""
    return read_roster(workplace.roster, LEARNER) if workplace.roster.is_file() else None


def without_submission(workplace: Workplace, assignment: str) -> list[str]:
    """The learners of the class list who have handed in nothing for an assignment, in the list's order; nobody where there is no list."""
    roster = roster_of(workplace)
    return [learner for learner in roster.ids if not workplace.submission(learner, assignment).is_dir()] if roster else []


# ---------------------------------------------------------------- grades on their way back


@dataclass(frozen=True)
class Column:
    """An assignment's grades: its name and title, its points, and the score of each learner who handed it in."""

    name: str
    title: str
    points: float
    scores: dict[str, float]


def grades_csv(roster: Roster, columns: Iterable[Column], moodle: bool) -> str:
    """The class list with a column for each assignment, as the system that exported it imports grades.

    A column of the list that holds an assignment's points (its name or title, with Canvas's number or Moodle's kind and `(Real)` around it) is filled; where there is none, one is added, named after
    the assignment. Learners who handed in nothing get an empty cell, which both systems leave alone. Canvas also gets its row of points.
    """
    header = [name for name in roster.columns if name != LEARNER]
    rows = [{name: row[name] for name in header} for row in roster.rows]
    possible = {"Student": f"    {POINTS_POSSIBLE}"}
    for column in columns:
        name = next((there for there in header if _is_about(there, column)), column.name)
        if name not in header:
            header.append(name)
        possible[name] = f"{column.points:g}"
        for learner, row in zip(roster.ids, rows, strict=True):
            row[name] = f"{round(column.scores[learner], 2):g}" if learner in column.scores else ""
    return _as_csv(header, rows if moodle or not roster.canvas else [possible, *rows])


def _is_about(header: str, column: Column) -> bool:
    plain = re.sub(r"\s*\((\d+|Real)\)$|^[A-Z][\w ]*:", "", header).strip().casefold()
    return plain in (column.name.casefold(), column.title.casefold())


def _as_csv(header: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guarded, header))
    for row in rows:
        writer.writerow(guarded(row.get(name, "")) for name in header)
    return text.getvalue()


def _bare(value: str) -> str:
    """A name as nbgrader's own export can write it, which puts nothing in quotes: on one line, without commas and quotes, and no formula."""
    return guarded(" ".join(re.sub(r'[,"]', " ", value).split()))


def guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: what begins with = + - @ (or a control character) and isn't a number gets an apostrophe in front."""
    if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"[-+]?[0-9]+([.,][0-9]+)?|-", value):
        return f"'{value}"
    return value
