"""The intake: whatever was handed in becomes a clean submission and notices, before anything trusts it.

It never raises for a learner's mistake. What counts as the answer to an exercise, in this order:

1. the cell with the exercise's id that defines the exercise's function and isn't the untouched stub;
2. any other cell that defines the function and isn't the stub: one of the learner's own, a merged or a re-typed one;
3. the cell with the exercise's id, whatever it holds (a function of another name, a syntax error);
4. a cell that would define the function but for a syntax error;
5. the released stub.

Where several cells fit equally, the last one counts, as it would in a running notebook.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.course import Assignment, CourseError, at
from autograder.handed_in import LEFT_OUT, ORIGINAL, SECRET, SMALL, HandedIn, Notice, RawCell, Unusable, read_beside, read_handed_in, shown
from autograder.workplace import Workplace, is_learner, write_atomically
from tunelab.files import FileError, read_file
from tunelab.notebook import defined_names, without_magics

MAX_NOTES = 100
MAX_NOTE = 20_000
"""Characters of a note."""
MAX_NOTES_TOTAL = 500_000
NOTHING: Mapping[str, bytes] = MappingProxyType({})
NOTICES = "notices"
"""Id of the cell that tells the learner what was wrong with the submission."""


@dataclass(frozen=True)
class Note:
    """A cell of the learner's own, as text: it stands after the released cell of the id `after`, at the beginning where that is empty."""

    after: str
    source: str


@dataclass(frozen=True)
class CleanSubmission:
    """What is graded: the source of each exercise's cell, the setup as released, and the files beside the notebook that the course asks for. `written` are answers in words, for a person to grade."""

    learner: str
    assignment: str
    cells: dict[str, str]
    setup: tuple[str, ...]
    notices: tuple[Notice, ...]
    digest: str
    notes: tuple[Note, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)


# ---------------------------------------------------------------- the release


@dataclass(frozen=True)
class Release:
    """The released notebook, and what the intake needs of it: stubs by exercise, setup, every released cell by its id."""

    notebook: NotebookNode
    stubs: dict[str, str]
    setup: tuple[str, ...]
    by_id: dict[str, NotebookNode]


