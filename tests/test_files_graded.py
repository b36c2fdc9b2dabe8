"""A class that hands in a file beside the notebook, graded from outside: through the kit and through nbgrader's own commands, up to the class report and the leaderboard."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import torch
from safetensors.torch import save

from tests.fixtures.filecourse import FILE, NAME, make_file_course
from tests.fixtures.jupyter import BIN, environment
from tunelab.files import MAX_FILE

RIGHT = {"double": "def double(number):\n    return 2 * number", "count_words": "def count_words(text):\n    return len(text.split())"}
SCORES = {"ada": 7, "bob": 7, "cyd": 4, "dan": 4, "eve": 4, "fay": 2}
"""Of 7: three points are for the file, two for the doubling that fay's lacks too."""


def call(root: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def autograder(root: Path, *words: str) -> str:
    return call(root, sys.executable, "-m", "autograder", *words)


def weights(*numbers: float) -> bytes:
    return save({"weights": torch.tensor(numbers)})


def hand_in(root: Path, learner: str, double: str = RIGHT["double"]) -> Path:
    """Hands in the notebook and gives the place of the file."""
    notebook = nbformat.read(root / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = (RIGHT | {"double": double}).get(cell.id, cell.source)
    folder = root / "submitted" / learner / NAME
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    return folder / FILE


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_file_course(tmp_path_factory.mktemp("course"), whole=True)
    autograder(root, "release")
    hand_in(root, "ada").write_bytes(weights(3.0, 4.0))
    hand_in(root, "bob").write_bytes(weights(6.0, 8.0))
    hand_in(root, "cyd")
    hand_in(root, "dan").write_bytes(weights(*[1.0] * (MAX_FILE // 4)))
    hand_in(root, "eve").symlink_to(root / "submitted" / "ada" / NAME / FILE)
    hand_in(root, "fay", "def double(number):\n    return number ** 2 + 0.5").write_bytes(weights(0.0, 1.0))
    autograder(root, "grade", "--workers", "1")
    return root


def scores(root: Path) -> dict[str, float]:
    with open(root / "gradebook.csv", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def result(root: Path, learner: str) -> dict:
    marker = json.loads((root / "results" / NAME / "written" / learner).read_text())
    stored = json.loads((root / "results" / NAME / f"{marker['key']}.json").read_text())
    return next(row for row in stored["exercises"] if row["exercise"] == "double")


def test_files_count_as_what_they_are(root: Path) -> None:
    assert scores(root) == SCORES
    assert (root / "autograded" / "ada" / NAME / FILE).read_bytes() == weights(3.0, 4.0)
    assert not (root / "autograded" / "dan" / NAME / FILE).exists()
    assert not (root / "autograded" / "eve" / NAME / FILE).exists()


def test_what_was_measured_and_flagged_is_in_the_result(root: Path) -> None:
    assert result(root, "ada")["measures"] == [{"name": "norm", "value": 5.0, "low": 4.0, "high": 6.0}]
    assert result(root, "cyd")["measures"] == []
    assert result(root, "fay")["flags"] == ["<b>double</b> gave 12.75, which is suspiciously much."]


def test_the_report_has_the_leaderboard_and_the_class_its_page(root: Path) -> None:
    said = autograder(root, "report")
    page, report = root / f"leaderboard-{NAME}.html", (root / "report.html").read_text()
    assert f"For the class: {page}" in said
    for text in (page.read_text(), report):
        assert text.index("<bdi>bob</bdi>") < text.index("<bdi>ada</bdi>") < text.index("<bdi>fay</bdi>")
        assert "10.000 (9.000 to 11.000)" in text
    assert "&lt;b&gt;double&lt;/b&gt; gave 12.75" in report
    assert "suspiciously" not in page.read_text()
    assert "larger than 4 MiB" in report
    autograder(root, "feedback")
    for path in (*(root / "feedback").rglob("*.html"), *(root / "autograded").rglob("*.ipynb")):
        assert "suspiciously" not in path.read_text(), f"{path} tells a learner what is for a person's eye"


def test_nbgraders_own_autograde_finds_the_same_submissions(root: Path) -> None:
    """The digest is the same on both ways: no result is made anew."""
    before = sorted((root / "results" / NAME).glob("*.json"))
    assert len(before) == 4, "cyd's, dan's and eve's are one submission without the file; ada's, bob's and fay's differ"
    call(root, str(BIN / "nbgrader"), "autograde", NAME, "--force")
    assert sorted((root / "results" / NAME).glob("*.json")) == before
    call(root, str(BIN / "nbgrader"), "export")
    assert scores(root) == SCORES
    assert (
        "too large" in (root / "autograded" / "dan" / NAME / f"{NAME}.ipynb").read_text()
        or "larger than" in (root / "autograded" / "dan" / NAME / f"{NAME}.ipynb").read_text()
    )
    autograder(root, "grade", "--workers", "1")
    assert sorted((root / "results" / NAME).glob("*.json")) == before
    assert scores(root) == SCORES


def test_nbgraders_zip_collect_takes_the_file(root: Path) -> None:
    folder = root / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"{NAME}__gus__20270115T093000Z.zip", "w") as archive:
        archive.write(root / "submitted" / "ada" / NAME / f"{NAME}.ipynb", f"{NAME}.ipynb")
        archive.writestr(FILE, b"of gus")
        archive.writestr("other.safetensors", b"not asked for")
    call(root, str(BIN / "nbgrader"), "zip_collect", NAME)
    assert {path.name for path in (root / "submitted" / "gus" / NAME).iterdir()} == {f"{NAME}.ipynb", FILE, "timestamp.txt"}
    assert (root / "submitted" / "gus" / NAME / FILE).read_bytes() == b"of gus"
