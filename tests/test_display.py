"""What learners and graders see: reports, predictions, plots and their intervals."""

import html.parser
import re

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from tunelab import plots, stats
from tunelab.checks import CheckReport, TestResult
from tunelab.display import Unfinished, as_html, as_text, clean, inline
from tunelab.predict import predict

NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\" style='x' &amp; $\\href{javascript:alert(1)}{x}$ \x1b[31m\u202e\x00\ud800"


def report(*outcomes, points=None, message="", note="", traceback=""):
    results = (TestResult(f"test_{n}", f"Number {n} is right.", points, outcome, message, traceback) for n, outcome in enumerate(outcomes))
    return CheckReport("freeze_layers", tuple(results), note)


class Page(html.parser.HTMLParser):
    """Collects tags, attributes and text, and fails when tags don't match."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(page)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_report_says_in_words_what_each_check_found():
    page = Page(as_html(report("passed", "failed", "timeout", "crashed", "error", message="Look at layer 10.")))
    assert "1 of 5 checks pass so far" in page.text
    for word in ("passed", "not yet", "out of time", "stopped", "unclear", "Number 3 is right.", "Look at layer 10."):
        assert word in page.text
    assert page.tags.count("tr") == 6
    assert [value for name, value in page.attributes if name == "scope"] == ["col", "col", *["row"] * 5]


def test_points_are_shown_when_there_are_any():
    graded = report("passed", "failed", points=2)
    assert "2 of 4 points" in Page(as_html(graded)).text
    assert "0 of 2" in Page(as_html(graded)).text
    assert "(2 of 2 points)" in as_text(graded)
    assert "points" not in as_text(report("passed", "failed"))


def test_what_a_learner_wrote_stays_text():
    for broken in (
        report("failed", message=NASTY, traceback=NASTY, note=NASTY),
        CheckReport(NASTY, (), NASTY),
        CheckReport("f", (TestResult("t", NASTY, 1, NASTY, "`" + NASTY, ""),)),
    ):
        page = as_html(broken)
        parsed = Page(page)
        assert not {"script", "img"} & set(parsed.tags)
        assert not [name for name, _ in parsed.attributes if name not in ("style", "class", "scope", "aria-hidden")]
        assert "<script>alert(1)</script>" in parsed.text
        for shown in (page, as_text(broken)):
            assert not re.search("[\x00\x1b\u202e\ud800]", shown)
            shown.encode("utf-8")
        assert page.startswith('<div class="tex2jax_ignore mathjax_ignore"'), "math would be typeset, links within it included"


def test_long_texts_are_cut_in_the_middle():
    page = as_html(report("failed", message="a" * 10_000_000 + "THE END", traceback="b" * 10_000_000 + "LAST LINE"))
    assert len(page) < 20_000
    assert "THE END" in page
    assert "LAST LINE" in page


def test_code_between_backticks_is_set_as_code():
    assert inline("`freeze_layers(<m>)` gave `None`") == "<code>freeze_layers(&lt;m&gt;)</code> gave <code>None</code>"
    assert inline("a lone ` stays") == "a lone ` stays"
    assert inline("`one` and a lone ` stays") == "<code>one</code> and a lone ` stays"
    assert clean("👩‍🏫 naïve\t\n") == "👩‍🏫 naïve\t\n"


def test_a_report_without_results_says_why():
    missing = report(note="There is no test_freeze_layers.py beside this notebook.")
    assert "There is no test_freeze_layers.py" in Page(as_html(missing)).text
    assert "nothing could be checked" in as_text(missing)


def test_an_unfinished_check_is_zero_for_nbgrader_and_a_sentence_for_the_learner():
    bundle = Unfinished(report("passed", "failed"))._repr_mimebundle_()
    assert bundle["text/plain"] == "0.0"
    assert "1 of 2 checks pass so far" in Page(bundle["text/html"]).text


CHECKS = '''
def test_two(learner):
    """Twice two is four."""
    assert learner.double(2) == 4, "double(2) isn't 4. Did you add 2?"
'''


@pytest.mark.parametrize(("body", "passes"), [("return x * 2", True), ("return x + 3", False), ("raise NotImplementedError", False)])
def test_a_notebook_shows_the_table_and_nbgrader_reads_the_score(tmp_path, body, passes):
    """In a real kernel, and read by nbgrader's own rule."""
    (tmp_path / "test_double.py").write_text(CHECKS)
    grade = {"grade": True, "grade_id": "check_double", "points": 3, "locked": True, "solution": False, "schema_version": 3}
    cells = [
        new_code_cell("from tunelab import check"),
        new_code_cell(f"def double(x):\n    {body}"),
        new_code_cell('check("double")', metadata={"nbgrader": grade}),
    ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    nbformat.validate(notebook)
    cell = notebook.cells[2]
    table = next(output for output in cell.outputs if output.output_type == "display_data")
    assert ("✓" in table.data["text/plain"]) is passes
    assert "<table" in table.data["text/html"]
    assert not [output for output in cell.outputs if output.output_type == "stream"]
    assert determine_grade(cell)[0] == (3 if passes else 0)


# ---------------------------------------------------------------- predictions


def test_a_prediction_gives_each_choice_its_reason(capsys):
    predict("More or <less>?", {"More": "Tempting: it `grows`.", "Less": "Right."}, answer="Less")
    said = capsys.readouterr().out
    assert said.index("2. Less") < said.index("Choose one before you read on.") < said.index("✗ It doesn't. Tempting")
    assert "✓ It comes true. Right." in said


def test_a_prediction_in_a_notebook_folds_and_needs_no_script():
    from tunelab.predict import _as_html

    page = Page(_as_html("More or <less>?", {"More": "Tempting.", NASTY: "Right."}, NASTY))
    assert page.tags.count("details") == page.tags.count("summary") == 2
    assert "More or <less>?" in page.text
    assert not {"script", "img", "input"} & set(page.tags)


@pytest.mark.parametrize(
    ("choices", "answer"), [({"a": "x"}, "a"), ({"a": "x", "b": "y"}, "c"), ({"a": "x", "b": " "}, "a")], ids=["one", "unknown", "silent"]
)
def test_a_prediction_that_cannot_be_answered_is_refused(choices, answer):
    with pytest.raises(ValueError, match="predict"):
        predict("?", choices, answer)


# ---------------------------------------------------------------- plots and intervals


def test_a_plot_carries_title_units_intervals_and_words(capsys):
    panel = plots.axes("Accuracy by layers frozen", x="layers frozen (number)", y="accuracy (share of 1,000 reviews)")
    plots.line(panel, [0, 2, 4], [0.8, 0.79, 0.7], "MiniLM", [(0.77, 0.83), (0.76, 0.82), (0.67, 0.73)])
    plots.line(panel, [0, 2, 4], [0.6, 0.6, 0.6], "majority")
    first, second = (container.lines[0] for container in panel.containers)
    assert (panel.get_title(), panel.get_ylabel()) == ("Accuracy by layers frozen", "accuracy (share of 1,000 reviews)")
    assert first.get_color() != second.get_color()
    assert first.get_marker() != second.get_marker()
    low, high = panel.containers[0].lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((0.77, 0.83))
    plots.show(panel, "Accuracy falls from 0.80 to 0.70 as layers are frozen.")
    assert "falls from 0.80 to 0.70" in capsys.readouterr().out
    with pytest.raises(ValueError, match="who can't see it"):
        plots.show(panel, "")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.5"), (0.12345, "0.123"), (-0.004, "-0.004"), (99.96, "100"), (999.7, "1,000"), (4160.4, "4,160"), (-123456, "-123,456")],
)
def test_values_beside_bars_are_readable(value, shown):
    assert plots.digits(value) == shown


