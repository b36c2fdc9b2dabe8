"""nbgrader's exchange from outside, as on a machine that a class shares: an assignment is given out, handed in with a file beside it, collected, graded, and its feedback comes back to who handed it in."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.fixtures.filecourse import FILE, NAME, make_file_course
from tests.fixtures.jupyter import BIN, environment
from tests.test_files_graded import RIGHT, weights

ME = getpass.getuser()
"""The learner: the account that runs the tests, by whose ownership the exchange knows them."""


def nbgrader(folder: Path, exchange: Path, *words: str) -> str:
    """Runs nbgrader in a folder, as somebody whose home lies beside the exchange."""
    variables = environment(folder) | {"HOME": str(exchange.parent), "JUPYTER_DATA_DIR": str(exchange.parent / "data"), "LOGNAME": ME}
    command = [str(BIN / "nbgrader"), *words, f"--Exchange.root={exchange}"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instructor's side: a course that is released into the exchange."""
    root = make_file_course(tmp_path_factory.mktemp("course"), whole=True)
    release = "from autograder.course import load_course\nfrom autograder.release import register, release\nfrom autograder.workplace import open_workplace\n"
    release += "course = load_course()\nrelease(course)\nregister(course.assignments, open_workplace())\n"
    subprocess.run([sys.executable, "-c", release], cwd=root, env=environment(root), check=True, timeout=300)
    return root


@pytest.fixture(scope="module")
def exchange(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machine") / "exchange"
    folder.mkdir()
    folder.chmod(0o777)
    nbgrader(root, folder, "release_assignment", NAME)
    return folder


@pytest.fixture
def desk(exchange: Path, tmp_path: Path) -> Path:
    """A learner's folder with what they have fetched and answered rightly."""
    nbgrader(tmp_path, exchange, "fetch_assignment", NAME, "--course", "tunelab")
    path = tmp_path / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = RIGHT.get(cell.id, cell.source)
    nbformat.write(notebook, path)
    return tmp_path


@pytest.fixture
def inbound(exchange: Path) -> Path:
    """Where submissions lie in the exchange, empty at first."""
    folder = exchange / "tunelab" / "inbound"
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return folder


def handed_in(folder: Path, name: str, notebook: str) -> Path:
    """A submission as somebody may put it into the exchange by hand."""
    (folder / name).mkdir()
    (folder / name / f"{NAME}.ipynb").write_text(notebook)
    (folder / name / "timestamp.txt").write_text(name.split("+")[2])
    return folder / name


def test_there_and_back_again(root: Path, exchange: Path, inbound: Path, desk: Path) -> None:
    (desk / NAME / FILE).write_bytes(weights(3.0, 4.0))
    (desk / NAME / "notes.txt").write_text("mine")
    (desk / NAME / "records").mkdir()
    nbgrader(desk, exchange, "submit", NAME, "--course", "tunelab")
    nbgrader(root, exchange, "collect", NAME)
    shutil.copytree(root / "submitted" / ME, root / "submitted" / "uploaded")
    (root / "submitted" / "uploaded" / NAME / "submission_secret.txt").write_text("by another way")

    nbgrader(root, exchange, "autograde", NAME)
    nbgrader(root, exchange, "generate_feedback", NAME)
    page = (root / "feedback" / ME / NAME / f"{NAME}.html").read_text()
    assert "Score: 7.0 / 7.0" in " ".join(page.split()), "the file beside the notebook counts"
    assert "These files were left out: <code>notes.txt</code>." in page, "nothing is said about what was given out"

    said = nbgrader(root, exchange, "release_feedback", NAME)
    assert "so their feedback isn't there: uploaded" in said
    nbgrader(desk, exchange, "fetch_feedback", NAME, "--course", "tunelab")
    [fetched] = (desk / NAME / "feedback").rglob("*.html")
    assert fetched.read_text() == page


def test_a_name_is_believed_only_of_its_owner_and_no_link_is_followed(root: Path, exchange: Path, inbound: Path, tmp_path: Path) -> None:
    others = tmp_path / "others.ipynb"
    others.write_text("another's work")
    mine = handed_in(inbound, f"{ME}+{NAME}+2027-01-01 10:00:00.000000 UTC+a", "mine")
    (mine / FILE).symlink_to(others)
    os.mkfifo(mine / "pipe.txt")
    handed_in(inbound, f"ada+{NAME}+2027-01-02 10:00:00.000000 UTC+b", "forged")
    handed_in(inbound, f"{ME}+{NAME}+never+c", "no moment")
    handed_in(inbound, f"a b+{NAME}+2027-01-02 10:00:00.000000 UTC+d", "nobody's")
    (tmp_path / "folder").mkdir()
    shutil.copy(others, tmp_path / "folder" / f"{NAME}.ipynb")
    (inbound / f"{ME}+{NAME}+2027-01-03 10:00:00.000000 UTC+e").symlink_to(tmp_path / "folder")

    shutil.rmtree(root / "submitted", ignore_errors=True)
    said = nbgrader(root, exchange, "collect", NAME)
    collected = sorted(path.relative_to(root / "submitted").as_posix() for path in (root / "submitted").rglob("*") if not path.is_dir())
    assert collected == [f"{ME}/{NAME}/{NAME}.ipynb", f"{ME}/{NAME}/timestamp.txt"]
    assert (root / "submitted" / ME / NAME / f"{NAME}.ipynb").read_text() == "mine"
    assert f"it is called as one of ada's, but {ME} has put it there" in said
    assert said.count("was left out") == 6
    assert f"'{FILE}' of" in said and "it is a link or a special file" in said

    shared = nbgrader(root, exchange, "collect", NAME, "--ExchangeCollect.check_owner=False", "--update")
    assert "ada's" not in shared
    assert (root / "submitted" / "ada" / NAME / f"{NAME}.ipynb").read_text() == "forged"


@pytest.mark.parametrize("update", [False, True])
def test_a_newer_one_replaces_only_when_asked_to(root: Path, exchange: Path, inbound: Path, update: bool) -> None:
    shutil.rmtree(root / "submitted", ignore_errors=True)
    handed_in(inbound, f"{ME}+{NAME}+2027-01-01 10:00:00.000000 UTC+a", "first")
    nbgrader(root, exchange, "collect", NAME)
    handed_in(inbound, f"{ME}+{NAME}+2027-01-02 10:00:00.000000 UTC+b", "second")
    nbgrader(root, exchange, "collect", NAME, *(["--update"] if update else []))
    assert (root / "submitted" / ME / NAME / f"{NAME}.ipynb").read_text() == ("second" if update else "first")
