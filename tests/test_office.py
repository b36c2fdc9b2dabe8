"""Pages for office hours: groups, times and likeness are what they say, and what learners wrote stays text."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder import office
from autograder.course import load_course
from autograder.deadlines import Deadline
from autograder.likeness import Pair, Shared, alike
from autograder.office import Group, Learner, Trouble, Week, Work, groups_of, timeline
from autograder.report import Graded
from tests.test_report import PAYLOAD, Reader, result

COURSE = load_course()
ASSIGNMENT = COURSE.assignments[0]

STUB = 'def best(scores):\n    """The best of them."""\n    raise NotImplementedError'
RIGHT = 'def best(scores):\n    """The best of them."""\n    return max(scores)'
ODD = """\
def best(scores):
    top, place, seen = None, 0, []
    while place < len(scores):
        here = scores[place]
        if here not in seen and (top is None or not here <= top):
            top = here
            seen.append(here)
        place = place + 1
    return top if top is not None else max(scores, default=0)
"""
COPIED = (
    ODD.replace("top", "m").replace("place", "i").replace("seen", "done").replace("here", "x  ").replace("    m, i", "    # mine\n    m, i")
)
OTHER = """\
def best(scores):
    ordered = sorted(scores, key=lambda score: -score)
    for score in ordered:
        if score == score:
            return score
    raise ValueError("nothing is best")
