"""Handing in: packs a notebook, and the files that are asked for beside it, into an archive that nbgrader's zip_collect takes, and says what looks unfinished.

The archive's name carries assignment, learner and moment (UTC): `s4-layer-freezing__ada__20270115T093000Z.zip`.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tunelab import grammar
from tunelab.files import FileError, read_file
from tunelab.notebook import LearnerNotebook, needed, without_magics
from tunelab.progress import Progress, write_beside
from tunelab.shelf import Assignment, ShelfError, is_stub
from tunelab.surroundings import unsaved

HANDED_IN = "submissions"
OLD_HOURS = 1


@dataclass(frozen=True)
class Submission:
    """An archive that was written, and what the learner should know before they hand it in. `digest` begins the SHA-256 of the notebook in it."""

    archive: Path
    warnings: tuple[str, ...]
    saved: datetime
    digest: str


def pack(assignment: Assignment, learner: str, progress: Progress, now: datetime | None = None) -> Submission:
    """Packs an assignment's notebook, exactly as it lies on disk, and the files that go with it. One that can't be taken is left out with a warning.

    Raises ShelfError for an id that can't be part of a file's name, NotebookError for a notebook that can't be read.
    """
    check_learner(learner)
    notebook = assignment.notebook()
    now = now or datetime.now(UTC)
    folder = assignment.folder.parent / HANDED_IN
    folder.mkdir(exist_ok=True)
    archive = folder / f"{assignment.name}__{learner}__{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"
    files, missing = files_of(notebook)
    content = notebook.path.read_bytes()
    write_beside(archive, _zipped({f"{assignment.name}.ipynb": content, **files}, now))
    saved = datetime.fromtimestamp(notebook.path.stat().st_mtime).astimezone()
    return Submission(archive, (*warnings_for(assignment, notebook, progress), *missing), saved, hashlib.sha256(content).hexdigest()[:12])


def files_of(notebook: LearnerNotebook) -> tuple[dict[str, bytes], list[str]]:
    """The files that are handed in with a notebook, and a sentence about each that can't be."""
    files, missing = {}, []
    for name in notebook.files:
        try:
            files[name] = read_file(notebook.path.with_name(name))
        except FileError as error:
            missing.append(f"{error} It belongs beside the notebook, and counts as not handed in.")
    return files, missing


def check_learner(learner: str) -> None:
    """Raises ShelfError unless a learner's id is made of letters, digits and . _ @ - only."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", learner) or "__" in learner:
        raise ShelfError(
            f"{learner!r} can't be an id: it is made of letters, digits and . _ @ - only, begins with a letter or digit, has no two _ in a row, "
            "and is 64 characters long at the most. Use the id that your instructor knows you by."
        )


def _zipped(files: Mapping[str, bytes], now: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, date_time=max(now.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
            member.external_attr = 0o100644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def warnings_for(assignment: Assignment, notebook: LearnerNotebook, progress: Progress) -> list[str]:
    """What looks unfinished in a notebook, one sentence each."""
    found = []
    for name in assignment.exercises():
        source = notebook.exercises.get(name)
        if source is None:
            found.append(f"{name}: its cell is gone, so it earns nothing. Put it back from a fresh copy of the notebook.")
        elif is_stub(source):
            found.append(f"{name}: still the stub that it came with.")
        elif trouble := _syntax_error(source):
            found.append(f"{name}: the cell can't be read ({trouble}).")
        elif newer := grammar.too_new(source):
            found.append(f"{name}: {newer}")
        elif older := unsaved(assignment.name, name, source, notebook.path, progress):
            found.append(older)
        elif not progress.is_done(assignment.name, name, source):
            found.append(f"{name}: its checks haven't passed on the cell as it is now. Run `tunelab check {name}`.")
        if source is not None and name not in notebook.points:
            found.append(f'{name}: the cell check("{name}") is gone or was changed. Grading puts it back; you can too, from a fresh copy.')
        if source is not None and len(needed(name, notebook.exercises)) > 1:
            others = ", ".join(other for other in needed(name, notebook.exercises) if other != name)
            found.append(f"{name}: it uses what the cell of {others} defines, so it can only be right when that one runs.")
    found += [
        f"{question.name}: the question isn't answered yet; its cell is as it came."
        for question in notebook.questions
        if not question.answered
    ]
    return found + _about_the_file(notebook.path)


def _syntax_error(source: str) -> str:
    try:
        compile(without_magics(source), "<cell>", "exec")
    except (SyntaxError, ValueError) as error:
        return f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
    return ""


def _about_the_file(path: Path) -> list[str]:
    """Signs that what is on disk isn't what the learner sees in their browser."""
    saved = path.stat().st_mtime
    newer = sorted(other.name for other in path.parent.glob("*.ipynb") if other != path and other.stat().st_mtime > saved)
    found = [f"{other} in the same folder was saved later. Only {path.name} is handed in." for other in newer]
    hours = (time.time() - saved) / 3600
    if hours > OLD_HOURS:
        found.append(f"{path.name} was last saved {_ago(hours)} ago. Is it still open with changes? Save it (Ctrl+S) and submit again.")
    return found


def _ago(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
