"""A class graded from outside: cut off and taken up again, by two graders at once, and on a cluster reached by address."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.cluster import ClusterError, check_address
from tests.fixtures.minicourse import NAME, make_whole_course, write

CLASS = 200
CELLS = {
    "double": [
        "def double(number):\n    return 2 * number",
        "def double(number):\n    return number ** 2",
        "def double(number):\n    return abs(2 * number)",
        "def double(number) return number",
    ],
    "count_words": ["def count_words(text):\n    return len(text.split())", "def count_words(text):\n    return len(text.split(' '))"],
}
POINTS = {"double": [3.0, 0.0, 2.0, 0.0], "count_words": [2.0, 0.0]}


def environment(workplace: Path) -> dict[str, str]:
    return os.environ | {"TUNELAB_WORKPLACE": str(workplace)}


def start(root: Path, workplace: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "autograder", *words]
    return subprocess.Popen(command, cwd=root, env=environment(workplace), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(root: Path, workplace: Path, *words: str) -> str:
    process = start(root, workplace, *words)
    said = process.communicate(timeout=1200)[0]
    assert process.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A whole small course, released."""
    folder = make_whole_course(tmp_path_factory.mktemp("course"))
    run(folder, folder, "release")
    return folder


def hand_in_class(root: Path, workplace: Path, size: int) -> dict[str, float]:
    """Submissions that all differ (by a comment), and the points that each deserves."""
    deserved = {}
    released = (root / "assignments" / NAME / f"{NAME}.ipynb").read_text()
    for number in range(size):
        notebook, chosen = nbformat.reads(released, as_version=4), random.Random(number)
        learner, deserved[f"learner{number:03d}"] = f"learner{number:03d}", 0.0
        for cell in notebook.cells:
            if cell.id in CELLS:
                which = chosen.randrange(len(CELLS[cell.id]))
                cell.source = f"# learner {number}\n{CELLS[cell.id][which]}"
                deserved[learner] += POINTS[cell.id][which]
        write(workplace / "submitted" / learner / NAME / f"{NAME}.ipynb", nbformat.writes(notebook))
    return deserved


def scores(workplace: Path) -> dict[str, float]:
    with open(workplace / "gradebook.csv", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def stored(workplace: Path) -> dict[str, float]:
    """The stored results and when each was written."""
    return {path.name: path.stat().st_mtime for path in (workplace / "results" / NAME).glob("*.json")}


def markers(workplace: Path) -> dict[str, float]:
    """What is remembered as written to the gradebook, and since when."""
    return {path.name: path.stat().st_mtime for path in (workplace / "results" / NAME / "written").glob("learner*")}


def cut_off(root: Path, workplace: Path, workers: int, when: Callable[[], bool]) -> None:
    """Starts grading, and ends it without a word when that much is done."""
    with open(workplace / "cut-off.log", "w") as log:
        command = [sys.executable, "-m", "autograder", "grade", "--workers", str(workers)]
        process = subprocess.Popen(command, cwd=root, env=environment(workplace), stdout=log, stderr=log)
        end = time.monotonic() + 600
        while not when():
            assert process.poll() is None and time.monotonic() < end, (workplace / "cut-off.log").read_text()
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(30)


def test_a_class_cut_off_again_and_again_ends_as_if_nothing_had_been(root, tmp_path):
    """SIGKILL at random moments, with a cluster and without one, while results are made and while they are written; what was finished is neither run nor written again."""
    deserved = hand_in_class(root, tmp_path, CLASS)
    draw, seen, written = random.Random(20), {}, {}
    results, writes = draw.randint(20, 80), draw.randint(20, CLASS - 20)
    moments = [
        (2, lambda: len(stored(tmp_path)) >= results),
        (1, lambda: len(stored(tmp_path)) >= results + (CLASS - results) // 2),
        (1, lambda: len(markers(tmp_path)) >= writes),
    ]
    for workers, when in moments:
        cut_off(root, tmp_path, workers, when)
        now = stored(tmp_path)
        assert len(now) > len(seen) or len(seen) == CLASS, "nothing was done before the cut"
        assert {name: now[name] for name in seen} == seen, "a stored result was made again"
        seen = now
        assert {name: markers(tmp_path)[name] for name in written} == written, "a finished gradebook write was done again"
        written = markers(tmp_path)
    assert len(seen) == CLASS and 0 < len(written) < CLASS, "the last cut wasn't in the middle of the writing"
    run(root, tmp_path, "grade", "--workers", "2")
    assert scores(tmp_path) == deserved
    assert stored(tmp_path) == seen
    assert len(markers(tmp_path)) == CLASS and {name: markers(tmp_path)[name] for name in written} == written
    assert f"0 results made, {CLASS} known; 0 written to the gradebook, {CLASS} unchanged" in run(root, tmp_path, "grade")
    assert stored(tmp_path) == seen


def test_a_result_that_may_not_be_kept_is_in_the_report_and_gives_way_to_a_better_one(root, tmp_path):
    """A worker that dies may have been the machine's fault: it is tried again at each run, and until then gradebook and report say what happened."""
    hand_in_class(root, tmp_path, 1)
    place = tmp_path / "submitted" / "learner000" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(place, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "double").source = "def double(number):\n    import os\n    os._exit(3)"
    nbformat.write(notebook, place)
    assert "1 results made, 0 known; 1 written to the gradebook" in run(root, tmp_path, "grade", "--workers", "1")
    assert not stored(tmp_path)
    run(root, tmp_path, "report")
    assert "ended the process that ran it" in (tmp_path / "report.html").read_text()
    assert "1 results made, 0 known; 0 written to the gradebook, 1 unchanged" in run(root, tmp_path, "grade", "--workers", "1")
    marker = tmp_path / "results" / NAME / "written" / "learner000"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"result": None}))
    assert "1 written to the gradebook, 0 unchanged" in run(root, tmp_path, "grade", "--workers", "1")