"""


# ---------------------------------------------------------------- likeness


def test_a_copy_with_other_names_is_found_and_the_lines_are_marked() -> None:
    cells = {
        "ada": {"best": ODD},
        "bob": {"best": COPIED},
        "cyd": {"best": OTHER},
        "dan": {"best": RIGHT},
        "eve": {"best": RIGHT},
        "fay": {"best": STUB},
    }
    [pair] = alike(cells, {"best": [STUB, RIGHT]})
    assert (pair.left, pair.right) == ("ada", "bob")
    assert pair.share > 0.8
    [shared] = pair.exercises
    assert shared.left == tuple(ODD.strip().split("\n")) and shared.right == tuple(COPIED.strip().split("\n"))
    [padded] = alike({"ada": {"best": "\n\n" + ODD}, "bob": {"best": COPIED}}, {"best": [STUB, RIGHT]})
    assert padded.exercises == pair.exercises
    assert set(range(2, 8)) <= shared.left_lines and set(range(3, 9)) <= shared.right_lines


def test_what_authors_know_and_what_many_share_is_explained() -> None:
    cells = {"ada": {"best": ODD}, "bob": {"best": COPIED}}
    assert alike(cells, {"best": [STUB, RIGHT, ODD]}) == []
    many = {f"l{number}": {"best": ODD} for number in range(4)}
    assert alike(many, {"best": [STUB, RIGHT]}) == []
    assert len(alike(dict(list(many.items())[:3]), {"best": [STUB, RIGHT]})) == 3


@pytest.mark.parametrize(
    "source", ["", "def best(:", "\x00\udcff", "class Best:\n    def f(self):\n        return 1\n" * 5, "é" * 5000, "'''" * 999]
)
def test_whatever_a_cell_holds_is_compared(source: str) -> None:
    alike({"ada": {"best": source}, "bob": {"best": source}, "cyd": {}}, {"best": [STUB, RIGHT]})


def test_shared_lines_are_right_in_a_class_too() -> None:
    body = ODD.replace("def best(scores):", "def __call__(self, scores):")
    source = "class best:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    [pair] = alike({"ada": {"best": source}, "bob": {"best": source.replace("top", "m")}}, {"best": [STUB]})
    assert max(pair.exercises[0].left_lines) == len(source.splitlines()) - 1


# ---------------------------------------------------------------- groups and times


def trouble(misconception: str = "", message: str = "f(1) gave 2", test: str = "test_0", outcome: str = "failed") -> Trouble:
    return Trouble("f", test, "What is asked", message, misconception, outcome)


def work(learner: str, *troubles: Trouble, late: Deadline | None = None, notices: tuple[str, ...] = ()) -> Work:
    return Work(ASSIGNMENT, Graded(learner, result([["passed", "failed"]]), notices, late), "", "", 0, troubles)


def test_groups_are_of_one_misconception_or_one_message() -> None:
    works = [
        work("ada", trouble("Off by one.", "f(1) gave 2")),
        work("bob", trouble("Off by one.", "f(3) gave another thing")),
        work("cyd", trouble(message="g(1) gave 2.5")),
        work("dan", trouble(message="g(7) gave 1e-3")),
        work("eve", trouble(message="alone")),
        work("fay", trouble(message="`f` isn't written yet"), trouble(message="alone", outcome="timeout")),
        work("gus", trouble(message="`f` isn't written yet")),
    ]
    first, second = sorted(groups_of(works), key=lambda group: group.learners)
    assert (first.learners, first.misconception) == (("ada", "bob"), "Off by one.")
    assert (second.learners, second.misconception) == (("cyd", "dan"), "")


def test_the_timeline_tells_early_and_late_days() -> None:
    due = datetime(2027, 2, 1, 22, tzinfo=UTC)
    came = [due - timedelta(hours=1), due - timedelta(hours=30), due, due + timedelta(minutes=1), due + timedelta(days=40), None]
    bars = timeline(Deadline(due, moment, None) for moment in came)
    assert {bar.label: bar.count for bar in bars if bar.count} == {
        "1 day early": 1,
        "last day": 2,
        "1 day late": 1,
        "7+ days late": 1,
    }
    assert [bar.late for bar in bars] == [False] * 8 + [True] * 7
    assert bars[7].height == 1


# ---------------------------------------------------------------- the pages


def pages() -> dict[str, str]:
    bad = trouble(PAYLOAD, PAYLOAD)
    own = work("ada", bad, late=Deadline(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC), None), notices=(PAYLOAD,))
    group = Group("f", "test_0", PAYLOAD, PAYLOAD, ("ada", "bob"))
    pair = Pair("ada", "bob", 99, 0.9, (Shared("f", (PAYLOAD, "x"), ("y", PAYLOAD), frozenset({0}), frozenset({1})),))
    bars = tuple(timeline([Deadline(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC), None)]))
    week = Week(ASSIGNMENT, "2027-01-01", 2, 1, 1, 1, 0.5, None, bars, 1, (group,), (("alike-1.html", pair),))
    learner = Learner("ada", [own], [(ASSIGNMENT, group)], [COURSE.assignments[1]])
    return {
        "index": office._page("office.html.jinja", COURSE, weeks=[week], learners=["ada", "bob"], few=8),
        "learner": office._page("learner.html.jinja", COURSE, learner=learner, medians={ASSIGNMENT.name: None}),
        "alike": office._page("alike.html.jinja", COURSE, assignment=ASSIGNMENT, pair=pair),
    }


@pytest.mark.parametrize("name", ["index", "learner", "alike"])
def test_pages_are_sound_and_keep_what_learners_wrote_as_text(name: str) -> None:
    html = pages()[name]
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "iframe", "object", "link", "b"}
    assert not [
        attribute
        for _, attributes in reader.tags
        for attribute in attributes
        if attribute.startswith("on") or attribute in ("src", "style")
    ]
    assert all(re.fullmatch(r"#.*|[a-z0-9-]+\.html", attributes.get("href", "#")) for _, attributes in reader.tags)
    assert "{{ 7 * 7 }}" in html and "default-src 'none'" in html


def test_likeness_comes_with_its_warning_and_marks_with_a_sign() -> None:
    made = pages()
    assert "Likeness is no proof." in made["index"] and "Likeness is no proof." in made["alike"]
    assert "<mark>= &lt;script&gt;" in made["alike"]
    assert "  x\n" in made["alike"] and "  y\n" in made["alike"]


def test_payloads_do_nothing_in_a_browser(tmp_path: Path) -> None:
    for name, html in pages().items():
        path = tmp_path / f"{name}.html"
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
        assert "&lt;script&gt;" in dom
        assert "<title>attacked" not in dom
