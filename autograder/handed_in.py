"""What was handed in: finds the one notebook to grade in a submission's folder and reads its cells, and the files beside it that the course asks for, bounded in bytes, time and memory.

Nothing here trusts what it reads. Links aren't followed, other files aren't opened, a file is bytes that nobody unpacks, and a notebook is reduced to its cells' type, ids and source: outputs and
attachments are never kept. A large notebook is read by a process of its own, whose memory and time are limited.
"""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tunelab.files import FileError, open_plain, read_file
from tunelab.notebook import MAX_NOTEBOOK, source_of

SMALL = 4 * 2**20
"""Bytes up to which a notebook is read in this process."""
MAX_CELLS = 2000
MAX_SOURCE = 256 * 2**10
"""Characters of one cell; a longer one is cut."""
MAX_SOURCES = 4 * 2**20
"""Characters of all cells together."""
MAX_ENTRIES = 200
"""Files and folders that are looked at."""
READER_SECONDS = 60
READER_MEMORY = 3 * 2**30
ORIGINAL = ".handed-in"
"""Ends the name of a notebook as handed in, where a clean one had to be put in its place for nbgrader's sake."""
LEFT_OUT = ".left-out"
"""Ends the name of a learner's other files, where nbgrader would have taken them along."""
SECRET = "submission_secret.txt"
"""By what is in it, nbgrader's exchange gives feedback to the one who handed in, and to nobody else."""
LEFT_ALONE = {"timestamp.txt", SECRET}
"""What nbgrader puts into a submission's folder."""


class Unusable(Exception):
    """Nothing could be read, with a sentence for the learner."""


@dataclass(frozen=True)
class Notice:
    """A sentence for the learner about what was handed in. `kind` is a word for reports, `exercise` names the exercise it is about, if any."""

    kind: str
    text: str
    exercise: str = ""


@dataclass(frozen=True)
class RawCell:
    """A cell as handed in: `grade_id` is nbgrader's, `id` the notebook format's; each is empty where there is none. `points` is what a grade cell claims to be worth."""

    cell_type: str
    source: str
    grade_id: str = ""
    id: str = ""
    points: Any = None
    long: bool = False


@dataclass(frozen=True)
class HandedIn:
    """The cells of a submission; `assignment` is what the notebook says it is of, `script` whether it is a Python script. `files` lie beside it."""

    cells: tuple[RawCell, ...]
    assignment: str
    script: bool
    notices: tuple[Notice, ...]
    files: Mapping[str, bytes]


def shown(text: object, length: int = 60) -> str:
    """A learner's text for use in a sentence: letters, digits and a few harmless signs, cut to `length`."""
    return re.sub(r"[^\w.,:;()= -]", "?", str(text))[:length].strip() or "?"


# ---------------------------------------------------------------- which file


def read_handed_in(folder: Path, assignment: str, wanted: Sequence[str] = (), released: Set[str] = frozenset()) -> HandedIn:
    """Reads the submission in a folder, and the files of the names `wanted` at its top. Raises Unusable, with a sentence, when there is nothing to grade in it.

    Nothing is said about files that were `released` (paths within the assignment's folder): the exchange hands them in again.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise Unusable("What was handed in is a link, which is never followed. Nothing was graded. Hand in the folder itself.")
    beside, missing = read_beside(folder, wanted)
    files, notices = _files(folder, f"{assignment}.ipynb", {f"{name}{end}" for name in wanted for end in ("", LEFT_OUT)})
    notices += missing
    path = _choose(files, assignment)
    name = path.name.removesuffix(ORIGINAL)
    if not name.endswith(".py") and name != f"{assignment}.ipynb":
        notices.append(
            Notice("file-name", f"The notebook is called `{shown(name)}`; it was taken for `{assignment}.ipynb`, which is the name to use.")
        )
    expected = LEFT_ALONE | released
    others = sorted(
        shown(f.name.removesuffix(LEFT_OUT))
        for f in files
        if f not in (path, *_aside(path, assignment)) and f.relative_to(folder).as_posix().removesuffix(LEFT_OUT) not in expected
    )
    if others:
        listed = ", ".join(f"`{name}`" for name in others[:5]) + (" and more" if len(others) > 5 else "")
        notices.append(
            Notice(
                "other-files",
                f"Only {' and '.join(('the notebook', *wanted))} {'are' if wanted else 'is'} graded. These files were left out: {listed}.",
            )
        )
    if name.endswith(".py"):
        notices.append(
            Notice("script", f"A script, `{shown(name)}`, was handed in instead of a notebook. The functions that it defines were graded.")
        )
        return HandedIn(_script_cells(_read_text(path)), "", True, tuple(notices), beside)
    cells, said, cut = _read_notebook(path)
    if cut:
        notices.append(
            Notice(
                "cut",
                f"The notebook is very long. Only its first {MAX_CELLS} cells and {MAX_SOURCES // 2**20} million characters were read.",
            )
        )
    return HandedIn(tuple(cells), said, False, tuple(notices), beside)


def read_beside(folder: Path, wanted: Sequence[str]) -> tuple[dict[str, bytes], list[Notice]]:
    """The files of the names `wanted` at the top of a folder, and a notice about each that can't be taken: it counts as not handed in."""
    files, notices = {}, []
    for name in wanted:
        aside = folder / f"{name}{LEFT_OUT}"
        try:
            files[name] = read_file(folder / name)
        except FileError as error:
            text = str(error)
            if not os.path.lexists(folder / name) and os.path.lexists(aside):
                text = f"`{name}` was no plain file, or too large."
            notices.append(Notice("file", f"{text} It counts as not handed in: hand in the file itself, beside the notebook."))
    return files, notices


