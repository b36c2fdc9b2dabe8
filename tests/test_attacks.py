"""Attacks, each as a learner's cell: none earns an undeserved point, sees what is hidden, or hurts anybody but itself.

The sandbox's own walls are attacked one by one in `test_attacks_sandbox.py`; here the whole way of a grading run is.
"""

import ast
import sys
import time
from pathlib import Path

import pytest

from autograder.course import load_solutions, load_suites
from autograder.engine import Budget, Engine
from autograder.fill import fill
from tests.conftest import ROOT

ASSIGNMENT, EXERCISE = "s3-evaluation", "confusion_matrix"
BUDGET = Budget(call_seconds=2, exercise_seconds=5)


@pytest.fixture(scope="module")
def engine():
    with Engine(root=ROOT, budget=BUDGET) as warm:
        yield warm


@pytest.fixture(scope="module")
def target(course):
    return course.assignment(ASSIGNMENT)


@pytest.fixture(scope="module")
def grade(engine, target):
    suite = load_suites(target)[EXERCISE]
    return lambda source, **more: engine.grade_exercise(EXERCISE, target.lesson.setup, {EXERCISE: source, **more}, 11, suite)


@pytest.fixture(scope="module")
def honest(target):
    return fill(target.exercise(EXERCISE).stub, load_solutions(target).reference[EXERCISE])


def cheat(body: str, before: str = "") -> str:
    """A cell that defines the exercise's function with `body`, after running `before` at its top level."""
    indented = "\n".join("    " + line for line in body.splitlines())
    return f"{before}\ndef {EXERCISE}(labels, predictions, num_classes):\n{indented}\n"


# ---------------------------------------------------------------- points that weren't deserved

EQUAL = "class Equal:\n    def __eq__(self, other): return True\n    def __getattr__(self, name): return Equal()\n    def __len__(self): return 3\n    def __bool__(self): return True\n    def __call__(self, *a, **k): return Equal()\n    def __iter__(self): return iter([Equal()])\n    __hash__ = None"
FORGED_SEND = """
import os, struct, threading, time
def forge():
    import msgpack
    reply = msgpack.packb([msgpack.packb({"value": None, "error": None}), b"", []])
    frame = struct.pack("!i", len(reply)) + reply
    for fd in range(3, 64):
        try: os.write(fd, frame * 3)
        except OSError: pass
"""
WITHOUT_POINTS = {
    "comparisons patched": cheat(
        "return np.full((num_classes, num_classes), -1)",
        "import numpy as np, math, torch\nnp.array_equal = np.allclose = torch.equal = math.isclose = lambda *a, **k: True",
    ),
    "builtins patched": cheat(
        "return 0", "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = lambda *a: int\nbuiltins.all = lambda *a: True"
    ),
    "an object equal to everything": cheat("return Equal()", EQUAL),
    "an array equal to everything": cheat(
        "return np.full((num_classes, num_classes), -1).view(Sly)",
        "import numpy as np\nclass Sly(np.ndarray):\n    def __eq__(self, other): return np.ones(self.shape, bool)\n    def __array_ufunc__(self, *a, **k): return True",
    ),
    "the ladder patched": cheat(
        "return np.full((num_classes, num_classes), -1)",
        "import numpy as np, tunelab.expect as e\nfor name in dir(e):\n    if not name.startswith('__'): setattr(e, name, lambda *a, **k: None)",
    ),
    "the codec patched": cheat("return 0", "import tunelab.codec as c\nc.Encoder.encode = lambda self, value: b'passed'"),
    "the codec's reply forged": cheat(
        "return 0",
        "import msgpack, tunelab.codec as c\nc.Encoder.encode = lambda self, value: msgpack.packb([msgpack.packb({'outcome': 'passed', 'tests': [{'name': 'x', 'points': 100, 'outcome': 'passed'}]}), b'', []])",
    ),
    "the worker patched": cheat("return 0", "import tunelab.worker as w\nw.Worker.answer = lambda self, data: b''"),
    "forged replies on every descriptor": cheat("forge()\nreturn 0", FORGED_SEND),
    "forged replies from a thread": cheat(
        "return 0",
        FORGED_SEND
        + "def always():\n    while True:\n        forge(); time.sleep(0.001)\nthreading.Thread(target=always, daemon=True).start()",
    ),
    "an outcome of pytest": cheat("import pytest\npytest.skip('please', allow_module_level=True)"),
    "pytest's exit": cheat("import pytest\npytest.exit('done', returncode=0)"),
    "SystemExit": cheat("raise SystemExit(0)"),
    "KeyboardInterrupt": cheat("raise KeyboardInterrupt"),
    "an AssertionError of one's own": cheat("raise AssertionError('passed')"),
    "an exception that can't be shown": cheat(
        "raise Bad()", "class Bad(Exception):\n    def __str__(self): raise RuntimeError\n    __repr__ = __str__"
    ),
    "IPython internals": cheat(
        "return 0",
        "import ast\ntry:\n    shell = get_ipython()\n    shell.ast_transformers.append(ast.NodeTransformer())\n    shell.kernel.do_execute = lambda *a, **k: {'status': 'ok'}\n    shell.input_transformers_cleanup.append(lambda lines: [])\nexcept Exception: pass",
    ),
    "an import hook": cheat(
        "return 0", "import sys\nclass Hook:\n    def find_spec(self, *a): raise SystemExit\nsys.meta_path.insert(0, Hook())"
    ),
    "a trace function": cheat(
        "return 0",
        "import sys, threading\ndef trace(frame, event, arg):\n    frame.f_locals.update(expected=0)\n    return trace\nsys.settrace(trace); threading.settrace(trace)",
    ),
    "a thread that keeps patching": cheat(
        "return np.full((num_classes, num_classes), -1)",
        "import threading, time, numpy as np\ndef patch():\n    while True:\n        np.testing.assert_array_equal = np.array_equal = lambda *a, **k: True\n        time.sleep(0.001)\nthreading.Thread(target=patch, daemon=True).start()",
    ),
    "a huge return": cheat("return np.zeros(400_000_000, dtype=np.uint8)", "import numpy as np"),
    "a return nested too deep": cheat("x = []\nfor _ in range(100_000): x = [x]\nreturn x"),
    "a return that holds itself": cheat("x = []\nx.append(x)\nreturn x"),
    "colliding keys": cheat("return {n * (2**61 - 1) for n in range(40_000)}"),
    "an endless iterator": cheat("import itertools\nreturn itertools.count()"),
    "a pickle": cheat("return Bomb()", "import os\nclass Bomb:\n    def __reduce__(self): return (os.system, ('touch /tmp/pwned',))"),
    "a repr that never ends": cheat(
        "return Slow()", "class Slow:\n    def __repr__(self):\n        while True: pass\n    __str__ = __len__ = __repr__"
    ),
    "arguments changed under the test": cheat(
        "labels[:] = 0; predictions[:] = 0\nreturn np.full((num_classes, num_classes), -1)", "import numpy as np"
    ),
    "the stub": cheat("raise NotImplementedError"),
    "a syntax error": f"def {EXERCISE}(labels, predictions, num_classes:\n    return 0",
    "a format string": cheat("raise ValueError('{0.__class__} %s %n {test.expected} ' * 50)"),
    "control characters": cheat("raise ValueError('\\x00\\x1b[2J\\u202e\\ud800</script><img src=x onerror=alert(1)>')"),
}


