"""Two terms compared: intervals are those of their papers, and what was changed in between is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.compare import CompareError, compare, lines, newcombe, welch
from autograder.course import load_course
from autograder.workplace import Workplace
from tests.conftest import ROOT
from tests.fixtures.minicourse import write

COURSE = load_course()
NAME = COURSE.assignments[0].name


def test_newcombes_interval_is_that_of_his_paper() -> None:
    """Example (a) of the paper, 56 of 70 against 48 of 80: from 0.0524 to 0.3339."""
    low, high = newcombe([1.0] * 48 + [0.0] * 32, [1.0] * 56 + [0.0] * 14)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_welchs_interval_by_hand() -> None:
    """Means 2 and 5, variances 1 and 4, three each: 3 ± 1.96 √(1/3 + 4/3)."""
    assert welch([1, 2, 3], [3, 5, 7]) == pytest.approx((3 - 1.96 * (5 / 3) ** 0.5, 3 + 1.96 * (5 / 3) ** 0.5))


def term(folder: Path, passes: list[bool], suite: str, tests: tuple[str, ...] = ("test_a",)) -> Workplace:
    """A workplace with one written result for each of `passes`."""
    for number, passed in enumerate(passes):
        outcome = "passed" if passed else "failed"
        row = {"exercise": "f", "score": 2.0 * passed, "points": 2, "tests": [{"name": name, "outcome": outcome} for name in tests]}
        result = {"exercises": [row], "suites": {"f": suite}, "sandbox": "bubblewrap"}
        marker = {"key": f"k{number}", "result": result if number == 0 else None}
        write(folder / "results" / NAME / "written" / f"learner-{number}", json.dumps(marker))
        if number:
            write(folder / "results" / NAME / f"k{number}.json", json.dumps(result))
    return Workplace(folder)


def test_terms_are_compared_by_what_was_written(tmp_path: Path) -> None:
    old = term(tmp_path / "old", [True] * 30 + [False] * 10, "one", ("test_a", "test_gone"))
    new = term(tmp_path / "new", [True] * 8 + [False] * 32, "two")
    [one] = compare(old, new, COURSE)
    by_name = {(line.exercise, line.test): line for line in one.lines}
    assert by_name["f", "test_a"].difference == pytest.approx(-0.55)
    assert by_name["f", "test_a"].remark == "harder than it was"
    assert by_name["f", "test_gone"].remark == "only in the old term"
    assert (by_name["", ""].old.size, by_name["", ""].new.size) == (40, 40)
    assert one.changed == ("f",)
    text = "\n".join(lines([one]))
    assert "The suite changed since: f." in text
    assert f"{NAME}: 40 submissions then, 40 now." in text
    assert [line.split()[0] for line in text.splitlines()[4:8]] == ["the", "f", "test_a", "test_gone"]


def test_few_submissions_prove_nothing(tmp_path: Path) -> None:
    [one] = compare(term(tmp_path / "old", [True] * 4, "one"), term(tmp_path / "new", [False] * 4, "one"), COURSE)
    assert {line.remark for line in one.lines} == {"few submissions"}
    assert one.changed == ()


def test_the_command(tmp_path: Path) -> None:
    old, new = term(tmp_path / "old", [True, False] * 10, "one"), term(tmp_path / "new", [True, True] * 10, "one")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "autograder", "compare", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=300)

    done = run(str(old.root), str(new.root))
    assert done.returncode == 0, done.stderr
    assert "easier than it was" in done.stdout
    lost = run(str(old.root), str(tmp_path / "nowhere"))
    assert lost.returncode == 2 and "no assignment in common" in lost.stderr
    with pytest.raises(CompareError):
        compare(old, Workplace(tmp_path / "nowhere"), COURSE)
