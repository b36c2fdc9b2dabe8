"""The law: proves for every exercise that doing nothing earns nothing, right answers everything, and that each wrong one loses points on a message written for it.

It also proves that nothing hidden is released, that suites keep the rules that keep their expected values on the trusted side, and that each lesson runs.
"""

from __future__ import annotations

import ast
import functools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.author_files import NONE, REFERENCE, FileSets, author_files
from autograder.course import (
    SUITE_SECONDS,
    Assignment,
    Course,
    CourseError,
    Solution,
    Solutions,
    Suite,
    at,
    load_hints,
    load_solutions,
    load_suites,
    public_checks,
)
from autograder.fill import fill
from autograder.idle import idle_answers
from autograder.leaks import find_leaks, learner_wheel
from autograder.lessons import DEMO_SECONDS, lesson_digest, run_lesson
from autograder.release import stale
from autograder.show import Progress, shortened, table
from autograder.suite_rules import broken_rules
from autograder.verdicts import LazyEngine, Run, Verdict, Verdicts, make_all
from autograder.workplace import write_atomically

SEED = 3_141
"""What suites draw from in every run that compares backends."""
MORE_SEEDS = (2_718, 1_618)
"""References are tried with these too: a right answer passes whatever is drawn. That of a suite that may take long is tried in-process with the first of them alone: it must pass under both backends, so
that what one draw shows in the sandbox and another in-process needs no third run.
"""
MUTANTS = 4
"""At least so many per exercise."""
SLOWEST = 5
SHOWN = 100
"""Characters of a message in a table."""


@dataclass(frozen=True)
class Finding:
    """A breach: which point of the law (1 to 6), where, and what to do."""

    point: int
    place: str
    text: str

    def __str__(self) -> str:
        return f"[{self.point}] {self.place}: {self.text}"


@dataclass
class Lawbook:
    """What the law found in one assignment: breaches, then what is merely worth knowing, and the tables to print."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def breach(self, point: int, place: str, text: str) -> None:
        self.findings.append(Finding(point, place, text))


@dataclass(frozen=True)
class Case:
    """One exercise and all that its law needs: right and wrong answers are filled into its stub's cell.

    With `thorough` its mutants run whole in-process too, where otherwise the test that each of them names is enough.
    """

    assignment: Assignment
    exercise: str
    stub: str
    suite: Suite
    checks: Path
    reference: str
    alternatives: tuple[tuple[Solution, str], ...]
    mutants: tuple[tuple[Solution, str], ...]
    thorough: bool = False

    @property
    def place(self) -> str:
        return f"{self.assignment.name}, {self.exercise}"

    @property
    def right(self) -> list[tuple[str, str, str]]:
        """Name, filled cell and set of files of every right answer."""
        return [("reference", self.reference, REFERENCE), *((s.name, cell, s.files) for s, cell in self.alternatives)]

    @functools.cached_property
    def idle(self) -> dict[str, str]:
        """Cells of answers that do nothing, by what they do."""
        return idle_answers(self.stub)

    def hidden(self, backend: str, cell: str, files: str, seed: int = SEED, only: str = "") -> Run:
        return Run(backend, self.exercise, cell, self.suite.path, seed, only, files)

    def of_reference(self, seed: int | None = None, only: str = "") -> Run:
        """A run of the reference in-process, without a seed the one that stands beside the sandbox's."""
        beside = MORE_SEEDS[0] if self.long else SEED
        return self.hidden("in-process", self.reference, REFERENCE, beside if seed is None else seed, only)

    def of_right(self, cell: str, files: str) -> tuple[Run, Run]:
        """The runs of a right answer in the sandbox and in-process."""
        in_process = self.of_reference() if cell == self.reference else self.hidden("in-process", cell, files)
        return self.hidden("sandbox", cell, files), in_process

    def caught(self, backend: str, mutant: Solution, cell: str) -> Run:
        """The run in which a mutant must be caught."""
        whole = self.thorough or backend == "sandbox"
        return self.hidden(backend, cell, mutant.files, only="" if whole else mutant.caught_by)

    def compared(self) -> Iterator[tuple[str, Run, Run]]:
        """Of every answer that somebody wrote its name and its runs in the sandbox and in-process, which must agree."""
        for name, cell, files in self.right:
            yield name, *self.of_right(cell, files)
        for mutant, cell in self.mutants:
            yield mutant.name, self.caught("sandbox", mutant, cell), self.caught("in-process", mutant, cell)

    def public(self, cell: str, files: str) -> Run:
        return Run("in-process", self.exercise, cell, self.checks, SEED, files=files)

    @property
    def seeds(self) -> tuple[int, ...]:
        """What the reference is drawn for beyond the runs that are compared."""
        return () if self.long else MORE_SEEDS

    @property
    def long(self) -> bool:
        """Whether the course lets the suite take longer than others: its tests share what takes long, such as a training run."""
        return self.suite.seconds > SUITE_SECONDS

    def timed(self) -> list[Run]:
        """Each hidden test alone on the reference: also shows that none hangs on another. Not of a long suite, where each would pay for what they share."""
        return [] if self.long else [self.of_reference(only=test.name) for test in self.suite.tests]

    def batches(self) -> Iterator[Sequence[Run]]:
        """All runs, those together that one process can make: runs of answers that do no harm."""
        yield [self.hidden("sandbox", self.stub, NONE)]
        for _, sandbox, in_process in self.compared():
            yield from ([sandbox], [in_process])
        yield [self.hidden("in-process", cell, NONE) for cell in self.idle.values()]
        yield [self.of_reference(seed) for seed in self.seeds]
        yield self.timed()
        yield [self.public(self.stub, NONE), *(self.public(cell, files) for _, cell, files in self.right)]


