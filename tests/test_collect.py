"""Collecting what was handed in: names as Moodle and Canvas give them, who is meant by them, and what replaces what."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.collect import CollectError, People, collect, find_uploads, moment_in
from autograder.course import load_course
from autograder.nbgrader_plugins import OneNotebook
from autograder.roster import RosterError, roster_of, take_roster
from autograder.workplace import Workplace, open_workplace
from tests.conftest import ROOT
from tests.fixtures.minicourse import write

ASSIGNMENT = load_course().assignments[0]
NAME = ASSIGNMENT.name

MOODLE = (
    "First name,Surname,ID number,Email address\n"
    "Ada,Lovelace,1001,ada@uni.example\nBob,O'Neil,1002,bob@uni.example\nEve,Nimble-Smith,1003,eve@uni.example\nEve,Stone,1004,eve2@uni.example\nEve,Stone,1005,eve3@uni.example\n"
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade\n"
    "Participant 4402,Eve Stone,eve3@uni.example,Submitted,\nParticipant 4401,Eve Stone,EVE2@uni.example,Submitted,\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    '"Lovelace, Ada",17,u17,ada,Tuesdays\n"Neil, Bob",18,u18,bob,Fridays\n'
)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return open_workplace(tmp_path / "term")


def listed(workplace: Workplace, text: str) -> None:
    take_roster(workplace, write(workplace.root / "list.csv", text))


def notebook(text: str) -> str:
    return f'{{"cells": [], "said": "{text}"}}'


def zipped(members: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def download(workplace: Workplace, name: str, members: dict[str, str | bytes]) -> Path:
    path = workplace.root / name
    path.write_bytes(zipped(members))
    return path


def handed_in(text: str) -> bytes:
    """As `tunelab submit` packs it."""
    return zipped({f"{NAME}.ipynb": notebook(text)})


def submitted(workplace: Workplace, learner: str) -> str:
    [path] = workplace.submission(learner, NAME).glob("*.ipynb")
    return path.read_text()


def why(left_out: list[tuple[str, str]], part: str) -> str:
    [found] = [text for name, text in left_out if part in name]
    return found


# ---------------------------------------------------------------- Moodle


def test_moodles_names_are_looked_up_in_the_class_list(workplace: Workplace) -> None:
    listed(workplace, MOODLE)
    path = download(
        workplace,
        "CS7-First lesson-812.zip",
        {
            # in folders, with a file of the learner's that claims to be another's
            f"Ada Lovelace_3001_assignsubmission_file_/{NAME}__1002__20270101T100000Z.zip": handed_in("ada"),
            # one file beside the other, and a name from which Moodle has dropped a sign, behind a group's
            "Group 2-Bob ONeil_3002_assignsubmission_file_Bob_17_99_homework.ipynb": notebook("bob"),
            "Ada Lovelace_3001_assignsubmission_onlinetext_/onlinetext.html": "<p>hello",
            "Ada Lovelace_3001_assignsubmission_file_/picture.png": b"x",
            f"Eve Nimble-Smith_3003_assignsubmission_file/{NAME}.ipynb": notebook("eve"),
            f"Mallory_3009_assignsubmission_file_/{NAME}__1001.zip": handed_in("mallory"),
            f"Eve Stone_4401_assignsubmission_file_/{NAME}.ipynb": notebook("stone"),
            f"{NAME}__1001__20280101T000000Z.zip": handed_in("a name that Moodle would never write"),
        },
    )
    done = collect(workplace, ASSIGNMENT, [path])
    assert sorted(done.new) == ["1001", "1002", "1003"]
    assert (submitted(workplace, "1001"), submitted(workplace, "1002")) == (notebook("ada"), notebook("bob"))
    assert (workplace.submission("1001", NAME) / "timestamp.txt").read_text() == "2027-01-01 10:00:00 UTC"
    assert not (workplace.submission("1002", NAME) / "timestamp.txt").exists()
    assert len(done.left_out) == 3
    assert "nobody in the class list is called so" in why(done.left_out, "Mallory")
    assert "2 learners of the class list are called so" in why(done.left_out, "Eve Stone")
    assert "isn't named as Moodle or Canvas" in why(done.left_out, f": {NAME}__1001")


def test_a_grading_worksheet_tells_who_is_who(workplace: Workplace) -> None:
    listed(workplace, MOODLE)
    members = {f"Eve Stone_{number}_assignsubmission_file_/{NAME}.ipynb": notebook(number) for number in ("4401", "4402")}
    members[f"Participant_4403_assignsubmission_file_/{NAME}.ipynb"] = notebook("hidden")
    path = download(workplace, "x-1.zip", members)
    worksheet = write(workplace.root / "grades.csv", WORKSHEET + "Participant 4403,,ada@uni.example,Submitted,\n")
    assert sorted(collect(workplace, ASSIGNMENT, [path], worksheet).new) == ["1001", "1004", "1005"]
    assert (submitted(workplace, "1004"), submitted(workplace, "1005")) == (notebook("4401"), notebook("4402"))
    with pytest.raises(RosterError, match="names nobody of the class list"):
        People(roster_of(workplace), write(workplace.root / "other.csv", "Identifier,Email address\nParticipant 1,x@y\n"))


def test_who_takes_anothers_name_collects_nothing_for_them(workplace: Workplace) -> None:
    """Two participants of one name: neither is taken, in whichever order they come."""
    listed(workplace, MOODLE)
    members = {f"Ada Lovelace_{number}_assignsubmission_file_/{NAME}.ipynb": notebook(str(number)) for number in (3001, 3777)}
    done = collect(workplace, ASSIGNMENT, [download(workplace, "x-1.zip", members)])
    assert done.new == []
    assert all("several participants are called as 1001 is" in text for _, text in done.left_out)
    assert len(done.left_out) == 2


def test_without_a_class_list_moodles_names_mean_nobody(workplace: Workplace) -> None:
    path = download(workplace, "x-1.zip", {f"Ada Lovelace_1_assignsubmission_file_/{NAME}.ipynb": notebook("a")})
    [(_, text)] = collect(workplace, ASSIGNMENT, [path]).left_out
    assert "There is no class list".lower() in text.lower() and "python -m autograder roster FILE" in text


# ---------------------------------------------------------------- Canvas


def test_canvass_numbers_are_looked_up_and_its_count_of_uploads_tells_the_newest(workplace: Workplace) -> None:
    listed(workplace, CANVAS)
    path = download(
        workplace,
        "submissions (2).zip",
        {
            f"lovelaceada_17_9001_{NAME}.ipynb": notebook("first"),
            f"lovelaceada_LATE_17_10002_{NAME}-1.ipynb": notebook("second"),
            f"lovelaceada_17_9500_18_9999_{NAME}.ipynb": notebook("between, with a name of her own"),
            f"neilbob_18_9003_{NAME}__ada__20270101T100000Z.zip": handed_in("bob"),
            "neilbob_18_9004_text.html": "<p>",
            f"anon_Ab12x_9005_{NAME}.ipynb": notebook("anonymous"),
            f"gonejon_99_9006_{NAME}.ipynb": notebook("gone"),
        },
    )
    done = collect(workplace, ASSIGNMENT, [path])
    assert done.new == ["ada", "bob"]
    assert (submitted(workplace, "ada"), submitted(workplace, "bob")) == (notebook("second"), notebook("bob"))
    assert any("ada: 3 uploads" in remark for remark in done.remarks)
    assert any("Canvas marks it as late" in remark for remark in done.remarks)
    assert "Canvas's number 99" in why(done.left_out, "gonejon")
    assert "isn't named as" in why(done.left_out, "anon")


def test_an_unpacked_download_and_a_folder_by_learner(workplace: Workplace, tmp_path: Path) -> None:
    listed(workplace, CANVAS)
    unpacked = tmp_path / "submissions"
    write(unpacked / f"lovelaceada_17_9001_{NAME}.ipynb", notebook("ada"))
    folder = tmp_path / "by hand"
    write(folder / "bob" / NAME / "mine.ipynb", notebook("bob"))
    write(folder / "bob" / "s9-other" / "mine.ipynb", notebook("other"))
    write(folder / "nobody" / f"{NAME}.ipynb", notebook("nobody"))
    write(folder / "ada" / f"{NAME}__bob.ipynb", notebook("whose?"))
    (folder / "ada" / f"{NAME}.ipynb").symlink_to("/etc/passwd")
    done = collect(workplace, ASSIGNMENT, [unpacked, folder])
    assert done.new == ["ada", "bob"]
    assert (submitted(workplace, "ada"), submitted(workplace, "bob")) == (notebook("ada"), notebook("bob"))
    assert "isn't called as a learner" in why(done.left_out, "nobody")
    assert "different learners" in why(done.left_out, "__bob")
    assert "link" in why(done.left_out, f"ada/{NAME}.ipynb")


# ---------------------------------------------------------------- what replaces what


def kept(workplace: Workplace, learner: str) -> dict[str, str]:
    return {path.parent.name: path.read_text() for path in (workplace.earlier / learner / NAME).rglob("*.ipynb")}


def test_a_newer_one_replaces_and_both_are_kept(workplace: Workplace) -> None:
    folder = workplace.root / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)

    def hand_in(moment: str, text: str) -> None:
        (folder / f"{NAME}__ada__{moment}.zip").write_bytes(handed_in(text))

    hand_in("20270102T100000Z", "second")
    assert collect(workplace, ASSIGNMENT, dry=True).new == ["ada"]
    assert not workplace.submission("ada", NAME).exists()
    assert collect(workplace, ASSIGNMENT).new == ["ada"]
    assert collect(workplace, ASSIGNMENT).unchanged == ["ada"]
    hand_in("20270103T100000Z", "third")
    assert collect(workplace, ASSIGNMENT).replaced == ["ada"]
    assert submitted(workplace, "ada") == notebook("third")
    assert kept(workplace, "ada") == {"20270102T100000Z": notebook("second")}
    assert (workplace.submission("ada", NAME) / "timestamp.txt").read_text() == "2027-01-03 10:00:00 UTC"

    late_find = workplace.root / f"{NAME}__ada__20270101T100000Z.zip"
    late_find.write_bytes(handed_in("first"))
    for _ in range(2):
        assert collect(workplace, ASSIGNMENT, [late_find]).older == ["ada"]
    assert submitted(workplace, "ada") == notebook("third")
    assert kept(workplace, "ada") == {"20270102T100000Z": notebook("second"), "20270101T100000Z": notebook("first")}


def test_without_moments_what_is_collected_later_is_newer(workplace: Workplace) -> None:
    listed(workplace, CANVAS)
    for text in ("first", "second"):
        path = download(workplace, "submissions.zip", {f"lovelaceada_17_9001_{NAME}.ipynb": notebook(text)})
        done = collect(workplace, ASSIGNMENT, [path])
    assert done.replaced == ["ada"] and submitted(workplace, "ada") == notebook("second")
    assert list(kept(workplace, "ada").values()) == [notebook("first")]
    # the first download again, by mistake: what was replaced doesn't come back
    again = download(workplace, "submissions.zip", {f"lovelaceada_17_9001_{NAME}.ipynb": notebook("first")})
    assert collect(workplace, ASSIGNMENT, [again]).older == ["ada"]
    assert submitted(workplace, "ada") == notebook("second")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20270101T100000Z", "2027-01-01 10:00:00 UTC"),
        ("20271301T100000Z", ""),
        ("99999999999999", ""),
        ("homework", ""),
        ("x20270101T100000Z-1", "2027-01-01 10:00:00 UTC"),
    ],
)
def test_only_a_real_moment_is_one(text: str, moment: str) -> None:
    assert moment_in(text) == moment


# ---------------------------------------------------------------- what isn't trusted


def test_bad_archives_stop_nobody_and_bombs_are_not_unpacked(workplace: Workplace) -> None:
    listed(workplace, CANVAS)
    path = download(
        workplace,
        "submissions.zip",
        {
            "lovelaceada_17_1_x.zip": zipped({"a.ipynb": "1", "b.ipynb": "2"}),
            "neilbob_18_2_x.ipynb": b"0" * (201 * 2**20),
        },
    )
    done = collect(workplace, ASSIGNMENT, [path])
    assert done.new == []
    assert "2 files that could be meant" in why(done.left_out, "lovelaceada")
    assert "larger than 200 MiB" in why(done.left_out, "neilbob")
    broken = workplace.root / "submissions-9.zip"
    broken.write_bytes(b"no archive")
    assert len(collect(workplace, ASSIGNMENT, [broken]).left_out) == 1
    with pytest.raises(CollectError, match="There is no"):
        collect(workplace, ASSIGNMENT, [workplace.root / "nowhere.zip"])


def test_an_archive_of_another_name_in_the_folder_is_no_download(workplace: Workplace) -> None:
    """A learner's own archive, as it came by mail, can't hand in for somebody else."""
    listed(workplace, CANVAS)
    folder = workplace.root / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)
    (folder / "my homework.zip").write_bytes(zipped({f"neilbob_18_2_{NAME}.ipynb": notebook("forged")}))
    found = find_uploads([folder], NAME, People(roster_of(workplace)))
    assert found.uploads == []
    assert "its name must be" in why(found.left_out, "my homework.zip")


def test_nbgraders_zip_collect_reads_the_same_names(workplace: Workplace) -> None:
    listed(workplace, CANVAS)
    folder = workplace.root / "downloaded" / NAME / "archive"
    folder.mkdir(parents=True)
    (folder / "submissions.zip").write_bytes(zipped({f"lovelaceada_17_9001_{NAME}.ipynb": notebook("ada")}))
    OneNotebook().extract(str(folder), str(folder.parent / "extracted"))
    assert (folder.parent / "extracted" / "ada" / f"{NAME}.ipynb").read_text() == notebook("ada")


def test_the_command(workplace: Workplace) -> None:
    listed(workplace, CANVAS)
    path = download(workplace, "submissions.zip", {f"lovelaceada_17_9001_{NAME}.ipynb": notebook("ada"), "x.ipynb": "y"})
    command = [sys.executable, "-m", "autograder", "collect", "--assignment", NAME, "--workplace", str(workplace.root), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "1 new, 0 replaced by a newer one" in done.stdout
    assert "1 of the class list have handed in nothing: bob." in done.stdout
    assert "submissions.zip: x.ipynb was left out: it isn't named as Moodle or Canvas" in done.stderr
