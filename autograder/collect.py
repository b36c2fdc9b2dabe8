"""Collecting: archives as `tunelab submit`, Moodle and Canvas name them, or folders by learner, become submissions. A newer one replaces the one before, and both are kept.

Who handed something in is told by the outermost name alone, which the learning management system writes (or the instructor, by putting a file there): never by what is inside, nor by the
part of the name that the learner chose. Moodle's and Canvas's names are looked up in the class list.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.archives import UNREADABLE, BadArchive, hidden, unpacked
from autograder.course import Assignment, at
from autograder.handed_in import MAX_NOTEBOOK, shown
from autograder.roster import LEARNER, Roster, RosterError, roster_of
from autograder.workplace import Workplace, is_learner, write_atomically

ARCHIVE = re.compile(r"(?P<assignment>s\d+-[a-z0-9-]+?)__(?P<learner>[^/]+?)(?:__(?P<rest>[^/]*))?\.(?P<kind>zip|ipynb|py)")
"""A file that `tunelab submit` has named: `<assignment>__<learner>__<moment>.zip`."""

MOODLE = re.compile(r"(?P<name>[^_/]+)_(?P<id>\d+)_assignsubmission_file(?:_?/|_)(?P<file>.+)")
"""A file in Moodle's "Download all submissions", in folders or not: name and number of the participant, both without `_`, then what the learner called it."""

CANVAS = re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<id>\d+)_(?P<order>\d+)_(?P<file>[^/]+)")
"""A file in Canvas's "Download Submissions": name, number of the user, number of the upload (which counts up), then what the learner called it. Canvas sees to it that a name holds no `_number_`."""

FOLDER = re.compile(r"(?P<learner>[^/]+)/(?:(?P<assignment>s\d+-[a-z0-9-]+)/)?(?P<file>[^/]+)")
"""A file in a plain folder by learner, as in `submitted/`."""

DOWNLOAD = re.compile(r"(?:submissions|.+-\d+)(?:[ -]?\(?\d+\)?)?\.zip")
"""How Canvas and Moodle name the archive of a whole class; a browser may have put a number behind it."""

MOMENT = re.compile(r"(?<!\d)(\d{8})T?-?(\d{6})(?!\d)")
KINDS = (".zip", ".ipynb", ".py")
MAX_MEMBERS = 5000
IDENTIFIER = "Identifier"
"""The column of Moodle's grading worksheet that holds `Participant <number>`; the numbers differ from assignment to assignment."""

SAME_PERSON = ("Email address", "Email", "ID number", "Username")
"""Columns by which a row of a grading worksheet is found in the class list."""


class CollectError(ValueError):
    """Nothing can be collected: why, and what to do."""


@dataclass(frozen=True)
class Upload:
    """A file that a learner handed in: `moment` as nbgrader writes one, empty where it isn't known; `order` counts up where the system numbers uploads. `member` names it in the archive `path`, if it is in one; `participant` is Moodle's number."""

    learner: str
    label: str
    path: Path
    member: str = ""
    moment: str = ""
    order: int = 0
    marked_late: bool = False
    participant: str = ""

    @property
    def rank(self) -> tuple[str, int, str]:
        return self.moment, self.order, self.label

    @contextlib.contextmanager
    def at_hand(self) -> Iterator[Path]:
        """The file itself, for as long as the context lasts. Raises BadArchive, or one of UNREADABLE."""
        if not self.member:
            yield self.path
            return
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(self.path) as archive, archive.open(self.member) as packed:
            copy = Path(folder) / f"upload{Path(self.member).suffix.lower()}"
            with open(copy, "wb") as file:
                shutil.copyfileobj(_Bounded(packed), file)
            yield copy


class _Bounded:
    """A stream that ends in BadArchive when it is longer than a notebook may be."""

    def __init__(self, stream: object):
        self.stream, self.left = stream, MAX_NOTEBOOK

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise BadArchive(f"it is larger than {MAX_NOTEBOOK // 2**20} MiB.")
        return data


@dataclass
class Found:
    """What lies in the files and folders to be collected: uploads, and what was left out, with the reason."""

    uploads: list[Upload] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def newest(self) -> dict[str, list[Upload]]:
        """The uploads of each learner, the newest first."""
        by_learner: dict[str, list[Upload]] = {}
        for upload in sorted(self.uploads, key=lambda upload: upload.rank, reverse=True):
            by_learner.setdefault(upload.learner, []).append(upload)
        return dict(sorted(by_learner.items()))


# ---------------------------------------------------------------- who is who


