"""The sandbox: what a learner's code sees and may use inside, how it ends, and what is said when it can't start."""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from autograder.sandbox import Limits, SandboxError, open_sandbox
from autograder.suites_runner import SuiteServer, SuiteServerError
from tests.conftest import ROOT
from tests.jailed import LIMITS, inside, sandbox

MODES = pytest.mark.parametrize("mode", ["bubblewrap", "process"])
DOUBLE = "def double(x):\n    return 2 * x"


# ---------------------------------------------------------------- at work


@MODES
def test_a_call_is_answered(mode):
    with inside(DOUBLE, mode) as one:
        assert one.learner.double(21) == 42, "no answer from inside"
        assert one.jailed.wait(0) is None, "a child that works counts as ended"


def test_the_libraries_work_inside():
    source = """
        def train():
            import datasets, torch, transformers
            from sklearn.linear_model import LogisticRegression
            from tunelab.models import tiny_bert

            model = tiny_bert(layers=1)
            rows = datasets.Dataset.from_dict({"input_ids": [[1, 2, 3], [3, 2, 1]] * 8, "labels": [0, 1] * 8})
            rows = rows.map(lambda row: {"attention_mask": [1, 1, 1]})
            arguments = transformers.TrainingArguments("/tmp/out", max_steps=3, report_to=[], use_cpu=True, save_strategy="no", disable_tqdm=True)
            loss = transformers.Trainer(model, arguments, train_dataset=rows).train().training_loss
            loader = torch.utils.data.DataLoader(torch.arange(8), batch_size=4, num_workers=2)
            seen = sorted(torch.cat(list(loader)).tolist())
            accuracy = LogisticRegression().fit([[0.0], [1.0]], [0, 1]).score([[0.0], [1.0]], [0, 1])
            return float(loss), seen, float(accuracy)
    """
    with inside(source, files=256) as one:
        loss, seen, accuracy = one.learner.train()
    assert 0.3 < loss < 1.5, f"three steps of a Trainer gave the loss {loss}"
    assert seen == list(range(8)), f"a DataLoader with two processes gave {seen}"
    assert accuracy == 1.0, f"a linear model scored {accuracy} on two points"


def test_a_child_is_ready_soon():
    warm, seconds = sandbox("bubblewrap"), []
    for _ in range(9):
        start = time.monotonic()
        jailed = warm.spawn()
        seconds.append(time.monotonic() - start)
        jailed.kill()
        jailed.wait(5)
        jailed.close()
    assert statistics.median(seconds) < 0.6, (
        f"a child takes {statistics.median(seconds):.3f} s to be ready; it should be 0.1 on an idle machine"
    )


def test_children_start_from_the_same_clean_state():
    source = """
        import sys
        import torch

        def spoil():
            torch.equal = lambda *anything: True
            sys.modules["numpy"] = None

        def state():
            import numpy
            return bool(torch.equal(torch.zeros(1), torch.ones(1))), numpy.__name__, sorted(k for k in vars(sys.modules["__main__"]) if not k.startswith("__"))
    """
    with inside(source) as first:
        first.learner.spoil()
    with inside(source) as second:
        assert second.learner.state() == (False, "numpy", []), "a child found what an earlier one had changed, or the zygote's own names"


# ---------------------------------------------------------------- what is inside


def test_only_what_is_needed_is_visible():
    source = """
        import os

        def look(paths):
            return sorted(os.listdir("/")), sorted(os.listdir("/kit")), [path for path in paths if os.path.exists(path)], open("/cache/hello").read()
    """
    secret = [ROOT / name for name in ("autograder", "solutions", "source", "course.toml", ".git", "tests")]
    secret += [
        Path(p)
        for p in (
            "/etc/passwd",
            "/etc/shadow",
            "/etc/hosts",
            "/home",
            "/var",
            "/sys",
            "/usr/bin/bash",
            "/bin/sh",
            "/root/.ssh",
            "/root/.bashrc",
        )
    ]
    with inside(source) as one:
        top, kit, seen, cached = one.learner.look([str(path) for path in secret])
    interpreter = {Path(path).parts[1] for path in (sys.prefix, sys.base_prefix)}
    assert set(top) - interpreter <= {"cache", "dev", "etc", "kit", "lib", "lib64", "proc", "tmp", "usr"}, f"too much at the top: {top}"
    assert kit == ["jail", "tunelab"], f"the kit inside is {kit}"
    assert seen == [], f"visible inside: {seen}"
    assert cached == "from the cache", "models and data can't be read"


