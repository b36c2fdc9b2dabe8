"""Files handed in beside the notebook: how tests see them, what is measured, and what is taken in of whatever lies there."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.archives import unpacked
from autograder.build import lesson_notebook, notebook_bytes
from autograder.collect import collect
from autograder.course import Assignment, load_course, load_suites
from autograder.engine import Budget, Engine
from autograder.intake import read_clean, stand_in, take_in
from autograder.workplace import open_workplace, write_atomically
from tests.fixtures.filecourse import FILE, NAME, make_file_course
from tunelab.assets import held_out_folder
from tunelab.checks import run_pytest, run_tests
from tunelab.files import MAX_FILE, FileError, read_file
from tunelab.notebook import Cell
from tunelab.plugin import Measure
from tunelab.progress import Progress
from tunelab.shelf import find_shelf
from tunelab.status import status_lines
from tunelab.submit import pack

DOUBLE = Cell("double", "def double(number):\n    return 2 * number")
CHECK = '''
def test_file(handed_in):
    """The file is there."""
    assert handed_in.get("weights.safetensors") == b"beside", f"it holds {handed_in.get('weights.safetensors')}"

def test_measured(learner, measure):
    """Something is measured."""
    measure("norm", 0.5, low=0.25, high=0.75)
    measure.flag("look at this")
    assert learner.double(1) == 3, "double(1) isn't 3"
'''


# ---------------------------------------------------------------- reading one


def test_only_plain_files_of_limited_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"\x00bytes")
    (tmp_path / "largest").write_bytes(b"0" * MAX_FILE)
    (tmp_path / "large").write_bytes(b"0" * (MAX_FILE + 1))
    (tmp_path / "link").symlink_to(tmp_path / "good")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert read_file(tmp_path / "good") == b"\x00bytes"
    assert len(read_file(tmp_path / "largest")) == MAX_FILE
    for name, words in {
        "large": "larger than 4 MiB",
        "link": "no plain file",
        "dangling": "no plain file",
        "folder": "no plain file",
        "pipe": "no plain file",
        "nothing": "isn't there",
    }.items():
        with pytest.raises(FileError, match=words):
            read_file(tmp_path / name)


# ---------------------------------------------------------------- fixtures


def test_self_check_reads_the_file_beside_the_tests(tmp_path: Path) -> None:
    path = tmp_path / "test_double.py"
    path.write_text(CHECK)
    for content, outcome in ((None, "failed"), (b"beside", "passed")):
        if content is not None:
            (tmp_path / "weights.safetensors").write_bytes(content)
        file, measured = run_tests(path, "double", [DOUBLE]).results
        assert (file.name, file.outcome) == ("test_file", outcome)
        assert measured.message == "double(1) isn't 3"
    given = run_tests(path, "double", [DOUBLE], files={"weights.safetensors": b"given"})
    assert given.results[0].message == "it holds b'given'", "a file beside the tests went before the one handed in"
    (tmp_path / "weights.safetensors").unlink()
    (tmp_path / "weights.safetensors").symlink_to("/etc/hostname")
    assert run_tests(path, "double", [DOUBLE]).results[0].message == "it holds None"


def test_what_is_measured_and_flagged_is_in_the_report_whatever_comes_after(tmp_path: Path) -> None:
    path = tmp_path / "test_double.py"
    path.write_text(CHECK)
    report = run_tests(path, "double", [DOUBLE], files={})
    [measured] = report.measures
    assert (measured.name, measured.value, measured.low, measured.high) == ("norm", 0.5, 0.25, 0.75)
    assert report.flags == ("look at this",)
    empty = tmp_path / "test_empty.py"
    empty.write_text("def test_nothing():\n    pass\n")
    again = run_pytest(empty, "empty", None)
    assert (again.measures, again.flags) == ((), ()), "measures are carried over from one run to the next"


def test_only_finite_floats_are_measured() -> None:
    import numpy as np

    measure = Measure()
    measure("f1", 0.5)
    for numbers in ((1,), (True,), (np.float64(0.5),), (float("nan"),), (0.5, 0.4), (0.5, 0.6, 0.4), (0.5, 0.4, float("inf"))):
        with pytest.raises(ValueError, match="measure"):
            measure("other", *numbers)
    with pytest.raises(ValueError, match="measured before"):
        measure("f1", 0.6)
    assert len(measure.measures) == 1


def test_the_suite_sees_the_files_of_the_submission_and_the_result_what_it_measured(course, engine: Engine, tmp_path: Path) -> None:
    from dataclasses import replace

    from autograder.course import load_course
    from tests.fixtures.minicourse import make_course

    assignment: Assignment = load_course(make_course(tmp_path)).assignment("s1-mini")
    path = assignment.suites / "test_double.py"
    path.write_text(CHECK.replace("def test", "@pytest.mark.points(1)\ndef test").replace("\n@", "import pytest\n\n@", 1))
    suite = replace(load_suites(assignment)["double"], path=path)
    large = b"beside" * 500_000
    for content, outcome in ((b"beside", "passed"), (large, "failed")):
        result = engine.grade_exercise("double", [], {"double": DOUBLE.source}, 1, suite, files={"weights.safetensors": content})
        assert [test["outcome"] for test in result["tests"]] == [outcome, "failed"]
        assert result["measures"] == [{"name": "norm", "value": 0.5, "low": 0.25, "high": 0.75}]
        assert result["flags"] == ["look at this"]
    assert "it holds None" in engine.grade_exercise("double", [], {"double": DOUBLE.source}, 1, suite)["tests"][0]["message"]


def test_a_suite_that_may_take_longer_has_longer_deadlines(engine: Engine, course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assignment = course.assignments[0]
    suite = next(iter(load_suites(assignment).values()))
    path = tmp_path / "test_double.py"
    path.write_text('def test_slow(learner):\n    """Twice."""\n    assert learner.double(1) == 2, "wrong"\n')
    slow = replace(suite, path=path, tests=(replace(suite.tests[0], name="test_slow"),))
    monkeypatch.setattr(engine, "budget", Budget(call_seconds=1, exercise_seconds=2))
    cells = {"double": "def double(number):\n    import time\n    time.sleep(2.5)\n    return 2 * number"}
    for seconds, outcome in ((2.0, "timeout"), (4.0, "passed")):
        result = engine.grade_exercise("double", [], cells, 1, replace(slow, seconds=seconds))
        assert [test["outcome"] for test in result["tests"]] == [outcome]
    assert Budget().for_suite(2) == Budget()
    assert Budget().for_suite(90) == Budget(90, 270)


# ---------------------------------------------------------------- what is held out

LOOKS_FOR_IT = """
def double(number):
    import os
    import tunelab.assets, tunelab.data
    found = [value for name, value in os.environ.items() if "HELD_OUT" in name]
    for place in ("HOME_OF_GRADER", "/root", "/home", "/mnt", "/tmp", "/"):
        for folder, folders, files in os.walk(place):
            folders[:] = [name for name in folders if name not in ("proc", "sys", "usr", "lib") and "site-packages" not in folder]
            found += [name for name in (*folders, *files) if "products" in name or "held-out" in name]
    try:
        found.append(len(tunelab.data.held_out_reviews()))
    except tunelab.assets.AssetError as error:
        return [*found, "it is held out" in str(error)]
    return found