def _aside(path: Path, assignment: str) -> tuple[Path, ...]:
    """The clean notebook that stands in for an original, which is no file of the learner's."""
    return (path.with_name(f"{assignment}.ipynb"),) if path.name.endswith(ORIGINAL) else ()


def _files(folder: Path, wanted: str, beside: Set[str]) -> tuple[list[Path], list[Notice]]:
    """The regular files of a folder and its subfolders, and notices about what else is there. `wanted` is found however many there are; those `beside` it at the top are left out."""
    notices: list[Notice] = []
    found: list[Path] = []
    for number, entry in enumerate(_walk(folder)):
        if number >= MAX_ENTRIES:
            notices.append(
                Notice("other-files", f"The folder holds more than {MAX_ENTRIES} files. Only {MAX_ENTRIES} of them were looked at.")
            )
            if folder / wanted not in found and (folder / wanted).is_file() and not (folder / wanted).is_symlink():
                found.append(folder / wanted)
            break
        mode = entry.stat(follow_symlinks=False).st_mode
        if entry.name in beside and Path(entry.path).parent == folder:
            continue
        if stat.S_ISREG(mode):
            found.append(Path(entry.path))
        elif not stat.S_ISDIR(mode):
            notices.append(
                Notice(
                    "link",
                    f"`{shown(entry.name.removesuffix(LEFT_OUT))}` is a link or a special file. It was left out: hand in the file itself.",
                )
            )
    return found, notices


def _walk(folder: Path, depth: int = 3) -> Iterator[os.DirEntry]:
    try:
        entries = sorted(islice(os.scandir(folder), MAX_ENTRIES + 1), key=lambda entry: (entry.is_dir(follow_symlinks=False), entry.name))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "__")):
            continue
        yield entry
        if entry.is_dir(follow_symlinks=False) and depth > 1:
            yield from _walk(Path(entry.path), depth - 1)


def _choose(files: list[Path], assignment: str) -> Path:
    originals = [path for path in files if path.name.endswith(f".ipynb{ORIGINAL}")]
    notebooks = originals or [path for path in files if path.suffix == ".ipynb"]
    named = [path for path in notebooks if path.name.removesuffix(ORIGINAL) == f"{assignment}.ipynb"]
    scripts = [path for path in files if path.suffix == ".py" and not path.name.startswith("test_")]
    for found in (named[:1], notebooks, scripts):
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"`{shown(path.name)}`" for path in found[:5])
            raise Unusable(
                f"{len(found)} files could be meant: {names}. Nothing was graded. Hand in one notebook called `{assignment}.ipynb`."
            )
    raise Unusable(f"There is no notebook in what was handed in. Nothing was graded. Hand in `{assignment}.ipynb`.")


# ---------------------------------------------------------------- reading it


_TOO_LARGE = (
    f"The file is larger than {MAX_NOTEBOOK // 2**20} MiB, so nothing was graded. "
    "Clear the notebook's outputs (Kernel, Restart Kernel and Clear Outputs), save it, and hand it in again."
)


