"""Archives that learners handed in: the one notebook in each and the files beside it, and nothing else that may be in there."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from autograder.handed_in import MAX_NOTEBOOK
from tunelab.files import MAX_FILE

MAX_MEMBERS = 1000

UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
"""What reading a bad archive raises."""


class BadArchive(Exception):
    """An archive that isn't unpacked, with the reason."""


def unpacked(path: Path, assignment: str, wanted: Sequence[str] = ()) -> dict[str, bytes]:
    """The one notebook (or, without any, script) in an archive, or the file itself when it is no archive, by its name, and the files `wanted` that lie beside it. Raises BadArchive."""
    if path.suffix != ".zip":
        if path.stat().st_size > MAX_NOTEBOOK:
            raise BadArchive(f"it is larger than {MAX_NOTEBOOK // 2**20} MiB.")
        return {f"{assignment}{path.suffix}": path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        plain = _plain(archive.infolist())
        member = _notebook(plain, assignment)
        with archive.open(member) as file:
            content = file.read(MAX_NOTEBOOK + 1)
        if len(content) > MAX_NOTEBOOK:
            raise BadArchive(f"its notebook is larger than {MAX_NOTEBOOK // 2**20} MiB.")
        name = Path(member.filename)
        found = {re.sub(r"[^\w.-]", "_", name.name)[-100:]: content}
        for other in plain:
            if Path(other.filename).parent == name.parent and Path(other.filename).name in wanted:
                with archive.open(other) as file:
                    found[Path(other.filename).name] = file.read(MAX_FILE + 1)
        return found


def _plain(members: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The ordinary files of an archive. Raises BadArchive when there are too many."""
    if len(members) > MAX_MEMBERS:
        raise BadArchive(f"it holds {len(members)} files, and more than {MAX_MEMBERS} aren't looked through.")
    return [m for m in members if not m.is_dir() and stat.S_IFMT(m.external_attr >> 16) in (0, stat.S_IFREG) and not hidden(m.filename)]


def _notebook(plain: Sequence[zipfile.ZipInfo], assignment: str) -> zipfile.ZipInfo:
    notebooks = [m for m in plain if m.filename.endswith(".ipynb")]
    named = [m for m in notebooks if Path(m.filename).name == f"{assignment}.ipynb"]
    scripts = [m for m in plain if m.filename.endswith(".py") and not Path(m.filename).name.startswith("test_")]
    for found in (named, notebooks, scripts):
        if len(found) == 1:
            return found[0]
        if found:
            raise BadArchive(f"it holds {len(found)} files that could be meant. Ask for an archive with one notebook, {assignment}.ipynb.")
    raise BadArchive(f"there is no notebook in it. Ask for an archive with {assignment}.ipynb.")


def hidden(name: str) -> bool:
    """Whether a file, or a folder above it, is one that systems leave behind: `.DS_Store`, `__MACOSX`."""
    return any(part.startswith((".", "__")) for part in name.split("/") if part not in (".", ".."))