def test_bars_have_values_and_hatches():
    panel = plots.axes("t", x="x", y="y")
    plots.bars(panel, ["a", "b"], [0.5, 0.75], [(0.4, 0.6), (0.7, 0.8)])
    assert [text.get_text() for text in panel.texts] == ["0.5", "0.75"]
    assert len({patch.get_hatch() for patch in panel.patches}) == 2


def test_wilson_agrees_with_published_values():
    """Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29, at 95%."""
    for correct, total, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):
        assert stats.wilson(correct, total) == pytest.approx((low, high), abs=5e-5)
    assert stats.wilson(29, 29)[1] == 1.0
    with pytest.raises(ValueError, match=r"wilson\(3, 2\)"):
        stats.wilson(3, 2)


def test_bootstrap_draws_whole_rows_from_its_own_seed():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    predictions = np.where(rng.random(400) < 0.8, labels, 1 - labels)
    before = np.random.get_state()[1].tolist()
    low, high = stats.bootstrap(lambda a, b: np.mean(a == b), labels, predictions, resamples=500)
    assert (low, high) == pytest.approx(stats.wilson(int(np.sum(labels == predictions)), 400), abs=0.015)
    assert (low, high) == stats.bootstrap(lambda a, b: np.mean(a == b), labels, predictions, resamples=500)
    assert np.random.get_state()[1].tolist() == before
    with pytest.raises(ValueError, match="equally long"):
        stats.bootstrap(np.mean, [1, 2], [1])


