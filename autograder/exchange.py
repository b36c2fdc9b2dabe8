"""nbgrader's exchange, carefully: learners write into its folder by themselves, so neither a name in it is believed without its owner, nor a link followed.

`nbgrader collect` runs with the instructor's rights. As it comes, it copies whatever a learner's link points to, and takes a folder that is called as another's for theirs.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback

from autograder.handed_in import MAX_NOTEBOOK, SECRET, shown
from autograder.workplace import is_learner, write_atomically
from tunelab.files import MAX_FILE

MAX_ENTRIES = 200
"""Files of a submission that are looked at."""
NOBODY = {"username": "", "filename": "", "timestamp": datetime.min}
"""The record of what isn't collected."""


class Refused(Exception):
    """What lies in the exchange can't be collected, with the reason."""


class Collect(ExchangeCollect):
    """`nbgrader collect`: the plain files at the top of what an account has put there under its own name. What is left out is logged, and stops nobody else's.

    With `c.ExchangeCollect.check_owner = False`, for a hub where all learners share one account, the name alone counts.
    """

    def _path_to_record(self, path: str) -> dict[str, Any]:
        try:
            record = super()._path_to_record(path)
            learner = record["username"]
            if not is_learner(learner):
                raise Refused(f"{shown(learner)} can't be a learner's id.")
            with _opened(Path(path)) as folder:
                owner = _account(os.fstat(folder).st_uid)
            if self.check_owner and owner != learner:
                raise Refused(f"it is called as one of {learner}'s, but {owner} has put it there.")
            return record
        except Exception as error:  # a name that nbgrader can't read raises whatever it likes
            self.log.error("%s was left out: %s", ascii(Path(path).name), error)
            return NOBODY

    def init_src(self) -> None:
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        target = Path(dest)
        target.mkdir()
        with _opened(Path(src)) as folder:
            for name in sorted(os.listdir(folder))[:MAX_ENTRIES]:
                try:
                    if not name.startswith(".") and not _is_folder(folder, name):
                        write_atomically(target / name, _content(folder, name))
                except (OSError, Refused) as error:
                    self.log.error("%s of %s was left out: %s", ascii(name), ascii(Path(src).name), error)


class ReleaseFeedback(ExchangeReleaseFeedback):
    """`nbgrader release_feedback`, for those who handed in through the exchange: a page is found there by what came with the submission, and stock nbgrader stops at the first that came another way."""

    def copy_files(self) -> None:
        pages = Path(self.coursedir.format_path(self.coursedir.feedback_directory, "*", self.coursedir.assignment_id))
        folders = sorted(pages.parents[1].glob(f"*/{pages.name}"))
        others = [folder.parent.name for folder in folders if not all((folder / name).is_file() for name in (SECRET, "timestamp.txt"))]
        if others:
            self.log.warning("Not handed in through the exchange, so their feedback isn't there: %s", ", ".join(others))
            excluded = [name for name in (self.coursedir.student_id_exclude, *others) if name]
            self.coursedir.student_id_exclude = ",".join(excluded)
        super().copy_files()


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder that is no link. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_folder(folder: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _content(folder: int, name: str) -> bytes:
    """The bytes of a plain file in an opened folder; of one that is too large, just so many that the intake says so. Raises OSError, Refused."""
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise Refused("it is a link or a special file.")
    with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # what has taken its place meanwhile
            raise Refused("it is a special file.")
        return file.read((MAX_NOTEBOOK if name.endswith((".ipynb", ".py")) else MAX_FILE) + 1)


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the account {uid}"