def read_release(assignment: Assignment) -> Release:
    """Reads the released notebook. Raises CourseError when there is none."""
    path = assignment.released_notebook
    try:
        return _release(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise CourseError(
            f"{at(path)} is missing: {assignment.name} isn't released. Run `make release ASSIGNMENT={assignment.name}`."
        ) from None


@cache
def _release(path: Path, changed: int) -> Release:
    return release_of(nbformat.read(path, as_version=4))


def release_of(notebook: NotebookNode) -> Release:
    """The same of a notebook at hand."""
    cells = notebook.cells
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    stubs = {cell.metadata.nbgrader.grade_id: cell.source for cell in answers if not cell.metadata.nbgrader.get("grade")}
    setup = tuple(cell.source for cell in cells if "setup" in cell.metadata.get("tags", []))
    return Release(notebook, stubs, setup, {cell.id: cell for cell in cells})


def digest_of(assignment: str, cells: Mapping[str, str], setup: Sequence[str], files: Mapping[str, bytes]) -> str:
    """The digest of a submission: that of the assignment's name, the release's setup, the (exercise, source) pairs and the files beside the notebook, and of nothing else."""
    parts = [assignment, list(setup), sorted(cells.items())]
    if files:
        parts.append(sorted((name, hashlib.sha256(content).hexdigest()) for name, content in files.items()))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _released_files(folder: Path) -> frozenset[str]:
    """The paths of an assignment's released files, within its folder."""
    return frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# ---------------------------------------------------------------- taking in


def take_in(folder: Path, assignment: Assignment, workplace: Workplace) -> CleanSubmission:
    """Takes in the submission in `folder` (`…/<learner>/<assignment>`) and writes it to `clean/`. Raises CourseError when the assignment isn't released, or
    when the folder of the learner has a name that can't be a learner's id."""
    release = read_release(assignment)
    clean = clean_submission(folder, assignment, release)
    target = workplace.clean_submission(clean.learner, assignment.name)
    notebook = nbformat.writes(clean_notebook(clean, release), version=4)
    write_atomically(target / f"{assignment.name}.ipynb", notebook)
    beside: dict[str, str | bytes | None] = {"timestamp.txt": timestamp(folder), SECRET: secret(folder)}
    beside |= {name: clean.files.get(name) for name in assignment.files}
    for name, content in beside.items():
        if content is not None:
            write_atomically(target / name, content)
        else:
            (target / name).unlink(missing_ok=True)
    return clean


def clean_submission(folder: Path, assignment: Assignment, release: Release) -> CleanSubmission:
    """The clean submission of a folder, with nothing written."""
    learner = folder.parent.name
    if not is_learner(learner):
        raise CourseError(
            f"{shown(learner)} can't be a learner's id (letters, digits and . _ @ - only, at most 64). Rename the folder {at(folder.parent)!r}."
        )
    try:
        handed_in = read_handed_in(folder, assignment.name, assignment.files, _released_files(assignment.released))
        _refuse_other(handed_in, assignment, release)
    except Unusable as error:
        return _made(learner, assignment, release, {}, (Notice("unusable", str(error)),))
    except OSError as error:
        text = (
            f"What was handed in could not be read ({shown(error.strerror or type(error).__name__)}). Nothing was graded. Hand it in again."
        )
        return _made(learner, assignment, release, {}, (Notice("unusable", text),))
    chosen = {exercise: _answer(exercise, handed_in, release) for exercise in release.stubs}
    notices = [*handed_in.notices, *(notice for _, _, found in chosen.values() for notice in found), *_edits(handed_in, release)]
    written = _written(handed_in, release)
    notes, cut = _notes(handed_in, release, {index for index, _, _ in chosen.values()} | {index for index, _ in written.values()})
    if cut:
        notices.append(
            Notice("notes-cut", "Your own cells are very long or very many. Some of them were cut or left out; none of them is graded.")
        )
    sources = {exercise: source for exercise, (_, source, _) in chosen.items()}
    made = _made(learner, assignment, release, sources, tuple(notices), notes, handed_in.files)
    return replace(made, written={name: text for name, (_, text) in written.items()})


def _made(
    learner: str,
    assignment: Assignment,
    release: Release,
    cells: Mapping[str, str],
    notices: tuple[Notice, ...],
    notes: tuple[Note, ...] = (),
    files: Mapping[str, bytes] = NOTHING,
) -> CleanSubmission:
    whole = release.stubs | cells
    digest = digest_of(assignment.name, whole, release.setup, files)
    return CleanSubmission(learner, assignment.name, whole, release.setup, notices, digest, notes, dict(files))


def _refuse_other(handed_in: HandedIn, assignment: Assignment, release: Release) -> None:
    """Raises Unusable for a notebook of another assignment: one that answers nothing here and says so, or that holds nothing of this one."""
    if any(_candidates(exercise, handed_in.cells) for exercise in release.stubs):
        return
    names = ", ".join(f"`{name}`" for name in release.stubs)
    if handed_in.assignment and handed_in.assignment != assignment.name:
        raise Unusable(
            f"This is the notebook of `{shown(handed_in.assignment)}`, not of `{assignment.name}`. Nothing was graded. Hand in the right one."
        )
    raise Unusable(
        f"None of the functions {names} is in what was handed in, so nothing could be graded. Is it the notebook of `{assignment.name}`?"
    )


# ---------------------------------------------------------------- the answer to an exercise


@dataclass(frozen=True)
class Candidate:
    """A cell that could answer an exercise: by its id, by the function it defines, or by a function that a syntax error hides."""

    index: int
    cell: RawCell
    source: str
    by_id: bool
    defines: bool


def _candidates(exercise: str, cells: Sequence[RawCell]) -> list[Candidate]:
    found = []
    for index, cell in enumerate(cells):
        by_id = _identity(cell) == exercise
        source = cell.source if cell.cell_type == "code" else _code_in_text(cell.source)
        defines = exercise in source and exercise in _defined(source)
        if by_id or defines or re.search(rf"^(?:async\s+)?(?:def|class)\s+{exercise}\b", source, re.MULTILINE):
            found.append(Candidate(index, cell, source, by_id, defines))
    return found


_FENCED = re.compile(r"\s*(```+|~~~+)[^\n]*\n(.*?)\n?\1\s*", re.DOTALL)


def _code_in_text(source: str) -> str:
    """What a text cell holds: the code itself, without the fence that a learner may have put around it."""
    fenced = _FENCED.fullmatch(source)
    return fenced.group(2) if fenced else source


@cache
def _defined(source: str) -> frozenset[str]:
    return frozenset(defined_names(source))


def _answer(exercise: str, handed_in: HandedIn, release: Release) -> tuple[int, str, list[Notice]]:
    """Which cell answers an exercise (its index, or -1), the source to grade, and what there is to say about it."""
    stub = release.stubs[exercise]
    found = _candidates(exercise, handed_in.cells)
    written = [c for c in found if c.source.strip() != stub.strip()]
    ranked = (
        [c for c in written if c.by_id and c.defines],
        [c for c in written if c.defines],
        [c for c in written if c.by_id],
        written,
        found,
    )
    best = next((group[-1] for group in ranked if group), None)
    if best is None:
        text = f"There is no cell for `{exercise}` in what was handed in. The unwritten stub was graded in its place."
        return -1, stub, [Notice("cell-missing", text, exercise)]
    if best not in written:
        return best.index, stub, []
    source = _script_part(best.source, exercise, release) if handed_in.script and best.defines else best.source
    rivals = [c for c in written if c is not best and c.source != best.source and (c.defines or c.by_id)]
    return best.index, source, _remarks(exercise, best, rivals, handed_in, release)


def _remarks(exercise: str, best: Candidate, rivals: list[Candidate], handed_in: HandedIn, release: Release) -> list[Notice]:
    said = []
    if best.cell.long:
        said.append(Notice("cell-long", f"The cell of `{exercise}` is too long to be read whole. Shorten it.", exercise))
    if rivals:
        text = f"{len(rivals) + 1} cells answer `{exercise}`. The one that is cell {best.index + 1} of your notebook was graded. Keep one only."
        said.append(Notice("cell-duplicated", text, exercise))
    if best.cell.cell_type != "code":
        text = f"The cell of `{exercise}` is no code cell any more. It was graded all the same: change its type back to code."
        said.append(Notice("cell-type", text, exercise))
    if not best.by_id and not handed_in.script and any(cell.grade_id for cell in handed_in.cells):
        text = f"`{exercise}` was found in cell {best.index + 1} of your notebook, outside its own cell, and graded from there."
        said.append(Notice("cell-elsewhere", text, exercise))
    if not best.defines:
        said.append(_why_undefined(exercise, best.source))
    return said


def _why_undefined(exercise: str, source: str) -> Notice:
    try:
        ast.parse(without_magics(source))
    except SyntaxError as error:
        text = f"The cell of `{exercise}` has a syntax error in line {error.lineno or 1} ({shown(error.msg, 80)}), so it could not be run."
        return Notice("syntax-error", text, exercise)
    except (ValueError, RecursionError, MemoryError):
        return Notice("syntax-error", f"The cell of `{exercise}` can't be read as Python, so it could not be run.", exercise)
    names = ", ".join(f"`{shown(name)}`" for name in sorted(_defined(source))[:3])
    instead = f"defines {names} instead" if names else "doesn't define it"
    return Notice("renamed", f"The cell of `{exercise}` {instead}. Grading calls `{exercise}`: give the function that name.", exercise)


def _script_part(source: str, exercise: str, release: Release) -> str:
    """The part of a script that an exercise needs: its definition, and the imports, functions and values that it uses, other exercises left out."""
    nodes = ast.parse(without_magics(source)).body
    binds = [(node, _binds(node)) for node in nodes if isinstance(node, _KEPT)]
    wanted, todo = set(), {exercise}
    while todo:
        names, todo = todo, set()
        for number, (node, bound) in enumerate(binds):
            if number not in wanted and bound & names:
                wanted.add(number)
                todo |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - (set(release.stubs) - {exercise})
    lines = source.splitlines()
    return "\n\n".join("\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for n, (node, _) in enumerate(binds) if n in wanted)


_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def _binds(node: ast.stmt) -> frozenset[str]:
    return frozenset(defined_names(ast.unparse(node)))


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


# ---------------------------------------------------------------- what else was changed


def _edits(handed_in: HandedIn, release: Release) -> list[Notice]:
    """Notices about released cells that were changed, where that could have misled the learner."""
    said = []
    for cell in handed_in.cells:
        released = release.by_id.get(_identity(cell))
        if released is None or handed_in.script:
            continue
        points = released.metadata.get("nbgrader", {}).get("points")
        if cell.grade_id and cell.points is not None and points is not None and cell.points != points:
            said.append(Notice("points", f"The points of `{released.id}` were changed. The released ones count: {points}."))
        if "setup" in released.metadata.get("tags", []) and cell.source.strip() != released.source.strip():
            text = "A setup cell was changed. Grading runs the released one: what an exercise needs belongs into its own cell."
            said.append(Notice("setup", text))
    if handed_in.cells and not handed_in.script and not any(cell.grade_id for cell in handed_in.cells):
        text = (
            "The notebook's marks for grading are gone, as some editors drop them. The exercises were found by the functions they define."
        )
        said.append(Notice("marks", text))
    return list(dict.fromkeys(said))


def _identity(cell: RawCell) -> str:
    return cell.grade_id or cell.id


def _written(handed_in: HandedIn, release: Release) -> dict[str, tuple[int, str]]:
    """The answers in words, each with the number of its cell; those that were left as released aren't among them."""
    found = {}
    for index, cell in enumerate(handed_in.cells):
        released = release.by_id.get(_identity(cell))
        if (
            released is not None
            and "written" in released.metadata.get("tags", [])
            and cell.source.strip() not in ("", released.source.strip())
        ):
            found[released.id] = (index, cell.source.strip()[:MAX_NOTE])
    return found


def _notes(handed_in: HandedIn, release: Release, used: set[int]) -> tuple[tuple[Note, ...], bool]:
    """The learner's own cells as notes, and whether some were cut. What was graded or released isn't repeated."""
    if handed_in.script:
        return (), False
    known = {cell.source.strip() for cell in release.notebook.cells} | {""}
    notes, after, left, cut = [], "", MAX_NOTES_TOTAL, False
    for index, cell in enumerate(handed_in.cells):
        text = cell.source.strip()
        if index not in used and text not in known and _identity(cell) != NOTICES:
            cut |= len(text) > MAX_NOTE or len(notes) >= MAX_NOTES or left <= 0
            if len(notes) < MAX_NOTES and left > 0:
                notes.append(Note(after, text[:MAX_NOTE]))
                left -= len(text[:MAX_NOTE])
        if _identity(cell) in release.by_id:
            after = _identity(cell)
    return tuple(notes), cut


# ---------------------------------------------------------------- the clean notebook


def clean_notebook(clean: CleanSubmission, release: Release) -> NotebookNode:
    """The released notebook with the learner's answers in it, and the notes and notices as text that no renderer takes for markup."""
    notebook = copy.deepcopy(release.notebook)
    for cell in notebook.cells:
        if cell.id in clean.cells:
            cell.source = clean.cells[cell.id]
        elif cell.id in clean.written:
            cell.source = inert(clean.written[cell.id])
    notes: dict[str, list[NotebookNode]] = {}
    for number, note in enumerate(clean.notes, start=1):
        notes.setdefault(note.after, []).append(new_markdown_cell(inert(note.source), id=f"note-{number}"))
    cells = [*([_notices_cell(clean.notices)] if clean.notices else []), *notes.get("", [])]
    for cell in notebook.cells:
        cells += [cell, *notes.get(cell.id, [])]
    notebook.cells = cells
    notebook.metadata.tunelab = {
        **notebook.metadata.get("tunelab", {}),
        "learner": clean.learner,
        "notices": [asdict(n) for n in clean.notices],
    }
    return notebook


def read_clean(notebook: NotebookNode, assignment: Assignment, folder: Path) -> CleanSubmission:
    """The clean submission that a notebook of the intake's own, and the files beside it in `folder`, were made of, as nbgrader has them later. The notes are left out."""
    release = read_release(assignment)
    ids = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in notebook.cells}
    about = notebook.metadata.get("tunelab", {})
    notices = tuple(Notice(**notice) for notice in about.get("notices", ()))
    cells = {exercise: ids.get(exercise, stub) for exercise, stub in release.stubs.items()}
    files, _ = read_beside(folder, assignment.files)
    return _made(about.get("learner", ""), assignment, release, cells, notices, (), files)


def inert(source: str) -> str:
    """A text as a fenced block that it can't break out of: the fence is longer than any in it, and characters that end lines in some renderers are gone.

    What already is such a block stays as it is.
    """
    plain = re.sub(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f]", " ", source)
    lines = plain.split("\n")
    body = "\n".join(lines[1:-1])
    if len(lines) > 2 and lines[0] == f"{lines[-1]}text" and lines[-1] == _fence(body):
        return plain
    return f"{_fence(plain)}text\n{plain}\n{_fence(plain)}"


def _fence(text: str) -> str:
    return "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])


def _notices_cell(notices: Iterable[Notice]) -> NotebookNode:
    lines = "\n".join(f"- {notice.text}" for notice in notices)
    return new_markdown_cell(f"**About what you handed in**\n\n{lines}", id=NOTICES)


# ---------------------------------------------------------------- the moment of handing in


def timestamp(folder: Path) -> str | None:
    """The moment that nbgrader noted beside a submission, None where there is none that can be read."""
    from nbgrader.utils import parse_utc

    path = folder / "timestamp.txt"
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
        return text if text and parse_utc(text) else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def secret(folder: Path) -> str | None:
    """What the exchange put beside a submission, so that its feedback finds back; None where there is none."""
    try:
        text = read_file(folder / SECRET).decode("ascii")
    except (FileError, UnicodeDecodeError):
        return None
    return text if re.fullmatch(r"[0-9a-f]{64,256}", text) else None


# ---------------------------------------------------------------- for nbgrader's own commands


def stand_in(folder: Path, assignment: Assignment) -> Path:
    """Makes a submission's folder fit for nbgrader's own `autograde`, and returns the notebook that it is to read.

    nbgrader reads the notebook and copies everything else before any step of ours. So a notebook that it would stumble over is renamed to `….handed-in` and
    the clean one put in its place, and everything but the files that were taken, links among it, is renamed to `….left-out`, which nbgrader is told to ignore.
    """
    release = read_release(assignment)
    clean = clean_submission(folder, assignment, release)
    for place in (folder.parent, folder):
        if place.is_symlink():
            place.unlink()
            place.mkdir()
    notebook = folder / f"{assignment.name}.ipynb"
    plain, kept = _reads_plainly(notebook), {notebook, *(folder / name for name in clean.files)}
    kept |= {folder / name for name, told in (("timestamp.txt", timestamp(folder)), (SECRET, secret(folder))) if told}
    for path in list(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            _set_aside(path, LEFT_OUT)
        elif path.is_file() and path not in kept:
            _set_aside(path, LEFT_OUT if plain or path.suffix != ".ipynb" else ORIGINAL)
    if not plain:
        _set_aside(notebook, ORIGINAL)
        write_atomically(notebook, nbformat.writes(clean_notebook(clean, release), version=4))
    return notebook


def _set_aside(path: Path, suffix: str) -> None:
    if os.path.lexists(path) and not path.name.endswith((ORIGINAL, LEFT_OUT)):
        path.rename(path.with_name(path.name + suffix))


def _reads_plainly(notebook: Path) -> bool:
    """Whether nbgrader reads a notebook without stumbling: a file of moderate size, of today's format, each part of the type it should be."""
    try:
        if notebook.is_symlink() or not notebook.is_file() or notebook.stat().st_size > SMALL:
            return False
        document: Any = json.loads(notebook.read_bytes())
        nbformat.validate(document)
        return document["nbformat"] == 4 and not _meddled(document)
    except Exception:  # whatever the validator trips over, nbgrader would too
        return False


def _meddled(document: Mapping[str, Any]) -> bool:
    """Whether nbgrader's marks aren't of its own making: it reads them before our first step."""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in document["cells"]]
    return not all(isinstance(mark, dict) and (not mark or mark.get("schema_version") == 3) for mark in marks)
