"""The class report: its numbers are those of the definitions, and what learners wrote stays text."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from autograder.course import Solution
from autograder.deadlines import Deadline
from autograder.report import (
    Graded,
    attention,
    commonest_messages,
    discrimination,
    distribution,
    exercise_items,
    leaderboard_of,
    leaderboard_page,
    page,
    part_of,
    plain,
    summary_of,
)

PAYLOAD = "<script>document.title='attacked'</script><img src=x onerror=\"document.title='attacked'\">{{ 7 * 7 }}{% raw %}\x1b[31m\u202e"


class Named:
    """What the page takes of an assignment."""

    name, title, leaderboard = "s1-tiny", "Tiny & <b>small</b>", "f1"


def result(outcomes: list[list[str]], message: str = "", sandbox: str = "bubblewrap") -> dict:
    """A result of one exercise per list, each test worth 2 points."""
    exercises = []
    for number, tests in enumerate(outcomes):
        rows = [
            {
                "name": f"test_{i}",
                "title": f"Test {i}",
                "points": 2,
                "outcome": o,
                "message": "" if o == "passed" else message,
                "traceback": "",
            }
            for i, o in enumerate(tests)
        ]
        exercises.append(
            {
                "exercise": f"exercise_{number}",
                "score": 2.0 * tests.count("passed"),
                "points": 2 * len(tests),
                "note": "",
                "tests": rows,
                "measures": [],
                "flags": [],
            }
        )
    return {"exercises": exercises, "sandbox": sandbox}


def class_of(rng: np.random.Generator, size: int = 40) -> list[Graded]:
    able = rng.normal(size=size)
    graded = []
    for number, skill in enumerate(able):
        passed = rng.normal(size=(2, 3)) < skill + np.array([[1, 0, -1], [0.5, 0, -0.5]])
        graded.append(
            Graded(
                f"learner-{number}",
                result([["passed" if p else "failed" for p in row] for row in passed], f"gave {rng.integers(100)} points"),
            )
        )
    return graded


def test_facility_and_discrimination_are_those_of_the_definitions() -> None:
    graded = class_of(np.random.default_rng(1))
    passed = np.array([[[t["outcome"] == "passed" for t in e["tests"]] for e in one.exercises] for one in graded])
    totals = 2.0 * passed.sum(axis=(1, 2))
    for number, item in enumerate(exercise_items(graded)):
        own = 2.0 * passed[:, number].sum(axis=1)
        assert item.whole.facility == pytest.approx(own.mean() / 6)
        assert item.whole.discrimination == pytest.approx(np.corrcoef(own, totals - own)[0, 1])
        assert item.whole.failed == pytest.approx((own < 6).mean())
        for test, column in zip(item.tests, passed[:, number].T, strict=True):
            assert test.failed == pytest.approx(1 - column.mean())
            assert test.discrimination == pytest.approx(np.corrcoef(column, totals - 2.0 * column)[0, 1])


def test_point_biserial_by_hand() -> None:
    """Passed by the two whose rest is 4 and 3, failed by those with 2 and 1: r = (3.5 - 1.5) / 1.118 * 0.5."""
    assert discrimination([1, 1, 0, 0], [4, 3, 2, 1]) == pytest.approx(2 / np.std([1, 2, 3, 4]) * 0.5)
    assert discrimination([1, 1, 1], [1, 2, 3]) is None
    assert discrimination([1, 0], [5, 5]) is None


def test_distribution_puts_every_share_into_one_bar() -> None:
    bars = distribution([0.0, 0.09, 0.1, 0.3, 0.7, 1.0, 1.0])
    assert [bar.count for bar in bars] == [2, 1, 0, 1, 0, 0, 0, 1, 0, 2]
    assert bars[-1].height == 1
    assert bars[1].height == 0.5
    assert summary_of([1, 2, 3, 4]) == "Mean 2.5, median 2.5; half of the class lies between 1.8 and 3.2."


def test_messages_that_differ_in_numbers_count_as_one_and_name_the_misconception() -> None:
    graded = [Graded(f"l{i}", result([["failed"]], f"f({i}) gave {i}.5e-3: the last axis")) for i in range(5)]
    graded += [Graded("other", result([["failed"]], "something else")), Graded("stub", result([["failed"]], "`f` isn't written yet"))]
    mutant = Solution("m", "exercise_0", "mutant", "", "Argmax over the wrong axis.", Path("m.py"), 1, "test_0", "the last axis")
    first, second = commonest_messages(graded, [mutant])
    assert (first.learners, first.misconception) == (5, "Argmax over the wrong axis.")
    assert (second.learners, second.misconception, second.example) == (1, "", "something else")


def test_submissions_that_want_an_eye_say_why() -> None:
    graded = [
        Graded("fine", result([["passed", "failed"]])),
        Graded("malformed", result([["passed"]]), ("There is no cell for `f`.",)),
        Graded("loops", result([["passed", "timeout"], ["crashed"]])),
        Graded("lost", None),
    ]
    found = {one.learner: one for one in attention(graded)}
    assert set(found) == {"malformed", "loops", "lost"}
    assert found["malformed"].reasons == ("There is no cell for `f`.",)
    assert [reason.partition(":")[0] for reason in found["loops"].reasons] == ["exercise_0", "exercise_1"]
    assert found["loops"].score == "2 of 6"
    assert found["lost"].score == "not graded"


def measured(learner: str, f1: float | None, flag: str = "", **others: float) -> Graded:
    """A learner whose first exercise was measured, and flagged if a sentence is given."""
    found = result([["passed"], ["passed"]])
    numbers = ({"f1": f1} if f1 is not None else {}) | others
    found["exercises"][0]["measures"] = [{"name": n, "value": v, "low": v - 0.05, "high": v + 0.05} for n, v in numbers.items()]
    found["exercises"][1]["measures"] = [{"name": "size", "value": 12.0, "low": None, "high": None}]
    found["exercises"][0]["flags"] = [flag] if flag else []
    return Graded(learner, found)


def test_the_leaderboard_is_sorted_and_equal_numbers_share_a_place() -> None:
    graded = [measured("cyd", 0.7), measured("ada", 0.9, other=-0.25), measured("bob", 0.7), measured("dan", None), measured("eve", 0.6)]
    board = leaderboard_of("f1", graded)
    assert board.measures == ("f1", "size", "other")
    assert [(one.place, one.learner) for one in board.standings] == [(1, "ada"), (2, "bob"), (2, "cyd"), (4, "eve")]
    assert board.standings[0].numbers == ("0.900 (0.850 to 0.950)", "12.000", "\u22120.250 (\u22120.300 to \u22120.200)")
    assert board.standings[1].numbers == ("0.700 (0.650 to 0.750)", "12.000", "")
    assert leaderboard_of("f1", [measured("dan", None)]) is None
    assert leaderboard_of("", graded) is None


def test_the_leaderboard_is_for_the_class_and_flags_are_for_a_persons_eye() -> None:
    graded = [measured("ada", 0.9, PAYLOAD), measured("bob", 0.7)]
    part = part_of(Named(), graded, [])
    report, board = page("T", [part]), leaderboard_page(part)
    [attended] = part.attention
    assert attended.reasons == (f"exercise_0: {PAYLOAD}",)
    assert "attacked" in report and "<script>" not in report
    assert "<h3>Leaderboard</h3>" in report
    assert "attacked" not in board and "0.900 (0.850 to 0.950)" in board
    assert board.index("<bdi>ada</bdi>") < board.index("<bdi>bob</bdi>")
    assert "<h3>Leaderboard</h3>" not in page("T", [part_of(Named(), [measured("dan", None)], [])])
    reader = Reader()
    reader.feed(board)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "link", "b"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "br", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "rect", "line"):
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def html() -> str:
    attacker = Graded(PAYLOAD, result([["failed"] * 3] * 2, PAYLOAD, "process"), (PAYLOAD,), PAYLOAD)
    return page(PAYLOAD, [part_of(Named(), [*class_of(np.random.default_rng(2)), attacker], [], [PAYLOAD, "ada"])])


def test_the_page_is_sound_and_takes_nothing_from_elsewhere(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    names = {tag for tag, _ in reader.tags}
    assert not names & {"script", "img", "iframe", "object", "link", "b"}
    assert not [
        attribute
        for _, attributes in reader.tags
        for attribute in attributes
        if attribute.startswith("on") or attribute in ("src", "style")
    ]
    assert all(attributes.get("href", "#").startswith("#") for _, attributes in reader.tags)
    assert "default-src 'none'" in html
    assert "{{ 7 * 7 }}" in html


def test_charts_have_text_alternatives(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    charts = [attributes for tag, attributes in reader.tags if tag == "svg"]
    assert charts
    assert all(chart.get("role") == "img" and (chart.get("aria-label") or chart.get("aria-labelledby")) for chart in charts)
    assert "90 to 100%" in html.partition("<desc")[2].partition("</desc>")[0]


def test_grading_without_walls_is_said(html: str) -> None:
    assert "Graded without a sandbox&#39;s walls" in html or "Graded without a sandbox's walls" in html
    assert "without a sandbox's walls" not in page("T", [part_of(Named(), [Graded("a", result([["passed"]]))], [])])


def test_control_characters_become_visible() -> None:
    assert plain("a\x1b[31m\u202eb\nc") == "a\ufffd[31m\ufffdb\nc"


def test_payloads_do_nothing_in_a_browser(html: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
        path.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    assert "For a person's eye" in dom
    assert re.search(r"<title>&lt;script&gt;", dom), "the title was changed by a script"


def test_who_came_late_and_who_not_at_all_is_named() -> None:
    due = datetime(2027, 2, 1, 22, tzinfo=UTC)
    late = Graded("bob", result([["passed"]]), deadline=Deadline(due, due + timedelta(hours=2), None))
    html = page("T", [part_of(Named(), [late, Graded("cyd", result([["passed"]]))], [], ["ada", "eve"])])
    assert "2 of the class list: <bdi>ada</bdi>, <bdi>eve</bdi>" in html
    assert '<th scope="row"><bdi>bob</bdi></th><td>came 2 hours after 2027-02-01 22:00 UTC: nothing is taken off.</td>' in html
    assert "<bdi>cyd</bdi></th><td>came" not in html
    plain_page = page("T", [part_of(Named(), [Graded("cyd", result([["passed"]]))], [])])
    assert "Not handed in" not in plain_page
    assert "<h3>Late</h3>" not in plain_page


def test_a_class_of_none_and_of_one() -> None:
    assert "Nothing has been graded" in page("T", [])
    assert "say little" in page("T", [part_of(Named(), [Graded("a", result([["passed"]]))], [])])
    assert "not graded" in page("T", [part_of(Named(), [Graded("a", None)], [])])
