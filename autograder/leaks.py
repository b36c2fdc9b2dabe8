"""The leak check: searches what learners get for every line of the solutions and every token of the hidden tests."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Assignment, Course, CourseError, at

LINE_LENGTH = 36
"""Characters from which a line of a solution is distinctive by itself."""
TOKEN_LENGTH = 28
"""Characters from which a text in a hidden test is."""
RUN_LINES = 3
"""Lines of a solution that are a leak when they follow one another, even where the lesson shows each of them."""
RUN_LENGTH = 60
"""Characters that such lines must have together."""
PREFIX_LENGTH = 20
"""Characters by which secrets are looked up; fewer when one is shorter."""


@dataclass(frozen=True)
class Secret:
    """Something hidden: its text (lines, when several in a row), where it is written, the assignment that it is of, and whether it is of a right answer."""

    lines: tuple[str, ...]
    origin: str
    assignment: str
    answer: bool = False

    def allowed_in(self, assignment: str) -> bool:
        """Whether an author may write it for learners in that assignment's lesson or checks, and so give it away: a line of a right answer only in its own one, a run of lines nowhere."""
        return len(self.lines) == 1 and (assignment == self.assignment or not self.answer)


@dataclass(frozen=True)
class Leak:
    """A secret and where it was found."""

    secret: Secret
    place: str

    @property
    def text(self) -> str:
        return f"{' / '.join(self.secret.lines)[:120]!r} is hidden: it is in {self.secret.origin}. Take it out, or reword the hidden one."

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Text:
    """A text that learners get: its stripped lines, each with its place."""

    lines: tuple[str, ...]
    places: tuple[str, ...]


def find_leaks(course: Course, released: Sequence[Path]) -> list[Leak]:
    """Searches folders and wheels for everything hidden in the whole course. A finding names file and line, or the notebook's cell.

    What an author also wrote for learners isn't hidden, as far as that was allowed there (Secret.allowed_in).
    """
    everything = [secret for assignment in course.assignments for secret in secrets_of(assignment)]
    index = _Index(everything)
    given_away = {
        leak.secret
        for assignment in course.assignments
        for text in _written_for_learners(assignment)
        for leak in index.found_in(text)
        if leak.secret.allowed_in(assignment.name)
    }
    hidden = _Index([secret for secret in everything if secret not in given_away])
    return [leak for path in released for text in _texts(path) for leak in hidden.found_in(text)]


def _written_for_learners(assignment: Assignment) -> Iterator[Text]:
    for path in sorted(assignment.source.rglob("*")):
        if path.suffix in (".md", ".py", ".toml", ".json"):
            yield _text("", path.read_text(encoding="utf-8"))


class _Index:
    """All secrets, by their first characters or, when of several lines, by these, so that a text is gone through once, however many there are."""

    def __init__(self, secrets: Sequence[Secret]):
        single = [secret for secret in secrets if len(secret.lines) == 1]
        self.size = min((PREFIX_LENGTH, *(len(secret.lines[0]) for secret in single)))
        self.by_start: dict[str, list[Secret]] = {}
        self.by_lines: dict[tuple[str, ...], list[Secret]] = {}
        for secret in single:
            self.by_start.setdefault(secret.lines[0][: self.size], []).append(secret)
        for secret in secrets:
            if len(secret.lines) > 1:
                self.by_lines.setdefault(secret.lines, []).append(secret)
        self.lengths = sorted({len(lines) for lines in self.by_lines})

    def found_in(self, text: Text) -> Iterator[Leak]:
        for number, (line, place) in enumerate(zip(text.lines, text.places, strict=True)):
            starts = {line[i : i + self.size] for i in range(len(line) - self.size + 1)}
            single = [secret for start in starts & self.by_start.keys() for secret in self.by_start[start] if secret.lines[0] in line]
            runs = [secret for length in self.lengths for secret in self.by_lines.get(text.lines[number : number + length], ())]
            yield from (Leak(secret, place) for secret in sorted((*single, *runs), key=lambda secret: secret.origin))


# ---------------------------------------------------------------- what is hidden