# ---------------------------------------------------------------- the whole


def lint(course: Course, name: str | None = None, mode: str = "bubblewrap", exercise: str | None = None) -> bool:
    """Proves the law for the assignment of that name, or for all, and prints what it found. Returns whether it holds.

    With `exercise`, only that one's answers are tried, for an author at work: neither lesson nor release is looked at.
    Raises CourseError for an assignment that hasn't got that exercise.
    """
    start, findings = time.monotonic(), []
    chosen = course.select(name)
    with LazyEngine(mode, course.root, chosen) as engine:
        for assignment in chosen:
            book = lint_assignment(assignment, engine, exercise, thorough=assignment.name in course.shown)
            print(
                f"\n{assignment.name}: {assignment.title}\n", *book.tables, *(f"Note: {note}" for note in book.notes), sep="\n", flush=True
            )
            findings += book.findings
    if not exercise:
        findings += release_findings(course, name)
    print(f"\n{len(findings)} breach{'es' * (len(findings) != 1)} of the law, {time.monotonic() - start:.0f} s.")
    print(*findings, sep="\n", end="\n" if findings else "")
    return not findings


def lint_assignment(assignment: Assignment, engine: LazyEngine, exercise: str | None = None, thorough: bool = False) -> Lawbook:
    """The law for one assignment, points 1, 2, 3, 5 and 6, or for one of its exercises. Raises CourseError for what can't even be read.

    `thorough`: mutants run whole in-process too.
    """
    book, (cases, verdicts) = Lawbook(), tried(assignment, engine, exercise, thorough)
    written_findings(assignment, cases, book)
    lesson = functools.partial(lesson_findings, assignment, book) if exercise is None else lambda: None
    made = make_all(verdicts, [batch for case in cases for batch in case.batches()], Progress(), lesson)
    for case in cases:
        judge(case, made, book)
    book.tables += [summary_table(cases, made), *(mutant_table(case, made) for case in cases), slowest_table(cases, made)]
    return book


def tried(assignment: Assignment, engine: LazyEngine, exercise: str | None = None, thorough: bool = False) -> tuple[list[Case], Verdicts]:
    """The exercises of an assignment, or the one of that name, and what makes the runs of their answers. Raises CourseError for what can't even be read."""
    chosen = [e.name for e in assignment.exercises] if exercise is None else [assignment.exercise(exercise).name]
    cases, files = [case for case in cases_of(assignment, thorough) if case.exercise in chosen], author_files(assignment)
    check_sets(cases, files)
    return cases, Verdicts(assignment, engine, {case.exercise: case.suite for case in cases}, files)


