"""The instructor's command: `python -m autograder <verb>`. Each verb's module is imported when it is asked for, so that help comes at once."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

Arguments = argparse.Namespace
Verb = Callable[[Arguments], bool]


def main(words: list[str] | None = None) -> int:
    """Runs one verb. The status is 0 when all went well, 1 when something was found wrong, 2 for bad input."""
    arguments = parser().parse_args(words)
    warnings.filterwarnings("ignore", category=Warning, module="nbgrader")  # of SQLAlchemy about nbgrader's own queries; nothing to act on
    try:
        return 0 if arguments.run(arguments) else 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except Exception as error:
        if not type(error).__module__.startswith(("autograder.", "tunelab.")):
            raise
        print(error, file=sys.stderr)
        return 2


# ---------------------------------------------------------------- setting up


def fetch(arguments: Arguments) -> bool:
    from tunelab import assets

    assets.fetch(assets.catalogue(), say=lambda line: print(line, flush=True))
    return True


# ---------------------------------------------------------------- authoring


def build(arguments: Arguments) -> bool:
    from autograder.build import build_course
    from autograder.course import at, load_course

    for folder in build_course(load_course(), arguments.assignment):
        print(f"Built {at(folder)}")
    return True


def release(arguments: Arguments) -> bool:
    from autograder.course import at, load_course
    from autograder.release import release

    for folder in release(load_course(), arguments.assignment):
        print(f"Released {at(folder)}")
    return True


def wheel(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.release import pack

    written = pack(load_course(), arguments.assignment)
    print(f"{written} holds the lab and the released assignments: learners install it, then `tunelab get` lays the assignments out.")
    return True


def lint(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.lint import lint

    return lint(load_course(), arguments.assignment, arguments.sandbox or "bubblewrap", arguments.exercise)


def mistakes(arguments: Arguments) -> bool:
    from autograder.course import at, load_course
    from autograder.mistakes import write_mistakes
    from autograder.verdicts import LazyEngine

    course = load_course()
    chosen = course.select(arguments.assignment)
    with LazyEngine(arguments.sandbox or "bubblewrap", course.root, chosen) as engine:
        for assignment in chosen:
            print(f"What mistakes are told: {at(write_mistakes(assignment, engine))}", flush=True)
    return True


def draws(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.draws import try_draws
    from autograder.verdicts import LazyEngine

    course, well = load_course(), True
    chosen = course.select(arguments.assignment)
    with LazyEngine("bubblewrap", course.root, chosen) as engine:
        for assignment in chosen:
            findings = try_draws(assignment, engine, arguments.number, arguments.exercise)
            print(f"{assignment.name}: right answers on {arguments.number} draws each, {len(findings)} times not all points.", flush=True)
            print(*findings, sep="\n", end="\n" if findings else "", flush=True)
            well = well and not findings
    return well


def lessons(arguments: Arguments) -> bool:
    from autograder.course import at, load_course
    from autograder.lessons import run_lesson

    well = True
    for assignment in load_course().select(arguments.assignment):
        print(f"{assignment.name}: running the lesson{' on the small budget' if arguments.small else ''}", flush=True)
        run = run_lesson(assignment, arguments.small, told=lambda line: print(line, flush=True), record=arguments.record)
        print(
            f"{assignment.name}: {run.seconds:.0f} s, of which demos {run.demo_seconds:.0f} s. The record is {at(run.record)}, its text beside it."
        )
        for trouble in run.troubles:
            print(f"  {trouble}")
        well = well and not run.troubles
    return well


def solutions(arguments: Arguments) -> bool:
    from autograder.course import at, load_course
    from autograder.publish import publish
    from autograder.workplace import open_workplace

    for assignment in load_course().select(arguments.assignment):
        print(f"Solutions: {at(publish(assignment, open_workplace(arguments.workplace), arguments.anyway))}")
    return True


# ---------------------------------------------------------------- grading


def collect(arguments: Arguments) -> bool:
    from autograder.collect import collect
    from autograder.course import load_course
    from autograder.roster import without_submission
    from autograder.workplace import open_workplace

    workplace, assignment = open_workplace(arguments.workplace), load_course().assignment(arguments.assignment)
    done = collect(workplace, assignment, arguments.files, arguments.worksheet, arguments.dry_run)
    print(
        f"{len(done.new)} new, {len(done.replaced)} replaced by a newer one, {len(done.older)} older than what is there, {len(done.unchanged)} unchanged."
        + (" Nothing was written: this was a dry run." if arguments.dry_run else "")
    )
    if done.replaced or done.older:
        print(f"What isn't graded any more is kept in {workplace.earlier}: {', '.join(done.replaced + done.older)}.")
    print(*done.remarks, sep="\n", end="\n" if done.remarks else "")
    if not arguments.dry_run and (missing := without_submission(workplace, assignment.name)):
        print(f"{len(missing)} of the class list have handed in nothing: {', '.join(missing)}.")
    return _told([f"{name} was left out: {why}" for name, why in done.left_out])


def grade(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.grade import export, grade
    from autograder.show import Progress
    from autograder.workplace import open_workplace

    workplace = open_workplace(arguments.workplace)
    selected = load_course().select(arguments.assignment)
    summary = grade(workplace, selected, arguments.workers, arguments.cluster, arguments.sandbox, Progress())
    print(
        f"{summary.taken_in} submissions taken in; {summary.graded} results made, {summary.known} known; "
        f"{summary.written} written to the gradebook, {summary.unchanged} unchanged there."
    )
    print(f"Scores: {export(workplace)}")
    return _told(summary.troubles)


def regrade(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.grade import export, regrade
    from autograder.show import Progress, table
    from autograder.workplace import open_workplace

    workplace = open_workplace(arguments.workplace)
    selected = load_course().select(arguments.assignment)
    summary, changes = regrade(workplace, selected, arguments.write, arguments.workers, arguments.cluster, arguments.sandbox, Progress())
    rows = [(c.learner, c.assignment, f"{c.before:g}", f"{c.after:g}", f"{c.after - c.before:+g}", ", ".join(c.tests)) for c in changes]
    print(f"{summary.graded} results made anew, {summary.known} known; submissions that come out otherwise: {len(changes)}.")
    if rows:
        head = ("learner", "assignment", "before", "after", "change", "tests (+ passes now, - no longer, ± for other points)")
        print(table(head, rows, right=(2, 3, 4)))
        print("These are the points by the tests. A score given by hand goes before them; what coming late costs is taken off the sum.")
    if arguments.write:
        print(
            f"{summary.written} written to the gradebook. Scores: {export(workplace)}. The gradebook as it was is in {workplace.backups}."
        )
    elif rows:
        print("Nothing was written. --write changes the gradebook; then `feedback` writes the pages anew.")
    return _told(summary.troubles)


def feedback(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.grade import feedback
    from autograder.show import Progress
    from autograder.workplace import open_workplace

    workplace = open_workplace(arguments.workplace)
    summary = feedback(workplace, load_course().select(arguments.assignment), Progress())
    print(f"{summary.written} feedback pages are in {workplace.feedback}")
    return _told(summary.troubles)


def roster(arguments: Arguments) -> bool:
    from autograder.roster import take_roster
    from autograder.workplace import open_workplace

    taken = take_roster(open_workplace(arguments.workplace), arguments.file, arguments.id)
    print(f"{len(taken.roster.ids)} learners are in the class list, {len(taken.new)} of them new in the gradebook.")
    if taken.strangers:
        print(f"In the gradebook but not in the list: {', '.join(taken.strangers)}.")
    return True


def export(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.grade import export, export_to
    from autograder.workplace import open_workplace

    workplace = open_workplace(arguments.workplace)
    names = [assignment.name for assignment in load_course().select(arguments.assignment)] if arguments.assignment else []
    print(f"Grades: {export_to(workplace, arguments.to, names) if arguments.to else export(workplace, names)}")
    return True


def report(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.office import write_office
    from autograder.report import write_report
    from autograder.workplace import open_workplace

    workplace, course = open_workplace(arguments.workplace), load_course()
    print(f"The class report is {write_report(workplace, course, arguments.assignment)}")
    print(
        f"For office hours (the term, a page for each learner, groups, alike submissions): {write_office(workplace, course, arguments.assignment)}"
    )
    for path in sorted(workplace.root.glob("leaderboard-*.html")):
        print(f"For the class: {path}")
    return True


def compare(arguments: Arguments) -> bool:
    from autograder.compare import compare, lines
    from autograder.course import load_course
    from autograder.workplace import Workplace

    compared = compare(Workplace(arguments.old.resolve()), Workplace(arguments.new.resolve()), load_course(), arguments.assignment)
    print(*lines(compared), sep="\n")
    return True


def _told(troubles: list[str]) -> bool:
    """Prints what went wrong for single submissions; the others are done all the same."""
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    return not troubles


# ---------------------------------------------------------------- trying it out


def simulate(arguments: Arguments) -> bool:
    from autograder.course import load_course
    from autograder.simulate import simulate
    from autograder.workplace import open_workplace

    workplace = open_workplace(arguments.workplace)
    for assignment in load_course().select(arguments.assignment):
        learners = simulate(assignment, workplace, arguments.size, arguments.seed)
        print(f"{assignment.name}: {len(learners)} learners handed in, in {workplace.submitted}")
    return True


def demo(arguments: Arguments) -> bool:
    from autograder.demo import demo

    return demo(arguments.sandbox, arguments.workers, arguments.assignment)


def bench(arguments: Arguments) -> bool:
    from autograder.bench import bench

    return bench(arguments.size, arguments.rounds)


# ---------------------------------------------------------------- the command line


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m autograder", description="Tunelab for instructors: author, release, grade, report.")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)

    def verb(run: Verb, about: str, *options: Callable[[argparse.ArgumentParser], None]) -> None:
        one = verbs.add_parser(run.__name__, help=about, description=about)
        one.set_defaults(run=run)
        for option in options:
            option(one)

    verb(fetch, "Bring models and data onto this machine, once, also what is held out from learners (TUNELAB_HELD_OUT).")
    verb(build, "Build lessons into notebooks, in build/source/.", _assignment)
    verb(release, "Release assignments into assignments/, after the leak check.", _assignment)
    verb(wheel, "Write the wheel that learners install, with the released assignments in it, into dist/.", _assignment)
    verb(
        lint,
        "Prove the law of exercises: stubs earn nothing, right answers all, mutants are caught, nothing hidden leaks.",
        _assignment,
        _exercise,
        _sandbox,
    )
    verb(mistakes, "Write what the author of each mutant would read, to judge the messages by.", _assignment, _sandbox)
    verb(draws, "Try right answers on many further draws: none may fail on a rare one.", _assignment, _exercise, _number)
    verb(
        lessons,
        "Run lessons in a Jupyter kernel with the reference filled in, and keep the record in build/lessons/.",
        _assignment,
        _small_or_record,
    )
    verb(solutions, "Write the solutions of an assignment as a notebook, to give out after its deadline.", _assignment, _workplace, _anyway)
    verb(
        collect,
        "Put what was handed in into submitted/: archives of Moodle's, Canvas's or `tunelab submit`, or folders by learner.",
        _files,
        _workplace,
    )
    verb(grade, "Grade what lies in submitted/ and write it to the gradebook.", _assignment, _workplace, _workers, _cluster, _sandbox)
    verb(
        regrade,
        "After a suite changed: make anew what is affected, and show whose grade changes, by how much and by which test.",
        _assignment,
        _write,
        _workplace,
        _workers,
        _cluster,
        _sandbox,
    )
    verb(feedback, "Write feedback pages for what has been graded.", _assignment, _workplace)
    verb(roster, "Take in a class list as Moodle or Canvas exports it.", _file, _workplace)
    verb(
        export,
        "Write grades: gradebook.csv, or for Moodle or Canvas the class list with a column per assignment.",
        _to,
        _assignment,
        _workplace,
    )
    verb(
        report,
        "Write the class report, report.html, the leaderboards for the class, and the pages for office hours, office/.",
        _assignment,
        _workplace,
    )
    verb(compare, "Compare two terms, test by test: the workplaces OLD and NEW.", _old_and_new, _assignment)
    verb(simulate, "Hand in a class of simulated learners of every kind.", _assignment, _workplace, _size, _seed)
    verb(
        demo,
        "Build the course, grade a simulated class through nbgrader, and compare with what each learner deserves.",
        _assignment,
        _workers,
        _sandbox,
    )
    verb(bench, "Grade the same class by stock nbgrader and by this kit, alternating, and compare CPU and wall time.", _bench_size, _rounds)
    return top


def _assignment(one: argparse.ArgumentParser) -> None:
    one.add_argument("--assignment", metavar="NAME", help="one assignment, such as s4-layer-freezing; all when left out")


def _exercise(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--exercise", metavar="NAME", help="only this exercise of --assignment, without lesson and release: for an author at work"
    )


def _number(one: argparse.ArgumentParser) -> None:
    one.add_argument("--number", metavar="N", type=_positive, default=20, help="draws for each right answer (20)")


def _workplace(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--workplace",
        metavar="DIR",
        type=Path,
        help="the folder with submitted/ and gradebook.db (TUNELAB_WORKPLACE; else the repository's root)",
    )


def _write(one: argparse.ArgumentParser) -> None:
    one.add_argument("--write", action="store_true", help="change the gradebook, after a backup; without it nothing is written there")


def _anyway(one: argparse.ArgumentParser) -> None:
    one.add_argument("--anyway", action="store_true", help="also before the deadline: don't give it out then")


def _file(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", metavar="FILE", type=Path, help="the list as CSV: Moodle's participants or grades, Canvas's gradebook")
    one.add_argument(
        "--id", metavar="COLUMN", help="the column that holds what learners are called here; found by itself in Moodle's and Canvas's lists"
    )


def _old_and_new(one: argparse.ArgumentParser) -> None:
    one.add_argument("old", metavar="OLD", type=Path, help="the workplace of the earlier term")
    one.add_argument("new", metavar="NEW", type=Path, help="that of the later one")


def _files(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "files", metavar="FILE", type=Path, nargs="*", help="archives or folders; downloaded/<assignment>/archive/ when left out"
    )
    one.add_argument("--assignment", metavar="NAME", required=True, help="the assignment that was handed in, such as s4-layer-freezing")
    one.add_argument("--worksheet", metavar="CSV", type=Path, help="Moodle's grading worksheet: tells who is who where names don't")
    one.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def _to(one: argparse.ArgumentParser) -> None:
    one.add_argument("--to", choices=("moodle", "canvas"), help="the system that the grades go to; gradebook.csv when left out")


def _workers(one: argparse.ArgumentParser) -> None:
    one.add_argument("--workers", metavar="N", type=_positive, help="worker processes of the local cluster")


def _cluster(one: argparse.ArgumentParser) -> None:
    one.add_argument("--cluster", metavar="ADDRESS", help="an existing Dask scheduler, such as tls://host:8786")


def _sandbox(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--sandbox",
        choices=("bubblewrap", "process"),
        help="`process` has no walls: learners' code can do what you can (TUNELAB_SANDBOX; else bubblewrap)",
    )


def _small_or_record(one: argparse.ArgumentParser) -> None:
    either = one.add_mutually_exclusive_group()
    either.add_argument("--small", action="store_true", help="on the small budget: a few steps, a few texts")
    either.add_argument(
        "--record", action="store_true", help="also compute anew what lessons keep in source/<assignment>/records/, which takes long"
    )


def _size(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--size", metavar="N", type=_positive, help="so many well-formed submissions and no others; one of every kind when left out"
    )


def _seed(one: argparse.ArgumentParser) -> None:
    one.add_argument("--seed", metavar="N", type=int, default=2027, help="another class for another number")


def _bench_size(one: argparse.ArgumentParser) -> None:
    one.add_argument("--size", metavar="N", type=_several, default=24, help="submissions in the class, at least 2 (24)")


def _rounds(one: argparse.ArgumentParser) -> None:
    one.add_argument("--rounds", metavar="N", type=_positive, default=2, help="how often each grades the class, taking turns (2)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _several(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("must be at least 2: the difference to a class of one tells what a submission costs")
    return number


if __name__ == "__main__":
    sys.exit(main())