"""


def test_the_suite_reads_what_is_held_out_and_the_sandbox_does_not_see_it(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "test_double.py"
    path.write_text(
        'def test_sides(learner):\n    """Who sees what."""\n    from tunelab.data import held_out_reviews\n'
        '    reviews = held_out_reviews()\n    assert reviews.column_names == ["text", "mean", "ratings"], "other columns"\n'
        '    got = learner.double(1)\n    assert got == [True] and len(reviews) == 3708, f"{len(reviews)} of the suite; the learner saw {got}"\n'
    )
    source = LOOKS_FOR_IT.replace("HOME_OF_GRADER", str(held_out_folder().parent))
    [result] = engine.run_checks(path, "double", [], {"double": source}, 1)
    assert result["outcome"] == "passed", result["message"]


# ---------------------------------------------------------------- taking in

CONTENT = b"\x08\x00 some bytes"


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    found = load_course(make_file_course(tmp_path_factory.mktemp("course"))).assignment(NAME)
    write_atomically(found.released_notebook, notebook_bytes(lesson_notebook(found)))
    for exercise in ("double", "count_words"):
        write_atomically(found.released / f"test_{exercise}.py", found.public_checks(exercise).read_bytes())
    return found


def a_folder(path: Path) -> None:
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "weights.safetensors").write_bytes(CONTENT)


TROUBLES = {
    "missing": (lambda path: None, "isn't there"),
    "large": (lambda path: path.write_bytes(b"0" * (MAX_FILE + 1)), "larger than 4 MiB"),
    "link": (lambda path: path.symlink_to("/etc/hostname"), "no plain file"),
    "dangling": (lambda path: path.symlink_to("/nowhere"), "no plain file"),
    "pipe": (os.mkfifo, "no plain file"),
    "folder": (a_folder, "no plain file"),
}


def hand_in(folder: Path, assignment: Assignment) -> Path:
    """The released notebook, answered rightly, in a folder of the submission."""
    notebook = nbformat.read(assignment.released_notebook, as_version=4)
    for cell in notebook.cells:
        cell.source = {"double": DOUBLE.source}.get(cell.id, cell.source)
    write_atomically(folder / f"{NAME}.ipynb", nbformat.writes(notebook))
    return folder


def test_the_file_at_the_top_is_taken_and_no_other(assignment: Assignment, tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path)
    folder = hand_in(workplace.submission("ada", NAME), assignment)
    (folder / FILE).write_bytes(CONTENT)
    (folder / "other.safetensors").write_bytes(b"other")
    a_folder(folder / "more")
    clean = take_in(folder, assignment, workplace)
    assert clean.files == {FILE: CONTENT}
    assert [notice.kind for notice in clean.notices] == ["other-files"]
    assert "`other.safetensors`" in clean.notices[0].text and "the notebook and weights.safetensors are graded" in clean.notices[0].text
    written = workplace.clean_submission("ada", NAME)
    assert sorted(path.name for path in written.iterdir()) == [f"{NAME}.ipynb", FILE]
    assert (written / FILE).read_bytes() == CONTENT
    again = read_clean(nbformat.read(written / f"{NAME}.ipynb", as_version=4), assignment, written)
    assert (again.files, again.digest) == (clean.files, clean.digest)

    (folder / FILE).write_bytes(CONTENT + b"!")
    other = take_in(folder, assignment, workplace)
    assert other.digest != clean.digest, "the file isn't part of the digest"
    (folder / FILE).unlink()
    assert take_in(folder, assignment, workplace).digest not in (clean.digest, other.digest)
    assert sorted(path.name for path in written.iterdir()) == [f"{NAME}.ipynb"], "the file of an earlier submission is still there"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_file_that_cannot_be_taken_counts_as_absent(assignment: Assignment, tmp_path: Path, trouble: str) -> None:
    make, words = TROUBLES[trouble]
    workplace = open_workplace(tmp_path)
    folder = hand_in(workplace.submission("ada", NAME), assignment)
    absent = take_in(folder, assignment, workplace).digest
    make(folder / FILE)
    for _ in range(2):  # as it comes, and after what nbgrader's own command makes of the folder
        clean = take_in(folder, assignment, workplace)
        assert (clean.files, clean.digest) == ({}, absent)
        [notice] = [notice for notice in clean.notices if notice.kind == "file"]
        assert notice.text.startswith(f"`{FILE}`")
        assert words in notice.text or "was no plain file" in notice.text
        assert not [other for other in clean.notices if other.kind == "link"], "it is told twice"
        assert clean.cells["double"] == DOUBLE.source
        assert sorted(path.name for path in workplace.clean_submission("ada", NAME).iterdir()) == [f"{NAME}.ipynb"]
        stand_in(folder, assignment)
        assert not (folder / FILE).is_file(), "nbgrader would copy it"


def test_a_learner_cannot_name_files(assignment: Assignment, tmp_path: Path) -> None:
    workplace = open_workplace(tmp_path)
    folder = hand_in(workplace.submission("ada", NAME), assignment)
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    notebook.metadata.tunelab.files = ["own.bin", "../../../etc/passwd", FILE]
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    (folder / "own.bin").write_bytes(CONTENT)
    (folder / FILE).write_bytes(CONTENT)
    clean = take_in(folder, assignment, workplace)
    assert clean.files == {FILE: CONTENT}
    assert nbformat.read(workplace.clean_submission("ada", NAME) / f"{NAME}.ipynb", as_version=4).metadata.tunelab.files == [FILE]
    stand_in(folder, assignment)
    assert sorted(path.name for path in folder.iterdir()) == ["own.bin.left-out", f"{NAME}.ipynb", FILE]


# ---------------------------------------------------------------- packing and unpacking


def test_submit_packs_the_file_and_collecting_takes_it(
    assignment: Assignment, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch
) -> None:
    folder = hand_in(tmp_path / "assignments" / NAME, assignment)
    for exercise in ("double", "count_words"):
        (folder / f"test_{exercise}.py").write_text("def test_one():\n    pass\n")
    shelf_assignment, progress = find_shelf(folder).assignments[0], Progress(folder.parent)
    missing = pack(shelf_assignment, "ada", progress)
    assert any(f"`{FILE}` isn't there" in warning for warning in missing.warnings)
    assert list(unpacked(missing.archive, NAME, (FILE,))) == [f"{NAME}.ipynb"]
    assert any(f"`{FILE}` isn't there" in line for line in status_lines(find_shelf(folder), progress))

    (folder / FILE).write_bytes(CONTENT)
    packed = pack(shelf_assignment, "ada", progress)
    assert not any(FILE in warning for warning in packed.warnings)
    assert unpacked(packed.archive, NAME, (FILE,)) == {f"{NAME}.ipynb": (folder / f"{NAME}.ipynb").read_bytes(), FILE: CONTENT}
    assert list(unpacked(packed.archive, NAME)) == [f"{NAME}.ipynb"], "a file is unpacked that the course doesn't ask for"
    assert any(line.strip().startswith(f"[x] {FILE}") for line in status_lines(find_shelf(folder), progress))
    workplace = open_workplace(tmp_path / "term")
    assert collect(workplace, assignment, [packed.archive]).new == ["ada"]
    assert (workplace.submission("ada", NAME) / FILE).read_bytes() == CONTENT, "collecting takes the file along"

    for spoil, words in (
        (lambda path: path.write_bytes(b"0" * (MAX_FILE + 1)), "larger than 4 MiB"),
        (lambda path: path.symlink_to("/etc/hostname"), "no plain file"),
    ):
        (folder / FILE).unlink()
        spoil(folder / FILE)
        spoiled = pack(shelf_assignment, "ada", progress)
        assert any(words in warning for warning in spoiled.warnings)
        assert list(unpacked(spoiled.archive, NAME, (FILE,))) == [f"{NAME}.ipynb"], "the rest is packed all the same"


def test_only_files_beside_the_notebook_are_unpacked_and_a_large_one_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo(f"work/{FILE}")
    link.external_attr = 0o120777 << 16
    for inside, found in (
        ({f"work/{NAME}.ipynb": b"{}", f"work/{FILE}": CONTENT, f"{FILE}": b"above", f"work/deep/{FILE}": b"below"}, CONTENT),
        ({f"work/{NAME}.ipynb": b"{}", f"work/{FILE}": b"0" * (20 * 2**20)}, b"0" * (MAX_FILE + 1)),
        ({f"work/{NAME}.ipynb": b"{}", link: b"/etc/passwd"}, None),
        ({f"work/{NAME}.ipynb": b"{}", f"../{FILE}": b"above"}, None),
    ):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in inside.items():
                archive.writestr(name, content)
        assert unpacked(path, NAME, (FILE,)) == {f"{NAME}.ipynb": b"{}"} | ({FILE: found} if found is not None else {})