def test_a_second_grader_is_told_who_is_grading(root, tmp_path):
    hand_in_class(root, tmp_path, 2)
    first = start(root, tmp_path, "grade", "--workers", "1")
    while not (tmp_path / "results" / "grading.json").exists():
        assert first.poll() is None
        time.sleep(0.1)
    second = start(root, tmp_path, "grade")
    said = second.communicate(timeout=300)[0]
    assert second.returncode == 2
    assert f"(process {first.pid}) has been grading here since" in said
    assert first.wait(timeout=600) == 0


# ---------------------------------------------------------------- a cluster reached by address


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.7:8786", "tcp://0.0.0.0:8786", "10.0.0.7:8786", "ws://127.0.0.1:1", "tcp://example.org:8786"]
)
def test_an_open_scheduler_is_refused(address):
    with pytest.raises(ClusterError, match="not a safe cluster address"):
        check_address(address)


def test_a_cluster_of_two_processes_reached_by_address_with_tls(root, tmp_path):
    """A scheduler and two workers as an administrator would start them, with certificates in Dask's own configuration."""
    from distributed import Security

    from autograder.engine import Engine  # noqa: F401  (the kit must be importable where workers start)

    deserved = hand_in_class(root, tmp_path, 6)
    security = Security.temporary()
    for role in ("client", "scheduler", "worker"):
        write(tmp_path / f"{role}.pem", security.get_tls_config_for_role(role)["key"] + security.get_tls_config_for_role(role)["cert"])
    write(tmp_path / "ca.pem", security.tls_ca_file)
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    configured = {f"{prefix}CA_FILE": str(tmp_path / "ca.pem"), "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}
    for role in ("client", "scheduler", "worker"):
        configured |= {
            f"{prefix}{role.upper()}__KEY": str(tmp_path / f"{role}.pem"),
            f"{prefix}{role.upper()}__CERT": str(tmp_path / f"{role}.pem"),
        }
    surroundings = environment(tmp_path) | configured | {"PYTHONPATH": str(root)}
    note = tmp_path / "scheduler.json"
    dask = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "tls://127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(note),
    ]
    with open(tmp_path / "cluster.log", "w") as log:
        started = [subprocess.Popen(dask, cwd=root, env=surroundings, stdout=log, stderr=log)]
        try:
            while not note.exists() or not note.read_text().strip():
                assert started[0].poll() is None, (tmp_path / "cluster.log").read_text()
                time.sleep(0.2)
            address = json.loads(note.read_text())["address"]
            assert address.startswith("tls://127.0.0.1")
            worker = [
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                address,
                "--host",
                "127.0.0.1",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--local-directory",
                str(tmp_path),
            ]
            started += [subprocess.Popen(worker, cwd=root, env=surroundings, stdout=log, stderr=log) for _ in range(2)]
            command = [sys.executable, "-m", "autograder", "grade", "--cluster", address]
            done = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, timeout=600)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(30)
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "cluster.log").read_text()
    assert "6 results made" in done.stdout
    assert scores(tmp_path) == deserved
