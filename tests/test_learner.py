"""Calls by value: what a test sees of the learner's code, in this process. `test_backends.py` shows that the sandbox agrees."""

import random

import numpy as np
import pytest
import torch

from tunelab.codec import Handle
from tunelab.learner import Learner, LearnerError, Reference, in_process
from tunelab.notebook import Cell
from tunelab.plugin import explain
from tunelab.worker import Worker

CODE = """
import random, warnings
import numpy as np, torch

def freeze(model, layers):
    for i, layer in enumerate(model):
        for p in layer.parameters():
            p.requires_grad = i >= layers
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

def groups(model): return [{"params": list(model.parameters()), "lr": 0.1}, {"params": (p for p in model[0].parameters())}]
def same(model): return model
def step(model, x, optimizer):
    model.train(); loss = model(x).sum(); loss.backward(); optimizer.step(); return loss.item()
def grow(model): model.append(torch.nn.Linear(2, 2)); return model
def change(rows): rows.append("x"); return len(rows)
def encode_all(encode, texts): return [encode([t]) for t in texts]
def dice(kind): return {"python": random.random, "numpy": lambda: np.random.rand(), "torch": lambda: torch.rand(1).item()}[kind]()
def own_dice(seed): return float(np.random.default_rng(seed).random())
def warn(): warnings.warn("careful", RuntimeWarning); return 1
def total(items): return sum(items)
class Net(torch.nn.Module):
    def __init__(self, width): super().__init__(); self.layer = torch.nn.Linear(width, 1)
    def forward(self, x): return self.layer(x)
class Odd(Exception): pass
class OddValue(ValueError): pass
def bad(kind):
    if kind == "exit": raise SystemExit(0)
    if kind == "assert": assert False, "mine"
    if kind == "odd": raise Odd("strange")
    if kind == "odd value": raise OddValue("strange")
    if kind == "outcome":
        import pytest; pytest.skip("please")
    if kind == "unicode": b"\\xff".decode()
    return [][3]
"""


@pytest.fixture
def learner() -> Learner:
    code = in_process(Worker())
    code.load((Cell("code", CODE),))
    return code


def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))


def names_of(module):
    return [name for name, _ in module.named_parameters()]


def encode(texts):
    return len(texts)


def test_a_module_comes_back_as_it_was_left(learner):
    mine = model()
    assert learner.freeze(mine, 1) == 10
    assert [p.requires_grad for p in mine.parameters()] == [False, False, True, True]
    assert learner.last.args[0] is mine


def test_a_step_moves_the_suites_own_model_and_optimizer(learner):
    mine = model().eval()
    before = [p.clone() for p in mine.parameters()]
    optimizer = torch.optim.AdamW(mine.parameters(), lr=0.1)
    learner.step(mine, torch.ones(2, 3), optimizer)
    assert all(not torch.equal(b, p) and p.grad is not None for b, p in zip(before, mine.parameters(), strict=True))
    assert optimizer.state[mine[0].weight]["step"] == 1
    assert mine.training


def test_parameters_in_a_value_are_the_suites_own(learner):
    mine = model()
    first, second = learner.groups(mine)
    assert all(a is b for a, b in zip(first["params"], mine.parameters(), strict=True))
    assert [id(p) for p in second["params"]] == [id(p) for p in mine[0].parameters()]
    assert learner.same(mine) is mine


def test_a_changed_structure_comes_back_as_a_handle_and_leaves_the_suites_model_alone(learner):
    mine = model()
    got = learner.grow(mine)
    assert isinstance(got, Handle)
    assert set(got.parameters) == {"0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"}
    assert len(mine) == 2
    assert isinstance(learner.last.args[0], Handle)


def test_other_arguments_are_seen_on_the_record_only(learner):
    rows = ["a"]
    assert learner.change(rows) == 2
    assert (rows, learner.last.args) == (["a"], (["a", "x"],))


def test_iterators_go_as_lists(learner):
    assert learner.total(n for n in (1, 2)) == 3


def test_calls_of_a_callback_are_recorded(learner):
    assert learner.encode_all(encode, ["a", "b"]) == [1, 1]
    assert learner.last.calls == {"encode": [(["a"],), (["b"],)]}


@pytest.mark.parametrize("kind", ["python", "numpy", "torch"])
def test_global_randomness_is_seen_and_put_back(learner, kind):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    first, second = learner.dice(kind), learner.dice(kind)
    assert first != second, "equal calls differ when global state is used"
    assert learner.last.random_moved == {kind}
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_a_generator_of_ones_own_moves_nothing(learner):
    assert learner.own_dice(3) == learner.own_dice(3)
    assert learner.last.random_moved == frozenset()


def test_equal_seeds_give_equal_runs():
    runs = []
    for _ in range(2):
        code = in_process(Worker(), seed=5)
        code.load((Cell("code", CODE),))
        runs.append(code.dice("torch"))
    assert runs[0] == runs[1]


def test_warnings_are_recorded(learner):
    assert learner.warn() == 1
    assert learner.last.warnings == ("RuntimeWarning: careful",)


def test_handles_stay_where_the_code_runs(learner):
    made = learner.make(model)
    assert learner.probe(names_of, made) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    learner.freeze(made, 1)
    assert [trainable for _, _, trainable in made.parameters.values()] == [False, False, True, True]
    assert made(torch.ones(5, 3)).shape == (5, 2)
    assert learner.groups(made)[0]["params"][0] == Reference("0", "parameter", "0.weight")


def test_an_error_in_a_probe_names_no_function_that_a_learner_does_not_know(learner):
    with pytest.raises(AttributeError) as caught:
        learner.probe(names_of, learner.make(dict))
    assert caught.value.learner_call == ""
    assert "probe" not in explain(caught.value, "the_exercise")[1]


def test_a_class_gives_handles(learner):
    net = learner.Net(3)
    assert (net.type_name, net.parameters["layer.weight"]) == ("Net", ((1, 3), "torch.float32", True))
    assert net(torch.ones(2, 3)).shape == (2, 1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("exit", LearnerError),
        ("assert", LearnerError),
        ("odd", LearnerError),
        ("outcome", LearnerError),
        ("odd value", ValueError),
        ("unicode", ValueError),
        ("index", IndexError),
    ],
)
def test_errors_keep_a_builtin_type_and_never_become_outcomes(learner, kind, expected):
    with pytest.raises(expected) as caught:
        learner.bad(kind)
    assert "in bad" in caught.value.learner_traceback
    assert not isinstance(caught.value, AssertionError)
    assert learner.last.error is caught.value


def test_a_missing_function_is_named(learner):
    with pytest.raises(LearnerError, match="no function `nothing`"):
        learner.nothing()


def test_a_broken_cell_is_told_when_its_function_is_asked_for():
    code = in_process(Worker())
    code.load((Cell("broken", "def broken(:\n    pass"), Cell("fine", "def fine(): return 1")))
    assert code.fine() == 1
    with pytest.raises(LearnerError, match="the cell `broken` stops with SyntaxError"):
        code.broken()
