"""A whole term on small assignments: 60 learners, 6 assignments, Canvas's downloads, resubmissions, extensions, a crash in mid-run, a suite corrected, points by hand. The gradebook must be right to the last
point against a calculation that shares nothing with the kit but the answers.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import nbformat
import pytest

from autograder.nbgrader_plugins import open_gradebook
from autograder.workplace import Workplace
from tests.fixtures.jupyter import environment
from tests.fixtures.minicourse import NAME as MINI
from tests.fixtures.minicourse import make_whole_course, write
from tests.test_nbgrader import python
from tests.test_regrade import run

NAMES = [f"s1-week-{number}" for number in range(1, 7)]
LEARNERS = [f"l{number:02}" for number in range(1, 61)]
FIRST_DUE = datetime(2027, 2, 1, 22, tzinfo=UTC)
DUE = {name: FIRST_DUE + timedelta(weeks=number) for number, name in enumerate(NAMES)}
GRACE, PER_DAY, CAP = timedelta(minutes=30), Fraction(1, 10), Fraction(1, 2)

DOUBLE = {
    "right": ("def double(number):\n    return 2 * number", 3),
    "square": ("def double(number):\n    return number ** 2", 0),
    "positive": ("def double(number):\n    return abs(2 * number)", 2),
    "stub": (None, 0),
    "exit": ("import os\ndef double(number):\n    os._exit(0)", 0),
}
COUNT = {
    "right": ("def count_words(text):\n    return len(text.split())", 2),
    "spaces": ("def count_words(text):\n    return len(text.split(' '))", 0),
}
"""Answers, and what they deserve by the suites of the small course: 2 for positive numbers and 1 for negative ones, and 2 for counting."""

ENDED = LEARNERS[9], NAMES[1]
"""Whose answer ends its process: the result may not be kept, and stands in the gradebook until another answer is handed in."""

CORRECTED = "s1-week-4"
"""The assignment whose suite is corrected: it takes the absolute value afterwards, so that "positive" earns 3."""


@dataclass
class HandedIn:
    """One upload of a learner."""

    came: datetime
    double: str
    count: str


@dataclass
class Term:
    """What happens, written down before it does."""

    uploads: dict[tuple[str, str], list[HandedIn]] = field(default_factory=dict)
    extensions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    by_hand: dict[tuple[str, str], Fraction] = field(default_factory=dict)

    def counted(self, learner: str, name: str) -> HandedIn | None:
        return max(self.uploads.get((learner, name), []), key=lambda one: one.came, default=None)

    def raw(self, learner: str, name: str) -> Fraction:
        one = self.counted(learner, name)
        if one is None:
            return Fraction(0)
        double = 3 if name == CORRECTED and one.double == "positive" else DOUBLE[one.double][1]
        return self.by_hand.get((learner, name), Fraction(double)) + COUNT[one.count][1]

    def taken_off(self, learner: str, name: str) -> Fraction:
        one = self.counted(learner, name)
        if one is None:
            return Fraction(0)
        late = one.came - self.extensions.get((learner, name), DUE[name]) - GRACE
        days = -(-late // timedelta(days=1)) if late > timedelta(0) else 0
        return self.raw(learner, name) * min(CAP, days * PER_DAY)

    def final(self, learner: str, name: str) -> Fraction:
        return self.raw(learner, name) - self.taken_off(learner, name)


def plan() -> Term:
    """The same term each time: about one in twelve hands in nothing, one in four hands in again, one in five comes late, one in eight has an extension."""
    draw, term = random.Random(60), Term()
    for name in NAMES:
        for learner in LEARNERS:
            if draw.random() < 1 / 12:
                continue
            late = draw.random() < 0.2
            came = DUE[name] + timedelta(seconds=draw.randint(1, 7 * 86400) if late else -draw.randint(0, 5 * 86400))
            uploads = [HandedIn(came, draw.choice([*DOUBLE][:4]), draw.choice([*COUNT]))]
            if draw.random() < 0.25:
                later = came + timedelta(seconds=draw.randint(60, 2 * 86400))  # and another answer: one that is the same changes nothing
                uploads.append(HandedIn(later, "right", "spaces" if uploads[0].count == "right" else "right"))
            term.uploads[learner, name] = uploads
            if draw.random() < 1 / 8:
                term.extensions[learner, name] = DUE[name] + timedelta(days=draw.randint(1, 4))
    # borders that a drawn term may miss: the last second of the grace and the one after it, the cap, an answer that ends its process
    for number, seconds in enumerate((1800, 1801, 1800 + 86400, 1800 + 86401, 30 * 86400)):
        term.uploads[LEARNERS[number], NAMES[0]] = [HandedIn(DUE[NAMES[0]] + timedelta(seconds=seconds), "right", "right")]
        term.extensions.pop((LEARNERS[number], NAMES[0]), None)
    came = DUE[ENDED[1]] - timedelta(days=1)
    term.uploads[ENDED] = [HandedIn(came, "exit", "right"), HandedIn(came + timedelta(hours=2), "right", "right")]
    return term


# ---------------------------------------------------------------- what the instructor does


def make_term(root: Path) -> Path:
    """Six assignments like the small course's one, with due dates and a late policy."""
    make_whole_course(root)
    lines = "".join(f'  {{ name = "{name}", title = "{name}", minutes = 10, due = {DUE[name]:%Y-%m-%dT%H:%M:%SZ} }},\n' for name in NAMES)
    late = f"[late]\ngrace_minutes = {GRACE.seconds // 60}\nper_day = {float(PER_DAY)}\ncap = {float(CAP)}\n"
    write(root / "course.toml", f'title = "A term"\n\n{late}\n[[sections]]\nnumber = 1\ntitle = "All"\nassignments = [\n{lines}]\n')
    for place in (root / "source", root / "solutions", root / "autograder" / "suites"):
        for name in NAMES:
            shutil.copytree(place / MINI, place / name)
        shutil.rmtree(place / MINI)
    for name in NAMES:
        (root / "source" / name / f"{MINI}.md").rename(root / "source" / name / f"{name}.md")
    return root


