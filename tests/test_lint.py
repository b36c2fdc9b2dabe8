"""The law finds each breach that an author can make, and nothing in a course that keeps it. The tiny course here runs through the real sandbox and the real kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.author_files import author_files
from autograder.course import ROOT, Assignment, CourseError, load_course
from autograder.draws import FIRST, try_draws
from autograder.lint import Finding, Lawbook, lint_assignment
from autograder.mistakes import write_mistakes
from autograder.suite_rules import broken_rules
from autograder.verdicts import LazyEngine
from tests.fixtures.filecourse import FILE, NAME, make_file_course

FRONT = "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n"
SUITE = '''
import pytest

@pytest.mark.points(3)
def test_numbers_are_doubled(learner, rng):
    """A number comes back twice as large."""
    number = int(rng.integers(3, 100))
    got = learner.NAME(number)
    assert got != number * number, f"NAME({number}) gave {got}: that is the square."
    assert got == 2 * number, f"NAME({number}) gave {got}, which isn't twice as much."

@pytest.mark.points(2)
def test_zero(learner):
    """Zero stays zero, and one doesn't stay one."""
    assert (learner.NAME(0), learner.NAME(1)) == (0, 2), "NAME(0) isn't 0, or NAME(1) isn't 2."
'''
CHECKS = '''
def test_two(learner):
    """Two becomes four."""
    assert learner.NAME(2) == 4, "NAME(2) should be 4."