def secrets_of(assignment: Assignment) -> list[Secret]:
    """Everything that may be hidden of one assignment, each text once; a line that is in a wrong answer and in a right one is of the right one."""
    answers = sorted(assignment.solutions.glob("*.py"), key=lambda path: path.name != "mutants.py")
    found = [
        *((place, (line,), path.name != "mutants.py") for path in answers for place, line in _solution_lines(path)),
        *((place, (token,), False) for path in sorted(assignment.suites.rglob("*.py")) for place, token in _test_tokens(path)),
        *((place, lines, path.name != "mutants.py") for path in answers for place, lines in _runs(path)),
    ]
    return list({lines: Secret(lines, place, assignment.name, answer) for place, lines, answer in found}.values())


def _solution_lines(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in _code_lines(path):
        if len(line) >= LINE_LENGTH and not re.match(r"(from|import|def|class|for|while|if|elif|else|with|try|return None|@)\b", line):
            yield at(path, number), line


def _runs(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each run of lines within a solution's body."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    numbered = _code_lines(path)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        start = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.body[0].lineno
        body = [(number, line) for number, line in numbered if start <= number <= (node.end_lineno or 0)]
        for i in range(len(body) - RUN_LINES + 1):
            lines = tuple(line for _, line in body[i : i + RUN_LINES])
            if sum(map(len, lines)) >= RUN_LENGTH:
                yield at(path, body[i][0]), lines


def _code_lines(path: Path) -> list[tuple[int, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]


def _test_tokens(path: Path) -> Iterator[tuple[str, str]]:
    """Names of tests, and every text in a hidden suite that is long enough: messages, docstrings, data."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield at(path, node.lineno), node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for line in node.value.splitlines():
                if len(line.strip()) >= TOKEN_LENGTH:
                    yield at(path, node.lineno), line.strip()
        elif isinstance(node, ast.List | ast.Tuple) and len(text := ast.unparse(node)) >= 2 * TOKEN_LENGTH and _is_literal(node):
            yield at(path, node.lineno), text


def _is_literal(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- what learners get


def _texts(path: Path) -> Iterator[Text]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield from _file_texts(file.relative_to(path.parent).as_posix(), file.read_bytes())
    elif path.is_file():
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                yield from _file_texts(f"{path.name}/{name}", wheel.read(name))


def _file_texts(name: str, content: bytes) -> Iterator[Text]:
    text = content.decode("utf-8", errors="replace")
    if name.endswith(".ipynb"):
        for cell in json.loads(text)["cells"]:
            yield _text(f"{name}, cell {cell.get('id')}, line", "".join(cell["source"]))
        yield _text(f"{name}, outputs and metadata, line", "\n".join(_strings(_without_sources(json.loads(text)))))
    else:
        yield _text(f"{name}:", text)


def _text(prefix: str, text: str) -> Text:
    numbered = [
        (line.strip(), f"{prefix} {number}".replace(": ", ":")) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    ]
    return Text(tuple(line for line, _ in numbered), tuple(place for _, place in numbered))


def _without_sources(notebook: dict) -> dict:
    return notebook | {"cells": [{key: value for key, value in cell.items() if key != "source"} for cell in notebook["cells"]]}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def learner_wheel(root: Path, scratch: Path, assignments: Path | None = None) -> Path:
    """Builds the wheel that learners install, from a copy, so that no trace of building stays in the repository. With a folder of `assignments` in it, `tunelab get` lays these out.

    Raises CourseError.
    """
    copy, out = scratch / "wheel-source", scratch / "wheel"
    shutil.copytree(root / "tunelab", copy / "tunelab", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (root / name).is_file():
            shutil.copy(root / name, copy / name)
    if assignments:
        shutil.copytree(assignments, copy / "tunelab" / "assignments")
    done = _build_wheel(copy, out)
    wheels = sorted(out.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise CourseError(f"The learner's wheel could not be built from tunelab/ and pyproject.toml:\n{done.stdout}{done.stderr}")
    return wheels[0]


def _build_wheel(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check", "--outdir", str(out), str(source)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
