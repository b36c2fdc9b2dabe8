"""The `tunelab` command, on a small folder of assignments: what it says, what it keeps, and with which status it ends."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tunelab import assets, cli
from tunelab.checks import CheckReport, TestResult
from tunelab.notebook import digest
from tunelab.progress import Progress, record_in_notebook
from tunelab.shelf import LISTED, ShelfError, _unknown, find_shelf, is_stub, meant
from tunelab.submit import pack
from tunelab.watch import watch

COURSE = """
title = "A small course"
[late]
grace_minutes = 60
per_day = 0.1
cap = 0.5
[[sections]]
number = 9
title = "Numbers"
assignments = [
  { name = "s9-numbers", title = "Numbers", minutes = 20, due = 2027-02-01T22:00:00Z },
  { name = "s9-later", title = "Not yet", minutes = 10 },
]
"""
CHECK_DOUBLE = '''
def test_two(learner):
    """Twice two is four."""
    got = learner.double(2)
    assert got == 4, f"double(2) gave {got}, not 4."
'''
CHECK_NEGATE = '''
def test_one(learner):
    """The opposite of one is minus one."""
    got = learner.negate(1)
    assert got == -1, f"negate(1) gave {got}, not -1."
'''
HINTS = '[double]\nrungs = ["What is twice three?", "Multiply.", "return x * 2"]\n[negate]\nrungs = ["Mind the sign."]\n'
STUB_OF = 'def {name}(x: int) -> int:\n    """What is asked."""\n    raise NotImplementedError'
STUB, NEGATE_STUB = STUB_OF.format(name="double"), STUB_OF.format(name="negate")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of assignments with one assignment of two exercises, and the current folder in it."""
    folder = tmp_path / "assignments" / "s9-numbers"
    folder.mkdir(parents=True)
    (folder.parent / "course.toml").write_text(COURSE)
    (folder / "test_double.py").write_text(CHECK_DOUBLE)
    (folder / "test_negate.py").write_text(CHECK_NEGATE)
    (folder / "hints.toml").write_text(HINTS)
    write(folder)
    monkeypatch.chdir(folder)
    return folder


def write(folder, double=STUB, negate=NEGATE_STUB, leave_out=()):
    cells = [new_markdown_cell("# Numbers"), new_code_cell("from tunelab import check", metadata={"tags": ["setup"]})]
    for name, source, points in (("double", double, 4), ("negate", negate, 2)):
        grade = {"grade": True, "grade_id": f"check_{name}", "points": points, "locked": True, "solution": False, "schema_version": 3}
        cells.append(new_code_cell(source, metadata={"tags": ["exercise"], "name": name, "nbgrader": {"grade_id": name, "solution": True}}))
        cells.append(new_code_cell(f'check("{name}")', metadata={"tags": ["check"], "name": name, "nbgrader": grade}))
    cells = [cell for cell in cells if not any(cell.source.startswith(start) for start in leave_out)]
    about = {"assignment": "s9-numbers", "title": "Numbers", "section": 9, "minutes": 20}
    nbformat.write(new_notebook(cells=cells, metadata={"tunelab": about}), folder / "s9-numbers.ipynb")


RIGHT = "def double(x):\n    return 2 * x"
WRONG = "def double(x):\n    return x + 1"