def zipped(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def download(root: Path, term: Term, name: str, number: int) -> Path:
    """Canvas's download of an assignment when learners have handed in `number` times at most: of each the last one."""
    notebook = nbformat.read(root / "assignments" / name / f"{name}.ipynb", as_version=4)
    stubs = {cell.id: cell.source for cell in notebook.cells}
    members = {}
    for canvas, learner in enumerate(LEARNERS, 1001):
        if uploads := term.uploads.get((learner, name)):
            one = uploads[:number][-1]
            for cell in notebook.cells:
                answers = {"double": DOUBLE[one.double][0], "count_words": COUNT[one.count][0]}
                cell.source = answers.get(cell.id) or stubs[cell.id]
            file = f"{name}__{learner}__{one.came:%Y%m%dT%H%M%SZ}.zip"
            late = "LATE_" if one.came > DUE[name] else ""
            members[f"family{learner}_{late}{canvas}_{canvas + 5000 * number}_{file}"] = zipped(
                {f"{name}.ipynb": nbformat.writes(notebook)}
            )
    path = root / "downloads" / str(number) / f"{name}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zipped(members))
    return path


COLLECT = """
import json, sys
from pathlib import Path
from autograder.collect import collect
from autograder.course import load_course
from autograder.roster import take_roster
from autograder.workplace import open_workplace
workplace, course = open_workplace(), load_course()
if Path("canvas.csv").exists():
    take_roster(workplace, Path("canvas.csv"))
    Path("canvas.csv").rename("taken.csv")
for path in {paths!r}:
    done = collect(workplace, course.assignment(Path(path).stem), [Path(path)])
    assert not done.left_out, done.left_out
    print(len(done.new), len(done.replaced), len(done.older), len(done.unchanged))
"""


def collect(root: Path, paths: list[Path]) -> list[list[int]]:
    """Collects downloads; for each the numbers of what was new, replaced, older and unchanged."""
    said = python(root, COLLECT.format(paths=[str(path) for path in paths]))
    return [[int(number) for number in line.split()] for line in said.splitlines() if line[:1].isdigit()]


def grades(root: Path) -> dict[tuple[str, str], dict[str, str]]:
    """The rows of gradebook.csv by learner and assignment."""
    with open(root / "gradebook.csv", newline="") as file:
        return {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}


def write_extensions(root: Path, term: Term) -> None:
    lines = [f"{learner},{name},{until:%Y-%m-%dT%H:%M:%SZ}\n" for (learner, name), until in term.extensions.items()]
    write(root / "extensions.csv", "learner,assignment,until\n" + "".join(lines))


def crash_in_mid_run(root: Path) -> None:
    """Starts grading and ends it, all its processes at once, when it has written about a third to the gradebook."""
    before = len(list((root / "results").glob("*/written/*")))
    command = [sys.executable, "-m", "autograder", "grade", "--workers", "1"]
    with open(root / "crash.log", "w") as log:
        process = subprocess.Popen(command, cwd=root, env=environment(root), stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + 300
        while len(list((root / "results").glob("*/written/*"))) < before + 50:
            assert process.poll() is None and time.monotonic() < end, (root / "crash.log").read_text()
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Term, dict[str, float]]:
    """The term from its first week to its end: the folder, the plan, and the seconds that each part took."""
    root, term = make_term(tmp_path_factory.mktemp("term")), plan()
    took, start = {}, time.monotonic()

    def done(what: str) -> None:
        nonlocal start
        took[what], start = time.monotonic() - start, time.monotonic()
        print(f"{what}: {took[what]:.0f} s", flush=True)

    rows = "".join(f'"Family, {learner}",{canvas},u{canvas},{learner},A\n' for canvas, learner in enumerate(LEARNERS, 1001))
    write(root / "canvas.csv", f"Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n{rows}")
    write_extensions(root, term)
    run(root, "release")
    done("released")

    handed = sum(1 for (_, name) in term.uploads if name in NAMES[:3])
    assert sum(new for new, *_ in collect(root, [download(root, term, name, 1) for name in NAMES[:3]])) == handed
    run(root, "grade", "--workers", "1")
    assert float(grades(root)[ENDED]["raw_score"]) == DOUBLE["exit"][1] + COUNT["right"][1]
    done("first half")

    collect(root, [download(root, term, name, 1) for name in NAMES[3:]])
    crash_in_mid_run(root)
    run(root, "grade", "--workers", "1")
    done("second half, with a crash")

    # the first download once more at the end, by mistake: nothing old comes back
    *again, (new, replaced, older, _) = collect(
        root, [*(download(root, term, name, 2) for name in NAMES), root / "downloads" / "1" / f"{NAMES[0]}.zip"]
    )
    assert sum(replaced for _, replaced, *_ in again) == sum(len(uploads) == 2 for uploads in term.uploads.values())
    assert (new, replaced, older) == (0, 0, sum(len(term.uploads.get((learner, NAMES[0]), [])) == 2 for learner in LEARNERS))
    run(root, "grade", "--workers", "1")
    done("handed in again")

    suite = root / "autograder" / "suites" / CORRECTED / "test_double.py"
    suite.write_text(suite.read_text().replace("learner.double(-1.0) == -2.0", "learner.double(-1.0) in (-2.0, 2.0)"))
    said = run(root, "regrade", "--workers", "1", "--write")
    better = sum(1 for learner in LEARNERS if (one := term.counted(learner, CORRECTED)) and one.double == "positive")
    assert better and f"submissions that come out otherwise: {better}." in said
    done("a suite corrected")

    by_hand = [key for key in term.uploads if key[1] == NAMES[4]][:5]
    with open_gradebook(Workplace(root)) as gradebook:
        for number, (learner, name) in enumerate(by_hand):
            gradebook.find_grade("check_double", name, name, learner).manual_score = number / 2
            term.by_hand[learner, name] = Fraction(number, 2)
        gradebook.db.commit()
    late = next(key for key in term.uploads if term.taken_off(*key) and key not in term.extensions and key[1] == NAMES[2])
    term.extensions[late] = term.counted(*late).came + timedelta(hours=1)
    write_extensions(root, term)
    run(root, "grade", "--workers", "1")
    done("points by hand, an extension granted afterwards")
    return root, term, took


# ---------------------------------------------------------------- the gradebook at the end


def test_the_gradebook_is_right_to_the_last_point(term: tuple[Path, Term, dict[str, float]]) -> None:
    root, planned, _ = term
    rows = grades(root)
    assert len(rows) == len(LEARNERS) * len(NAMES)
    wrong = {}
    for key, row in rows.items():
        wanted = planned.raw(*key), planned.taken_off(*key), planned.final(*key)
        found = tuple(float(row[column] or 0) for column in ("raw_score", "late_submission_penalty", "score"))
        if any(abs(float(w) - f) > 1e-9 for w, f in zip(wanted, found, strict=True)):
            wrong[key] = tuple(map(float, wanted)), found
    assert wrong == {}
    assert all(float(row["max_score"]) == 5 for row in rows.values())
    assert len({planned.final(*key) for key in rows}) > 12, "the term hardly tells one sum from another"


def test_canvas_gets_the_same_grades(term: tuple[Path, Term, dict[str, float]]) -> None:
    root, planned, _ = term
    run(root, "export", "--to", "canvas")
    rows = {row["SIS Login ID"]: row for row in csv.DictReader(io.StringIO((root / "grades-canvas.csv").read_text()))}
    for learner in LEARNERS:
        for name in NAMES:
            cell = rows[learner][name]
            assert (
                cell == ""
                if planned.counted(learner, name) is None
                else float(cell) == pytest.approx(float(planned.final(learner, name)), abs=0.0051)
            )


def test_what_was_replaced_is_kept_and_a_second_run_changes_nothing(term: tuple[Path, Term, dict[str, float]]) -> None:
    root, planned, _ = term
    kept = {(path.parts[-3], path.parts[-2]) for path in (root / "earlier").glob("*/*/*")}
    assert kept == {key for key, uploads in planned.uploads.items() if len(uploads) == 2}
    before = (root / "gradebook.csv").read_bytes()
    said = run(root, "grade", "--workers", "1")
    assert "; 0 results made, " in said
    assert "; 0 written to the gradebook, " in said
    assert (root / "gradebook.csv").read_bytes() == before


def test_the_report_and_the_pages_for_office_hours(term: tuple[Path, Term, dict[str, float]]) -> None:
    root, planned, _ = term
    run(root, "report")
    assert "class report" in (root / "report.html").read_text()
    index = (root / "office" / "index.html").read_text()
    assert "Takes doubling for squaring." in index
    learner = next(key[0] for key in planned.uploads if planned.counted(*key).double == "square" and key[1] == NAMES[5])
    assert "Takes doubling for squaring." in (root / "office" / f"learner-{learner}.html").read_text()
    assert len(list((root / "office").glob("learner-*.html"))) == len(LEARNERS)
    assert json.loads((root / "results" / NAMES[0] / "written" / LEARNERS[0]).read_text())["deadline"]["due"] == DUE[NAMES[0]].isoformat()