class People:
    """The learners that Moodle's and Canvas's names and numbers mean, by the class list and, where there is one, a grading worksheet."""

    def __init__(self, roster: Roster | None, worksheet: Path | None = None):
        """Raises RosterError for a worksheet that can't be used."""
        self.roster = roster
        self.by_name: dict[str, set[str]] = {}
        self.by_number: dict[str, str] = {}
        for learner, row, number in zip(roster.ids, roster.rows, range(len(roster.ids)), strict=True) if roster else ():
            names = roster.names(number)
            first, last = names.get("first_name", ""), names.get("last_name", "")
            for name in (f"{first} {last}", f"{last} {first}", row.get("Full name", "")):
                if _folded(name):
                    self.by_name.setdefault(_folded(name), set()).add(learner)
            if roster.canvas and row.get("ID"):
                self.by_number[row["ID"]] = learner
        self.participants = _participants(worksheet, roster) if worksheet else {}

    def knows(self, learner: str) -> bool:
        return self.roster is None or learner in self.roster.ids

    def of_moodle(self, name: str, number: str) -> str:
        """The learner of a name and number of Moodle's. Raises BadArchive."""
        if number in self.participants:
            return self.participants[number]
        _, _, without_group = name.partition("-")
        found = self.by_name.get(_folded(name)) or self.by_name.get(_folded(without_group)) or set()
        if len(found) == 1:
            return next(iter(found))
        if self.roster is None:
            raise BadArchive(
                "there is no class list in which its name could be looked up. Take one in first: python -m autograder roster FILE."
            )
        many = f"{len(found)} learners of the class list are called so" if found else "nobody in the class list is called so"
        raise BadArchive(f"{many}. Moodle's grading worksheet tells who it is: --worksheet FILE.")

    def of_canvas(self, number: str) -> str:
        """The learner of a number of Canvas's. Raises BadArchive."""
        if number in self.by_number:
            return self.by_number[number]
        if self.roster is None or not self.roster.canvas:
            raise BadArchive("there is no class list of Canvas's. Take in its gradebook first: python -m autograder roster FILE.")
        raise BadArchive(
            f"nobody in the class list has Canvas's number {number}. Take in a fresh gradebook: python -m autograder roster FILE."
        )


def _folded(name: str) -> str:
    """A name by its letters and digits alone: Moodle leaves out signs that file systems don't take."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def _participants(worksheet: Path, roster: Roster | None) -> dict[str, str]:
    """The learners by participant number, of a grading worksheet whose rows are found in the class list by address, number or user name. Raises RosterError."""
    if roster is None:
        raise RosterError(
            f"{at(worksheet)} tells who is who only beside a class list. Take one in first: python -m autograder roster FILE."
        )
    known = {
        (name, row[name].casefold()): learner
        for learner, row in zip(roster.ids, roster.rows, strict=True)
        for name in SAME_PERSON
        if row.get(name)
    }
    known |= {(LEARNER, learner.casefold()): learner for learner in roster.ids}
    try:
        rows = list(csv.DictReader(io.StringIO(worksheet.read_text(encoding="utf-8-sig")), restkey=""))
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{at(worksheet)} can't be read ({error}). Download it again from Moodle.") from None
    found = {}
    for row in rows:
        number = re.fullmatch(r"\D*(\d+)", (row.get(IDENTIFIER) or "").strip())
        told = [(name, (row.get(name) or "").strip().casefold()) for name in SAME_PERSON]
        learner = next((known[key] for one in told for key in (one, (LEARNER, one[1])) if one[1] and key in known), None)
        if number and learner:
            found[number.group(1)] = learner
    if not found:
        raise RosterError(
            f"{at(worksheet)} names nobody of the class list. It must be Moodle's grading worksheet, with the columns {IDENTIFIER} and Email address (or ID number)."
        )
    return found


# ---------------------------------------------------------------- finding uploads


def find_uploads(paths: Iterable[Path], assignment: str, people: People) -> Found:
    """All uploads for an assignment in files and folders. A file that is named here may be a class's download of any name; within a folder, only one that is named as Moodle and Canvas do."""
    found = Found()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for inside in sorted(path.rglob("*")):
                if not inside.is_dir() or inside.is_symlink():
                    _one(inside, inside.relative_to(path).as_posix(), assignment, people, found, named=False)
        else:
            _one(path, path.name, assignment, people, found, named=True)
    _refuse_shared(found)
    return found