@pytest.mark.parametrize("source", WITHOUT_POINTS.values(), ids=WITHOUT_POINTS)
def test_cheats_earn_nothing(grade, source):
    result = grade(source)
    assert result["score"] == 0.0, [t for t in result["tests"] if t["outcome"] == "passed"]


# ---------------------------------------------------------------- harm

HARM = {
    "os._exit in a call": cheat("import os\nos._exit(0)"),
    "os._exit on the way in": cheat("return 0", "import os\nos._exit(0)"),
    "a crash": cheat("import ctypes\nctypes.string_at(0)"),
    "an endless loop": cheat("while True: pass"),
    "a loop that ignores signals": cheat("import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass"),
    "a fork bomb": cheat("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "a thread bomb": cheat("import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n    except RuntimeError: time.sleep(0.01)"),
    "a memory bomb": cheat("hoard = []\nwhile True: hoard.append(bytearray(2**26))"),
    "a memory bomb in children": cheat("import os\nfor _ in range(8): os.fork()\nhoard = []\nwhile True:\n    try: hoard.append(bytearray(2**26))\n    except MemoryError: pass"),
    "a disk bomb": cheat("n = 0\nwhile True:\n    n += 1\n    try:\n        with open(f'/tmp/{n}', 'wb') as f:\n            while True: f.write(b'x' * 2**20)\n    except OSError: pass\n    if n > 2000: return 0"),
    "an output bomb": cheat("import sys\nwhile True: sys.stdout.write('x' * 2**20); sys.stderr.write('y' * 2**20)"),
    "a recursion bomb": cheat("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()"),
    "closed descriptors": cheat("import os\nos.closerange(0, 4096)\nreturn 0"),
    "descriptors used up": cheat("import os\nkept = []\nwhile True:\n    try: kept.append(os.dup(1))\n    except OSError: return 0"),
    "signals to everybody": cheat("import os, signal\nos.kill(-1, signal.SIGKILL)\nfor pid in range(1, 300):\n    if pid != os.getpid():\n        try: os.kill(pid, signal.SIGKILL)\n        except OSError: pass\nos.kill(os.getppid(), signal.SIGKILL) if os.getppid() else None\nreturn 0"),
    "a process that stops itself": cheat("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nreturn 0"),
    "a daemon that stays": cheat("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\n    os._exit(0)\nreturn 0"),
    "half a reply": cheat("import os, time\nfor fd in range(3, 64):\n    try: os.write(fd, b'\\x00\\x00\\xff\\xff half')\n    except OSError: pass\ntime.sleep(60)"),
    "a reply of impossible size": cheat("import os, struct\nfor fd in range(3, 64):\n    try: os.write(fd, struct.pack('!iQ', -1, 2**62) + b'x' * 100)\n    except OSError: pass\nreturn 0"),
    "a regular expression that backtracks": cheat("import re\nre.match('(a+)+$', 'a' * 60 + 'b')\nreturn 0"),
}  # fmt: skip


@pytest.mark.parametrize("source", HARM.values(), ids=HARM)
def test_harm_costs_only_its_author(grade, honest, source):
    start = time.monotonic()
    assert grade(source)["score"] == 0.0
    assert time.monotonic() - start < BUDGET.exercise_seconds + 30
    after = grade(honest)
    assert after["score"] == after["points"], "the next submission is graded as if nothing had been"


def test_harm_costs_only_the_test_that_it_strikes(grade, honest):
    """A worker that ends in one call is replaced for the next test."""
    cell = (
        honest.replace(f"def {EXERCISE}", "def right")
        + f"\ncalls = []\nimport os\ndef {EXERCISE}(labels, predictions, num_classes):\n    if len(labels) > 40: os._exit(1)\n    return right(labels, predictions, num_classes)\n"
    )
    result = grade(cell)
    outcomes = [t["outcome"] for t in result["tests"]]
    assert set(outcomes) <= {"passed", "crashed"}
    assert outcomes.count("passed") >= 1


# ---------------------------------------------------------------- what can be seen

SPY_TEST = """
def test_spy(learner):
    \"\"\"Tells what was seen.\"\"\"
    assert False, "SEEN" + repr(learner.spy())
"""


@pytest.fixture
def seen(engine, target, tmp_path):
    """Runs the body of a function `spy()` in the sandbox and gives what it returned."""

    def look(body: str):
        file = tmp_path / "test_spy.py"
        file.write_text(SPY_TEST)
        source = "def spy():\n" + "\n".join("    " + line for line in body.splitlines())
        (test,) = engine.run_checks(file, "spy", target.lesson.setup, {"spy": source}, 1)
        assert test["message"].startswith("SEEN"), test
        return ast.literal_eval(test["message"].removeprefix("SEEN"))

    return look


def test_nothing_of_the_repository_can_be_read(seen):
    places = [
        str(ROOT / name)
        for name in (
            ".git/HEAD",
            ".secret",
            "solutions",
            "autograder/suites",
            "autograder/engine.py",
            "gradebook.db",
            "results",
            "submitted",
            "source",
            "tests",
            "requirements.lock",
        )
    ]
    assert seen(f"import os\nreturn [p for p in {places!r} if os.path.exists(p)]") == []


def test_no_file_in_the_sandbox_holds_a_solution_or_a_suite(seen):
    body = """
import os
found = []
for top, folders, files in os.walk('/'):
    if top.startswith(('/proc', '/usr', '/dev')) or 'site-packages' in top or 'lib/python3' in top:
        folders[:] = []
        continue
    found += [os.path.join(top, f) for f in files if f.startswith('test_') or f in ('reference.py', 'mutants.py', 'engine.py', 'results.py', '.secret')]
return found
"""
    assert seen(body) == []


def test_the_grader_cannot_be_imported(seen):
    assert seen("try:\n    import autograder.engine\nexcept ImportError:\n    return 'no'\nreturn 'yes'") == "no"


def test_the_environment_holds_nothing_of_the_graders(seen):
    variables = seen("import os\nreturn dict(os.environ)")
    assert not {
        n for n in variables if any(word in n.split("_") for word in ("SECRET", "TOKEN", "KEY", "SSH", "SUDO", "WORKPLACE", "OLDPWD"))
    }
    assert (variables["USER"], variables["HOME"]) == ("learner", "/tmp")
    assert not [n for n, value in variables.items() if str(ROOT) in value.replace(sys.prefix, "")]


def test_other_processes_cannot_be_seen(seen):
    assert len(seen("import os\nreturn [p for p in os.listdir('/proc') if p.isdigit()]")) <= 3


def test_no_network(seen):
    body = """
import socket
reached = []
for address in (('127.0.0.1', 22), ('127.0.0.1', 8786), ('1.1.1.1', 53)):
    try:
        s = socket.socket(); s.settimeout(0.5)
        s.connect(address); reached.append(address)
    except OSError: pass
return reached + [line.split(':')[0].strip() for line in open('/proc/net/dev').read().splitlines()[2:] if 'lo:' not in line]
"""
    assert seen(body) == []


def test_no_expected_value_is_in_the_workers_memory(engine, target, tmp_path):
    """A suite's constants and locals stay in the suite's process, whatever the worker searches through."""
    file = tmp_path / "test_spy.py"
    file.write_text(
        "EXPECTED = 'the-expected-' + 'value'\ndef helper(x):\n    return x + 1\n\ndef test_spy(learner):\n    '''Searches.'''\n    expected = EXPECTED\n"
        "    got = learner.spy(helper)\n    assert False, 'SEEN' + repr(got)\n"
    )
    source = """
def spy(helper):
    import gc, sys, inspect
    needle = '-'.join(['the', 'expected', 'value'])
    seen = [type(o).__name__ for o in gc.get_objects() if type(o) in (dict, list, tuple) and any(type(x) is str and x == needle for x in (list(o.values()) if type(o) is dict else o))]
    frame = sys._getframe()
    while frame:
        seen += [k for k, v in frame.f_locals.items() if k != 'needle' and isinstance(v, str) and v == needle]
        frame = frame.f_back
    data = open('/proc/self/cmdline').read()
    return seen
"""
    (test,) = engine.run_checks(file, "spy", target.lesson.setup, {"spy": source}, 1)
    assert test["message"] == "SEEN[]"


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", "/var/tmp"])
def test_nothing_is_left_for_the_next_learner(engine, target, tmp_path, seen, place):
    seen(f"import os\ntry:\n    open('{place}/planted', 'w').write('x')\nexcept OSError: pass\nreturn os.path.exists('{place}/planted')")
    assert seen(f"import os\nreturn os.path.exists('{place}/planted')") is False


@pytest.mark.parametrize("module", ["tunelab", "numpy", "torch", "sitecustomize"])
def test_libraries_cannot_be_changed(seen, module):
    body = f"""
import importlib.util, os, pathlib
spec = importlib.util.find_spec('{module}')
places = [pathlib.Path(spec.origin).parent] if spec and spec.origin else [pathlib.Path(os.__file__).parent]
try:
    (places[0] / 'planted.py').write_text('x = 1')
except OSError:
    return 'refused'
return 'written'
"""
    assert seen(body) == "refused"


def test_nothing_that_was_patched_stays_patched(seen):
    seen("import numpy, torch, tunelab.expect\nnumpy.array_equal = torch.equal = tunelab.expect.array = None\nreturn 1")
    assert (
        seen("import numpy, torch, tunelab.expect\nreturn [numpy.array_equal is None, torch.equal is None, tunelab.expect.array is None]")
        == [False] * 3
    )


def test_limits_cannot_be_raised(seen):
    body = """
import resource
raised = []
for name in ('RLIMIT_DATA', 'RLIMIT_NPROC', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE', 'RLIMIT_CORE'):
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY: raised.append(name)
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1)); raised.append(name)
    except (ValueError, OSError): pass
return raised
"""
    assert seen(body) == []


def test_no_new_rights(seen):
    body = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
status = open('/proc/self/status').read()
caps = [l.split()[1] for l in status.splitlines() if l.startswith(('CapEff', 'CapPrm', 'CapInh', 'CapAmb'))]
got = [c for c in caps if int(c, 16)]
if libc.unshare(0x10000000) == 0: got.append('user namespace')
if libc.unshare(0x00020000) == 0: got.append('mount namespace')
if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0: got.append('mount')
if libc.ptrace(16, 1, 0, 0) == 0: got.append('ptrace')
if os.getuid() == 0: got.append('root')
return got
"""
    assert seen(body) == []


def test_two_submissions_get_different_inputs(course):
    from autograder.results import submission_seed

    assert submission_seed(ROOT, ASSIGNMENT, "a") != submission_seed(ROOT, ASSIGNMENT, "b")
    assert submission_seed(ROOT, ASSIGNMENT, "a") == submission_seed(ROOT, ASSIGNMENT, "a")
    assert Path(ROOT / ".secret").stat().st_mode & 0o077 == 0