def cases_of(assignment: Assignment, thorough: bool = False) -> list[Case]:
    """The exercises of an assignment, each answer filled into its stub. Raises CourseError when one doesn't fit."""
    suites, solutions, checks = load_suites(assignment), load_solutions(assignment), public_checks(assignment)
    load_hints(assignment)
    return [_case(assignment, e.name, e.stub, suites[e.name], solutions, checks[e.name], thorough) for e in assignment.exercises]


def check_sets(cases: Sequence[Case], files: FileSets) -> None:
    """Raises CourseError for an answer whose files nobody makes."""
    for solution, _ in (answer for case in cases for answer in (*case.alternatives, *case.mutants)):
        if solution.files not in files:
            made = ", ".join(name for name in files if name != NONE)
            raise CourseError(
                f"{at(solution.path, solution.line)}: {solution.name} hands in the files {solution.files!r}. There are: {made}."
            )


def _case(assignment: Assignment, exercise: str, stub: str, suite: Suite, solutions: Solutions, checks: Path, thorough: bool) -> Case:
    return Case(
        assignment,
        exercise,
        stub,
        suite,
        checks,
        fill(stub, solutions.reference[exercise]),
        tuple((s, fill(stub, s)) for s in solutions.alternatives_of(exercise)),
        tuple((s, fill(stub, s)) for s in solutions.mutants_of(exercise)),
        thorough,
    )


# ---------------------------------------------------------------- what is written (3, 5)


def written_findings(assignment: Assignment, cases: Sequence[Case], book: Lawbook) -> None:
    """What can be told without running anything."""
    solutions = load_solutions(assignment)
    if assignment.leaderboard and assignment.leaderboard not in measured_names(assignment):
        book.breach(5, at(assignment.suites), f"no suite measures {assignment.leaderboard!r}, which course.toml names for the leaderboard.")
    for case in cases:
        if len(case.mutants) < MUTANTS:
            book.breach(
                3, case.place, f"there are {len(case.mutants)} mutants. Write at least {MUTANTS}, of the mistakes that beginners make."
            )
        if not case.alternatives:
            book.notes.append(f"{case.place} has no alternative. Is there really only one sound way?")
        for text in signature_differences(case.stub, solutions.reference[case.exercise]):
            book.breach(5, case.place, text)
        for path in (case.suite.path, case.checks):
            for line, text in broken_rules(path):
                book.breach(5, at(path, line), text)