def test_two_way_bootstrap_has_the_luck_of_rows_and_columns_in_it():
    rng = np.random.default_rng(0)
    one = rng.random((1, 400)) < 0.7
    low, high = stats.two_way_bootstrap(one)
    assert (low, high) == pytest.approx(stats.wilson(int(one.sum()), 400), abs=0.01), "a single row leaves the luck of the columns alone"
    alike, apart = np.tile(rng.random(400) < 0.7, (6, 1)), np.tile([[0.4], [0.5], [0.6], [0.8], [0.9], [1.0]], (1, 400))
    assert np.diff(stats.two_way_bootstrap(alike)) == pytest.approx(np.diff(stats.wilson(int(alike[0].sum()), 400)), abs=0.015)
    assert np.diff(stats.two_way_bootstrap(apart)) > 0.2, "rows that differ widen it, though all columns are alike"
    assert stats.two_way_bootstrap(one) == (low, high)
    for table in (np.ones(3), np.ones((0, 3))):
        with pytest.raises(ValueError, match="rows and columns"):
            stats.two_way_bootstrap(table)


def test_mean_interval_agrees_with_a_table_of_students_t():
    """The quantiles for 2, 3 and 10 values at 95%: 12.706, 4.303, 2.262."""
    for values, quantile in (([0.7, 0.8], 12.706), ([0.70, 0.72, 0.77], 4.303), (list(range(10)), 2.262)):
        low, high = stats.mean_interval(values)
        half = quantile * np.std(values, ddof=1) / len(values) ** 0.5
        assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half), rel=1e-3, abs=1e-4)
    for values in ([], [0.7], [[0.7, 0.8]]):
        with pytest.raises(ValueError, match="two values"):
            stats.mean_interval(values)


def test_hints_stand_folded_below_what_was_found():
    result = TestResult("test_a", "A.", 3, "failed", "f() gave 1.", "")
    report = CheckReport("f", (result,), hints=("What does `f` count?", "<b>Everything</b>."))
    page, text = as_html(report), as_text(report)
    assert page.index("f() gave 1.") < page.index("<details") < page.index("What does <code>f</code> count?")
    assert "<b>" not in page and "&lt;b&gt;Everything" in page
    assert text.splitlines()[-3:] == [
        "  hints, from a question to nearly the line:",
        "      1. What does `f` count?",
        "      2. <b>Everything</b>.",
    ]