'''
MUTANTS = [
    ("squares", "test_numbers_are_doubled", "that is the square", "return n * n"),
    ("adds_one", "test_zero", "isn't 0", "return n + 1"),
    ("does_nothing", "test_numbers_are_doubled", "twice as much", "return n"),
    ("three_times", "test_numbers_are_doubled", "twice as much", "return 3 * n"),
]


def write_course(root: Path, exercises: dict[str, dict]) -> Assignment:
    """A course of one assignment. Each exercise asks to double a number; `exercises` says where it departs from what is right."""
    for name in ("tunelab", "pyproject.toml", "requirements.lock", "nbgrader_config.py"):
        (root / name).symlink_to(ROOT / name)
    (root / "autograder").mkdir()
    for path in (ROOT / "autograder").iterdir():
        if path.name not in ("suites", "__pycache__"):
            (root / "autograder" / path.name).symlink_to(path)
    lesson = [FRONT, "# Doubling", cell("setup", "from tunelab import check")]
    references, alternatives, mutants, hints = (
        [],
        ["from autograder.authoring import alternative"],
        ["from autograder.authoring import mutant"],
        [],
    )
    for name, parts in exercises.items():
        lesson.append(cell("exercise", f'def {name}(n: int) -> int:\n    """Gives twice n."""\n    raise NotImplementedError', name))
        references.append(f"def {name}(n{parts.get('default', '')}):\n    {parts.get('reference', 'return 2 * n')}")
        body = parts.get("alternative", "return n + n")
        alternatives.append(f'@alternative("{name}")\ndef other_{name}(n):\n    """Adds."""\n    {body}')
        for mutant, test, says, wrong in parts.get("mutants", MUTANTS):
            mutants.append(f'@mutant("{name}", caught_by="{test}", says="{says}")\ndef {mutant}(n):\n    """Wrong."""\n    {wrong}')
        write(root / f"autograder/suites/s1-tiny/test_{name}.py", parts.get("suite", SUITE).replace("NAME", name))
        write(root / f"source/s1-tiny/test_{name}.py", parts.get("checks", CHECKS).replace("NAME", name))
        hints.append(f'[{name}]\nrungs = ["What is twice three?"]')
    lesson.append(cell("demo", "; ".join(f"print({name}(2))" for name in exercises)))
    write(root / "source/s1-tiny/s1-tiny.md", "\n\n".join(lesson) + "\n")
    write(root / "source/s1-tiny/hints.toml", "\n".join(hints))
    for name, texts in (("reference", references), ("alternatives", alternatives), ("mutants", mutants)):
        write(root / f"solutions/s1-tiny/{name}.py", "\n\n\n".join(texts) + "\n")
    listed = '[[sections]]\nnumber = 1\ntitle = "One"\nassignments = [{ name = "s1-tiny", title = "Tiny", minutes = 5 }]\n'
    write(root / "course.toml", f'title = "Tiny"\n{listed}')
    return load_course(root).assignment("s1-tiny")


def cell(tag: str, source: str, name: str = "") -> str:
    return "\n".join(["```{code-cell} ipython3", f":tags: [{tag}]", *([f":name: {name}"] * bool(name)), "", source, "```"])


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Lawbook:
    """The law on one course whose exercises each break it in their own way, beside one that keeps it."""
    lazy = SUITE + '\n@pytest.mark.points(1)\ndef test_nothing(learner):\n    """Nothing is asked."""\n    assert True, "never"\n'
    exercises = {
        "keeps_it": {},
        "stub_earns": {"suite": lazy},
        "bad_reference": {"reference": "return 2 * n if n else 1"},
        "bad_alternative": {"alternative": "return n + n if n < 3 else 0"},
        "uncaught": {"mutants": [*MUTANTS, ("twice_after_all", "test_zero", "isn't 0", "return 2 * n")]},
        "unsaid": {"mutants": [*MUTANTS[1:], ("squares", "test_numbers_are_doubled", "no such words", "return n * n")]},
        "dies": {"mutants": [*MUTANTS, ("ends_python", "test_zero", "isn't 0", "import os; os._exit(1)")]},
        "few_mutants": {"mutants": MUTANTS[:2]},
        "public_passes": {"checks": CHECKS + '\ndef test_free(learner):\n    """Free."""\n    assert True, "never"\n'},
        "own_default": {"default": "=1"},
        "idle_earns": {"suite": SUITE.replace("== (0, 2),", "in ((0, 2), (None, None)),")},
        "two_faces": {"alternative": "import os; return 2 * n if os.environ.get('USER') != 'learner' else 0"},
    }
    assignment = write_course(tmp_path_factory.mktemp("course"), exercises)
    with LazyEngine("bubblewrap", assignment.root, [assignment]) as engine:
        return lint_assignment(assignment, engine)


def about(book: Lawbook, exercise: str, names: tuple[str, ...] = ()) -> list[Finding]:
    return [f for f in book.findings if exercise in f"{f.place} {f.text}" or any(name in f.text for name in names)]


def test_a_course_that_keeps_the_law_has_no_finding(book: Lawbook) -> None:
    assert about(book, "keeps_it") == []
    assert "keeps_it" in book.tables[0]
    assert "keeps_it 2 5 0 5 1 of 1 4 of 4" in [" ".join(line.split()) for line in book.tables[0].splitlines()]


@pytest.mark.parametrize(
    ("exercise", "names", "point", "words"),
    [
        ("stub_earns", (), 1, "the stub passes test_nothing"),
        ("bad_reference", (), 2, "test_zero failed"),
        ("bad_alternative", (), 2, "other_bad_alternative"),
        ("uncaught", ("twice_after_all",), 3, "test_zero lets it pass, and so does every other test"),
        ("unsaid", ("no such words",), 3, "doesn't say 'no such words'"),
        ("dies", ("ends_python",), 3, "test_zero ends as `crashed`"),
        ("few_mutants", (), 3, "there are 2 mutants"),
        ("public_passes", (), 5, "test_free passes on the stub"),
        ("own_default", (), 5, "other defaults"),
        ("idle_earns", (), 1, "an answer that does no more than `return None` passes test_zero"),
        ("two_faces", (), 2, "the backends disagree on test_numbers_are_doubled"),
    ],
)
def test_each_breach_is_found(book: Lawbook, exercise: str, names: tuple[str, ...], point: int, words: str) -> None:
    found = about(book, exercise, names)
    assert any(f.point == point and words in f.text for f in found), found


def test_the_breaches_are_all_there_is(book: Lawbook) -> None:
    """A breach of one exercise is never laid at another's door."""
    causes = (
        "stub_earns",
        "bad_reference",
        "bad_alternative",
        "twice_after_all",
        "no such words",
        "ends_python",
        "few_mutants",
        "public_passes",
        "own_default",
        "idle_earns",
        "two_faces",
    )
    assert [f for f in book.findings if not any(cause in f"{f.place} {f.text}" for cause in causes)] == []


def test_both_backends_are_tried(book: Lawbook) -> None:
    texts = " ".join(f.text for f in book.findings)
    assert "other_bad_alternative, sandbox: test_numbers_are_doubled" in texts
    assert "other_bad_alternative, in-process: test_numbers_are_doubled" in texts


def test_a_lesson_that_stops_is_a_breach(tmp_path: Path) -> None:
    assignment = write_course(tmp_path, {"doubled": {}})
    lesson = assignment.lesson_path
    lesson.write_text(lesson.read_text().replace("print(doubled(2))", "doubled(2) / 0"))
    from autograder.lint import lesson_findings

    found = Lawbook()
    lesson_findings(load_course(tmp_path).assignment("s1-tiny"), found)
    assert [(f.point, "ZeroDivisionError" in f.text) for f in found.findings] == [(6, True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def test_a(learner):\n    assert learner.f() == 1\n", "no message"),
        ("from solutions import reference\n", "imports solutions"),
        ("import torch\ndef test_a(handed_in):\n    torch.load(handed_in.get('a.bin'))\n", "with safetensors only"),
        ("def test_a(learner):\n    learner.f(lambda x: x)\n", "made inside a test"),
        ("def test_a(learner):\n    wanted = 3\n    def look(m):\n        return wanted\n    learner.probe(look)\n", "made inside a test"),
        ("WANTED = 3\ndef look(m):\n    return WANTED\ndef test_a(learner):\n    learner.probe(look, 1)\n", "uses WANTED"),
        (
            "WANTED = 3\ndef deep():\n    return WANTED\ndef look(m):\n    return deep()\ndef test_a(learner):\n    learner.f(look)\n",
            "uses WANTED",
        ),
    ],
)
def test_a_test_file_that_breaks_a_rule(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "test_f.py"
    path.write_text(text)
    assert any(words in sentence for _, sentence in broken_rules(path))


def test_a_test_file_that_keeps_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "test_f.py"
    path.write_text(
        'import torch\nfrom torch import nn\nPROBE_DATA = ("TEXTS",)\nTEXTS = ["a"]\nSECRET = 4\n'
        "def helper(m):\n    return [p for p in m.parameters()]\n"
        "def look(m: nn.Module):\n    import math\n    kept = helper(m)\n    return len(kept), TEXTS, torch.ones(1), math.pi\n"
        'def test_a(learner):\n    assert learner.probe(look, 1) == SECRET, "look again"\n'
    )
    assert list(broken_rules(path)) == []


# ---------------------------------------------------------------- files handed in beside the notebook


@pytest.fixture(scope="module")
def file_course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return load_course(make_file_course(tmp_path_factory.mktemp("files"), whole=True)).assignment(NAME)


def test_the_law_hands_in_what_the_author_says(file_course: Assignment) -> None:
    """The reference's files with every answer, another set where a mutant names it, none with stubs; and the leaderboard's measure is taken."""
    with LazyEngine("bubblewrap", file_course.root, [file_course]) as engine:
        found = lint_assignment(file_course, engine)
    assert [(f.point, f.text[:19]) for f in found.findings] == [(3, "there are 1 mutants")], found.findings
    assert "double 2 5 0 5 1 of 1 4 of 4" in [" ".join(line.split()) for line in found.tables[0].splitlines()]


def test_files_are_made_once_until_something_they_hang_on_changes(file_course: Assignment) -> None:
    sets = author_files(file_course)
    assert list(sets) == ["", "nan", "pickled", "reference"]
    assert sets[""] == {}
    assert sets["reference"].keys() == {FILE}
    path = file_course.solutions / "files.py"
    kept, text = list((file_course.root / "build" / "files" / NAME).iterdir()), path.read_text()
    try:
        path.write_text(text.replace("numbers / 0 * 0", "numbers * 2"))
        assert author_files(file_course)["nan"] != sets["nan"]
        assert author_files(file_course)["reference"] == sets["reference"]
        for old, new, says in (
            ('"reference":', '"right":', "It gave {'right': "),
            ('{"weights.safetensors": b"cos', '{"other.bin": b"cos', "to bytes"),
            ("def make(", "def made(", "KeyError: 'make'"),
            ("torch.tensor", "torch.tensors", "has no attribute 'tensors'"),
        ):
            path.write_text(text.replace(old, new))
            with pytest.raises(CourseError, match="could not make the files") as error:
                author_files(file_course)
            assert says in str(error.value)
        path.unlink()
        with pytest.raises(CourseError, match=r"files\.py is missing"):
            author_files(file_course)
    finally:
        path.write_text(text)
    assert all(folder.is_dir() for folder in kept)


def test_a_set_that_nobody_makes_and_a_measure_that_nobody_takes_are_named(file_course: Assignment, tmp_path: Path) -> None:
    from autograder.lint import cases_of, check_sets, written_findings

    cases = cases_of(file_course)
    with pytest.raises(CourseError, match="hands_in_nan hands in the files 'nan'. There are: reference"):
        check_sets(cases, {"": {}, "reference": {}})
    found = Lawbook()
    written_findings(replace(file_course, leaderboard="f1"), cases, found)
    assert [f.text for f in found.findings if f.point == 5] == ["no suite measures 'f1', which course.toml names for the leaderboard."]


@pytest.fixture(scope="module")
def rarely_wrong(tmp_path_factory: pytest.TempPathFactory):
    """A course whose suite `rare` takes right answers for squares where a number's square is its double, and an engine for it."""
    rare = SUITE.replace("rng.integers(3, 100)", "rng.integers(0, 8)")
    assignment = write_course(tmp_path_factory.mktemp("rare"), {"rare": {"suite": rare}, "sound": {}})
    with LazyEngine("bubblewrap", assignment.root, [assignment]) as engine:
        yield assignment, engine


def test_draws_find_a_suite_that_fails_right_answers_on_some(rarely_wrong) -> None:
    assignment, engine = rarely_wrong
    found = try_draws(assignment, engine, 24)
    assert not try_draws(assignment, engine, 24, "sound")
    numbers = {seed: np.random.default_rng(seed).integers(0, 8) for seed in range(FIRST, FIRST + 24)}
    bad = [seed for seed, number in numbers.items() if number in (0, 2)]
    assert bad
    told = [f"{name}, in-process, drawn from {seed}" for name in ("reference", "other_rare") for seed in bad]
    assert [finding.text.partition(":")[0] for finding in found] == told
    assert {finding.place for finding in found} == {"s1-tiny, rare"}
    assert all("that is the square" in finding.text for finding in found)


def test_what_mistakes_are_told_is_written_for_every_mutant(rarely_wrong) -> None:
    page = write_mistakes(*rarely_wrong).read_text()
    _, sound = page.split("\n## sound")
    parts = sound.split("\n### ")
    assert [part.split("\n")[0] for part in parts[1:]] == [name for name, *_ in MUTANTS]
    assert "def sound(n: int)" in parts[0] and "1. What is twice three?" in parts[0]
    assert "return n * n" in parts[1] and "that is the square." in parts[1]
    assert "✓ passed: A number comes back twice as large. (3 of 3 points)" not in sound
    assert "✗ not yet: Zero stays zero, and one doesn't stay one. (0 of 2 points)" in parts[2]