def test_nothing_can_be_written_but_the_temporary_folders():
    source = """
        import os

        def writable():
            found = []
            for folder, folders, files in os.walk("/"):
                folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/tmp", "/dev/shm")]
                paths = [folder, *(os.path.join(folder, name) for name in files if folder != "/dev")]
                found += [path for path in paths if os.access(path, os.W_OK) and not os.path.islink(path)]
            return found, sorted(os.listdir("/dev")), os.access("/tmp", os.W_OK), os.access("/dev/shm", os.W_OK)
    """
    with inside(source, seconds=60, wall_seconds=90, cpu_seconds=80) as one:
        found, devices, tmp, shm = one.learner.writable()
    assert found == [], f"can be written inside: {found[:10]}"
    assert devices == ["fd", "full", "null", "random", "shm", "urandom"], f"devices inside: {devices}"
    assert tmp and shm, "there is no place for temporary files"


def test_the_environment_is_a_fixed_small_set():
    source = "import os\ndef environment():\n    return dict(os.environ)"
    with inside(source) as one:
        found = one.learner.environment()
    assert set(found) <= set(_names_of_environment()), f"unexpected: {set(found) - set(_names_of_environment())}"
    assert (found["TUNELAB_HOME"], found["HOME"], found["HF_HUB_OFFLINE"], found["OMP_NUM_THREADS"]) == ("/cache", "/tmp", "1", "1"), found
    assert "PYTHONHASHSEED" not in found, "hashes would be the same in every run"


def _names_of_environment() -> list[str]:
    return [
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "PWD",
        "LANG",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "TUNELAB_HOME",
        "HF_HOME",
        "MPLBACKEND",
        "TOKENIZERS_PARALLELISM",
        "JE_ARROW_MALLOC_CONF",
        "TRANSFORMERS_VERBOSITY",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "ARROW_IO_THREADS",
        "HF_HUB_OFFLINE",
        "HF_DATASETS_OFFLINE",
        "TRANSFORMERS_OFFLINE",
        "HF_HUB_DISABLE_TELEMETRY",
        "HF_HUB_DISABLE_PROGRESS_BARS",
        "TORCHINDUCTOR_CACHE_DIR",
        "KMP_INIT_AT_FORK",
        "KMP_DUPLICATE_LIB_OK",
    ]


def test_the_process_has_no_rights():
    source = """
        import os

        def rights():
            with open("/proc/self/status") as lines:
                status = {name: value for name, _, value in (line.partition(":") for line in lines)}
            return os.getuid(), os.getpid(), {name: status[name].split()[-1] for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp", "Threads")}
    """
    with inside(source) as one:
        uid, pid, status = one.learner.rights()
    nothing = "0" * 16
    assert uid != 0, "the child is root"
    assert pid == 1, "the child isn't the first of its own pid namespace"
    assert status == dict.fromkeys(("CapPrm", "CapEff", "CapInh", "CapAmb"), nothing) | {
        "NoNewPrivs": "1",
        "Seccomp": "2",
        "Threads": "1",
    }, status


def test_the_kernel_knows_the_child_as_an_unprivileged_user():
    """A user namespace renames users; what counts is who they are outside."""
    with inside(DOUBLE) as one:
        one.learner.double(1)
        owners = {Path(f"/proc/{pid}").stat().st_uid: pid for pid in _descendants(sandbox("bubblewrap")._zygote.process.pid)}
        real = {int(_status(pid, "Uid").split()[0]) for pid in owners.values()}
    assert 0 not in real, f"processes of the sandbox run as {real} outside"


def test_the_child_shares_no_writable_memory_with_the_zygote():
    source = (
        "def shared():\n    return [line for line in open('/proc/self/maps') if line.split()[1].endswith('s') and 'w' in line.split()[1]]"
    )
    with inside(source) as one:
        assert one.learner.shared() == [], "memory in which one child could leave something for the next"