def _one(path: Path, name: str, assignment: str, people: People, found: Found, named: bool) -> None:
    """Adds what one file holds to `found`."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise BadArchive("it is a link or a special file.")
        if upload := _upload(name, path, "", assignment, people):
            found.uploads.append(upload)
        elif path.suffix.lower() == ".zip" and "/" not in name and (named or DOWNLOAD.fullmatch(name)):
            _download(path, assignment, people, found)
        elif not _passed_over(name):
            raise BadArchive(
                f"its name must be {assignment}__LEARNER.zip, LEARNER made of letters, digits and . _ @ - only, or as Moodle and Canvas name what they give out."
            )
    except (BadArchive, *UNREADABLE) as error:
        found.left_out.append((name, str(error)))


def _download(path: Path, assignment: str, people: People, found: Found) -> None:
    """Adds the uploads in the archive of a class. Raises BadArchive, or one of UNREADABLE."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BadArchive(f"it holds {len(members)} files, and more than {MAX_MEMBERS} aren't looked through.")
    taken = 0
    for member in members:
        if member.is_dir() or stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            continue
        label = f"{path.name}: {shown(member.filename, 120)}"
        try:
            if not ARCHIVE.fullmatch(member.filename) and (upload := _upload(member.filename, path, member.filename, assignment, people)):
                found.uploads.append(upload)
                taken += 1
            elif not _passed_over(member.filename):
                raise BadArchive("it isn't named as Moodle or Canvas name what they give out.")
        except BadArchive as error:
            found.left_out.append((label, str(error)))
    if not taken and not any(label.startswith(f"{path.name}: ") for label, _ in found.left_out):
        raise BadArchive(
            f"its name must be {assignment}__LEARNER.zip, LEARNER made of letters, digits and . _ @ - only, or it must hold what Moodle or Canvas give out."
        )


def _upload(name: str, path: Path, member: str, assignment: str, people: People) -> Upload | None:
    """The upload that a name tells; None for a name of no known form. Raises BadArchive."""
    label = shown(name, 120)
    if match := ARCHIVE.fullmatch(name):
        if match["assignment"] != assignment or not is_learner(match["learner"]):
            raise BadArchive(f"its name must be {assignment}__LEARNER.zip, LEARNER made of letters, digits and . _ @ - only.")
        return Upload(match["learner"], label, path, member, moment_in(match["rest"] or ""))
    if match := MOODLE.fullmatch(name):
        if not name.lower().endswith(KINDS) or hidden(match["file"]):
            return None
        learner = people.of_moodle(match["name"], match["id"])
        return Upload(learner, label, path, member, _told_moment(match["file"]), participant=match["id"])
    if match := CANVAS.fullmatch(name):
        if not name.lower().endswith(KINDS):
            return None
        learner = people.of_canvas(match["id"])
        return Upload(learner, label, path, member, _told_moment(match["file"]), int(match["order"][:18]), bool(match["late"]))
    if not member and (match := FOLDER.fullmatch(name)) and name.lower().endswith(KINDS):
        if match["assignment"] not in (None, assignment) or hidden(name):
            return None
        if not is_learner(match["learner"]) or not people.knows(match["learner"]):
            raise BadArchive("its folder isn't called as a learner of the class.")
        if (inside := ARCHIVE.fullmatch(match["file"])) and inside["learner"] != match["learner"]:
            raise BadArchive(
                "its folder and its name tell of different learners. Put it into the right one's folder, or beside the folders."
            )
        return Upload(match["learner"], label, path, member, _told_moment(match["file"]))
    return None


def _passed_over(name: str) -> bool:
    """Whether a file is none that anybody expects to be graded: text that was typed into the system, a picture, a system's own droppings."""
    known = MOODLE.fullmatch(name) or CANVAS.fullmatch(name) or "_assignsubmission_" in name.partition("/")[0] or FOLDER.fullmatch(name)
    return bool(known and not name.lower().endswith(KINDS)) or hidden(name)


def _told_moment(file: str) -> str:
    """The moment in the name that `tunelab submit` gave to the file that was uploaded; no other number counts."""
    return moment_in(file) if "__" in file else ""


def moment_in(text: str) -> str:
    """The moment that a name ends with, as nbgrader writes one; empty where there is none."""
    match = MOMENT.search(text)
    try:
        return f"{datetime.strptime(''.join(match.groups()), '%Y%m%d%H%M%S')} UTC" if match else ""
    except ValueError:
        return ""


def _refuse_shared(found: Found) -> None:
    """Leaves out uploads of different participants of Moodle's that the class list takes for one learner: who of them is meant, a name can't tell."""
    numbers: dict[str, set[str]] = {}
    for upload in found.uploads:
        if upload.participant:
            numbers.setdefault(upload.learner, set()).add(upload.participant)
    for upload in list(found.uploads):
        if upload.participant and len(numbers[upload.learner]) > 1:
            found.uploads.remove(upload)
            why = f"several participants are called as {upload.learner} is. Moodle's grading worksheet tells who is who: --worksheet FILE."
            found.left_out.append((upload.label, why))