def _read_text(path: Path) -> str:
    try:
        with open(open_plain(path), "rb") as file:
            content = file.read(MAX_NOTEBOOK + 1)
    except OSError as error:
        raise Unusable(f"`{shown(path.name)}` could not be opened ({shown(error.strerror or error)}). Nothing was graded.") from None
    if len(content) > MAX_NOTEBOOK:
        raise Unusable(_TOO_LARGE)
    if not content.strip():
        raise Unusable("The file is empty, so nothing could be graded. Save the notebook in Jupyter and hand it in again.")
    return content.decode("utf-8-sig", errors="replace")


def _read_notebook(path: Path) -> tuple[list[RawCell], str, bool]:
    """A notebook's cells, the assignment it says it is of, and whether something was cut."""
    if _size(path) <= SMALL:
        return _cells(reduced(_read_text(path)))
    if _size(path) > MAX_NOTEBOOK:
        raise Unusable(_TOO_LARGE)
    try:
        with open(open_plain(path), "rb") as file:
            command = [sys.executable, "-m", "autograder.handed_in"]
            done = subprocess.run(
                command, stdin=file, capture_output=True, check=False, timeout=READER_SECONDS, cwd=Path(__file__).parents[1]
            )
        if done.returncode == 0:
            return _cells(json.loads(done.stdout))
        sentence = done.stdout.decode(errors="replace") if done.returncode == 3 else ""
    except (subprocess.TimeoutExpired, OSError):
        sentence = ""
    raise Unusable(
        sentence or "The notebook is too large to be read. Nothing was graded. Clear its outputs, save it, and hand it in again."
    )


def _size(path: Path) -> int:
    return path.stat(follow_symlinks=False).st_size


def reduced(text: str) -> dict[str, Any]:
    """A notebook's JSON as its cells' types, ids and sources. Raises Unusable when it isn't a notebook."""
    cure = "Nothing was graded. Open it in Jupyter, save it, and hand it in again, or start from a fresh copy of the assignment."
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unusable(f"The file isn't a notebook: it can't be read as JSON{where}. {cure}") from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise Unusable(f"The file isn't a notebook of today's format: it has no list of cells. {cure}")
    about = _mapping(_mapping(document.get("metadata")).get("tunelab"))
    kept, budget, cut = [], MAX_SOURCES, len(cells) > MAX_CELLS
    for cell in cells[:MAX_CELLS]:
        if isinstance(cell, dict):
            row = _reduced_cell(cell)
            budget -= len(row["source"])
            if budget < 0:
                cut = True
                break
            kept.append(row)
    return {"cells": kept, "assignment": _short(about.get("assignment")), "cut": cut}


def _reduced_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    metadata, source = _mapping(cell.get("metadata")), source_of(cell)
    grading = _mapping(metadata.get("nbgrader"))
    points = grading.get("points")
    return {
        "cell_type": cell["cell_type"] if cell.get("cell_type") in ("code", "markdown", "raw") else "raw",
        "source": as_text(source[:MAX_SOURCE]),
        "long": len(source) > MAX_SOURCE,
        "grade_id": _short(grading.get("grade_id")),
        "id": _short(cell.get("id")),
        "points": points if type(points) in (int, float) else None if points is None else 0,
    }


def _cells(document: dict[str, Any]) -> tuple[list[RawCell], str, bool]:
    return [RawCell(**row) for row in document["cells"]], document["assignment"], document["cut"]


def as_text(source: str) -> str:
    """A source that every file and database can hold: line ends as one sign, no NUL, no half characters."""
    plain = source.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "�")
    return plain.encode("utf-8", errors="replace").decode("utf-8")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _short(value: Any) -> str:
    return as_text(value[:200]) if isinstance(value, str) else ""


_CELL_MARK = re.compile(r"^# (?:%%.*|In\[[ \d]*\]:)$", re.MULTILINE)


def _script_cells(text: str) -> tuple[RawCell, ...]:
    """A script's cells, told apart by the marks that editors and nbconvert write, or the whole of it as one."""
    parts = [as_text(part).strip("\n") for part in _CELL_MARK.split(text[:MAX_SOURCES])]
    return tuple(RawCell("code", part[:MAX_SOURCE], long=len(part) > MAX_SOURCE) for part in parts[:MAX_CELLS] if part.strip())


def main() -> int:
    """Reads a notebook from standard input and writes what `reduced` gives; exit status 3 with a sentence when it is unusable."""
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, READER_MEMORY))
    try:
        json.dump(reduced(sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")), sys.stdout)
    except Unusable as error:
        print(error, end="")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