@MODES
def test_only_the_connection_is_open(mode):
    source = """
        import os

        def open_descriptors():
            found = {}
            for fd in range(4096):
                try:
                    found[fd] = os.readlink(f"/proc/self/fd/{fd}").split(":")[0]
                except OSError:
                    pass
            return found
    """
    with inside(source, mode) as one:
        assert one.learner.open_descriptors() == {0: "/dev/null", 1: "/dev/null", 2: "/dev/null", 3: "socket"}, (
            "another descriptor leaked in"
        )


def test_two_children_at_once_know_nothing_of_each_other():
    source = """
        import os, socket

        def leave():
            open("/tmp/here", "w").close()
            open("/dev/shm/here", "w").close()
            global listening
            listening = socket.socket(socket.AF_UNIX)
            listening.bind("\\0here")
            listening.listen()

        def find():
            try:
                socket.socket(socket.AF_UNIX).connect("\\0here")
                met = True
            except OSError:
                met = False
            return os.listdir("/tmp"), os.listdir("/dev/shm"), [name for name in os.listdir("/proc") if name.isdigit()], met
    """
    with inside(source) as first, inside(source) as second:
        first.learner.leave()
        assert second.learner.find() == ([], [], ["1"], False), "one child found traces of another"


# ---------------------------------------------------------------- how it ends

ENDS = {
    "exited": "import os\ndef end():\n    os._exit(3)",
    "crashed": "import ctypes\ndef end():\n    ctypes.string_at(0)",
    "time": "def end():\n    while True: pass",
    "memory": """
        import os

        def end():
            for _ in range(6):
                if os.fork() == 0:
                    break
            hold = []
            while True:
                try:
                    hold.append(b"x" * 2**24)
                except MemoryError:
                    pass
    """,
}


@MODES
@pytest.mark.parametrize("reason", ENDS)
def test_the_end_has_a_reason(mode, reason):
    # CPU time counts as time too; a call's own deadline is the suite's business.
    with inside(ENDS[reason], mode, cpu_seconds=3) as one:
        with pytest.raises((EOFError, OSError)):
            one.learner.end()
        assert one.jailed.wait(10) == reason, "the wrong reason"
        assert one.jailed.wait(0) == reason, "the reason is told once only"


@MODES
def test_the_wall_clock_runs_from_the_start(mode):
    with inside("import time\ndef sleep():\n    time.sleep(100)", mode, wall_seconds=3) as one:
        start = time.monotonic()
        with pytest.raises((EOFError, OSError)):
            one.learner.sleep()
        assert one.jailed.wait(5) == "time", "a sleeping child wasn't ended by the clock"
        assert time.monotonic() - start < 6, "it was ended late"


@MODES
def test_a_kill_works_at_once(mode):
    source = """
        import signal

        def stubborn():
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            while True:
                pass
    """
    with inside(source, mode, seconds=0.5) as one:
        with pytest.raises(TimeoutError):
            one.learner.stubborn()
        start = time.monotonic()
        one.jailed.kill()
        assert one.jailed.wait(5) == "killed", "a kill from outside has another reason"
        assert time.monotonic() - start < 1, "a kill takes too long"


@MODES
def test_losing_the_handle_kills(mode):
    jailed = sandbox(mode).spawn()
    connection = jailed.socket.dup()
    jailed.close()
    connection.settimeout(5)
    assert connection.recv(1) == b"", "a child outlives the handle to it"
    connection.close()


def test_a_dead_zygote_is_replaced_once():
    warm = open_sandbox("bubblewrap", LIMITS, Path("/nowhere"))
    try:
        lost = warm.spawn()
        os.killpg(warm._zygote.process.pid, signal.SIGKILL)
        assert lost.wait(5) == "lost", "a child outlives its sandbox"
        again = warm.spawn()
        assert warm.alive(), "the sandbox wasn't started again"
        assert again.wait(0) is None, "the child of a sandbox started again has ended"
    finally:
        warm.close()
    assert not warm.alive(), "a closed sandbox lives"