def tunelab(capsys, *arguments):
    """Runs the command in this process; gives its status and what it said."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


# ---------------------------------------------------------------- status


def test_status_shows_the_course_and_what_comes_next(shelf, capsys):
    write(shelf, double=WRONG)
    status, said = tunelab(capsys, "status")
    assert status == 0
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert "Section 9: Numbers" in lines
    late = "Handed in late: 10% of your points are taken off for each day begun, 50% at most. Up to 60 minutes late costs nothing."
    assert lines[:2] == ["A small course", late]
    assert "[~] double started 4 points" in lines
    assert "[ ] negate open 2 points" in lines
    assert "not handed out yet" in lines
    assert "20 minutes, due" in said and "0 of 2 exercises done, worth 0 of 6 points" in said
    assert lines[-1].startswith("Next: double, which you have begun. Open s9-numbers/s9-numbers.ipynb")
    write(shelf, double=RIGHT)
    tunelab(capsys, "check", "double")
    said = tunelab(capsys, "status")[1]
    assert "about 10 of 20 minutes left, due" in said and "1 of 2 exercises done, worth 4 of 6 points" in said
    assert "Next: negate, the first that is open." in said
    (shelf.parent / "course.toml").write_text(COURSE.replace("2027-02-01", "2017-02-01"))
    assert "Next: negate, the first that is open, and its assignment was due 2017-02-01" in tunelab(capsys, "status")[1]


def test_status_sums_up_a_course_of_several_assignments(shelf, capsys):
    later = shelf.parent / "s9-later"
    shutil.copytree(shelf, later)
    (later / "s9-numbers.ipynb").rename(later / "s9-later.ipynb")
    write(shelf, double=RIGHT)
    tunelab(capsys, "check", "s9-numbers")
    assert "In all: 1 of 4 exercises done; about 20 minutes are left." in tunelab(capsys, "status")[1]


def test_an_exercise_is_done_until_its_cell_is_edited(shelf, capsys):
    write(shelf, double=RIGHT)
    assert tunelab(capsys, "check", "double")[0] == 0
    assert "[x] double" in tunelab(capsys, "status")[1]
    write(shelf, double=RIGHT + "  \n\n")
    assert "[x] double" in tunelab(capsys, "status")[1], "spaces at the end change nothing"
    write(shelf, double="def double(x):\n    return x ** 2")
    assert "[~] double" in tunelab(capsys, "status")[1]


def test_when_all_is_done_the_next_step_is_to_hand_in(shelf, capsys):
    write(shelf, double=RIGHT, negate="def negate(x):\n    return -x")
    assert tunelab(capsys, "check")[0] == 0
    assert "Next: everything that is here is done. Hand it in: `tunelab submit s9-numbers`" in tunelab(capsys, "status")[1]


def test_missing_models_come_first(shelf, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "empty"))
    assert "Run `tunelab fetch`" in tunelab(capsys, "status")[1]


def test_status_names_a_cell_that_is_gone_and_a_broken_notebook(shelf, capsys):
    write(shelf, leave_out=["def double"])
    assert "Next: the cell of double is gone" in tunelab(capsys, "status")[1]
    (shelf / "s9-numbers.ipynb").write_text("{")
    assert "can't be read as a notebook" in tunelab(capsys, "status")[1]


# ---------------------------------------------------------------- check


def test_check_says_what_is_wrong_and_ends_with_one(shelf, capsys):
    write(shelf, double=WRONG)
    status, said = tunelab(capsys, "check", "double")
    assert status == 1
    assert "✗ not yet: Twice two is four." in said
    assert "double(2) gave 3, not 4." in said


def test_check_runs_every_exercise_of_an_assignment(shelf, capsys, monkeypatch):
    write(shelf, double=RIGHT)
    monkeypatch.chdir(shelf.parent)
    status, said = tunelab(capsys, "check", "s9-numbers")
    assert status == 1
    assert "double: all 1 checks pass" in said
    assert "s9-numbers: 1 of 2 exercises pass." in said


def test_of_many_names_none_is_listed_for_an_unknown_one():
    known = [f"exercise_{number}" for number in range(LISTED + 1)]
    assert _unknown("There is no qqq.", "qqq", known) == "There is no qqq. `tunelab status` lists them all."
    assert "There are: exercise_0, exercise_1." in _unknown("There is no qqq.", "qqq", known[:2])


def test_check_as_a_command_of_its_own(shelf):
    """The installed entry, without colours in a pipe, on a console that knows no check marks."""
    write(shelf, double=RIGHT)
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    ran = subprocess.run([sys.executable, "-m", "tunelab", "check", "double"], capture_output=True, cwd=shelf, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert b"? passed: Twice two is four." in ran.stdout
    assert b"\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check", "duble"], "Did you mean double?"),
        (["check", "s9-numbers", "halve"], "s9-numbers has no exercise halve. There are: double, negate."),
        (["check", "s9-later"], "s9-later isn't in"),
        (["check", "a", "b", "c"], "name one assignment"),
        (["check", "s8-other", "double"], "There is no assignment s8-other"),
        (["hint", "s9-numbers"], "hints are for its exercises: double, negate"),
        (["submit"], "tunelab submit --learner ID"),
        (["submit", "--learner", "../ada"], "can't be an id"),
    ],
)
def test_what_cannot_be_done_is_explained(shelf, capsys, words, says):
    status, said = tunelab(capsys, *words)
    assert status == 2
    assert says in said


def test_a_folder_without_assignments_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, said = tunelab(capsys, "status")
    assert status == 2
    assert f"There are no assignments in {tmp_path}" in said


def test_a_broken_course_file_is_named(shelf, capsys):
    (shelf.parent / "course.toml").write_text("title = ")
    status, said = tunelab(capsys, "status")
    assert status == 2
    assert "course.toml can't be read" in said


# ---------------------------------------------------------------- finding


def test_assignments_are_found_from_within_around_and_alone(shelf, tmp_path):
    for start in (shelf, shelf.parent, tmp_path):
        assert find_shelf(start).root == shelf.parent
    (shelf.parent / "course.toml").unlink()
    alone = find_shelf(shelf)
    assert [a.name for a in alone.assignments] == ["s9-numbers"]
    assert meant(alone, shelf, ["negate"])[1] == "negate"
    with pytest.raises(ShelfError):
        find_shelf(shelf.parent)


@pytest.mark.parametrize(
    ("source", "stub"),
    [
        (STUB, True),
        ("def f():\n    raise NotImplementedError('later')", True),
        ("class A:\n    '''Doc.'''\n    def f(self):\n        '''Doc.'''\n        raise NotImplementedError\n", True),
        ("class A:\n    def f(self):\n        return 1\n    def g(self):\n        raise NotImplementedError\n", False),
        ("def f():\n    x = 1\n    raise NotImplementedError", False),
        ("def f(:", False),
        ("", False),
    ],
)
def test_a_stub_is_told_from_an_answer(source, stub):
    assert is_stub(source) is stub


# ---------------------------------------------------------------- hints


def test_hints_come_one_rung_at_a_time(shelf, capsys):
    first, second, third, again = (tunelab(capsys, "hint", "double")[1] for _ in range(4))
    assert "1. What is twice three?" in first
    assert "Multiply." not in first
    assert "2 more" in first
    assert "2. Multiply." in second
    assert "x * 2" not in second
    assert "3. return x * 2" in third
    assert "That is all there is" not in third
    assert "That is all there is" in again
    assert "1. Mind the sign." in tunelab(capsys, "hint", "s9-numbers", "negate")[1], "hints are counted for each exercise by itself"


def test_missing_hints_are_named(shelf, capsys):
    (shelf / "hints.toml").write_text("[double]\nrungs = 3")
    status, said = tunelab(capsys, "hint", "double")
    assert status == 2
    assert "There are no hints for double" in said


# ---------------------------------------------------------------- submit


def test_submit_packs_the_notebook_and_remembers_who_it_is(shelf, capsys):
    write(shelf, double=RIGHT)
    tunelab(capsys, "check", "double")
    status, said = tunelab(capsys, "submit", "--learner", "ada")
    assert status == 0
    assert "! negate: still the stub" in said
    assert "! double" not in said
    assert f"Due {find_shelf(shelf).assignments[0].due_here}." in said
    archive = Path(said.splitlines()[-1])
    assert archive.name.startswith("s9-numbers__ada__")
    digest = hashlib.sha256((shelf / "s9-numbers.ipynb").read_bytes()).hexdigest()
    assert f"SHA-256 digest begins with {digest[:12]}:" in said
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["s9-numbers.ipynb"]
        assert packed.read("s9-numbers.ipynb") == (shelf / "s9-numbers.ipynb").read_bytes()
    assert tunelab(capsys, "submit")[0] == 0
    assert not [path for path in archive.parent.iterdir() if path.suffix != ".zip"]


def test_submit_says_when_the_due_date_has_passed(shelf, capsys):
    path = shelf.parent / "course.toml"
    path.write_text(path.read_text().replace("2027-02-01", "2017-02-01"))
    assert "That has passed: it counts as late, unless you were given more time." in tunelab(capsys, "submit", "--learner", "ada")[1]


def test_the_archive_is_what_zip_collect_takes(shelf, tmp_path):
    """The grader's extractor and nbgrader's collector read learner, assignment and moment from its name."""
    from autograder.nbgrader_plugins import OneNotebook

    taken_in = tmp_path / "downloaded" / "s9-numbers"
    (taken_in / "archive").mkdir(parents=True)
    moment = datetime(2027, 1, 15, 9, 30, 1, tzinfo=UTC)
    assignment = find_shelf(shelf).assignments[0]
    archive = pack(assignment, "ada.l@example", Progress(shelf.parent), moment).archive
    assert archive.name == "s9-numbers__ada.l@example__20270115T093001Z.zip"
    (taken_in / "archive" / archive.name).write_bytes(archive.read_bytes())
    OneNotebook().extract(str(taken_in / "archive"), str(taken_in / "extracted"))
    learner = taken_in / "extracted" / "ada.l@example"
    assert (learner / "s9-numbers.ipynb").read_bytes() == (shelf / "s9-numbers.ipynb").read_bytes()
    assert (learner / "timestamp.txt").read_text() == "2027-01-15 09:30:01 UTC"


def test_submit_warns_of_what_looks_wrong(shelf, capsys):
    write(shelf, double="def double(x)\n    return x", leave_out=["def negate", 'check("double")'])
    (shelf / "copy.ipynb").write_bytes((shelf / "s9-numbers.ipynb").read_bytes())
    os.utime(shelf / "s9-numbers.ipynb", (time.time() - 3 * 3600,) * 2)
    said = tunelab(capsys, "submit", "--learner", "ada")[1]
    for sign in (
        "! double: the cell can't be read",
        '! double: the cell check("double") is gone',
        "! negate: its cell is gone",
        "! copy.ipynb in the same folder was saved later",
        "was last saved 3 hours ago",
    ):
        assert sign in said


def test_an_answer_in_words_that_is_still_missing_is_told(shelf, capsys):
    """The cell is the one that the kit builds; saved by an editor with other spaces around, it is still untouched."""
    from autograder.build import _cell
    from autograder.course import LessonCell

    path = shelf / "s9-numbers.ipynb"
    asked = _cell(LessonCell("written", "Why do signs matter?  \nTwo sentences.", "why_signs", 0, 2), "cell-9")

    def saved(source):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [*(cell for cell in notebook.cells if cell.id != asked.id), nbformat.from_dict(asked | {"source": source})]
        nbformat.write(notebook, path)

    write(shelf, double=RIGHT, negate="def negate(x):\n    return -x")
    tunelab(capsys, "check")
    saved("Why do signs matter?\nTwo sentences.\n")
    assert "! why_signs: the question isn't answered yet" in tunelab(capsys, "submit", "--learner", "ada")[1]
    said = tunelab(capsys, "status")[1]
    assert "[ ] why_signs  open, 2 points, in words" in said and "Next: the question why_signs, in s9-numbers/s9-numbers.ipynb" in said
    saved("Because -1 isn't 1.")
    assert "why_signs" not in tunelab(capsys, "submit", "--learner", "ada")[1]
    said = tunelab(capsys, "status")[1]
    assert "[x] why_signs  answered, 2 points" in said and "everything that is here is done" in said


def test_a_notebook_that_cannot_be_read_is_not_packed(shelf, capsys):
    (shelf / "s9-numbers.ipynb").write_text("not a notebook")
    status, said = tunelab(capsys, "submit", "--learner", "ada")
    assert status == 2
    assert "can't be read as a notebook" in said
    assert not (shelf.parent / "submissions").exists()


# ---------------------------------------------------------------- progress


def passed(exercise):
    return CheckReport(exercise, (TestResult("test_a", "A.", None, "passed", "", ""),))


def test_a_broken_progress_file_counts_as_empty(shelf, capsys):
    for content in ("{", "[]", '{"done": 3, "hints": [], "learner": {}}', '{"hints": {"s9-numbers/double": "x"}}'):
        (shelf.parent / ".tunelab").mkdir(exist_ok=True)
        (shelf.parent / ".tunelab" / "progress.json").write_text(content)
        assert tunelab(capsys, "status")[0] == 0
        assert "1. What is twice three?" in tunelab(capsys, "hint", "double")[1]


def test_many_at_once_lose_nothing(shelf):
    names = [f"exercise_{n}" for n in range(12)]
    threads = [threading.Thread(target=Progress(shelf.parent).record, args=("s9", passed(name), name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = json.loads((shelf.parent / ".tunelab" / "progress.json").read_text())
    assert kept["done"] == {f"s9/{name}": digest(name) for name in names}


def test_a_live_notebook_records_the_cell_that_passed(shelf):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell(RIGHT, store_history=True)
        record_in_notebook(passed("double"), shelf, shell.user_ns)
    finally:
        InteractiveShell.clear_instance()
    assert Progress(shelf.parent).is_done("s9-numbers", "double", RIGHT)
    assert not Progress(shelf.parent).is_done("s9-numbers", "double", WRONG)


# ---------------------------------------------------------------- watch


def test_watch_checks_again_on_save_and_only_what_changed(shelf):
    write(shelf, double=WRONG)
    reports, stop = [], threading.Event()
    assignment = find_shelf(shelf).assignments[0]
    watcher = threading.Thread(target=watch, args=(assignment, None, Progress(shelf.parent), reports.append, stop))
    watcher.start()
    try:
        wait_for(lambda: len(reports) == 1, 60)
        assert (reports[0].exercise, reports[0].passed) == ("double", False)
        time.sleep(0.5)  # until the watcher listens
        took = []
        for number, double in enumerate((RIGHT, WRONG, RIGHT), start=2):
            write(shelf, double=double)
            saved = time.monotonic()
            wait_for(lambda number=number: len(reports) == number, 30)
            took.append(time.monotonic() - saved)
            assert reports[-1].passed == (double == RIGHT)
        write(shelf, double=RIGHT)
        time.sleep(1)
        assert len(reports) == 4, "nothing changed, and yet it was checked again"
        (shelf / "s9-numbers.ipynb").write_text("{")
        wait_for(lambda: len(reports) == 5, 30)
        assert "can't be read" in reports[4].note
    finally:
        stop.set()
        watcher.join(30)
    assert min(took) < 1, f"checks after saving took {', '.join(f'{seconds:.1f} s' for seconds in took)}"
    assert Progress(shelf.parent).is_done("s9-numbers", "double", RIGHT)


def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.05)


# ---------------------------------------------------------------- fetch


def test_fetch_says_where_things_are(capsys):
    status, said = tunelab(capsys, "fetch")
    assert status == 0
    assert str(assets.cache_folder()) in said
    assert "minilm" in said
    assert "Apache-2.0" in said
    assert tunelab(capsys, "fetch", "--quiet") == (0, "")
