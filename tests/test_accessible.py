"""Readable by everybody: tables with headers, words and signs beside every colour, colours that stand out, and a terminal that works without any."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from autograder.report import page, part_of
from tests.conftest import ROOT
from tests.test_cli import RIGHT, WRONG, shelf, write  # noqa: F401
from tests.test_office import pages
from tests.test_report import Named, class_of
from tunelab.checks import CheckReport, TestResult
from tunelab.display import OUTCOMES, as_html, as_text

STYLED = [path for path in sorted((ROOT / "autograder" / "templates").iterdir()) if ":root {" in path.read_text(encoding="utf-8")]
"""The files that set the colours of pages."""

REPORT = CheckReport("f", tuple(TestResult(f"test_{name}", f"Asks {name}.", 2, name, "", "") for name in OUTCOMES))


def all_pages() -> dict[str, str]:
    report = page("T", [part_of(Named(), class_of(np.random.default_rng(3)), [], ["ada"])])
    return {"check": as_html(REPORT), "report": report, **pages()}


class Tables(HTMLParser):
    """The tables of a page: rows of (tag, attributes) of their cells, and whether each has a caption."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, dict]]]] = []
        self.captions = 0

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append((tag, dict(attributes)))
        self.captions += tag == "caption"


@pytest.mark.parametrize("name", ["check", "report", "index", "learner"])
def test_every_table_has_headers_and_a_caption(name: str) -> None:
    found = Tables()
    found.feed(all_pages()[name])
    assert found.tables and found.captions == len(found.tables)
    for head, *rows in found.tables:
        assert head and all(tag == "th" and attributes.get("scope") == "col" for tag, attributes in head)
        assert rows and all(len(row) == len(head) for row in rows)
        for row in rows:
            assert all(attributes.get("scope") == "row" for tag, attributes in row if tag == "th")


def test_outcomes_differ_in_words_not_only_in_colour() -> None:
    words = {name: word for name, (_, word, _) in OUTCOMES.items()}
    assert len(set(words.values())) == len(words)
    assert all(word in as_html(REPORT) and word in as_text(REPORT) for word in words.values())


def test_late_bars_and_shared_lines_have_words_and_signs() -> None:
    assert re.search(r'class="late"/>\s*<text[^>]*>1 late<', pages()["index"])
    assert "<mark>= " in pages()["alike"]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    parts = [int(c * 2 if len(digits) == 3 else c, 16) / 255 for c in (digits if len(digits) == 3 else re.findall("..", digits))]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines 2.1, success criterion 1.4.3."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("template", STYLED, ids=lambda path: path.name)
def test_texts_and_charts_stand_out_in_light_and_in_dark(template: Path) -> None:
    """4.5 to 1 for texts, 3 to 1 for the bars of charts."""
    source = template.read_text(encoding="utf-8")
    palettes = [dict(re.findall(r"--(\w+): (#\w+)", found)) for found in re.findall(r":root \{([^}]*)\}", source)]
    assert len(palettes) == 2
    for palette in palettes:
        for text, ground in (("ink", "paper"), ("soft", "paper"), ("ink", "note"), ("ink", "mark")):
            if ground in palette:
                assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
        for bar in ("bar", "late"):
            if bar in palette:
                assert contrast(palette[bar], palette["paper"]) >= 3, bar


# ---------------------------------------------------------------- the terminal


def on_a_terminal(folder: Path, *words: str, **variables: str) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "120"} | variables
    process = subprocess.Popen(
        [sys.executable, "-m", "tunelab", *words], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        said += block
    os.close(ours)
    process.wait(60)
    return said.decode().replace("\r\n", "\n")


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("words", [("check", "s9-numbers"), ("status",)])
def test_a_terminal_without_colour_says_the_same(shelf: Path, words: tuple[str, ...]) -> None:  # noqa: F811
    write(shelf, double=RIGHT, negate=WRONG.replace("double", "negate"))
    coloured = on_a_terminal(shelf, *words, TERM="xterm-256color")
    assert COLOUR.search(coloured), "there is no colour to be switched off"
    for variables in ({"TERM": "xterm-256color", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = on_a_terminal(shelf, *words, **variables)
        assert not re.search(r"\x1b\[[0-9;]*(3[0-9]|4[0-9]|9[0-7]|10[0-7])m", plain)
        assert COLOUR.sub("", plain) == COLOUR.sub("", coloured)