def measured_names(assignment: Assignment) -> set[str]:
    """The names of what suites and their helpers measure, as far as they are written out."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in assignment.suites.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "measure"]
    return {str(call.args[0].value) for call in calls if call.args and isinstance(call.args[0], ast.Constant)}


def signature_differences(stub: str, reference: Solution) -> Iterator[str]:
    """Where the reference says something else than the stub about arguments or contract; `fill` has compared the names."""
    wanted, given = ast.parse(stub).body[0], ast.parse(reference.source).body[0]
    if (own := ast.get_docstring(given)) and own != ast.get_docstring(wanted):
        yield f"the reference ({at(reference.path, reference.line)}) has a docstring of its own. Leave it out: the stub's is the contract."
    if isinstance(wanted, ast.FunctionDef) and isinstance(given, ast.FunctionDef) and _defaults(wanted) != _defaults(given):
        yield f"the reference ({at(reference.path, reference.line)}) has other defaults than the stub. Make them equal."


def _defaults(function: ast.FunctionDef) -> list[str]:
    return [ast.unparse(node) for node in (*function.args.defaults, *function.args.kw_defaults) if node is not None]


# ---------------------------------------------------------------- what runs show (1, 2, 3, 5)


def judge(case: Case, made: dict[Run, Verdict], book: Lawbook) -> None:
    """Holds the verdicts of one exercise against the law."""
    for text in idle_breaches("the stub", made[case.hidden("sandbox", case.stub, NONE)]):
        book.breach(1, case.place, text)
    for what, cell in case.idle.items():
        for text in idle_breaches(f"an answer that does no more than `{what}`", made[case.hidden("in-process", cell, NONE)]):
            book.breach(1, case.place, text)
    for name, cell, files in case.right:
        for run in case.of_right(cell, files):
            for text in right_breaches(case.suite, made[run]):
                book.breach(2, case.place, f"{name}, {run.backend}: {text}")
        for text in _not_passed(made[case.public(cell, files)]):
            book.breach(5, case.place, f"{name} doesn't pass the public checks: {text}")
    for run in [case.of_reference(seed) for seed in case.seeds]:
        for text in right_breaches(case.suite, made[run]):
            book.breach(2, case.place, f"reference, in-process, drawn from {run.seed}: {text}")
    for run in case.timed():
        for text in _not_passed(made[run]):
            book.breach(2, case.place, f"reference, {run.only} alone: {text}")
    for solution, cell in case.mutants:
        for backend in ("sandbox", "in-process"):
            if text := mutant_breach(solution, made[case.caught(backend, solution, cell)]):
                book.breach(3, at(solution.path, solution.line), f"{solution.name}, {backend}: {text}")
    for name, sandbox, in_process in case.compared():
        for text in disagreements(made[sandbox], made[in_process], in_process.only):
            book.breach(2, case.place, f"{name}: {text}")
    for text in unkind(case.exercise, made[case.public(case.stub, NONE)]):
        book.breach(5, at(case.checks), text)
    whole = made[case.of_reference()].seconds
    if whole > case.suite.seconds:
        book.notes.append(
            f"{case.place}: the suite takes {whole:.1f} CPU seconds on the reference; {case.suite.seconds:g} are the most (suite_seconds in course.toml)."
        )


def idle_breaches(answer: str, verdict: Verdict) -> Iterator[str]:
    for test in sorted(verdict.passed):
        yield f"{answer} passes {test}: a test that is passed by doing nothing. Make it look at what comes back."
    for name, (outcome, message) in verdict.outcomes.items():
        if outcome not in ("passed", "failed"):
            yield f"{answer} makes {name} end as `{outcome}` ({shortened(message, 100)}), where a plain failure is wanted."


def disagreements(sandbox: Verdict, in_process: Verdict, only: str = "") -> Iterator[str]:
    """Where self-check and grading would tell a learner different things, in all tests or in `only` one."""
    for name in [only] if only else sorted({*sandbox.outcomes, *in_process.outcomes}):
        there, here = (verdict.outcomes.get(name, ("missing", "")) for verdict in (sandbox, in_process))
        if there != here:
            yield f"the backends disagree on {name}: {' '.join(there)[:150]!r} in the sandbox, {' '.join(here)[:150]!r} in-process."


def right_breaches(suite: Suite, verdict: Verdict) -> Iterator[str]:
    """Why a right answer doesn't earn all points. There must be exactly one result per test."""
    yield from _not_passed(verdict)
    for name in sorted({test.name for test in suite.tests} ^ set(verdict.outcomes)):
        yield f"{name} is in the suite or in the results, but not in both."


def _not_passed(verdict: Verdict) -> Iterator[str]:
    if not verdict.outcomes:
        yield "no test ran. Does the file import?"
    for name, (outcome, message) in verdict.outcomes.items():
        if outcome != "passed":
            yield f"{name} {outcome}: {shortened(message, 200)}"


def mutant_breach(mutant: Solution, verdict: Verdict) -> str:
    """Why a mutant isn't caught as its author says, or an empty string."""
    outcome, message = verdict.outcomes.get(mutant.caught_by, ("missing", ""))
    if outcome == "passed":
        others = sorted(set(verdict.outcomes) - verdict.passed)
        return f"{mutant.caught_by} lets it pass" + (f"; caught by {', '.join(others)}." if others else ", and so does every other test.")
    if outcome != "failed":
        return f"{mutant.caught_by} ends as `{outcome}`: {shortened(message, 150)}"
    if mutant.says not in message:
        return f"{mutant.caught_by} doesn't say {mutant.says!r}, but: {shortened(message, 200)}"
    return ""


def unkind(exercise: str, verdict: Verdict) -> Iterator[str]:
    """Where the public checks fail to tell, on the stub, that the function isn't written yet."""
    if not verdict.outcomes:
        yield "no check ran on the stub. Does the file import?"
    for name, (outcome, message) in verdict.outcomes.items():
        if outcome == "passed":
            yield f"{name} passes on the stub. Make it look at what comes back."
        elif outcome != "failed" or f"`{exercise}`" not in message or "isn't written yet" not in message:
            yield f"{name} isn't kind on the stub; it says: {shortened(message, 150)}"


# ---------------------------------------------------------------- release and lesson (4, 6)