# ---------------------------------------------------------------- into submitted/


@dataclass
class Collected:
    """What collecting did, by learner, what was left out, with the reason, and what a person should know."""

    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def collect(
    workplace: Workplace, assignment: Assignment, paths: Sequence[Path] = (), worksheet: Path | None = None, dry: bool = False
) -> Collected:
    """Puts what was handed in for an assignment into `submitted/`, from files and folders, or from `downloaded/<assignment>/archive/`. With `dry`, only tells what it would do.

    Of each learner the newest upload counts. It replaces what is in `submitted/` unless that is newer by the moments in their names; where one of them has none, what is collected later counts as newer, since systems
    give out the last upload. What is replaced, and what comes too late to the collecting, goes to `earlier/`. Raises CollectError, RosterError, and GradingError when somebody is grading.
    """
    from autograder.grade import only_grader

    paths = list(paths) or [workplace.root / "downloaded" / assignment.name / "archive"]
    if missing := [path for path in paths if not path.exists()]:
        raise CollectError(f"There is no {at(missing[0])}. Name the archives or the folder that you downloaded, or put them there.")
    people, done = People(roster_of(workplace), worksheet), Collected()
    with only_grader(workplace):
        found = find_uploads(paths, assignment.name, people)
        done.left_out += found.left_out
        for learner, uploads in found.newest().items():
            _collect_one(workplace, assignment, learner, uploads, people, done, dry)
    return done


def _collect_one(
    workplace: Workplace, assignment: Assignment, learner: str, uploads: Sequence[Upload], people: People, done: Collected, dry: bool
) -> None:
    newest, *rest = uploads
    if rest:
        done.remarks.append(f"{learner}: {len(uploads)} uploads; {newest.label} was taken as the newest.")
    if not people.knows(learner):
        done.remarks.append(f"{learner} isn't in the class list.")
    if newest.marked_late and not newest.moment:
        done.remarks.append(f"{learner}: Canvas marks it as late, but no moment is known. Write it to timestamp.txt beside the submission.")
    try:
        with newest.at_hand() as path:
            files = unpacked(path, assignment.name, assignment.files)
    except (BadArchive, *UNREADABLE) as error:
        done.left_out.append((newest.label, str(error)))
        return
    target, earlier = workplace.submission(learner, assignment.name), workplace.earlier / learner / assignment.name
    if _holds(target, files):
        done.unchanged.append(learner)
        return
    known = any(_holds(folder, files) for folder in earlier.glob("*"))
    there = _moment_of(target)
    if known or (there and newest.moment and newest.moment < there):
        done.older.append(learner)
        if not (known or dry):
            _write(earlier / _label(newest.moment, earlier), files, newest.moment)
        return
    (done.replaced if target.exists() else done.new).append(learner)
    if dry:
        return
    staged = target.with_name(f".{assignment.name}.collected")
    shutil.rmtree(staged, ignore_errors=True)
    _write(staged, files, newest.moment)
    if target.exists():
        earlier.mkdir(parents=True, exist_ok=True)
        target.rename(earlier / _label(there or _written(target), earlier))
    staged.rename(target)


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether a submission's folder holds just these files, under whatever names, beside what nbgrader and the intake put there."""
    there = [path for path in folder.glob("*") if path.is_file() and not path.is_symlink()]
    return all(any(path.stat().st_size == len(content) and path.read_bytes() == content for path in there) for content in files.values())


def _moment_of(folder: Path) -> str:
    from nbgrader.utils import parse_utc

    from autograder.intake import timestamp

    text = timestamp(folder)
    return f"{parse_utc(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def _written(folder: Path) -> str:
    """When the files of a folder were last written, for what has no moment of its own."""
    newest = max((path.stat(follow_symlinks=False).st_mtime for path in [folder, *folder.iterdir()]), default=0)
    return f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _label(moment: str, folder: Path) -> str:
    """A free name for an earlier submission: its moment, as `tunelab submit` writes one."""
    plain = re.sub(r"[-: ]|UTC", "", moment) or f"{datetime.now(UTC):%Y%m%d%H%M%S}"
    wanted, number = f"{plain[:8]}T{plain[8:]}Z", 1
    while (folder / (name := wanted if number == 1 else f"{wanted}-{number}")).exists():
        number += 1
    return name


def _write(folder: Path, files: Mapping[str, bytes], moment: str) -> None:
    for name, content in files.items():
        write_atomically(folder / name, content)
    if moment:
        write_atomically(folder / "timestamp.txt", moment)