@MODES
def test_everything_ends_with_the_engine(mode):
    script = f"""
        import sys, time
        from pathlib import Path
        from autograder.sandbox import Limits, open_sandbox
        warm = open_sandbox({mode!r}, Limits(), Path("/nowhere"))
        jailed = warm.spawn()
        print(warm._zygote.process.pid, flush=True)
        time.sleep(100)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as engine:
        zygote = int(engine.stdout.readline())
        everything = [zygote, *_descendants(zygote)]
        engine.kill()
    end = time.monotonic() + 10
    while (
        left := [pid for pid in everything if Path(f"/proc/{pid}").exists() and _status(pid, "State")[0] != "Z"]
    ) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(everything) > 1, "the sandbox had no processes to begin with"
    assert not left, f"{len(left)} of {len(everything)} processes outlive a killed engine"


def _descendants(pid: int) -> list[int]:
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _status(pid: int, field: str) -> str:
    try:
        return next(
            line.split(":", 1)[1].strip() for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(field)
        )
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


# ---------------------------------------------------------------- as an ordinary user, and when it can't start


def test_an_ordinary_user_can_use_it(tmp_path):
    """Root gives itself up for this test, in a mount namespace where the Python below root's home can be reached."""
    script = """
        import os
        from pathlib import Path
        from autograder.sandbox import Limits, open_sandbox
        warm = open_sandbox("bubblewrap", Limits(), Path("/nowhere"))
        print(os.getuid(), warm.spawn().wait(0.2))
        warm.close()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    if os.geteuid() == 0:
        command = _as_user(12345, command)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "HOME": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    )
    uid = 12345 if os.geteuid() == 0 else os.getuid()
    assert done.stdout == f"{uid} None\n", done.stdout + done.stderr


def _as_user(uid: int, command: list[str]) -> list[str]:
    script = ["set -e", "umask 022", "mount -t tmpfs tmpfs /mnt", "chmod 755 /mnt"]
    needed = [Path(path) for path in (sys.base_prefix, sys.prefix, ROOT)]
    script += [f"mkdir /mnt/{number}; mount --rbind {path} /mnt/{number}" for number, path in enumerate(needed)]
    script += ["mount -t tmpfs tmpfs /root", "chmod 755 /root"]
    script += [f"mkdir -p {path}; mount --rbind /mnt/{number} {path}" for number, path in enumerate(needed) if path.is_relative_to("/root")]
    script += [f'exec setpriv --reuid={uid} --regid={uid} --clear-groups --bounding-set=-all --inh-caps=-all "$@"']
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script), "sh", *command]


def test_an_unknown_mode_is_named():
    with pytest.raises(SandboxError, match="no sandbox mode 'docker'.*bubblewrap, process"):
        open_sandbox("docker", Limits(), Path("/nowhere"))


def test_without_bubblewrap_it_names_the_package(monkeypatch, tmp_path):
    for program in ("setpriv", "unshare"):
        (tmp_path / program).symlink_to(shutil.which(program))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="sudo apt-get install bubblewrap") as error:
        open_sandbox("bubblewrap", Limits(), Path("/nowhere"))
    assert "--sandbox process" in str(error.value), "the other mode isn't offered"


def test_where_namespaces_are_forbidden_it_says_so():
    """The jail's own filter of system calls forbids namespaces, as a container's does."""
    script = """
        from pathlib import Path
        from autograder.jail import seccomp
        from autograder.sandbox import Limits, SandboxError, open_sandbox
        seccomp.install()
        try:
            open_sandbox("bubblewrap", Limits(), Path("/nowhere"))
        except SandboxError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True)
    assert "ermi" in done.stdout, f"the reason is missing: {done.stdout}{done.stderr}"
    assert any(cure in done.stdout for cure in ("docker run", "sysctl", "apparmor_parser", "administrator")), (
        f"the cure is missing: {done.stdout}"
    )
    assert "--sandbox process" in done.stdout, "the other mode isn't offered"


def test_an_unreadable_cache_is_named(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "weights").touch(mode=0)
    with pytest.raises(SandboxError, match=r"weights can't be read.*chmod -R a\+rX"):
        open_sandbox("bubblewrap", Limits(), tmp_path)


def test_a_suite_server_that_cannot_start_says_so():
    server = SuiteServer(ROOT, ["no_such_library"])
    try:
        with pytest.raises(SuiteServerError, match="ended while it started"):
            server.wait_until_ready(120)
    finally:
        server.close()