def release_findings(course: Course, name: str | None) -> list[Finding]:
    """Point 4: what learners get is fresh and holds nothing hidden."""
    folders = [a.released for a in course.select(name) if a.released.is_dir()]
    findings = [Finding(4, "assignments", text) for text in stale(course, name)]
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        leaks = find_leaks(course, [*folders, learner_wheel(course.root, Path(scratch))])
    return findings + [Finding(4, leak.place, leak.text) for leak in leaks]


def lesson_findings(assignment: Assignment, book: Lawbook) -> None:
    """Point 6: the lesson runs from top to bottom on the small budget. A run that went well isn't repeated until something changes."""
    stamp, digest = assignment.root / "build" / "lint" / assignment.name / "lesson.json", lesson_digest(assignment)
    if stamp.is_file() and json.loads(stamp.read_text()) == digest:
        return
    print(f"  {assignment.name}: running the lesson on the small budget", flush=True)
    run = run_lesson(assignment, small=True)
    for text in run.troubles:
        book.breach(6, at(assignment.lesson_path), f"{text}. The run is kept in {at(run.record)}.")
    if run.demo_seconds > DEMO_SECONDS:
        book.notes.append(f"{assignment.name}: the demos take {run.demo_seconds:.0f} s even on the small budget.")
    if not run.troubles:
        write_atomically(stamp, json.dumps(digest))


# ---------------------------------------------------------------- tables


def summary_table(cases: Sequence[Case], made: dict[Run, Verdict]) -> str:
    """One line per exercise."""
    rows = []
    for case in cases:
        points = case.suite.points
        right = [earned(case.suite, made[case.hidden("sandbox", cell, files)]) for _, cell, files in case.right]
        killed = [not mutant_breach(s, made[case.caught("sandbox", s, cell)]) for s, cell in case.mutants]
        rows.append(
            (
                case.exercise,
                len(case.suite.tests),
                points,
                earned(case.suite, made[case.hidden("sandbox", case.stub, NONE)]),
                right[0],
                f"{sum(score == points for score in right[1:])} of {len(right) - 1}",
                f"{sum(killed)} of {len(killed)}",
            )
        )
    headers = ("exercise", "tests", "points", "stub", "reference", "alternatives right", "mutants killed")
    return table(headers, rows, right=(1, 2, 3, 4)) + "\n"


def earned(suite: Suite, verdict: Verdict) -> int:
    return sum(test.points for test in suite.tests if test.name in verdict.passed)


def mutant_table(case: Case, made: dict[Run, Verdict]) -> str:
    """Each mutant of an exercise: what it earns, the test that catches it and what that says."""
    rows = []
    for solution, cell in case.mutants:
        verdict = made[case.caught("sandbox", solution, cell)]
        outcome, message = verdict.outcomes.get(solution.caught_by, ("missing", ""))
        caught = "" if not mutant_breach(solution, verdict) else f"NOT CAUGHT ({outcome}) "
        rows.append(
            (
                solution.name,
                f"{earned(case.suite, verdict)}/{case.suite.points}",
                solution.caught_by,
                caught + shortened(_around(message, solution.says), SHOWN),
            )
        )
    return f"{case.exercise}\n" + table(("mutant", "earns", "caught by", "which says"), rows, right=(1,)) + "\n"


def _around(message: str, says: str) -> str:
    """The sentence of a message that the mutant's author named, from where the named part can be seen in a table."""
    place = max(message.find(says), 0)
    start = max(message.rfind(". ", 0, place), message.rfind("? ", 0, place)) + 1
    sentence = message[start:].strip()
    return sentence if sentence.find(says) + len(says) < SHOWN else f"…{message[place:]}"


def slowest_table(cases: Sequence[Case], made: dict[Run, Verdict]) -> str:
    """The slowest tests, each run alone on the reference; of a long suite, all of them together."""
    alone = [(made[run].seconds, case.exercise, run.only) for case in cases for run in case.timed()]
    together = [(made[case.of_reference()].seconds, case.exercise, "all together") for case in cases if case.long]
    rows = [(f"{seconds:.2f}", exercise, test) for seconds, exercise, test in sorted(alone + together, reverse=True)[:SLOWEST]]
    return table(("CPU seconds", "exercise", "slowest tests on the reference"), rows, right=(0,)) + "\n"
