"""The workplace: the folder in nbgrader's layout where submissions come in and results go out, and how files are written there whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from autograder.course import ROOT

VARIABLE = "TUNELAB_WORKPLACE"

_LEARNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9_-])?")


@dataclass(frozen=True)
class Workplace:
    """The folder, and what lies where in it."""

    root: Path

    @property
    def submitted(self) -> Path:
        return self.root / "submitted"

    @property
    def clean(self) -> Path:
        return self.root / "clean"

    @property
    def autograded(self) -> Path:
        return self.root / "autograded"

    @property
    def feedback(self) -> Path:
        return self.root / "feedback"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def gradebook(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def gradebook_csv(self) -> Path:
        return self.root / "gradebook.csv"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def roster(self) -> Path:
        return self.root / "roster.csv"

    def grades(self, system: str) -> Path:
        """Where grades for a learning management system are written."""
        return self.root / f"grades-{system}.csv"

    @property
    def extensions(self) -> Path:
        return self.root / "extensions.csv"

    @property
    def report(self) -> Path:
        return self.root / "report.html"

    def leaderboard(self, assignment: str) -> Path:
        """Where an assignment's leaderboard is written, a page for the class."""
        return self.root / f"leaderboard-{assignment}.html"

    @property
    def database(self) -> str:
        """The gradebook as SQLAlchemy addresses it."""
        return f"sqlite:///{self.gradebook}"

    def submission(self, learner: str, assignment: str) -> Path:
        return self.submitted / learner / assignment

    def clean_submission(self, learner: str, assignment: str) -> Path:
        return self.clean / learner / assignment


def open_workplace(folder: Path | str | None = None) -> Workplace:
    """The workplace in `folder`, else where TUNELAB_WORKPLACE says, else the repository's root. Makes its folder for submissions."""
    workplace = Workplace(Path(folder or os.environ.get(VARIABLE) or ROOT).resolve())
    workplace.submitted.mkdir(parents=True, exist_ok=True)
    return workplace


def is_learner(name: str) -> bool:
    """Whether a name can be a learner's id: 1 to 64 letters, digits and . _ @ -, so that it is a plain folder name everywhere."""
    return _LEARNER.fullmatch(name) is not None


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file beside its place, flushes it to the disk, and renames it: readers see the old content or the new one, whole."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
